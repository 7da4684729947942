#include "core/engine/advice_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/engine/leg_quotes.hpp"
#include "core/hedge/depth_walk.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kAdviceRefresh = std::chrono::seconds{1};
constexpr std::size_t kMostPoints = 512;
/// Aims a little inside a limit, so that the next tick is not outside again.
constexpr double kInside = 0.999;
/// Instruments whose Greeks differ by less than this from a combination of the others' cannot be told apart in practice.
constexpr double kRankTolerance = 1e-3;

double position_sum(const DeskView& view, std::uint32_t hedge) {
  const HoldingRange range = holdings_of_hedge(view.desk, hedge);
  double sum = 0;
  for (std::uint32_t i = 0; i < range.count; ++i)
    sum += static_cast<double>(i + 1) * view.portfolio.holdings()[range.first + i].position.size;
  return sum;
}

}  // namespace

void AdviceMonitor::lay_out(const DeskView& view, FigureTable& table) {
  hedges_.clear();
  next_ = 0;
  for (const HedgeSetup& hedge : view.setup.hedges) {
    State& state = hedges_.emplace_back();
    if (hedge.advice.empty()) continue;
    for (const AdviceInstrument& advice : hedge.advice) {
      Instrument& instrument = state.instruments.emplace_back();
      instrument.slot = view.registry.find(advice.instrument.venue, advice.instrument.symbol);
      instrument.row =
          table.add_row(Figure::AdviceTradeSize, {hedge.name, label(advice.instrument.venue), advice.instrument.symbol});
    }
    state.before = table.add_row(Figure::AdviceObjectiveBefore, {hedge.name});
    state.after = table.add_row(Figure::AdviceObjectiveAfter, {hedge.name});
    state.cost = table.add_row(Figure::AdviceCostUsd, {hedge.name});
    state.rank_lost = table.add_row(Figure::AdviceRankLost, {hedge.name});
  }
}

/// What an instrument can do and what it costs, or why it is left out.
Quality AdviceMonitor::tradable_of(const DeskView& view, std::uint32_t hedge, const AdviceInstrument& setup,
                                   const Instrument& instrument, const Estimate& price, Tradable& tradable) const {
  if (instrument.slot == kNoSlot) return Quality::unknown(FigureReason::MissingInstrument);
  const std::uint32_t place = view.desk.tracked_of_slot[index_of(instrument.slot)];
  if (place == kNoPlace) return Quality::unknown(FigureReason::MissingInstrument);
  const Contract& contract = view.registry.contract(instrument.slot);
  const InstrumentValuation& valuation = view.valuation(place);
  if (valuation.expired) return Quality::unknown(FigureReason::Expired);
  if (view.registry.phase(instrument.slot) != InstrumentPhase::Open) return Quality::unknown(FigureReason::Halted);
  const LegQuote quote = leg_quote(view, instrument.slot);
  const bool option = contract.kind == ContractKind::Option;
  const HedgeSetup& relationship = view.setup.hedges[hedge];
  const Quality delta = relationship_delta_quality(valuation.delta, valuation.smile, relationship);
  const Quality quality = worst(worst(delta, quote.quality), option ? valuation.greeks : Quality{});
  if (!quality.ok() || !(contract.lot > 0)) return quality;

  const UnitRisk& unit = valuation.unit;
  // Of a trade in a shared leg only the share is this hedge's.
  const double share = leg_share(relationship, view.registry.venue(instrument.slot), contract.name.view()).value_or(1);
  tradable.per_unit = {share * relationship_delta(unit, relationship), share * unit.gamma_coins_per_percent,
                       share * unit.vega_usd_per_vol_point};
  tradable.lot = contract.lot;
  const double coins = contract.size_unit == SizeUnit::Quote ? contract.lot / quote.mid : contract.lot;
  const bool coin_quoted = option && contract.style == PayoffStyle::Inverse;
  const double spread_usd = quote.half_spread * coins * (coin_quoted ? price.value : 1);
  tradable.cost_per_lot = std::max(0.0, setup.fee_ratio * coins * price.value + spread_usd);

  const auto lots_in = [&](double size) { return static_cast<std::int64_t>(std::floor(size / contract.lot * (1 + 1e-12))); };
  tradable.highest = lots_in(setup.max_trade_size);
  tradable.lowest = -tradable.highest;
  if (setup.position_limit) {
    double held = 0;
    const HoldingRange range = holdings_of_hedge(view.desk, hedge);
    for (std::uint32_t h = range.first; h < range.first + range.count; ++h)
      if (view.portfolio.holdings()[h].slot == instrument.slot) held += view.portfolio.holdings()[h].position.size;
    tradable.highest = std::min(tradable.highest, std::max<std::int64_t>(0, lots_in(*setup.position_limit - held)));
    tradable.lowest = std::max(tradable.lowest, -std::max<std::int64_t>(0, lots_in(*setup.position_limit + held)));
  }
  const OrderBook* book = view.market.order_book(instrument.slot);
  if (book != nullptr && book->valid() && !option) {
    const auto depth = [&](Side order) {
      const DepthSide side{
          .levels = book->levels(order == Side::Buy ? Side::Sell : Side::Buy), .mid = quote.mid, .unit = contract.size_unit};
      const DepthWithin within = depth_within(side, order, relationship.flatten_within_bps * 1e-4);
      return lots_in(contract.size_unit == SizeUnit::Quote ? within.quote : within.coins);
    };
    tradable.highest = std::min(tradable.highest, depth(Side::Buy));
    tradable.lowest = std::max(tradable.lowest, -depth(Side::Sell));
  }
  if (setup.min_notional_usd)
    tradable.fewest_lots = static_cast<std::int64_t>(std::ceil(*setup.min_notional_usd / (coins * price.value) * (1 - 1e-12)));
  return quality;
}

void AdviceMonitor::make(const DeskView& view, std::uint32_t hedge, State& state) const {
  const HedgeSetup& setup = view.setup.hedges[hedge];
  const HedgeFigures& figures = view.hedge_figures[hedge];
  const RebalanceMonitor::BandNow& band = bands_->bands()[hedge];
  const Estimate price = hedge_price(view, hedge);
  state.quality = worst(figures.net_delta_coins.quality, price.quality);
  if (setup.band) state.quality = worst(state.quality, band.quality);

  NetGross gamma;
  NetGross vega;
  for (const HedgePart& part : view.desk.hedges[hedge].parts) {
    gamma.net += part.sum.gamma.net;
    vega.net += part.sum.vega.net;
    if (setup.gamma_limit_coins_per_percent) state.quality = worst(state.quality, part.sum.gamma_quality);
    if (setup.vega_limit_usd_per_vol_point) state.quality = worst(state.quality, part.sum.vega_quality);
  }
  // Being one limit beyond a limit is priced at the whole value of the soft delta limit: cost decides only between ways back.
  const double stake = setup.soft_delta_limit_coins * price.value;
  const double middle = setup.band ? band.middle : (1 - setup.target_ratio) * figures.item_delta_coins.value;
  const double width = setup.band ? band.half_width : setup.soft_delta_limit_coins;
  const auto priced = [&](double limit) { return stake / (limit * limit); };
  task_.book = {figures.net_delta_coins.value - middle, gamma.net, vega.net};
  task_.weight = {priced(setup.soft_delta_limit_coins), 0, 0};
  task_.tolerance = {kInside * width, 0, 0};
  if (setup.gamma_limit_coins_per_percent) {
    task_.weight[1] = priced(*setup.gamma_limit_coins_per_percent);
    task_.tolerance[1] = kInside * *setup.gamma_limit_coins_per_percent;
  }
  if (setup.vega_limit_usd_per_vol_point) {
    task_.weight[2] = priced(*setup.vega_limit_usd_per_vol_point);
    task_.tolerance[2] = kInside * *setup.vega_limit_usd_per_vol_point;
  }
  task_.tradables.clear();
  for (std::size_t j = 0; j < state.instruments.size(); ++j) {
    Tradable tradable;
    state.instruments[j].quality = tradable_of(view, hedge, setup.advice[j], state.instruments[j], price, tradable);
    // One that cannot be judged is not traded; its place stays.
    if (!state.instruments[j].quality.ok()) tradable = {.per_unit = {}, .lot = 1};
    task_.tradables.push_back(tradable);
  }
  if (!state.quality.ok()) return;
  state.advice = advise(task_, kMostPoints);
  state.lost = least_squares_hedge(task_, kRankTolerance).rank_lost();
  for (std::size_t j = 0; j < state.instruments.size(); ++j)
    state.instruments[j].size = static_cast<double>(state.advice.lots[j]) * task_.tradables[j].lot;
}

void AdviceMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  const auto count = static_cast<std::uint32_t>(hedges_.size());
  bool worked = false;
  const std::uint32_t first = next_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t h = (first + i) % count;
    State& state = hedges_[h];
    if (state.instruments.empty()) continue;
    const double positions = position_sum(view, h);
    const bool moved = !state.made || positions != state.positions;
    if ((moved || view.now >= state.due) && !worked) {
      make(view, h, state);
      state.positions = positions;
      state.due = view.now + kAdviceRefresh;
      state.made = true;
      worked = true;
      next_ = (h + 1) % count;
    } else if (moved) {
      // Its advice was for other positions; the new one comes in a cycle or two.
      state.quality = Quality::unknown(FigureReason::NeverReceived);
    }
    const Quality quality = worst(state.quality, view.hedge_figures[h].net_delta_coins.quality);
    out.publish(state.before, state.advice.objective_before, quality);
    out.publish(state.after, state.advice.objective_after, quality);
    out.publish(state.cost, state.advice.cost, quality);
    out.publish(state.rank_lost, state.lost ? 1 : 0, quality);
    for (const Instrument& instrument : state.instruments)
      out.publish(instrument.row, instrument.size, worst(quality, instrument.quality));
  }
}

void AdviceMonitor::visit_state(StateArchive& archive) { archive(hedges_, next_); }

}  // namespace hedgewatch
