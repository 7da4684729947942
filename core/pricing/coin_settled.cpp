#include "core/pricing/coin_settled.hpp"

namespace hedgewatch {

Result<CoinOptionGreeks, PricingFault> coin_settled(const CoinOptionInput& input) {
  if (input.forward == 0) return PricingFault::ForwardNegative;
  const auto priced = black76({.right = input.right,
                               .forward = input.forward,
                               .strike = input.strike,
                               .to_expiry = input.to_expiry,
                               .vol = input.vol,
                               .rate = input.coin_rate});
  if (!priced) return priced.error();
  return to_coin_settled(priced.value(), input.forward, input.strike);
}

CoinOptionGreeks to_coin_settled(const Black76Greeks& black, double forward, double strike) {
  CoinOptionGreeks g;
  g.price_quote = black.price;
  g.price_coin = black.price / forward;
  g.delta_bs = black.delta;
  g.delta_net = -strike / forward * black.dual_delta;
  g.price_coin_per_forward = g.delta_net / forward;
  g.gamma_bs = black.gamma;
  g.delta_net_per_forward = black.gamma - g.delta_net / forward;
  g.price_coin_per_forward_twice = (black.gamma - 2 * g.delta_net / forward) / forward;
  g.vega_quote = black.vega;
  g.vega_coin = black.vega / forward;
  g.vanna_net = black.vanna - g.vega_coin;
  g.volga_coin = black.volga / forward;
  g.theta_quote = black.theta;
  g.theta_coin = black.theta / forward;
  g.charm_net = black.charm - g.theta_coin;
  g.rho_coin = black.rho / forward;
  return g;
}

}  // namespace hedgewatch
