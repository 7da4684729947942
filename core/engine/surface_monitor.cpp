#include "core/engine/surface_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>
#include <variant>

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kPublishEvery = 100ms;
constexpr std::array<std::string_view, 4> kStatistics{"median", "p95", "worst", "weighted_rms"};

/// surface_fit_verdict: what the marks' own best fit was, and what became of it.
enum class Verdict : std::uint8_t { Clean, Repaired, NoSlice };

bool same_chain(const OptionChain& x, const OptionChain& y) { return x.venue == y.venue && x.base == y.base && x.quote == y.quote; }

const SurfaceSlice* slice_at(const VolSurface& surface, VenueTime expiry) {
  for (const SurfaceSlice& slice : surface.slices())
    if (slice.expiry == expiry) return &slice;
  return nullptr;
}

}  // namespace

std::string expiry_label(VenueTime at) {
  using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;
  const auto since = at.time_since_epoch();
  const auto days = std::chrono::floor<Days>(since);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days.count()}}};
  const auto minutes = std::chrono::floor<std::chrono::minutes>(since - days).count();
  const auto padded = [](std::int64_t value, std::size_t width) {
    std::string digits = std::to_string(value);
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  };
  return padded(static_cast<int>(date.year()), 4) + '-' + padded(static_cast<unsigned>(date.month()), 2) + '-' +
         padded(static_cast<unsigned>(date.day()), 2) + 'T' + padded(minutes / 60, 2) + ':' + padded(minutes % 60, 2) + 'Z';
}

// ---- structure

void SurfaceMonitor::form(const DeskView& view) {
  std::vector<Surface> old = std::move(surfaces_);
  surfaces_.clear();
  std::vector<OptionChain> chains = form_chains(view.registry, view.market, view.desk);
  sweep_.stop();
  sweep_.reserve(chains, view.setup.connections.size() + 1);
  place_of_expiry_.assign(view.market.expiry_count(), Place{});
  forwards_.assign(view.market.expiry_count(), FallbackForward{});
  forward_known_.assign(view.market.expiry_count(), 0);
  std::size_t widest = 0;
  for (OptionChain& chain : chains) {
    Surface surface;
    const auto before = std::find_if(old.begin(), old.end(), [&](const Surface& one) { return same_chain(one.chain, chain); });
    if (before != old.end()) surface = std::move(*before);
    surface.surface.set_max_age(view.freshness.market_limit(chain.venue));
    surface.surface.reserve(chain.expiries.size());
    surface.connections.reserve(view.setup.connections.size() + 1);
    for (std::uint32_t e = 0; e < chain.expiries.size(); ++e) {
      place_of_expiry_[static_cast<std::size_t>(chain.expiries[e].id)] = {static_cast<std::uint32_t>(surfaces_.size()), e};
      widest = std::max(widest, chain.expiries[e].options.size());
    }
    surface.chain = std::move(chain);
    surfaces_.push_back(std::move(surface));
  }
  selector_.reserve(widest);
  chains_changed_ = false;
}

void SurfaceMonitor::lay_out(const DeskView& view, FigureTable& table) {
  form(view);
  for (Surface& surface : surfaces_) lay_out_rows(surface, table);
  next_publish_ = {};
}

void SurfaceMonitor::lay_out_rows(Surface& surface, FigureTable& table) {
  const OptionChain& chain = surface.chain;
  const std::string_view venue = label(chain.venue);
  surface.rows.clear();
  surface.unfitted = kNoRow;
  if (std::none_of(chain.expiries.begin(), chain.expiries.end(), [](const ChainExpiry& one) { return one.reported; })) return;
  surface.unfitted = table.add_row(Figure::SurfaceUnfittedExpiries, {venue, chain.base.view(), chain.quote.view()});
  for (const ChainExpiry& one : chain.expiries) {
    if (!one.reported) continue;
    const std::string expiry = expiry_label(one.at);
    const auto row = [&](Figure figure) { return table.add_row(figure, {venue, chain.base.view(), chain.quote.view(), expiry}); };
    ExpiryRows rows;
    rows.expiry = one.at;
    for (std::size_t i = 0; i < kStatistics.size(); ++i)
      rows.error[i] =
          table.add_row(Figure::SurfaceFitErrorVolPoints, {venue, chain.base.view(), chain.quote.view(), expiry, kStatistics[i]});
    rows.verdict = row(Figure::SurfaceFitVerdict);
    rows.quotes = row(Figure::SurfaceFittedMarks);
    rows.age = row(Figure::SurfaceAgeSeconds);
    surface.rows.push_back(rows);
  }
}

void SurfaceMonitor::apply(const DeskView&, const Event& event) {
  // An option that nobody looks at shapes the smile all the same.
  if (std::holds_alternative<InstrumentListed>(event.body)) chains_changed_ = true;
}

// ---- answers

void SurfaceMonitor::begin_cycle() { std::fill(forward_known_.begin(), forward_known_.end(), 0); }

FallbackForward SurfaceMonitor::forward(const DeskView& view, ExpiryId expiry) {
  const auto id = static_cast<std::size_t>(expiry);
  if (expiry == kNoExpiry || id >= place_of_expiry_.size() || place_of_expiry_[id].surface == kNoPlace) return {};
  if (forward_known_[id] == 0) {
    const OptionChain& chain = surfaces_[place_of_expiry_[id].surface].chain;
    forwards_[id] = selector_.select(view, chain, chain.expiries[place_of_expiry_[id].expiry]);
    forward_known_[id] = 1;
  }
  return forwards_[id];
}

bool SurfaceMonitor::reports(ExpiryId expiry) const {
  const Surface* surface = surface_of(expiry);
  return surface != nullptr && surface->chain.expiries[place_of_expiry_[static_cast<std::size_t>(expiry)].expiry].reported;
}

const SurfaceMonitor::Surface* SurfaceMonitor::surface_of(ExpiryId expiry) const {
  const auto id = static_cast<std::size_t>(expiry);
  if (expiry == kNoExpiry || id >= place_of_expiry_.size() || place_of_expiry_[id].surface == kNoPlace) return nullptr;
  return &surfaces_[place_of_expiry_[id].surface];
}

VolQuestion SurfaceMonitor::asked(const DeskView& view, const FallbackQuestion& question) {
  return {.expiry = question.expiry,
          .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((question.expiry - question.at).count())),
          .k = std::log(question.strike / question.forward),
          .now = view.now};
}

FallbackVol SurfaceMonitor::vol(const DeskView& view, const FallbackQuestion& question) const {
  const Surface* surface = surface_of(question.expiry_id);
  if (surface == nullptr) return {};
  const SurfaceVol answer = surface->surface.vol(asked(view, question));
  if (answer.source == VolSource::Unknown) return {};
  return {answer.vol, answer.source, quality_of(*surface, answer.oldest_input, view)};
}

Estimate SurfaceMonitor::slope(const DeskView& view, const FallbackQuestion& question) const {
  const Surface* surface = surface_of(question.expiry_id);
  const SurfaceVol answer = surface == nullptr ? SurfaceVol{} : surface->surface.smile(asked(view, question));
  if (answer.source == VolSource::Unknown || !std::isfinite(answer.slope)) return {0, Quality::unknown(FigureReason::MissingVol)};
  return {answer.slope, quality_of(*surface, answer.oldest_input, view)};
}

/// As fresh as the oldest mark, if every connection that marks came from still lives.
Quality SurfaceMonitor::quality_of(const Surface& surface, MonoTime oldest_input, const DeskView& view) const {
  if (surface.connections.empty()) return Quality::unknown(FigureReason::MissingVol);
  Quality quality;
  for (const ConnectionId connection : surface.connections)
    quality = worst(quality, view.freshness.of_market({0, {.received = oldest_input, .connection = connection}},
                                                      surface.chain.venue, FigureReason::MissingVol));
  return quality;
}

// ---- the cycle

void SurfaceMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  // Rows stay as they are: they belong to expiries that are held or watched, which only a new structure changes.
  if (chains_changed_ && !view.structure_changed) form(view);
  sweep(view);
  if (view.now < next_publish_) return;
  next_publish_ = view.now + kPublishEvery;
  for (const Surface& surface : surfaces_) publish(surface, view, out);
}

void SurfaceMonitor::sweep(const DeskView& view) {
  saved_ = std::min(saved_ + std::max(view.now - saved_until_, 0ns), static_cast<std::int64_t>(kMostCells) * kTimePerCell);
  saved_until_ = view.now;
  while (saved_ > 0ns) {
    if (sweep_.idle()) begin_due_sweep(view.now);
    if (sweep_.idle()) return;
    const ChainExpiry* collecting = sweep_.collecting();
    const FallbackForward stand_in = collecting != nullptr ? forward(view, collecting->id) : FallbackForward{};
    const auto cells = static_cast<std::size_t>(saved_ / kTimePerCell) + 1;
    saved_ -= static_cast<std::int64_t>(sweep_.advance(view, stand_in, cells)) * kTimePerCell;
    if (sweep_.done()) finish_sweep(view.now);
  }
}

/// The surface that has waited longest, if any is due.
void SurfaceMonitor::begin_due_sweep(MonoTime now) {
  std::size_t due = surfaces_.size();
  for (std::size_t i = 0; i < surfaces_.size(); ++i)
    if (surfaces_[i].next_sweep <= now && (due == surfaces_.size() || surfaces_[i].next_sweep < surfaces_[due].next_sweep)) due = i;
  if (due == surfaces_.size()) return;
  swept_surface_ = due;
  sweep_.begin(surfaces_[due].chain);
}

void SurfaceMonitor::finish_sweep(MonoTime now) {
  Surface& surface = surfaces_[swept_surface_];
  surface.surface.adopt(sweep_.fitter());
  surface.connections.assign(sweep_.connections().begin(), sweep_.connections().end());
  surface.swept = now;
  surface.has_swept = true;
  surface.refitted = true;
  surface.next_sweep = now + (surface.surface.slices().empty() ? kSweepEvery / 10 : kSweepEvery);
  sweep_.stop();
  next_publish_ = now;
}

void SurfaceMonitor::publish(const Surface& surface, const DeskView& view, const Publisher& out) const {
  if (!surface.has_swept) {
    const Quality never = Quality::unknown(FigureReason::NeverReceived);
    out.publish(surface.unfitted, 0, never);
    for (const ExpiryRows& rows : surface.rows)
      for (const RowId row : {rows.error[0], rows.error[1], rows.error[2], rows.error[3], rows.verdict, rows.quotes, rows.age})
        out.publish(row, 0, never);
    return;
  }
  out.publish(surface.unfitted, static_cast<double>(surface.surface.unfitted()), Quality::fresh(surface.swept));
  for (const ExpiryRows& rows : surface.rows) {
    const SurfaceSlice* slice = slice_at(surface.surface, rows.expiry);
    if (slice == nullptr) {
      const Quality none = Quality::unknown(FigureReason::Inconclusive);
      for (const RowId row : {rows.error[0], rows.error[1], rows.error[2], rows.error[3], rows.quotes, rows.age})
        out.publish(row, 0, none);
      out.publish(rows.verdict, static_cast<double>(Verdict::NoSlice), Quality::fresh(surface.swept));
      continue;
    }
    const Quality quality = quality_of(surface, slice->oldest_input, view);
    const SmileFit& fit = slice->fit;
    const std::array errors{fit.error.median_points, fit.error.p95_points, fit.error.worst_points, fit.error.rms_points};
    for (std::size_t i = 0; i < errors.size(); ++i) out.publish(rows.error[i], errors[i], quality);
    out.publish(rows.verdict, static_cast<double>(fit.repaired ? Verdict::Repaired : Verdict::Clean), quality);
    out.publish(rows.quotes, fit.quotes, quality);
    out.publish(rows.age, seconds_between(slice->oldest_input, view.now), Quality::fresh(slice->oldest_input));
  }
}

void SurfaceMonitor::renumber_connections(std::span<const ConnectionId> new_of_old) {
  // A sweep that is under way is given up by the layout that follows.
  for (Surface& surface : surfaces_)
    for (ConnectionId& connection : surface.connections) renumber(connection, new_of_old);
}

void SurfaceMonitor::visit_state(StateArchive& archive) {
  // What forwards were selected for one cycle is selected anew in the next.
  archive(surfaces_, place_of_expiry_, forwards_, forward_known_, swept_surface_, saved_, saved_until_, next_publish_,
          chains_changed_);
  sweep_.visit_state(archive, swept_surface_ < surfaces_.size() ? &surfaces_[swept_surface_].chain : nullptr);
}

}  // namespace hedgewatch
