#include "core/engine/basis_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "core/engine/hour_move_monitor.hpp"
#include "core/portfolio/funding.hpp"

namespace hedgewatch {

namespace {

constexpr std::int64_t kFreshBasisBars = 3;
constexpr std::size_t kFewestBasisBars = 30;
constexpr std::chrono::nanoseconds kDay = std::chrono::hours{24};

double in_days(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / static_cast<double>(kDay.count());
}

/// Not a number while the venue has not told its time.
double days_until(VenueTime expiry, VenueTime now) {
  return now == kNoVenueTime ? std::numeric_limits<double>::quiet_NaN() : in_days(expiry - now);
}

std::size_t longest_window(const EffectivenessSetup& setup) {
  std::chrono::nanoseconds longest{};
  for (const std::chrono::nanoseconds window : setup.sampling.windows) longest = std::max(longest, window);
  return static_cast<std::size_t>(longest / setup.sampling.bar);
}

/// "perpetual", "spot", or the day of expiry as 2026-03-27.
std::string tenor_of(const Contract& contract) {
  if (contract.kind == ContractKind::Perpetual) return "perpetual";
  if (contract.kind == ContractKind::Spot) return "spot";
  const std::chrono::year_month_day day{
      std::chrono::sys_days{std::chrono::floor<std::chrono::days>(contract.expiry.time_since_epoch())}};
  const auto two = [](unsigned number) { return std::string{number < 10 ? "0" : ""} + std::to_string(number); };
  return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) + "-" +
         two(static_cast<unsigned>(day.day()));
}

}  // namespace

BasisMonitor::Learnt::Learnt(const EffectivenessSetup& conventions)
    : setup{conventions}, bars{conventions.sampling.bar}, window{longest_window(conventions)} {}

void BasisMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<std::unique_ptr<Learnt>> old = std::move(hedges_);
  hedges_.clear();
  rows_.clear();
  for (const HedgeSetup& hedge : view.setup.hedges) {
    std::unique_ptr<Learnt>& learnt = hedges_.emplace_back();
    Rows& rows = rows_.emplace_back();
    // Prices of two underlyings have no basis.
    if (!hedge.effectiveness || !hedge.leg_underlying.empty()) continue;
    for (std::unique_ptr<Learnt>& before : old)
      if (before && before->name == hedge.name && before->setup == *hedge.effectiveness) learnt = std::move(before);
    if (!learnt) learnt = std::make_unique<Learnt>(*hedge.effectiveness);
    learnt->name = hedge.name;
    learnt->bars.resolve(view, learnt->setup);
    const InstrumentSlot leg = learnt->bars.leg();
    if (leg == kNoSlot) continue;  // without its contract the leg has no tenor
    const Contract& contract = view.registry.contract(leg);
    const std::string tenor = tenor_of(contract);
    const auto row = [&](Figure figure) { return table.add_row(figure, {hedge.name, label(view.registry.venue(leg)), tenor}); };
    rows.usd = row(Figure::BasisUsd);
    rows.ratio = row(Figure::BasisRatio);
    if (contract.kind == ContractKind::Future)
      rows.annualised = table.add_row(Figure::BasisAnnualizedRatio,
                                      {hedge.name, label(view.registry.venue(leg)), tenor, label(learnt->setup.annualisation)});
    rows.zscore = row(Figure::BasisZscore);
    rows.outlier = row(Figure::BasisOutlier);
    rows.volatility = row(Figure::BasisVolatilityRatio);
    if (contract.kind == ContractKind::Perpetual) rows.funding = row(Figure::FundingRate8hRatio);
    rows.carry = row(Figure::CarryUsdPerDay);
    rows.per_sigma = row(Figure::CarryPerSigmaRemoved);
  }
}

void BasisMonitor::apply(const DeskView& view, const Event& event) {
  const auto* funding = std::get_if<Funding>(&event.body);
  if (funding == nullptr) return;
  for (const std::unique_ptr<Learnt>& learnt : hedges_)
    if (learnt && learnt->bars.leg() != kNoSlot && view.registry.id(learnt->bars.leg()) == event.header.instrument)
      learnt->funding_rate_8h = {funding->current_rate_8h, origin_of(event.header)};
}

Estimate BasisMonitor::carry(const DeskView& view, std::uint32_t hedge, const Quality& basis, const Quality& funding) const {
  const Learnt& learnt = *hedges_[hedge];
  const InstrumentSlot slot = learnt.bars.leg();
  const Contract& contract = view.registry.contract(slot);
  Estimate carry{0, view.hedge_figures[hedge].legs_delta_coins.quality};
  double size = 0;
  const HoldingRange range = holdings_of_hedge(view.desk, hedge);
  for (std::uint32_t h = range.first; h < range.first + range.count; ++h)
    if (view.portfolio.holdings()[h].slot == slot)
      size += view.desk.hedges[hedge].shares[h - range.first] * view.portfolio.holdings()[h].position.size;
  if (size == 0 || contract.kind == ContractKind::Spot) return carry;
  if (contract.kind == ContractKind::Perpetual) {
    const Estimate index = view.index_price(learnt.bars.index());
    carry.quality = worst(worst(carry.quality, funding), index.quality);
    if (!carry.quality.ok()) return carry;
    const double paid = funding_paid(contract, size, learnt.funding_rate_8h.value, index.value, kDay);
    carry.value = -(contract.style == PayoffStyle::Inverse ? paid * index.value : paid);
    return carry;
  }
  // A dated future's basis runs down to nothing at its expiry: evenly, as the market has no better guess.
  carry.quality = worst(carry.quality, basis);
  if (!carry.quality.ok()) return carry;
  const double days = days_until(contract.expiry, view.now_at(view.registry.venue(slot)));
  if (!(days >= 1)) {
    carry.quality = Quality::unknown(FigureReason::Inconclusive);
    return carry;
  }
  const double coins = contract.size_unit == SizeUnit::Quote ? size / *learnt.leg : size;
  carry.value = -coins * (*learnt.leg - *learnt.reference) / days;
  return carry;
}

void BasisMonitor::publish(const DeskView& view, const Publisher& out, std::uint32_t hedge) const {
  const Learnt& learnt = *hedges_[hedge];
  const Rows& rows = rows_[hedge];
  const Contract& contract = view.registry.contract(learnt.bars.leg());
  const Venue venue = view.registry.venue(learnt.bars.leg());
  Quality quality = Quality::unknown(FigureReason::WarmingUp);
  if (learnt.ever_closed) {
    const bool fresh = view.now - learnt.closed <= kFreshBasisBars * learnt.setup.sampling.bar;
    quality = fresh ? Quality::fresh(learnt.closed) : Quality::stale(learnt.closed, FigureReason::TooOld);
    if (!learnt.leg || !learnt.reference) quality = worst(quality, Quality::unknown(FigureReason::NeverReceived));
  }
  const auto value = [&](RowId row, const std::optional<double>& number, const Quality& judged) {
    out.publish(row, number.value_or(0), number ? judged : worst(judged, Quality::unknown(FigureReason::Inconclusive)));
  };
  const double leg = learnt.leg.value_or(0);
  const double reference = learnt.reference.value_or(0);
  out.publish(rows.usd, leg - reference, quality);
  out.publish(rows.ratio, quality.ok() ? basis_ratio(leg, reference) : 0, quality);
  if (rows.annualised != kNoRow)
    value(rows.annualised,
          annualised_basis(leg, reference, days_until(contract.expiry, view.now_at(venue)), learnt.setup.annualisation), quality);
  const Quality scored =
      learnt.score.count >= kFewestBasisBars ? quality : worst(quality, Quality::unknown(FigureReason::WarmingUp));
  value(rows.zscore, learnt.score.zscore, scored);
  out.publish(rows.outlier, learnt.score.outlier ? 1 : 0, scored);
  std::optional<double> volatility = learnt.score.change_volatility;
  if (volatility) *volatility *= std::sqrt(365 / in_days(learnt.setup.sampling.bar));
  value(rows.volatility, volatility, scored);

  const Quality funding = view.freshness.of_market(learnt.funding_rate_8h, venue, FigureReason::NeverReceived);
  out.publish(rows.funding, learnt.funding_rate_8h.value, funding);
  const Estimate earned = carry(view, hedge, quality, funding);
  out.publish(rows.carry, earned);
  // The longest window's variance a bar, put on a day: bars are taken as independent.
  std::optional<double> per_sigma;
  Quality judged = earned.quality;
  const EffectivenessSeries* total = effectiveness_->total(hedge);
  if (total == nullptr || total->windows().empty() || total->windows().back().pairs.count < learnt.setup.sampling.minimum_pairs) {
    judged = worst(judged, Quality::unknown(FigureReason::WarmingUp));
  } else if (learnt.setup.profit_currency == ProfitCurrency::Usd) {
    const PairStatistics& pairs = total->windows().back().pairs;
    const double bars_per_day = 1 / in_days(learnt.setup.sampling.bar);
    if (pairs.variance_exposure && pairs.tracking_error)
      per_sigma = carry_per_sigma_removed(earned.value, *pairs.variance_exposure * bars_per_day,
                                          *pairs.tracking_error * *pairs.tracking_error * bars_per_day);
  }
  value(rows.per_sigma, per_sigma, judged);
}

VenueTime BasisMonitor::next_bar_end(Venue venue) const {
  VenueTime next = VenueTime::max();
  for (const std::unique_ptr<Learnt>& learnt : hedges_)
    if (learnt) next = std::min(next, learnt->bars.next_end(venue));
  return next;
}

void BasisMonitor::close_bars(const DeskView& view) {
  for (std::uint32_t h = 0; h < hedges_.size(); ++h) {
    if (!hedges_[h]) continue;
    Learnt& learnt = *hedges_[h];
    learnt.bars.advance(view, [&](const PairBars::Bar& bar) {
      std::optional<double> basis;
      if (bar.leg && bar.reference) basis = basis_ratio(*bar.leg, *bar.reference);
      learnt.score = learnt.window.add(basis);
      learnt.reference = bar.reference;
      learnt.leg = bar.leg;
      learnt.closed = view.now;
      learnt.ever_closed = true;
    });
  }
}

void BasisMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  close_bars(view);
  for (std::uint32_t h = 0; h < hedges_.size(); ++h)
    if (hedges_[h] && rows_[h].usd != kNoRow) publish(view, out, h);
}

void BasisMonitor::renumber_connections(std::span<const ConnectionId> new_of_old) {
  for (const std::unique_ptr<Learnt>& learnt : hedges_)
    if (learnt) renumber(learnt->funding_rate_8h.origin, new_of_old);
}

void BasisMonitor::visit_state(StateArchive& archive) { archive(hedges_, rows_); }

}  // namespace hedgewatch
