#include "core/engine/exposure_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/engine/scenario_positions.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kExposureRefresh = std::chrono::seconds{1};
constexpr std::uint32_t kExposureHoldingsPerCycle = 64;

}  // namespace

void ExposureMonitor::Sums::reset(std::size_t buckets) {
  vega.assign(buckets, 0);
  risk_reversal.assign(buckets, 0);
  butterfly.assign(buckets, 0);
  weighted_vega = pin = settlement = 0;
}

void ExposureMonitor::lay_out(const DeskView& view, FigureTable& table) {
  books_.clear();
  current_ = kNoPlace;
  next_ = 0;
  if (!view.setup.vol_exposure) return;
  bucket_days_ = view.setup.vol_exposure->bucket_days;
  windows_.reserve(kMostWindows);
  const std::size_t buckets = bucket_days_.size() + 1;
  working_.reset(buckets);
  for (const Exposure& exposure : view.desk.exposures) {
    const std::string_view book = view.portfolio.book_name(exposure.book);
    const std::string_view underlying = exposure.underlying.view();
    Book& one = books_.emplace_back();
    for (std::size_t b = 0; b < buckets; ++b) {
      const std::string bucket = expiry_bucket_label(bucket_days_, b);
      one.buckets.push_back({.vega = table.add_row(Figure::BookExpiryVegaUsdPerVolPoint, {book, underlying, bucket}),
                             .risk_reversal = table.add_row(Figure::BookRiskReversalVegaUsd, {book, underlying, bucket}),
                             .butterfly = table.add_row(Figure::BookButterflyVegaUsd, {book, underlying, bucket})});
    }
    one.weighted_vega = table.add_row(Figure::BookWeightedVegaUsdPerVolPoint, {book, underlying});
    one.pin = table.add_row(Figure::BookPinDeltaCoins, {book, underlying});
    one.settlement = table.add_row(Figure::BookSettlementDeltaShiftCoins, {book, underlying});
    one.sums.reset(buckets);
  }
}

void ExposureMonitor::begin(const DeskView& view) {
  for (std::size_t tried = 0; tried < books_.size(); ++tried) {
    const std::uint32_t exposure = next_;
    next_ = static_cast<std::uint32_t>((next_ + 1) % books_.size());
    if (view.now < books_[exposure].due) continue;
    books_[exposure].due = view.now + kExposureRefresh;
    const ExposureHoldings range = holdings_of_exposure(view.desk, exposure);
    current_ = exposure;
    holding_ = range.first;
    end_holding_ = range.first + range.count;
    working_.reset(bucket_days_.size() + 1);
    working_.quality = working_.settlement_quality = quality_now(view, exposure);
    return;
  }
}

ExposureMonitor::Window* ExposureMonitor::window_of(const DeskView& view, InstrumentSlot slot) {
  const VenueTime expiry = view.registry.contract(slot).expiry;
  const IndexId index = view.market.at(slot).index;
  for (Window& window : windows_)
    if (window.index == index && window.average.expiry() == expiry) return &window;
  if (windows_.size() == kMostWindows) return nullptr;
  windows_.push_back({.index = index, .venue = view.registry.venue(slot), .average = SettlementAverage{expiry}});
  return &windows_.back();
}

void ExposureMonitor::take(const DeskView& view, std::uint32_t holding) {
  const SeenPosition seen = seen_position(view, holding);
  working_.quality = worst(working_.quality, seen.quality);
  working_.settlement_quality = worst(working_.settlement_quality, seen.quality);
  if (!seen.counts) return;
  const InstrumentSlot slot = view.portfolio.holdings()[holding].slot;
  const Contract& contract = view.registry.contract(slot);
  const InstrumentValuation& valuation = view.valuation_of(slot);
  const double delta = valuation.unit.delta_black_scholes_coins;
  if (contract.kind == ContractKind::Option) {
    const double days = seen.position.to_expiry.days();
    const std::size_t bucket = expiry_bucket(bucket_days_, days);
    const double vega = seen.position.size * valuation.unit.vega_usd_per_vol_point;
    const SmileWeights smile = smile_weights(contract.right == OptionRight::Call ? delta : 1 + delta);
    working_.vega[bucket] += vega;
    working_.risk_reversal[bucket] += vega * smile.risk_reversal;
    working_.butterfly[bucket] += vega * smile.butterfly;
    working_.weighted_vega += vega * vega_term_weight(days);
    if (days < 1) working_.pin += pin_delta_coins(seen.position);
  }
  const VenueTime now = view.now_at(view.registry.venue(slot));
  if (contract.expiry == kNoVenueTime || now == kNoVenueTime || contract.expiry - now >= kSettlementWindow) return;
  Window* window = window_of(view, slot);
  const Estimate index = view.index_price(view.market.at(slot).index);
  const auto average = window == nullptr ? std::nullopt : window->average.average();
  working_.settlement_quality =
      worst(working_.settlement_quality, average ? index.quality : worst(index.quality, Quality::unknown(FigureReason::WarmingUp)));
  if (!average || !index.quality.ok()) return;
  ScenarioPosition on_index = seen.position;
  on_index.forward = index.value;
  on_index.to_expiry = YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - now).count()));
  working_.settlement += averaged_delta_coins(on_index, window->average.fraction_left(now), *average) - seen.position.size * delta;
}

void ExposureMonitor::gather(const DeskView& view) {
  const std::uint32_t end = std::min(end_holding_, holding_ + kExposureHoldingsPerCycle);
  for (; holding_ < end; ++holding_) take(view, holding_);
}

void ExposureMonitor::follow_windows(const DeskView& view) {
  std::erase_if(windows_, [&](const Window& window) {
    const VenueTime now = view.now_at(window.venue);
    return now == kNoVenueTime || now >= window.average.expiry();
  });
  for (Window& window : windows_) {
    const Estimate price = view.index_price(window.index);
    if (price.quality.ok()) window.average.add(view.now_at(window.venue), price.value);
  }
}

void ExposureMonitor::publish(const Publisher& out, Book& book, const Quality& now) {
  const Quality quality = worst(book.sums.quality, now);
  for (std::size_t b = 0; b < book.buckets.size(); ++b) {
    out.publish(book.buckets[b].vega, book.sums.vega[b], quality);
    out.publish(book.buckets[b].risk_reversal, book.sums.risk_reversal[b], quality);
    out.publish(book.buckets[b].butterfly, book.sums.butterfly[b], quality);
  }
  out.publish(book.weighted_vega, book.sums.weighted_vega, quality);
  out.publish(book.pin, book.sums.pin, quality);
  out.publish(book.settlement, book.sums.settlement, worst(book.sums.settlement_quality, now));
  book.published = quality;
}

void ExposureMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  if (books_.empty()) return;
  follow_windows(view);
  if (current_ == kNoPlace) begin(view);
  if (current_ != kNoPlace) {
    gather(view);
    if (holding_ == end_holding_) {
      Book& book = books_[current_];
      std::swap(book.sums, working_);
      publish(out, book, quality_now(view, current_));
      current_ = kNoPlace;
    }
  }
  // An input that is lost is lost at once.
  for (std::uint32_t e = 0; e < books_.size(); ++e) {
    const Quality now = quality_now(view, e);
    if (!same_verdict(worst(books_[e].sums.quality, now), books_[e].published)) publish(out, books_[e], now);
  }
}

void ExposureMonitor::visit_state(StateArchive& archive) {
  archive(bucket_days_, books_, windows_, working_, current_, next_, holding_, end_holding_);
}

}  // namespace hedgewatch
