#include "oracle/pricing/black76_oracle.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/pricing/normal.hpp"

namespace hedgewatch::testing {

Black76Input black76_input(const VectorTable& table, std::size_t row, bool has_carry) {
  return {.right = table.text(row, "type") == "c" ? OptionRight::Call : OptionRight::Put,
          .forward = table.number(row, "F"),
          .strike = table.number(row, "K"),
          .to_expiry = YearFraction::from_years(table.number(row, "T")),
          .vol = Vol::from_fraction(table.number(row, "sigma")),
          .rate = table.number(row, "r"),
          .carry = has_carry ? table.number(row, "b") : 0};
}

Black76Greeks black76_scale(const Black76Input& input) {
  const double f = input.forward;
  const double k = input.strike;
  const double t = input.to_expiry.years();
  const double s = input.vol.fraction();
  const double sign = input.right == OptionRight::Call ? 1 : -1;
  const double v = s * std::sqrt(t);
  const double d1 = std::log(f / k) / v + v / 2;
  const double d2 = d1 - v;
  const double a1 = std::fabs(d1);
  const double a2 = std::fabs(d2);
  const double e = 1 / v + a1 + a2 + 1;
  const double k2 = 1 + a1 * (a1 + a2 + 1 / v) + e;
  const double r = std::fabs(input.rate);
  const double b = std::fabs(input.carry);
  const double big_r = 1 + r * t;
  const double big_b = 1 + b * t;
  const double df = std::exp(-input.rate * t);
  const double growth = std::exp(input.carry * t);
  const double n1 = normal_distribution(sign * d1);
  const double n2 = normal_distribution(sign * d2);
  const double phi1 = normal_density(d1);
  const double phi2 = normal_density(d2);
  const double c1 = a1 + 1;
  const double c2 = a2 + 1;

  Black76Greeks g;
  g.price = df * (f * n1 + k * n2 + f * phi1 * (a1 + a2 + 1)) * big_r;
  g.delta = df * (n1 + phi1 * e) * big_r;
  g.spot_delta = growth * g.delta * big_b;
  g.gamma = df * phi1 / (f * v) * k2 * big_r;
  g.spot_gamma = growth * growth * g.gamma * big_b;
  g.vega = df * f * phi1 * std::sqrt(t) * k2 * big_r;
  g.theta = r * g.price + df * f * phi1 * s / (2 * std::sqrt(t)) * k2 * big_r;
  g.spot_theta = g.theta + b * f * g.delta;
  g.rho = t * g.price;
  g.spot_rho = t * (g.price + f * g.delta);
  g.vanna = df * phi1 * c2 / s * k2 * big_r;
  g.volga = g.vega * c1 * c2 / s;
  g.charm = r * g.delta + df * phi1 * c2 / (2 * t) * k2 * big_r;
  g.spot_charm = growth * big_b * (g.charm + b * (g.delta + f * g.gamma));
  g.speed = g.gamma / f * (c1 / v + 1);
  g.zomma = g.gamma * (c1 * c2 + 1) / s;
  g.color = g.gamma * (r + (1 + c1 * c2) / (2 * t));
  g.veta = g.vega * (r + (1 + c1 * c2) / (2 * t));
  g.ultima = g.vega / (s * s) * (c1 * c2 * (1 + c1 * c2) + c1 * c1 + c2 * c2);
  g.dual_delta = df * (n2 + phi2 * e) * big_r;
  g.d1 = g.d2 = e;
  return g;
}

std::array<double, kBlack76Columns.size()> compare_with_oracle(const VectorTable& table, const VectorTable& tolerances,
                                                               const Black76Pricer& priced) {
  REQUIRE(table.rows() == 3000);
  std::array<double, kBlack76Columns.size()> worst{};
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string id = table.text(row, "id");
    REQUIRE(tolerances.text(row, "id") == id);
    CAPTURE(id);
    const auto result = priced(row);
    REQUIRE(result.ok());
    for (std::size_t i = 0; i < kBlack76Columns.size(); ++i) {
      const std::string name{kBlack76Columns[i].name};
      const double expected = table.number(row, name);
      const double computed = result.value().*kBlack76Columns[i].value;
      const double tolerance = tolerances.number(row, name);
      CAPTURE(name);
      CAPTURE(computed);
      CAPTURE(expected);
      CHECK(std::fabs(computed - expected) <= tolerance);
      worst[i] = std::fmax(worst[i], std::fabs(computed - expected) / tolerance);
    }
  }
  return worst;
}

void compare_degenerate(const VectorTable& table, const Black76Pricer& priced) {
  REQUIRE(table.rows() == 274);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string id = table.text(row, "id");
    const std::string status = table.text(row, "status");
    const std::string note = table.text(row, "note");
    CAPTURE(id);
    CAPTURE(note);
    const auto result = priced(row);
    if (status == "expired" || status == "invalid") {
      REQUIRE_FALSE(result.ok());
      CHECK((result.error() == PricingFault::Expired) == (status == "expired"));
      continue;
    }
    REQUIRE(result.ok());
    const Black76Greeks scale = black76_scale(black76_input(table, row, false));
    for (const char* column : {"price", "delta_fwd", "gamma_fwd", "vega", "theta_fwd", "rho_fwd", "vanna", "volga"}) {
      const std::string name = column;
      if (table.blank(row, name)) continue;
      const auto entry =
          std::find_if(kBlack76Columns.begin(), kBlack76Columns.end(), [&](const auto& c) { return c.name == name; });
      const double computed = result.value().*entry->value;
      const double expected = table.number(row, name);
      CAPTURE(name);
      CAPTURE(computed);
      CAPTURE(expected);
      if (std::isinf(expected)) {
        CHECK(std::isnan(computed));
        continue;
      }
      const double amplified = std::isfinite(scale.*entry->value) ? scale.*entry->value : 0;
      CHECK(std::fabs(computed - expected) <= tolerance_of(std::fmax(amplified, std::fabs(expected))));
    }
  }
}

double tolerance_of(double scale) { return std::fmax(kToleranceUnit * scale, kToleranceFloor); }

}  // namespace hedgewatch::testing
