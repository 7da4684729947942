#pragma once

#include <cstdint>
#include <optional>

#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// What the width of a no-trade band is made of. Gamma is net of the whole book, in coins of delta per dollar; its sign does not
/// matter.
struct BandInputs {
  double price = 0;  ///< dollars per coin; positive
  double gamma_per_usd = 0;
  double cost_ratio = 0;             ///< one-way, of the value traded; not negative
  double risk_aversion_per_usd = 0;  ///< absolute; positive
  double rate = 0;                   ///< continuous, per year
  double years_to_expiry = 0;
  double vol = 0;  ///< fraction; only Zakamouline reads it
};

/// Half width in coins: (3/2 e^(-r tau) lambda F Gamma^2 / gamma)^(1/3). Source: Whalley and Wilmott (1997), Mathematical
/// Finance 7. It grows with the 2/3 power of the book, so a book's net gamma goes in, never a sum of its options' widths.
[[nodiscard]] double whalley_wilmott_half_width(const BandInputs& inputs);

/// Source: Zakamouline (2006), European Financial Management 12. His fit is to options priced near 100: beyond it, check the width.
struct ZakamoulineBand {
  double fee_half_width = 0;    ///< H0 = lambda / (gamma F sigma^2 tau): what stays when gamma vanishes
  double gamma_half_width = 0;  ///< H1 = 1.12 lambda^0.31 tau^0.05 (e^(-r tau) / sigma)^0.25 (|Gamma| / gamma)^0.5
  [[nodiscard]] double half_width() const { return fee_half_width + gamma_half_width; }
};
/// Needs a positive vol and time; otherwise the widths are not finite.
[[nodiscard]] ZakamoulineBand zakamouline_band(const BandInputs& inputs);

/// The trade that brings `held` to the nearest edge of `target` -+ half_width, 0 inside. To the edge and not to the middle: what
/// comes next is as likely to go back.
[[nodiscard]] double trade_to_band(double held, double target, double half_width);

/// A book as the band sees it.
struct BandState {
  double price = 0;
  double largest_gamma_per_usd = 0;  ///< largest size of net gamma within one sigma of one hour
  double net_gamma_per_usd = 0;      ///< as it stands
  double gross_gamma_per_usd = 0;
  double mean_vol = 0;                 ///< weighted by gamma
  double mean_years_to_expiry = 0;     ///< weighted by gamma
  double nearest_years_to_expiry = 0;  ///< 0 without options
  double half_lot_coins = 0;
  double soft_limit_coins = 0;
};
struct Band {
  double half_width_coins = 0;
  bool fallback = false;  ///< the fixed width stands in for the formula
};
/// The configured band with its guards: never narrower than half a lot and the fee band (Zakamouline's H0), never wider than the
/// soft limit; the fixed width when there is no gamma to weigh, gross gamma is more than 5 times net, or an option expires within a
/// day: there the formula's book, one option far from expiry, is not this one.
[[nodiscard]] Band guarded_band(const BandSetup& setup, const BandState& state);

/// Seconds until a net delta `x_coins` from the middle of its band reaches an edge, if gamma alone moves it:
/// (h^2 - x^2) / (Gamma F sigma)^2, the mean first passage of a Brownian motion. 0 outside; nothing without gamma or vol.
[[nodiscard]] std::optional<double> expected_seconds_to_band(double half_width_coins, double x_coins, double gamma_per_usd,
                                                             double price, double vol);

}  // namespace hedgewatch
