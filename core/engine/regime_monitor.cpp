#include "core/engine/regime_monitor.hpp"

#include <algorithm>
#include <utility>

#include "core/engine/leg_quotes.hpp"

namespace hedgewatch {

namespace {

constexpr std::int64_t kFreshRegimeBars = 3;
constexpr std::size_t kFewestSpreads = 30;
constexpr double kBlownOutSpreads = 5;

VolatilitySeries::Parameters parameters_of(const EffectivenessSetup& setup) {
  const std::chrono::nanoseconds shortest = *std::min_element(setup.sampling.windows.begin(), setup.sampling.windows.end());
  return {.bar = setup.sampling.bar,
          .window_bars = static_cast<std::size_t>(shortest / setup.sampling.bar),
          .minimum_returns = setup.sampling.minimum_pairs};
}

bool is_cross(const HedgeSetup& hedge) { return !hedge.leg_underlying.empty(); }

/// Whether the underlying is seen through this hedge: the first on it that states its conventions, and of legs of the same coin
/// where there is one.
bool is_source(const std::vector<HedgeSetup>& hedges, std::uint32_t hedge) {
  if (!hedges[hedge].effectiveness) return false;
  for (std::uint32_t other = 0; other < hedges.size(); ++other) {
    const HedgeSetup& one = hedges[other];
    if (other == hedge || !one.effectiveness || one.underlying != hedges[hedge].underlying) continue;
    if (is_cross(one) == is_cross(hedges[hedge]) ? other < hedge : !is_cross(one)) return false;
  }
  return true;
}

}  // namespace

RegimeMonitor::Learnt::Learnt(const EffectivenessSetup& conventions)
    : setup{conventions},
      bars{conventions.sampling.bar},
      volatility{parameters_of(conventions)},
      spreads{parameters_of(conventions).window_bars} {}

void RegimeMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<std::unique_ptr<Learnt>> old = std::move(underlyings_);
  underlyings_.clear();
  rows_.clear();
  for (std::uint32_t h = 0; h < view.setup.hedges.size(); ++h) {
    const HedgeSetup& hedge = view.setup.hedges[h];
    if (!is_source(view.setup.hedges, h)) continue;
    std::unique_ptr<Learnt> learnt;
    for (std::unique_ptr<Learnt>& before : old)
      if (before && before->underlying == hedge.underlying && before->setup == *hedge.effectiveness) learnt = std::move(before);
    if (!learnt) learnt = std::make_unique<Learnt>(*hedge.effectiveness);
    learnt->underlying = hedge.underlying;
    learnt->hedge = h;
    learnt->bars.resolve(view, learnt->setup);
    underlyings_.push_back(std::move(learnt));
    const auto row = [&](Figure figure) { return table.add_row(figure, {hedge.underlying}); };
    Rows& rows = rows_.emplace_back();
    rows.realised = row(Figure::UnderlyingRealizedVolRatio);
    rows.implied = row(Figure::UnderlyingImpliedVolRatio);
    rows.premium = row(Figure::VariancePremium);
    rows.vol_ratio = row(Figure::VolRatio);
    rows.jump = row(Figure::JumpZscore);
    for (std::size_t r = 0; r < kRegimes.size(); ++r) {
      // Whether another coin's leg is dislocated says nothing of this one.
      if (kRegimes[r] == Regime::Dislocated && is_cross(hedge)) continue;
      rows.regime[r] = table.add_row(Figure::RegimeOfUnderlying, {hedge.underlying, label(kRegimes[r])});
    }
    rows.multiplier = row(Figure::RegimeLimitMultiplierRatio);
  }
}

/// Against the spreads before it. A leg without a believable two-sided price is the feed's matter and says nothing here.
bool RegimeMonitor::spread_blown_out(const DeskView& view, Learnt& learnt) const {
  const LegQuote quote = leg_quote(view, learnt.bars.leg());
  const auto median = learnt.spreads.median();
  const bool judged = median && learnt.spreads.count() >= kFewestSpreads;
  if (!quote.quality.ok()) return false;
  const double spread = 2 * quote.half_spread / quote.mid;
  const bool blown = judged && spread > kBlownOutSpreads * *median;
  learnt.spreads.add(spread);
  return blown;
}

void RegimeMonitor::publish(const DeskView& view, const Publisher& out, const Learnt& learnt, const Rows& rows) const {
  Quality quality = Quality::unknown(FigureReason::WarmingUp);
  if (learnt.ever_closed) {
    const bool fresh = view.now - learnt.closed <= kFreshRegimeBars * learnt.setup.sampling.bar;
    quality = fresh ? Quality::fresh(learnt.closed) : Quality::stale(learnt.closed, FigureReason::TooOld);
  }
  const Quality warm = learnt.volatility.returns() >= learnt.setup.sampling.minimum_pairs
                           ? quality
                           : worst(quality, Quality::unknown(FigureReason::WarmingUp));
  const auto value = [&](RowId row, const std::optional<double>& number, const Quality& judged) {
    out.publish(row, number.value_or(0), number ? judged : worst(judged, Quality::unknown(FigureReason::Inconclusive)));
  };
  const auto realised = learnt.volatility.realised_vol();
  value(rows.realised, realised, warm);
  value(rows.vol_ratio, learnt.volatility.vol_ratio(), warm);
  value(rows.jump, learnt.volatility.jump_zscore(), warm);
  const HourMoveMonitor::State& hour = hours_->states()[learnt.hedge];
  Quality implied = hour.quality;
  if (!(hour.mean_vol > 0)) implied = worst(implied, Quality::unknown(FigureReason::MissingVol));
  out.publish(rows.implied, hour.mean_vol, implied);
  const double realised_vol = realised.value_or(0);
  out.publish(rows.premium, hour.mean_vol * hour.mean_vol - realised_vol * realised_vol, worst(warm, implied));
  for (std::size_t r = 0; r < kRegimes.size(); ++r)
    out.publish(rows.regime[r], learnt.regime.regime() == kRegimes[r] ? 1 : 0, warm);
  out.publish(rows.multiplier, limit_multiplier(learnt.regime.regime()), warm);
}

VenueTime RegimeMonitor::next_bar_end(Venue venue) const {
  VenueTime next = VenueTime::max();
  for (const std::unique_ptr<Learnt>& learnt : underlyings_) next = std::min(next, learnt->bars.next_end(venue));
  return next;
}

void RegimeMonitor::close_bars(const DeskView& view) {
  for (const std::unique_ptr<Learnt>& one : underlyings_) {
    Learnt& learnt = *one;
    learnt.bars.advance(view, [&](const PairBars::Bar& bar) {
      learnt.volatility.add_bar(bar.reference_return, bar.ticked);
      const bool judged = bar.newest && !is_cross(view.setup.hedges[learnt.hedge]);
      const bool dislocated = judged && (spread_blown_out(view, learnt) || basis_->outlier(learnt.hedge));
      learnt.regime.add_bar(learnt.volatility.vol_ratio(), dislocated);
      learnt.closed = view.now;
      learnt.ever_closed = true;
    });
  }
}

void RegimeMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  close_bars(view);
  for (std::size_t u = 0; u < underlyings_.size(); ++u) publish(view, out, *underlyings_[u], rows_[u]);
}

void RegimeMonitor::visit_state(StateArchive& archive) { archive(underlyings_, rows_); }

}  // namespace hedgewatch
