#include "core/risk/unit_risk_kernel.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
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

TEST_CASE("unit risks of priced lane groups are to the bit those of options valued one by one") {
  constexpr std::size_t kGroups = 63;
  constexpr std::size_t kBlock = 5;
  constexpr std::size_t kOptions = kGroups * kLaneGroup;
  std::vector<Contract> contracts;
  OptionBatch batch{kOptions};
  LaneColumns coin{1, kOptions, 0};
  for (std::size_t i = 0; i < kOptions; ++i) {
    contracts.push_back(contract(i));
    batch.set(i, pricing_input(contracts[i], market(i)));
    coin.data(0)[i] = contracts[i].style == PayoffStyle::Inverse ? 1 : 0;
  }
  ValuationBatch one_by_one;
  std::vector<InstrumentValuation> valuations(kOptions);
  for (std::size_t i = 0; i < kOptions; ++i) {
    valuations[i].smile = Quality::unknown(FigureReason::MissingVol);
    if (one_by_one.full()) one_by_one.price();
    one_by_one.add(contracts[i], Venue::Bybit, market(i), valuations[i]);
  }
  one_by_one.price();
  for (const KernelTarget target : kKernelTargets) {
    if (!machine_runs(target)) continue;
    CAPTURE(label(target));
    UnitColumns units{kOptions};
    const std::vector<std::uint16_t> wanted(kBlock, 0xFFFF);
    GreekColumns greeks{GreekSet::Usual, kBlock * kLaneGroup};
    for (std::size_t group = 3; group < kGroups; group += kBlock) {
      std::vector<std::uint16_t> priced(wanted.size(), 0);
      price_apart(batch, group * kLaneGroup, kBlock * kLaneGroup, greeks);
      unit_risks(greeks, kForward, coin, wanted, units, group * kLaneGroup, priced, target);
      CHECK(priced == wanted);
    }
    for (std::size_t i = 0; i < kOptions; ++i) {
      CAPTURE(i);
      REQUIRE(same(units.at(i), i < 3 * kLaneGroup ? UnitRisk{} : valuations[i].unit));
    }
  }
}

TEST_CASE("lanes that are not wanted keep what they had, and a lane without a price says so") {
  OptionBatch batch{2 * kLaneGroup};
  for (std::size_t i = 0; i < 2 * kLaneGroup; ++i)
    if (i != 3) batch.set(i, pricing_input(contract(i + 40), market(i)));
  GreekColumns greeks{GreekSet::Usual, 2 * kLaneGroup};
  CHECK(price(batch, greeks) == 1);
  const LaneColumns coin{1, 2 * kLaneGroup, 0};
  for (const KernelTarget target : kKernelTargets) {
    if (!machine_runs(target)) continue;
    CAPTURE(label(target));
    UnitColumns units{2 * kLaneGroup};
    for (std::size_t i = 0; i < 2 * kLaneGroup; ++i) units.set(i, {.delta_black_scholes_coins = 77, .charm_coins_per_day = 78});
    const std::array<std::uint16_t, 2> wanted{0x0018, 0x8000};
    std::array<std::uint16_t, 2> priced{};
    unit_risks(greeks, kForward, coin, wanted, units, 0, priced, target);
    CHECK(priced[0] == (0xFFFFU & ~(1U << 3)));
    CHECK(priced[1] == 0xFFFFU);
    for (std::size_t i = 0; i < 2 * kLaneGroup; ++i) {
      CAPTURE(i);
      const bool is_wanted = i == 3 || i == 4 || i == 2 * kLaneGroup - 1;
      CHECK((units.delta_black_scholes_coins(i) == 77) != is_wanted);
      CHECK((units.at(i).charm_coins_per_day == 78) != is_wanted);
    }
  }
}

/// Unit risks in eight lane groups, of which a book holds something in four; where it holds nothing there may stand no number.
struct HeldOptions {
  static constexpr std::array<std::uint32_t, 4> kGroups{0, 2, 3, 7};
  static constexpr std::size_t kCells = kGroups.size() * kLaneGroup;

  HeldOptions() {
    for (std::size_t i = 0; i < 8 * kLaneGroup; ++i) {
      const double x = 0.1 * static_cast<double>(i) - 3;
      units.set(i, {x, x + 1, -x, 3 * x, 1 / (x * x + 1), x * x, -1e9 * x, 7, x - 5, 1e-7 * x, 1e300});
    }
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      if (cell % 5 == 0)
        units.set(lane(cell), {NAN, INFINITY, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN});
      else
        sizes.data(0)[cell] = 1.7 - 0.3 * static_cast<double>(cell);
      shares.data(0)[cell] = cell % 7 == 0 ? 0 : cell % 3 == 0 ? 0.25 : 1;
    }
  }
  static std::size_t lane(std::size_t cell) { return kGroups[cell / kLaneGroup] * kLaneGroup + cell % kLaneGroup; }
  [[nodiscard]] HeldLanes held() const { return {kGroups, sizes.data(0)}; }

  UnitColumns units{8 * kLaneGroup};
  LaneColumns sizes{1, kCells, 0};
  LaneColumns shares{1, kCells, 0};
};

TEST_CASE("a sum counts each position once, leaves out what has no size, and is the same on every target") {
  const HeldOptions options;
  std::array<double, UnitColumns::kColumns> expected{};
  for (std::size_t cell = 0; cell < HeldOptions::kCells; ++cell) {
    const double size = options.sizes.data(0)[cell];
    const auto unit = std::bit_cast<std::array<double, UnitColumns::kColumns>>(options.units.at(HeldOptions::lane(cell)));
    for (std::size_t column = 0; column < UnitColumns::kSummed && size != 0; ++column) expected[column] += size * unit[column];
  }
  const UnitRisk best = sum_units(options.units, options.held());
  const auto found = std::bit_cast<std::array<double, UnitColumns::kColumns>>(best);
  for (std::size_t column = 0; column < UnitColumns::kColumns; ++column) {
    CAPTURE(column);
    CHECK(found[column] == doctest::Approx(expected[column]).epsilon(1e-13));
  }
  for (const KernelTarget target : kKernelTargets)
    if (machine_runs(target)) CHECK(same(sum_units(options.units, options.held(), target), best));
  CHECK(same(sum_units(options.units, {}), UnitRisk{}));
}

TEST_CASE("a hedge's sums take the share of each position, net and gross, in the view asked for") {
  const HeldOptions options;
  for (const bool net_transaction : {false, true}) {
    CAPTURE(net_transaction);
    HedgeLanesSum expected;
    for (std::size_t cell = 0; cell < HeldOptions::kCells; ++cell) {
      const double size = options.sizes.data(0)[cell] * options.shares.data(0)[cell];
      if (size == 0) continue;
      const UnitRisk unit = options.units.at(HeldOptions::lane(cell));
      const double delta = size * (net_transaction ? unit.delta_net_transaction_coins : unit.delta_black_scholes_coins);
      expected.delta_net += delta;
      expected.delta_gross += std::abs(delta);
      expected.gamma_net += size * unit.gamma_coins_per_percent;
      expected.gamma_gross += std::abs(size * unit.gamma_coins_per_percent);
      expected.vega_net += size * unit.vega_usd_per_vol_point;
      expected.vega_gross += std::abs(size * unit.vega_usd_per_vol_point);
    }
    const auto sum = [&](KernelTarget target) {
      return sum_hedge_lanes(options.units, options.held(), options.shares.data(0), net_transaction, target);
    };
    const HedgeLanesSum best = sum(best_kernel_target());
    constexpr std::array kMembers{&HedgeLanesSum::delta_net,   &HedgeLanesSum::delta_gross, &HedgeLanesSum::gamma_net,
                                  &HedgeLanesSum::gamma_gross, &HedgeLanesSum::vega_net,    &HedgeLanesSum::vega_gross};
    for (std::size_t i = 0; i < kMembers.size(); ++i) {
      CAPTURE(i);
      CHECK(best.*kMembers[i] == doctest::Approx(expected.*kMembers[i]).epsilon(1e-13));
      for (const KernelTarget target : kKernelTargets)
        if (machine_runs(target)) CHECK(sum(target).*kMembers[i] == best.*kMembers[i]);
    }
  }
}

TEST_SUITE_END();
