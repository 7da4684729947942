#include "core/risk/unit_risk_kernel.hpp"

#include <array>

#include "core/types/units.hpp"

namespace hedgewatch {

namespace {

constexpr double kOnePercent = 0.01;
constexpr double kVolPoint = 0.01;
constexpr std::size_t kUnitFigures = 10;

using Column = std::array<double, kLaneGroup>;

}  // namespace

std::uint32_t unit_risks(const GreekColumns& greeks, std::size_t first, double forward, std::span<const double> coin,
                         std::uint32_t wanted, std::span<UnitRisk, kLaneGroup> out) {
  const double* price = greeks[Greek::Premium].data() + first;
  const double* delta = greeks[Greek::Delta].data() + first;
  const double* gamma = greeks[Greek::Gamma].data() + first;
  const double* vega = greeks[Greek::Vega].data() + first;
  const double* theta = greeks[Greek::Theta].data() + first;
  const double* rho = greeks[Greek::Rho].data() + first;
  const double* vanna = greeks[Greek::Vanna].data() + first;
  const double* volga = greeks[Greek::Volga].data() + first;
  const double* charm = greeks[Greek::Charm].data() + first;
  // By column first: that is what the compiler makes vectors of.
  std::array<Column, kUnitFigures> columns;
  for (std::size_t i = 0; i < kLaneGroup; ++i) {
    columns[0][i] = delta[i];
    columns[1][i] = coin[i] != 0 ? delta[i] - price[i] / forward : delta[i];
    columns[2][i] = gamma[i] * forward * kOnePercent;
    columns[3][i] = gamma[i] * forward * forward * kOnePercent;
    columns[4][i] = vega[i] * kVolPoint;
    columns[5][i] = theta[i] / YearFraction::kDaysPerYear;
    columns[6][i] = rho[i] * kOnePercent;
    columns[7][i] = vanna[i] * kVolPoint;
    columns[8][i] = volga[i] * kVolPoint * kVolPoint;
    columns[9][i] = charm[i] / YearFraction::kDaysPerYear;
  }
  std::uint32_t priced = 0;
  for (std::size_t i = 0; i < kLaneGroup; ++i) {
    priced |= static_cast<std::uint32_t>(is_present(price[i])) << i;
    if ((wanted >> i & 1) == 0) continue;
    out[i] = {.delta_black_scholes_coins = columns[0][i],
              .delta_net_transaction_coins = columns[1][i],
              .gamma_coins_per_percent = columns[2][i],
              .gamma_usd_per_percent = columns[3][i],
              .vega_usd_per_vol_point = columns[4][i],
              .theta_usd_per_day = columns[5][i],
              .rho_usd_per_percent = columns[6][i],
              .vanna_coins_per_vol_point = columns[7][i],
              .volga_usd_per_vol_point_squared = columns[8][i],
              .charm_coins_per_day = columns[9][i]};
  }
  return priced;
}

UnitRisk sum_units(std::span<const HeldUnits> held, std::span<const UnitRisk> units) {
  UnitRisk sum;
  for (const HeldUnits& one : held) {
    if (one.size == 0) continue;
    const UnitRisk& unit = units[one.unit];
    sum.delta_black_scholes_coins += one.size * unit.delta_black_scholes_coins;
    sum.delta_net_transaction_coins += one.size * unit.delta_net_transaction_coins;
    sum.gamma_coins_per_percent += one.size * unit.gamma_coins_per_percent;
    sum.gamma_usd_per_percent += one.size * unit.gamma_usd_per_percent;
    sum.vega_usd_per_vol_point += one.size * unit.vega_usd_per_vol_point;
    sum.theta_usd_per_day += one.size * unit.theta_usd_per_day;
    sum.rho_usd_per_percent += one.size * unit.rho_usd_per_percent;
    sum.vanna_coins_per_vol_point += one.size * unit.vanna_coins_per_vol_point;
    sum.volga_usd_per_vol_point_squared += one.size * unit.volga_usd_per_vol_point_squared;
    sum.charm_coins_per_day += one.size * unit.charm_coins_per_day;
  }
  return sum;
}

}  // namespace hedgewatch
