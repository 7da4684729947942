#include "core/pricing/black76.hpp"

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>

#include "core/pricing/log_moneyness.hpp"
#include "core/pricing/normal.hpp"

namespace hedgewatch {

namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
/// Beyond this |d1| every density and tail is exactly 0 in a double, and products such as d1 d2 would overflow.
constexpr double kFarMoneyness = 1e50;

/// The option is worth its discounted payoff: exercised for sure, or never.
Black76Greeks payoff_limit(const Black76Input& input, double sign, double discount, bool in_the_money) {
  Black76Greeks g;
  g.price = in_the_money ? sign * discount * (input.forward - input.strike) : 0;
  g.delta = in_the_money ? sign * discount : 0;
  g.dual_delta = -g.delta;
  g.theta = input.rate * g.price;
  g.rho = -input.to_expiry.years() * g.price;
  g.charm = input.rate * g.delta;
  g.d1 = g.d2 = kUndefined;
  return g;
}

/// At the strike with vol sqrt(T) = 0. The payoff has its kink here: delta takes the middle by convention, gamma has no value.
Black76Greeks kink_limit(const Black76Input& input, double sign, double discount) {
  const double years = input.to_expiry.years();
  const double root = std::sqrt(years);
  Black76Greeks g;
  g.delta = 0.5 * sign * discount;
  g.dual_delta = -g.delta;
  g.gamma = g.speed = g.zomma = g.color = kUndefined;
  g.vega = discount * input.forward * normal_density(0) * root;
  g.vanna = 0.5 * discount * normal_density(0) * root;
  if (years > 0) {
    g.charm = input.rate * g.delta;
    g.veta = g.vega * (input.rate - 0.5 / years);
    g.ultima = -0.25 * g.vega * years;
  } else {
    g.theta = g.charm = g.veta = g.ultima = kUndefined;
  }
  return g;
}

Black76Greeks regular(const Black76Input& input, double sign, double discount, double d1, double vol_root) {
  const double forward = input.forward;
  const double years = input.to_expiry.years();
  const double vol = input.vol.fraction();
  const double rate = input.rate;
  const double d2 = d1 - vol_root;
  const double density = normal_density(d1);
  const double n1 = normal_distribution(sign * d1);
  const double n2 = normal_distribution(sign * d2);
  const double d1_d2 = d1 * d2;
  const double half_per_year = 0.5 / years;

  Black76Greeks g;
  g.d1 = d1;
  g.d2 = d2;
  g.price = sign * discount * (forward * n1 - input.strike * n2);
  g.delta = sign * discount * n1;
  g.dual_delta = -sign * discount * n2;
  g.gamma = discount * density / (forward * vol_root);
  g.vega = discount * forward * density * std::sqrt(years);
  g.theta = rate * g.price - g.vega * vol * half_per_year;
  g.rho = -years * g.price;
  g.vanna = -discount * density * d2 / vol;
  g.volga = g.vega * d1_d2 / vol;
  g.charm = rate * g.delta + discount * density * d2 * half_per_year;
  g.speed = -g.gamma / forward * (d1 / vol_root + 1);
  g.zomma = g.gamma * (d1_d2 - 1) / vol;
  g.color = g.gamma * (rate + (1 - d1_d2) * half_per_year);
  g.veta = g.vega * (rate - (1 + d1_d2) * half_per_year);
  g.ultima = -g.vega / (vol * vol) * (d1_d2 * (1 - d1_d2) + d1 * d1 + d2 * d2);
  return g;
}

void blank_infinities(Black76Greeks& g) {
  for (double* entry : {&g.price, &g.delta,      &g.gamma,      &g.vega,       &g.theta,    &g.rho,       &g.vanna,      &g.volga,
                        &g.charm, &g.speed,      &g.zomma,      &g.color,      &g.veta,     &g.ultima,    &g.dual_delta, &g.d1,
                        &g.d2,    &g.spot_delta, &g.spot_gamma, &g.spot_theta, &g.spot_rho, &g.spot_charm})
    if (!std::isfinite(*entry)) *entry = kUndefined;
}

}  // namespace

std::string_view label(PricingFault fault) {
  constexpr std::array<std::string_view, 5> kLabels{"expired", "forward_negative", "strike_negative", "vol_negative", "not_finite"};
  return kLabels[static_cast<std::size_t>(fault)];
}

std::optional<PricingFault> pricing_fault(const Black76Input& input) {
  const double years = input.to_expiry.years();
  const double vol = input.vol.fraction();
  for (const double value : {input.forward, input.strike, years, vol, input.rate, input.carry})
    if (!std::isfinite(value)) return PricingFault::NotFinite;
  if (!(years >= 0)) return PricingFault::Expired;
  if (!(input.forward >= 0)) return PricingFault::ForwardNegative;
  if (!(input.strike >= 0)) return PricingFault::StrikeNegative;
  if (!(vol >= 0)) return PricingFault::VolNegative;
  if (!std::isfinite(std::exp(-input.rate * years))) return PricingFault::NotFinite;
  return std::nullopt;
}

void add_spot_greeks(const Black76Input& input, Black76Greeks& greeks) {
  const double years = input.to_expiry.years();
  const double growth = std::exp(input.carry * years);
  greeks.spot_delta = growth * greeks.delta;
  greeks.spot_gamma = growth * growth * greeks.gamma;
  greeks.spot_theta = greeks.theta - input.carry * input.forward * greeks.delta;
  greeks.spot_rho = years * (input.forward * greeks.delta - greeks.price);
  // d/dt of exp(bT) delta(F = S exp(bT), T): the factor shrinks, and the forward falls along gamma.
  const double forward_gamma = std::isnan(greeks.gamma) && input.carry == 0 ? 0 : input.forward * greeks.gamma;
  greeks.spot_charm = growth * (greeks.charm - input.carry * (greeks.delta + forward_gamma));
}

Result<Black76Greeks, PricingFault> black76(const Black76Input& input) {
  if (const auto fault = pricing_fault(input)) return *fault;

  const double years = input.to_expiry.years();
  const double discount = std::exp(-input.rate * years);
  const double sign = input.right == OptionRight::Call ? 1 : -1;

  Black76Greeks greeks;
  if (input.strike == 0 || input.forward == 0) {
    const bool call_pays = input.strike == 0;
    greeks = payoff_limit(input, sign, discount, call_pays == (sign > 0));
  } else {
    // A vol sqrt(T) that overflows has N(d1) = 1, N(d2) = 0 and no density, as any huge one has.
    const double vol_root = std::fmin(input.vol.fraction() * std::sqrt(years), 1e30);
    const double log_ratio = log_moneyness(input.forward, input.strike);
    if (vol_root == 0 && log_ratio == 0) {
      greeks = kink_limit(input, sign, discount);
    } else if (const double d1 = log_ratio / vol_root + 0.5 * vol_root; std::fabs(d1) < kFarMoneyness) {
      greeks = regular(input, sign, discount, d1, vol_root);
    } else {
      greeks = payoff_limit(input, sign, discount, sign * log_ratio > 0);
    }
  }
  add_spot_greeks(input, greeks);
  blank_infinities(greeks);
  return greeks;
}

}  // namespace hedgewatch
