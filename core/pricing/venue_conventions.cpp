#include "core/pricing/venue_conventions.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/pricing/coin_settled.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr double kDaysPerYear = YearFraction::kDaysPerYear;
constexpr double kNotPublished = std::numeric_limits<double>::quiet_NaN();

/// Bybit and OKX scale with this on the last day.
double last_day_share(YearFraction to_expiry) { return std::min(1.0, to_expiry.days()); }

std::chrono::nanoseconds left(VenueTime at, VenueTime expiry) { return expiry - at; }

}  // namespace

YearFraction deribit_time_to_expiry(VenueTime at, VenueTime expiry) {
  const auto minutes = std::chrono::round<std::chrono::minutes>(left(at, expiry));
  return YearFraction::from_nanoseconds(static_cast<double>(std::chrono::nanoseconds{minutes}.count()));
}

double deribit_settlement_weight(VenueTime at, VenueTime expiry) {
  constexpr std::chrono::nanoseconds kWindow = 30min;
  const double share = static_cast<double>(left(at, expiry).count()) / static_cast<double>(kWindow.count());
  return std::clamp(share, 0.0, 1.0);
}

Result<PublishedGreeks, PricingFault> deribit_greeks(const DeribitOption& option) {
  const auto priced = black76({.right = option.right,
                               .forward = option.forward,
                               .strike = option.strike,
                               .to_expiry = option.to_expiry,
                               .vol = option.vol});
  if (!priced) return priced.error();
  return to_deribit(priced.value(), option);
}

PublishedGreeks to_deribit(const Black76Greeks& black, const DeribitOption& option) {
  const double years = option.to_expiry.years();
  const double to_quote = option.style == PayoffStyle::Inverse ? option.forward : 1;
  const double whole_value = option.mark_price ? *option.mark_price * to_quote : black.price;
  const double day_or_life = std::fabs(black.theta) * std::min(1 / kDaysPerYear, years);
  return PublishedGreeks{.delta = black.delta,
                         .gamma = black.gamma,
                         .vega_per_vol_point = black.vega / 100,
                         .theta_per_day = -std::min(day_or_life, whole_value),
                         .rho_per_percent = -option.strike * years * black.dual_delta / 100};
}

Result<PublishedGreeks, PricingFault> bybit_greeks(const BybitOption& option) {
  const auto priced = black76({.right = option.right,
                               .forward = option.forward,
                               .strike = option.strike,
                               .to_expiry = option.to_expiry,
                               .vol = option.vol});
  if (!priced) return priced.error();
  const Black76Greeks& black = priced.value();
  const double share = last_day_share(option.to_expiry);
  return PublishedGreeks{.delta = black.delta,
                         .gamma = black.gamma * share,
                         .vega_per_vol_point = black.vega / 100,
                         .theta_per_day = black.theta * share / kDaysPerYear,
                         .rho_per_percent = kNotPublished};
}

Result<PublishedGreeks, PricingFault> binance_greeks(const BinanceOption& option) {
  const double rate = option.risk_free_rate;
  const auto priced = black76({.right = option.right,
                               .forward = option.index_price * std::exp(rate * option.to_expiry.years()),
                               .strike = option.strike,
                               .to_expiry = option.to_expiry,
                               .vol = option.vol,
                               .rate = rate,
                               .carry = rate});
  if (!priced) return priced.error();
  const Black76Greeks& black = priced.value();
  return PublishedGreeks{.delta = black.spot_delta,
                         .gamma = black.spot_gamma,
                         .vega_per_vol_point = black.vega / 100,
                         .theta_per_day = black.spot_theta / kDaysPerYear,
                         .rho_per_percent = kNotPublished};
}

PublishedGreeks to_binance(const Black76Greeks& black, double forward, double rate, YearFraction to_expiry) {
  Black76Greeks greeks = black;
  add_spot_greeks({.forward = forward, .to_expiry = to_expiry, .rate = rate, .carry = rate}, greeks);
  return PublishedGreeks{.delta = greeks.spot_delta,
                         .gamma = greeks.spot_gamma,
                         .vega_per_vol_point = greeks.vega / 100,
                         .theta_per_day = greeks.spot_theta / kDaysPerYear,
                         .rho_per_percent = kNotPublished};
}

namespace {

/// delta_bs, gamma_bs, vega_coin, theta_coin and delta_net are read.
PublishedGreeks black_scholes_of_okx(const CoinOptionGreeks& coin, const OkxOption& option) {
  const double years = option.to_expiry.years();
  const double spot = option.spot;
  // The carry term -+ r K exp(-rT) N(+-d2), with exp(-rT) = spot / forward, is spot times -r delta_net.
  const double carry_rate = years > 0 ? std::log(option.forward / spot) / years : 0;
  const double spot_theta = spot * (coin.theta_coin - carry_rate * coin.delta_net);
  return {.delta = coin.delta_bs,
          .gamma = coin.gamma_bs * option.forward / spot,
          .vega_per_vol_point = spot * coin.vega_coin / 100,
          .theta_per_day = spot_theta * last_day_share(option.to_expiry) / kDaysPerYear,
          .rho_per_percent = kNotPublished};
}

}  // namespace

Result<OkxGreeks, PricingFault> okx_greeks(const OkxOption& option) {
  if (!(option.spot > 0) || !std::isfinite(option.spot)) return PricingFault::ForwardNegative;
  const auto priced = coin_settled({.right = option.right,
                                    .forward = option.forward,
                                    .strike = option.strike,
                                    .to_expiry = option.to_expiry,
                                    .vol = option.vol});
  if (!priced) return priced.error();
  const CoinOptionGreeks& coin = priced.value();
  const double share = last_day_share(option.to_expiry);
  return OkxGreeks{.black_scholes = black_scholes_of_okx(coin, option),
                   .premium_adjusted = {.delta = coin.delta_net,
                                        .gamma = option.forward * coin.gamma_bs - 2 * coin.delta_net,
                                        .vega_per_vol_point = coin.vega_coin / 100,
                                        .theta_per_day = coin.theta_coin * share / kDaysPerYear,
                                        .rho_per_percent = kNotPublished}};
}

PublishedGreeks to_okx(const Black76Greeks& black, const OkxOption& option) {
  const CoinOptionGreeks coin{.delta_bs = black.delta,
                              .delta_net = black.delta - black.price / option.forward,
                              .gamma_bs = black.gamma,
                              .vega_coin = black.vega / option.forward,
                              .theta_coin = black.theta / option.forward};
  return black_scholes_of_okx(coin, option);
}

}  // namespace hedgewatch
