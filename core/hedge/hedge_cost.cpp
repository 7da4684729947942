#include "core/hedge/hedge_cost.hpp"

#include <cmath>

namespace hedgewatch {

Slippage slippage_of(const HedgeFill& fill) {
  const double side = fill.side == Side::Buy ? 1 : -1;
  Slippage slippage{.half_spread = fill.half_spread * fill.coins,
                    .delay = side * (fill.mid_at_fill - fill.arrival_mid) * fill.coins};
  slippage.impact = side * (fill.price - fill.mid_at_fill) * fill.coins - slippage.half_spread;
  return slippage;
}

void HedgeCost::add(const HedgeFill& fill) {
  const Slippage slippage = slippage_of(fill);
  fees_.add(fill.fee);
  half_spread_.add(slippage.half_spread);
  delay_.add(slippage.delay);
  impact_.add(slippage.impact);
  notional_.add(fill.coins * fill.price);
}

std::optional<double> HedgeCost::per_notional() const {
  if (!(notional() > 0)) return std::nullopt;
  return trading() / notional();
}

std::optional<double> cost_per_variance_removed(double cost, double unhedged_variance, double hedged_variance) {
  const double removed = unhedged_variance - hedged_variance;
  if (!(removed > 0)) return std::nullopt;
  return cost / removed;
}

std::optional<double> cost_per_sigma_removed(double cost, double unhedged_variance, double hedged_variance) {
  if (!(unhedged_variance > hedged_variance) || !(hedged_variance >= 0)) return std::nullopt;
  return cost / (std::sqrt(unhedged_variance) - std::sqrt(hedged_variance));
}

void DeltaRiskRemoved::add_bar(double item_delta_coins, double net_delta_coins, double price_change) {
  const double unhedged = item_delta_coins * price_change;
  const double hedged = net_delta_coins * price_change;
  if (!std::isfinite(unhedged) || !std::isfinite(hedged)) return;
  unhedged_.add(unhedged * unhedged);
  hedged_.add(hedged * hedged);
  ++bars_;
}

}  // namespace hedgewatch
