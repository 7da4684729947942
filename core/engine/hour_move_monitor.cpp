#include "core/engine/hour_move_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kHourMoveRefresh = std::chrono::seconds{1};
constexpr std::size_t kHourMoveHoldingsPerCycle = 32;

HoldingRange holdings_of(const Desk& desk, std::uint32_t place) {
  if (place == kNoPlace) return {};
  const Exposure& exposure = desk.exposures[place];
  if (exposure.part_count == 0) return {};
  HoldingRange range{.first = desk.parts[exposure.first_part].first_holding};
  for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p)
    range.count += desk.parts[p].holding_count;
  return range;
}

}  // namespace

HoldingRange holdings_of_hedge(const Desk& desk, std::uint32_t hedge) { return holdings_of(desk, desk.hedges[hedge].exposure); }

HoldingRange cross_holdings_of_hedge(const Desk& desk, std::uint32_t hedge) {
  return holdings_of(desk, desk.hedges[hedge].legs_exposure);
}

std::vector<InstrumentSlot> followed_legs(const DeskView& view, const HedgeSetup& hedge) {
  std::vector<InstrumentSlot> legs;
  if (!hedge.leg_underlying.empty()) return legs;
  for (std::uint32_t i = 0; i < view.registry.size(); ++i) {
    const InstrumentSlot slot{i};
    const Contract& contract = view.registry.contract(slot);
    const auto named = [&](std::span<const InstrumentPattern> patterns) {
      return std::any_of(patterns.begin(), patterns.end(), [&](const InstrumentPattern& pattern) {
        return pattern.matches(view.registry.venue(slot), contract.name.view());
      });
    };
    if (contract.kind != ContractKind::Option && contract.base.view() == hedge.underlying && is_dollar_quoted(contract) &&
        named(hedge.legs) && named(view.setup.order_books))
      legs.push_back(slot);
  }
  return legs;
}

Estimate hedge_price(const DeskView& view, std::uint32_t hedge) {
  Estimate price{0, Quality::unknown(FigureReason::MissingIndex)};
  if (view.desk.hedges[hedge].exposure == kNoPlace) return price;
  const Exposure& exposure = view.desk.exposures[view.desk.hedges[hedge].exposure];
  for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p) {
    const Estimate index = view.index_price(view.desk.parts[p].index);
    if (index.quality.ok()) return index;
    price = index;
  }
  return price;
}

void HourMoveMonitor::lay_out(const DeskView& view, FigureTable& table) {
  const std::size_t count = view.setup.hedges.size();
  states_.assign(count, State{});
  due_.assign(count, MonoTime{});
  rows_.clear();
  std::size_t most = 0;
  for (std::uint32_t h = 0; h < count; ++h) {
    const std::string& name = view.setup.hedges[h].name;
    if (!view.setup.hedges[h].band && followed_legs(view, view.setup.hedges[h]).empty()) {
      rows_.emplace_back();
      due_[h] = MonoTime::max();
      continue;
    }
    rows_.push_back({.sigma = table.add_row(Figure::HedgeHourSigmaRatio, {name}),
                     .up = table.add_row(Figure::HedgeDeltaAfterHourCoins, {name, "up"}),
                     .down = table.add_row(Figure::HedgeDeltaAfterHourCoins, {name, "down"})});
    most = std::max<std::size_t>(most, holdings_of_hedge(view.desk, h).count);
  }
  holdings_.clear();
  holdings_.reserve(most);
  hedge_ = kNoPlace;
  next_ = 0;
}

/// Copies what the repricing needs, so that it is of one moment however many cycles it takes.
void HourMoveMonitor::begin(const DeskView& view, std::uint32_t hedge) {
  hedge_ = hedge;
  delta_view_ = view.setup.hedges[hedge].view;
  done_ = 0;
  holdings_.clear();
  const HoldingRange range = holdings_of_hedge(view.desk, hedge);
  working_ = {};
  working_.quality = view.hedge_figures[hedge].net_delta_coins.quality;
  working_.price = hedge_price(view, hedge).value;
  double weights = 0;
  for (std::uint32_t h = range.first; h < range.first + range.count; ++h) {
    const PositionRisk& risk = view.risk(h);
    if (risk.flat || !risk.delta.ok()) continue;
    const Holding& holding = view.portfolio.holdings()[h];
    const Contract& contract = view.registry.contract(holding.slot);
    const InstrumentValuation& valuation = view.valuation_of(holding.slot);
    if (valuation.expired) continue;
    const bool option = contract.kind == ContractKind::Option;
    MovedHolding moved{.kind = contract.kind,
                       .right = contract.right,
                       .style = contract.style,
                       .unit = contract.size_unit,
                       .size = view.desk.hedges[hedge].shares[h - range.first] * holding.position.size,
                       .forward = option ? valuation.forward_price : valuation.mark_price,
                       .strike = contract.strike};
    if (option) {
      const VenueTime now = view.now_at(view.registry.venue(holding.slot));
      moved.to_expiry = YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - now).count()));
      moved.vol = valuation.pricing_vol_ratio;
      moved.gamma_weight = view.desk.hedges[hedge].shares[h - range.first] * std::abs(risk.total.gamma_coins_per_percent);
      const double years = moved.to_expiry.years();
      weights += moved.gamma_weight;
      working_.mean_vol += moved.gamma_weight * moved.vol;
      working_.mean_years_to_expiry += moved.gamma_weight * years;
      if (working_.nearest_years_to_expiry == 0 || years < working_.nearest_years_to_expiry)
        working_.nearest_years_to_expiry = years;
    }
    holdings_.push_back(moved);
  }
  if (weights > 0) {
    working_.mean_vol /= weights;
    working_.mean_years_to_expiry /= weights;
  }
  working_.move.hour_sigma = implied_hour_sigma(holdings_);
}

void HourMoveMonitor::finish() {
  states_[hedge_] = working_;
  hedge_ = kNoPlace;
}

void HourMoveMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  const std::size_t count = states_.size();
  if (hedge_ == kNoPlace)
    for (std::size_t tried = 0; tried < count && hedge_ == kNoPlace; ++tried) {
      const std::uint32_t hedge = next_;
      next_ = static_cast<std::uint32_t>((next_ + 1) % count);
      if (view.now < due_[hedge]) continue;
      due_[hedge] = view.now + kHourMoveRefresh;
      begin(view, hedge);
    }
  if (hedge_ != kNoPlace) {
    const std::size_t chunk = std::min(kHourMoveHoldingsPerCycle, holdings_.size() - done_);
    working_.move.add(hour_move(std::span{holdings_}.subspan(done_, chunk), working_.move.hour_sigma, delta_view_));
    done_ += chunk;
    if (done_ == holdings_.size()) finish();
  }
  for (std::uint32_t h = 0; h < count; ++h) {
    const State& state = states_[h];
    // The delta of now is live; what an hour adds to it is of the last repricing. An input that is lost is lost at once.
    const Estimate& now = view.hedge_figures[h].net_delta_coins;
    const Quality quality = worst(now.quality, state.quality);
    const HourMove& move = state.move;
    const Quality sigma = move.hour_sigma > 0 ? quality : worst(quality, Quality::unknown(FigureReason::MissingVol));
    out.publish(rows_[h].sigma, move.hour_sigma, sigma);
    out.publish(rows_[h].up, now.value + move.delta_coins[HourMove::kUp] - move.delta_coins[HourMove::kNow], quality);
    out.publish(rows_[h].down, now.value + move.delta_coins[HourMove::kDown] - move.delta_coins[HourMove::kNow], quality);
  }
}

void HourMoveMonitor::visit_state(StateArchive& archive) {
  archive(states_, rows_, due_, holdings_, done_, hedge_, next_, delta_view_, working_);
}

}  // namespace hedgewatch
