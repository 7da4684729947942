#include "core/risk/position_risk.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace hedgewatch {

namespace {

bool is_future(const Contract& contract) {
  return contract.kind == ContractKind::Future || contract.kind == ContractKind::Perpetual;
}

UnitRisk scaled(const UnitRisk& unit, double size) {
  return {.delta_black_scholes_coins = size * unit.delta_black_scholes_coins,
          .delta_net_transaction_coins = size * unit.delta_net_transaction_coins,
          .gamma_coins_per_percent = size * unit.gamma_coins_per_percent,
          .gamma_usd_per_percent = size * unit.gamma_usd_per_percent,
          .vega_usd_per_vol_point = size * unit.vega_usd_per_vol_point,
          .theta_usd_per_day = size * unit.theta_usd_per_day,
          .rho_usd_per_percent = size * unit.rho_usd_per_percent,
          .vanna_coins_per_vol_point = size * unit.vanna_coins_per_vol_point,
          .volga_usd_per_vol_point_squared = size * unit.volga_usd_per_vol_point_squared,
          .charm_coins_per_day = size * unit.charm_coins_per_day,
          .smile_delta_coins = size * unit.smile_delta_coins};
}

/// Market value of the whole position against what it cost.
SplitAmount profit_of(const Contract& contract, double mark_price, const SizedPosition& position) {
  if (contract.style == PayoffStyle::Linear) return {.coins = 0, .usd = position.size * mark_price - position.entry_cost};
  if (is_future(contract)) return {.coins = position.entry_cost - position.size / mark_price, .usd = 0};
  return {.coins = position.size * mark_price - position.entry_cost, .usd = 0};
}

SplitAmount notional_of(const Contract& contract, double mark_price, double size) {
  if (contract.size_unit == SizeUnit::Quote) return {.coins = 0, .usd = size};
  if (contract.kind == ContractKind::Option) return {.coins = size, .usd = 0};
  return {.coins = 0, .usd = size * mark_price};
}

DeltaBounds delta_bounds(const Contract& contract, const PositionRisk& risk, double size_of_position, const Quality& size,
                         bool expired) {
  DeltaBounds bounds{.quality = size, .size = size};
  if (!size.ok() || expired) return bounds;
  const double coins = std::abs(size_of_position);
  if (risk.delta.ok()) {
    bounds.low_coins = bounds.high_coins = risk.total.delta_black_scholes_coins;
    bounds.priced_coins = contract.size_unit == SizeUnit::Quote ? std::abs(risk.total.delta_black_scholes_coins) : coins;
    bounds.quality = risk.delta;
  } else if (contract.kind == ContractKind::Option) {
    const double reach = contract.right == OptionRight::Call ? size_of_position : -size_of_position;
    bounds.low_coins = std::min(0.0, reach);
    bounds.high_coins = std::max(0.0, reach);
    bounds.unpriced_coins = coins;
  } else {
    bounds.quality = risk.delta;
    (contract.size_unit == SizeUnit::Quote ? bounds.unpriced_usd : bounds.unpriced_coins) = coins;
  }
  return bounds;
}

}  // namespace

double entry_cost(const Contract& contract, double size, double entry_price) {
  return contract.style == PayoffStyle::Inverse && is_future(contract) ? size / entry_price : size * entry_price;
}

PositionRisk position_risk(const Contract& contract, const InstrumentValuation& valuation, const SizedPosition& position) {
  PositionRisk risk;
  set_position_risk(contract, valuation, position, risk);
  return risk;
}

void set_position_risk(const Contract& contract, const InstrumentValuation& valuation, const SizedPosition& position,
                       PositionRisk& risk) {
  std::construct_at(&risk);
  const Quality& size = position.quality;
  if (size.ok() && position.size == 0 && position.entry_cost == 0 && position.entry_known) {
    risk.flat = true;
    risk.bounds.quality = risk.bounds.size = size;
    risk.delta = risk.smile = risk.greeks = risk.greeks_usd = risk.value_quality = risk.profit_quality = risk.notional_quality =
        size;
    return;
  }
  const bool option = contract.kind == ContractKind::Option;
  const Quality dollars = is_dollar_quoted(contract) ? Quality{} : Quality::unknown(FigureReason::MixedNumeraire);
  risk.value_in_coins = contract.style == PayoffStyle::Inverse;

  // An expired contract is no exposure any more: it leaves the sums of a book without making them unknown.
  risk.delta = valuation.expired ? size : worst(size, valuation.delta);
  risk.smile = valuation.expired ? size : worst(size, valuation.smile);
  risk.greeks = valuation.expired ? size : worst(size, valuation.greeks);
  risk.greeks_usd = option && !valuation.expired ? worst(risk.greeks, dollars) : risk.greeks;
  if (risk.delta.ok() && !valuation.expired) {
    risk.total = scaled(valuation.unit, position.size);
    risk.on_fallback = valuation.leans_on_fallback();
    risk.lot_delta_coins = std::abs(contract.lot * valuation.unit.delta_black_scholes_coins);
  }

  risk.bounds = delta_bounds(contract, risk, position.size, size, valuation.expired);

  const Quality marked = worst(worst(size, valuation.mark), dollars);
  risk.notional_quality = contract.size_unit == SizeUnit::Base && !option ? marked : worst(size, dollars);
  if (risk.notional_quality.ok()) risk.notional = notional_of(contract, valuation.mark_price, position.size);

  risk.profit_quality = position.entry_known ? marked : worst(marked, Quality::unknown(FigureReason::MissingEntryPrice));
  if (risk.profit_quality.ok()) risk.profit = profit_of(contract, valuation.mark_price, position);

  if (is_future(contract)) {
    risk.value_quality = risk.profit_quality;
    risk.value = risk.profit;
  } else {
    risk.value_quality = marked;
    if (marked.ok()) {
      const double value = position.size * valuation.mark_price;
      risk.value =
          contract.style == PayoffStyle::Inverse ? SplitAmount{.coins = value, .usd = 0} : SplitAmount{.coins = 0, .usd = value};
    }
  }
}

}  // namespace hedgewatch
