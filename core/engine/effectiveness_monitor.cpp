#include "core/engine/effectiveness_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "core/engine/hour_move_monitor.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/types/duration_text.hpp"

namespace hedgewatch {

namespace {

constexpr std::array<std::string_view, EffectivenessMonitor::BasisCount> kBases{"pnl_total", "pnl_delta", "price"};
constexpr std::array<std::string_view, 3> kVerdicts{"effective", "ineffective", "inconclusive"};
constexpr std::chrono::nanoseconds kYear = std::chrono::hours{24 * 365};
/// Statistics of bars that have stopped coming are of the past.
constexpr std::int64_t kFreshBars = 3;

EffectivenessConventions conventions_of(const HedgeSetup& hedge) { return hedge.effectiveness->sampling; }

BarPrice price_of(const DeskView& view, InstrumentSlot slot) {
  BarPrice price;
  const std::uint32_t place = view.desk.tracked_of_slot[index_of(slot)];
  if (place == kNoPlace) return price;
  const InstrumentValuation& valuation = view.valuation(place);
  if (valuation.expired) return price;
  const Venue venue = view.registry.venue(slot);
  const InstrumentMarket& market = view.market.at(slot);
  const Estimate index = view.index_price(view.market.find_dollar_index(venue, view.registry.contract(slot).base.view()));
  if (index.quality.ok()) price.index = index.value;
  if (valuation.mark.ok()) price.mark = valuation.mark_price;
  if (valuation.forward.ok()) price.forward = valuation.forward_price;
  const VenueTime now = view.now_at(venue);
  const auto mid = newest_mid(view, slot);
  if (mid && now != kNoVenueTime && now - mid->time <= view.freshness.market_limit(venue) &&
      view.freshness.fresh_within(market.newest, view.freshness.market_limit(venue)))
    price.mid = mid->price;
  return price;
}

std::size_t bars_of(std::chrono::nanoseconds window, const EffectivenessSetup& setup) {
  return static_cast<std::size_t>(std::max<std::int64_t>(1, window / setup.sampling.bar));
}

std::size_t most_bars(const EffectivenessSetup& setup) {
  std::size_t most = 1;
  for (const std::chrono::nanoseconds window : setup.sampling.windows) most = std::max(most, bars_of(window, setup));
  return most;
}

double bars_per_year(const EffectivenessSetup& setup) {
  return static_cast<double>(kYear.count()) / static_cast<double>(setup.sampling.bar.count());
}

}  // namespace

EffectivenessMonitor::Learnt::Learnt(const HedgeSetup& relationship)
    : hedge{relationship},
      setup{*relationship.effectiveness},
      bars{relationship.effectiveness->sampling.bar},
      series{EffectivenessSeries{conventions_of(relationship)}, EffectivenessSeries{conventions_of(relationship)},
             EffectivenessSeries{conventions_of(relationship)}},
      overlap{most_bars(*relationship.effectiveness)},
      overlap_correlations(relationship.effectiveness->sampling.windows.size()) {}

void EffectivenessMonitor::Learnt::forget_profit() {
  for (const Basis basis : {Total, DeltaPart}) series[basis] = EffectivenessSeries{setup.sampling};
  open.clear();
  opened = false;
  item_notional = 0;
}

void EffectivenessMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<std::unique_ptr<Learnt>> old = std::move(hedges_);
  hedges_.clear();
  rows_.clear();
  for (std::uint32_t h = 0; h < view.setup.hedges.size(); ++h) {
    const HedgeSetup& hedge = view.setup.hedges[h];
    std::unique_ptr<Learnt>& learnt = hedges_.emplace_back();
    Rows& rows = rows_.emplace_back();
    if (!hedge.effectiveness) continue;
    // What was learnt under other conventions is not what these mean.
    for (std::unique_ptr<Learnt>& before : old)
      if (before && before->hedge.name == hedge.name && before->hedge.view == hedge.view && before->hedge.smile == hedge.smile &&
          before->setup == *hedge.effectiveness)
        learnt = std::move(before);
    if (!learnt) learnt = std::make_unique<Learnt>(hedge);
    // Nor is the profit of other positions, or of other parts of them, that of these: the bar under way is theirs, too.
    if (!takes_the_same(learnt->hedge, hedge)) {
      learnt->forget_profit();
      learnt->hedge = hedge;
    }
    learnt->bars.resolve(view, learnt->setup);
    // What came before there was anything to compare it with is where the paths begin.
    if (learnt->bars.leg() != kNoSlot) {
      if (const auto price = learnt->bars.reference_price(view))
        learnt->overlap.add(RunningHayashiYoshida::Path::Exposure, price->time, price->price);
      if (const auto mid = newest_mid(view, learnt->bars.leg()))
        learnt->overlap.add(RunningHayashiYoshida::Path::Hedge, mid->time, mid->price);
    }
    learnt->open.reserve(std::max<std::size_t>(
        learnt->open.size(), holdings_of_hedge(view.desk, h).count + cross_holdings_of_hedge(view.desk, h).count));
    learnt->published = false;

    for (std::size_t b = 0; b < BasisCount; ++b) {
      BasisRows& basis = rows[b];
      const auto row = [&](Figure figure, std::string_view estimator, std::string_view window) {
        return table.add_row(figure, {hedge.name, estimator, window, kBases[b]});
      };
      const auto offset = [&](std::string_view estimator, std::string_view window, RowId& ratio, std::array<RowId, 3>& verdict) {
        ratio = row(Figure::HedgeDollarOffsetRatio, estimator, window);
        for (std::size_t v = 0; v < kVerdicts.size(); ++v)
          verdict[v] = table.add_row(Figure::HedgeDollarOffsetState, {hedge.name, estimator, window, kBases[b], kVerdicts[v]});
      };
      for (const std::chrono::nanoseconds length : learnt->setup.sampling.windows) {
        const std::string window = duration_text(length);
        WindowRows& one = basis.windows.emplace_back();
        one.correlation = row(Figure::HedgeCorrelationRatio, "rolling", window);
        one.beta = row(Figure::HedgeBeta, "rolling", window);
        one.r_squared = row(Figure::HedgeRSquared, "rolling", window);
        one.variance_reduction = row(Figure::HedgeVarianceReductionRatio, "rolling", window);
        one.tracking_error = row(Figure::HedgeTrackingErrorRatio, "rolling", window);
        one.breakdown = row(Figure::HedgeCorrelationBreakdownZscore, "rolling", window);
        one.broken = row(Figure::HedgeCorrelationBroken, "rolling", window);
        one.beta_drift = row(Figure::HedgeBetaDrift, "rolling", window);
        one.residual_drift = row(Figure::HedgeResidualDriftRatio, "rolling", window);
        one.pairs = row(Figure::HedgePairs, "rolling", window);
        if (b == Price) one.overlap_correlation = row(Figure::HedgeCorrelationRatio, "hayashi_yoshida", window);
        if (b != Price) offset("rolling", window, one.offset, one.verdict);
      }
      const std::string half_life = duration_text(learnt->setup.sampling.half_life);
      basis.correlation = row(Figure::HedgeCorrelationRatio, "ewma", half_life);
      basis.beta = row(Figure::HedgeBeta, "ewma", half_life);
      if (b != Price) offset("cumulative", "observed", basis.offset, basis.verdict);
    }
  }
}

void EffectivenessMonitor::open_bar(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const {
  learnt.open.clear();
  learnt.item_notional = 0;
  // Whose book is not known as a whole is not known in part.
  learnt.opened = view.hedge_figures[hedge].held.ok();
  if (!learnt.opened) return;
  const HoldingRange range = holdings_of_hedge(view.desk, hedge);
  for (std::uint32_t i = 0; i < range.count; ++i) open_position(view, hedge, learnt, range.first + i, i);
  const HoldingRange cross = cross_holdings_of_hedge(view.desk, hedge);
  for (std::uint32_t i = 0; i < cross.count; ++i) open_position(view, hedge, learnt, cross.first + i, range.count + i);
}

/// `place` is the holding's in the portfolio, `i` the one among the hedge's.
void EffectivenessMonitor::open_position(const DeskView& view, std::uint32_t hedge, Learnt& learnt, std::uint32_t place,
                                         std::uint32_t i) const {
  const PositionRisk& risk = view.risk(place);
  const double share = view.desk.hedges[hedge].shares[i];
  if (risk.flat || share == 0) return;
  const Holding& holding = view.portfolio.holdings()[place];
  const UnitRisk& unit = view.valuation_of(holding.slot).unit;
  const BarPrice price = price_of(view, holding.slot);
  const bool leg = view.desk.hedges[hedge].is_leg[i] != 0;
  const double notional = std::abs(risk.notional.at(price.index));
  const bool in_coin = learnt.setup.profit_currency == ProfitCurrency::Coin;
  if (!leg) learnt.item_notional += in_coin && price.index > 0 ? notional / price.index : notional;
  learnt.open.push_back({.slot = holding.slot,
                         .size = share * holding.position.size,
                         .unit_delta_coins = relationship_delta(unit, learnt.hedge),
                         .price = price,
                         .leg = leg});
}

void EffectivenessMonitor::close_bar(const DeskView& view, std::uint32_t hedge, Learnt& learnt, const PairBars::Bar& bar) const {
  std::optional<ReturnPair> returns;
  if (bar.reference_return && bar.leg_return) returns = ReturnPair{*bar.reference_return, *bar.leg_return};
  learnt.series[Price].add_bar(returns);
  learnt.overlap.close_bar(bar.end);
  for (std::size_t w = 0; w < learnt.overlap_correlations.size(); ++w)
    learnt.overlap_correlations[w] = learnt.overlap.over(bars_of(learnt.setup.sampling.windows[w], learnt.setup)).correlation();

  // Profit is of the moment that closes the bar: of bars that were missed none has a profit of its own.
  std::optional<ReturnPair> total;
  std::optional<ReturnPair> delta;
  if (learnt.opened && bar.newest && bar.end > learnt.setup.designated_at) {
    ReturnPair sum_total;
    ReturnPair sum_delta;
    bool whole = true;
    for (const OpenPosition& position : learnt.open) {
      const auto profit = bar_profit(view.registry.contract(position.slot), position.price, price_of(view, position.slot),
                                     position.unit_delta_coins, learnt.hedge.view, learnt.setup.profit_currency);
      if (!profit) {
        whole = false;
        break;
      }
      (position.leg ? sum_total.hedge : sum_total.exposure) += (position.leg ? -1 : 1) * position.size * profit->total;
      (position.leg ? sum_delta.hedge : sum_delta.exposure) += (position.leg ? -1 : 1) * position.size * profit->delta;
    }
    if (whole) {
      total = sum_total;
      delta = sum_delta;
    }
  }
  learnt.series[Total].add_bar(total);
  learnt.series[DeltaPart].add_bar(delta);
  learnt.opened = false;
  if (bar.newest) open_bar(view, hedge, learnt);
  learnt.closed = view.now;
  learnt.ever_closed = true;
  learnt.published = false;
}

void EffectivenessMonitor::publish(const Publisher& out, const Learnt& learnt, const Rows& rows, const Quality& quality) const {
  const auto value = [&](RowId row, const std::optional<double>& number, const Quality& judged) {
    out.publish(row, number.value_or(0), number ? judged : worst(judged, Quality::unknown(FigureReason::Inconclusive)));
  };
  const auto offset = [&](RowId ratio, const std::array<RowId, 3>& verdict, const DollarOffset& found, const Quality& judged) {
    value(ratio, found.ratio, judged);
    for (std::size_t v = 0; v < kVerdicts.size(); ++v)
      out.publish(verdict[v], static_cast<std::size_t>(found.verdict) == v ? 1 : 0, judged);
  };
  const Quality warming = worst(quality, Quality::unknown(FigureReason::WarmingUp));
  for (std::size_t b = 0; b < BasisCount; ++b) {
    const EffectivenessSeries& series = learnt.series[b];
    const BasisRows& basis = rows[b];
    const std::size_t minimum = learnt.setup.sampling.minimum_pairs;
    for (std::size_t w = 0; w < basis.windows.size(); ++w) {
      const WindowRows& row = basis.windows[w];
      const WindowEffectiveness& window = series.windows()[w];
      const PairStatistics& pairs = window.pairs;
      const Quality judged = pairs.count >= minimum ? quality : warming;
      const Quality against_reference = series.reference() ? judged : warming;
      value(row.correlation, pairs.correlation, judged);
      if (b == Price) value(row.overlap_correlation, learnt.overlap_correlations[w], judged);
      value(row.beta, pairs.beta, judged);
      value(row.r_squared, pairs.r_squared, judged);
      value(row.variance_reduction, pairs.variance_reduction, judged);
      std::optional<double> error = pairs.tracking_error;
      if (error) *error *= std::sqrt(bars_per_year(learnt.setup));
      const bool on_price = b == Price;
      if (error && !on_price) error = learnt.item_notional > 0 ? std::optional{*error / learnt.item_notional} : std::nullopt;
      value(row.tracking_error, error, judged);
      value(row.breakdown, window.breakdown_zscore, against_reference);
      out.publish(row.broken, window.broken ? 1 : 0, against_reference);
      value(row.beta_drift, window.beta_drift, against_reference);
      value(row.residual_drift, window.residual_drift, against_reference);
      out.publish(row.pairs, static_cast<double>(pairs.count), quality);
      if (!on_price) offset(row.offset, row.verdict, series.offset_in(window), judged);
    }
    const Quality judged = series.exponential_pairs() >= minimum ? quality : warming;
    value(basis.correlation, series.exponential().correlation(), judged);
    value(basis.beta, series.exponential().beta(), judged);
    if (b != Price) offset(basis.offset, basis.verdict, series.offset_since_start(), judged);
  }
}

Quality EffectivenessMonitor::quality_of(const Learnt& learnt, MonoTime now) {
  if (!learnt.ever_closed) return Quality::unknown(FigureReason::WarmingUp);
  const bool fresh = now - learnt.closed <= kFreshBars * learnt.setup.sampling.bar;
  return fresh ? Quality::fresh(learnt.closed) : Quality::stale(learnt.closed, FigureReason::TooOld);
}

Estimate EffectivenessMonitor::price_beta(std::size_t hedge, MonoTime now) const {
  constexpr double kLeast = 0.1;
  Estimate beta{1, Quality::unknown(FigureReason::WarmingUp)};
  if (!hedges_[hedge]) return beta;
  const Learnt& learnt = *hedges_[hedge];
  const PairStatistics& pairs = learnt.series[Price].windows().back().pairs;
  if (pairs.count < learnt.setup.sampling.minimum_pairs) return beta;
  beta.quality = quality_of(learnt, now);
  if (!beta.quality.ok()) return beta;
  if (pairs.beta && *pairs.beta >= kLeast)
    beta.value = *pairs.beta;
  else
    beta.quality = Quality::unknown(FigureReason::Inconclusive);
  return beta;
}

VenueTime EffectivenessMonitor::next_bar_end(Venue venue) const {
  VenueTime next = VenueTime::max();
  for (const std::unique_ptr<Learnt>& learnt : hedges_)
    if (learnt) next = std::min(next, learnt->bars.next_end(venue));
  return next;
}

void EffectivenessMonitor::close_bars(const DeskView& view) {
  for (std::uint32_t h = 0; h < hedges_.size(); ++h) {
    if (!hedges_[h]) continue;
    Learnt& learnt = *hedges_[h];
    learnt.bars.advance(view, [&](const PairBars::Bar& bar) { close_bar(view, h, learnt, bar); });
  }
}

bool EffectivenessMonitor::samples(InstrumentSlot slot) const {
  return std::any_of(hedges_.begin(), hedges_.end(),
                     [&](const auto& learnt) { return learnt && (learnt->bars.leg() == slot || learnt->bars.refers_to(slot)); });
}

bool EffectivenessMonitor::samples(IndexId index) const {
  return std::any_of(hedges_.begin(), hedges_.end(), [&](const auto& learnt) { return learnt && learnt->bars.refers_to(index); });
}

void EffectivenessMonitor::heard_price(const DeskView& view, InstrumentSlot slot) {
  const auto mid = newest_mid(view, slot);
  if (!mid) return;
  for (const std::unique_ptr<Learnt>& learnt : hedges_) {
    if (!learnt) continue;
    if (learnt->bars.refers_to(slot)) learnt->overlap.add(RunningHayashiYoshida::Path::Exposure, mid->time, mid->price);
    if (learnt->bars.leg() == slot) learnt->overlap.add(RunningHayashiYoshida::Path::Hedge, mid->time, mid->price);
  }
}

void EffectivenessMonitor::heard_price(const DeskView& view, IndexId index) {
  for (const std::unique_ptr<Learnt>& learnt : hedges_) {
    if (!learnt || !learnt->bars.refers_to(index)) continue;
    if (const auto price = learnt->bars.reference_price(view))
      learnt->overlap.add(RunningHayashiYoshida::Path::Exposure, price->time, price->price);
  }
}

void EffectivenessMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  close_bars(view);
  for (std::uint32_t h = 0; h < hedges_.size(); ++h) {
    if (!hedges_[h]) continue;
    Learnt& learnt = *hedges_[h];
    const Quality quality = quality_of(learnt, view.now);
    if (learnt.published && learnt.published_fresh == quality.ok()) continue;
    learnt.published = true;
    learnt.published_fresh = quality.ok();
    publish(out, learnt, rows_[h], quality);
  }
}

void EffectivenessMonitor::visit_state(StateArchive& archive) { archive(hedges_, rows_); }

}  // namespace hedgewatch
