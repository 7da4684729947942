#include "core/risk/unit_risk_kernel.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/risk/valuation_batch.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kPricedAt = from_nanoseconds<VenueTime>(1'800'000'012'345'678'901);
constexpr double kForward = 89'105.25;

/// From at the money to prices of 1e-300 and below, of both styles.
Contract contract(std::size_t i) {
  Contract contract;
  contract.kind = ContractKind::Option;
  contract.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put;
  contract.style = i % 3 == 0 ? PayoffStyle::Linear : PayoffStyle::Inverse;
  contract.strike = 20'000 + 1'700.0 * static_cast<double>(i % 90);
  contract.expiry = kPricedAt + 3min * static_cast<int>(1 + i * i);
  return contract;
}

OptionMarket market(std::size_t i) {
  return {.forward = kForward, .vol = 0.05 + 0.013 * static_cast<double>(i % 31), .rate = i % 3 == 0 ? 0.04 : 0, .at = kPricedAt};
}

bool same(const UnitRisk& a, const UnitRisk& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

TEST_SUITE_BEGIN("core/risk/unit_risk_kernel");

TEST_CASE("unit risks of a priced lane group are to the bit those of options valued one by one") {
  constexpr std::size_t kOptions = 60 * kLaneGroup;
  std::vector<Contract> contracts;
  OptionBatch batch{kOptions};
  std::vector<double> coin;
  for (std::size_t i = 0; i < kOptions; ++i) {
    contracts.push_back(contract(i));
    batch.set(i, pricing_input(contracts[i], market(i)));
    coin.push_back(contracts[i].style == PayoffStyle::Inverse ? 1 : 0);
  }
  GreekColumns greeks{GreekSet::Usual, kOptions};
  price(batch, greeks);
  ValuationBatch one_by_one;
  for (std::size_t first = 0; first < kOptions; first += kLaneGroup) {
    std::array<InstrumentValuation, kLaneGroup> valuations;
    for (InstrumentValuation& valuation : valuations) valuation.smile = Quality::unknown(FigureReason::MissingVol);
    for (std::size_t i = 0; i < kLaneGroup; ++i)
      one_by_one.add(contracts[first + i], Venue::Bybit, market(first + i), valuations[i]);
    one_by_one.price();
    for (const KernelTarget target : kKernelTargets) {
      if (!machine_runs(target)) continue;
      CAPTURE(label(target));
      std::array<UnitRisk, kLaneGroup> units;
      REQUIRE(unit_risks(greeks, first, kForward, std::span{coin}.subspan(first), 0xFFFF, units, target) == 0xFFFF);
      for (std::size_t i = 0; i < kLaneGroup; ++i) {
        CAPTURE(first + i);
        REQUIRE(same(units[i], valuations[i].unit));
      }
    }
  }
}

TEST_CASE("lanes that are not wanted keep what they had, and a lane without a price says so") {
  OptionBatch batch{kLaneGroup};
  for (std::size_t i = 0; i < kLaneGroup; ++i)
    if (i != 3) batch.set(i, pricing_input(contract(i + 40), market(i)));
  GreekColumns greeks{GreekSet::Usual, kLaneGroup};
  CHECK(price(batch, greeks) == 1);
  std::array<UnitRisk, kLaneGroup> units;
  units.fill({.delta_black_scholes_coins = 77});
  const std::array<double, kLaneGroup> coin{};
  CHECK(unit_risks(greeks, 0, kForward, coin, 0x0018, units) == (0xFFFFU & ~(1U << 3)));
  for (std::size_t i = 0; i < kLaneGroup; ++i) {
    CAPTURE(i);
    CHECK((units[i].delta_black_scholes_coins == 77) == (i != 3 && i != 4));
  }
}

TEST_CASE("a sum counts each position once, in order, and leaves out what has no size") {
  std::vector<UnitRisk> units;
  std::vector<HeldUnits> held;
  for (std::uint32_t i = 0; i < 23; ++i) {
    const double x = 0.1 * i + 1e-9;
    units.push_back({x, x + 1, -x, 3 * x, 1 / (x + 1), x * x, -1e9 * x, 7, x - 5, 1e-7 * x});
    held.push_back({.size = i % 5 == 0 ? 0 : 1.7 - 0.3 * i, .unit = (i * 7) % 23});
  }
  UnitRisk expected;
  for (const HeldUnits& one : held) {
    expected.delta_black_scholes_coins += one.size * units[one.unit].delta_black_scholes_coins;
    expected.delta_net_transaction_coins += one.size * units[one.unit].delta_net_transaction_coins;
    expected.gamma_coins_per_percent += one.size * units[one.unit].gamma_coins_per_percent;
    expected.gamma_usd_per_percent += one.size * units[one.unit].gamma_usd_per_percent;
    expected.vega_usd_per_vol_point += one.size * units[one.unit].vega_usd_per_vol_point;
    expected.theta_usd_per_day += one.size * units[one.unit].theta_usd_per_day;
    expected.rho_usd_per_percent += one.size * units[one.unit].rho_usd_per_percent;
    expected.vanna_coins_per_vol_point += one.size * units[one.unit].vanna_coins_per_vol_point;
    expected.volga_usd_per_vol_point_squared += one.size * units[one.unit].volga_usd_per_vol_point_squared;
    expected.charm_coins_per_day += one.size * units[one.unit].charm_coins_per_day;
  }
  CHECK(same(sum_units(held, units), expected));
  CHECK(same(sum_units({}, units), UnitRisk{}));
}

TEST_SUITE_END();
