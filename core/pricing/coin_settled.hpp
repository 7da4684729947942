#pragma once

#include "core/pricing/black76.hpp"

namespace hedgewatch {

/// An option that pays max(+-(S - K), 0) / S in coin, as Deribit's and OKX's coin-margined options do.
/// With the coin as numeraire its price is Black (1976) over the forward, discounted at the coin's own rate.
struct CoinOptionInput {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< quote per coin, of the option's own expiry (Deribit's underlying_price, not its index); positive
  double strike = 0;   ///< quote per coin; not negative
  YearFraction to_expiry = YearFraction::from_years(0);
  Vol vol = Vol::from_fraction(0);
  double coin_rate = 0;  ///< continuous rate on the coin, per year; Deribit uses 0
};

/// Per one coin of contract size; raw calculus (per 1.0 of vol, per year passing, per 1 quote unit of forward). Undefined is NaN.
/// The first two delta views of a coin-settled book are here; the third, with equity, is delta_net summed over the book plus the
/// account's equity in coin. Equity already holds the options' value: adding price_coin again would count it twice.
struct CoinOptionGreeks {
  double price_coin = 0;   ///< coin; in [0, 1] for a call
  double price_quote = 0;  ///< quote currency: price_coin * forward
  double delta_bs = 0;     ///< d price_quote / d forward: Black's delta
  double delta_net =
      0;  ///< coin gained per unit relative move of the forward: delta_bs - price_coin. Adds to an inverse future's N / F.
  double price_coin_per_forward = 0;        ///< d price_coin / d forward = delta_net / forward
  double gamma_bs = 0;                      ///< d delta_bs / d forward
  double delta_net_per_forward = 0;         ///< d delta_net / d forward
  double price_coin_per_forward_twice = 0;  ///< d2 price_coin / d forward2
  double vega_quote = 0;                    ///< d price_quote / d vol
  double vega_coin = 0;                     ///< d price_coin / d vol
  double vanna_net = 0;                     ///< d delta_net / d vol
  double volga_coin = 0;                    ///< d2 price_coin / d vol2
  double theta_quote = 0;                   ///< d price_quote / d t, per year
  double theta_coin = 0;                    ///< d price_coin / d t, per year
  double charm_net = 0;                     ///< d delta_net / d t, per year
  double rho_coin = 0;                      ///< d price_coin / d coin_rate
};

/// Faults and degenerate limits as black76(); a forward of 0 is ForwardNegative too, for a price in coin has no value there.
/// Error bounds of black76(), divided by the forward where in coin; delta_net is computed as +-(K/F) N(+-d2), without cancellation.
/// Source: Deribit's contract definition, and the change of numeraire; reproduces Deribit's mark_price and Greeks.
[[nodiscard]] Result<CoinOptionGreeks, PricingFault> coin_settled(const CoinOptionInput& input);

/// The same from Black's Greeks at these inputs with the coin's rate, as a batch computes them (price, delta, gamma, vega, theta,
/// rho, vanna, volga, charm and dual_delta are read). Entries that are NaN stay so.
[[nodiscard]] CoinOptionGreeks to_coin_settled(const Black76Greeks& black, double forward, double strike);

}  // namespace hedgewatch
