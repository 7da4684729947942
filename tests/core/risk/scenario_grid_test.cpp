#include "core/risk/scenario_grid.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/pricing/black76.hpp"

using namespace hedgewatch;

namespace {

ScenarioShape shape() {
  return {.spot_shocks = {-0.1, 0, 0.1},
          .vol_shocks = {{.name = "same", .change_ratio = 0, .floor_ratio = 0},
                         {.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}},
          .extended = {{.spot_shock = 0.5, .vol_shock = 1, .weight = 0.25}}};
}

ScenarioPosition option(double size, double strike, double vol = 0.4, double days = 45) {
  return {.kind = ContractKind::Option,
          .right = strike > 40'000 ? OptionRight::Call : OptionRight::Put,
          .size = size,
          .forward = 40'000,
          .strike = strike,
          .vol = vol,
          .to_expiry = YearFraction::from_days(days)};
}

double premium(const ScenarioPosition& position, double forward, double vol) {
  return black76({.right = position.right,
                  .forward = forward,
                  .strike = position.strike,
                  .to_expiry = position.to_expiry,
                  .vol = Vol::from_fraction(vol)})
      .value()
      .price;
}

ScenarioRun run_of(const ScenarioShape& shape, std::initializer_list<ScenarioPosition> positions, std::size_t piece = 1'000'000) {
  const auto cells = shape.cells();
  ScenarioRun run{shape};
  run.reserve(256, cells.size());
  run.begin(cells);
  for (const ScenarioPosition& position : positions) run.add(position);
  while (!run.done()) run.work(piece);
  return run;
}

}  // namespace

TEST_SUITE("core/risk/scenario_grid") {
  TEST_CASE("cells come by rows, then the extended ones, whose profit counts by its weight") {
    const ScenarioShape grid = shape();
    const ScenarioPosition call = option(-3, 44'000);
    const ScenarioRun run = run_of(grid, {call});
    REQUIRE(run.profits_usd().size() == 7);
    CHECK(run.profits_usd()[1] == 0);
    CHECK(run.profits_usd()[2] == doctest::Approx(-3 * (premium(call, 44'000, 0.4) - premium(call, 40'000, 0.4))));
    const double up = 0.4 * (1 + 0.5 * std::pow(30.0 / 45, 0.13));
    CHECK(run.profits_usd()[4] == doctest::Approx(-3 * (premium(call, 40'000, up) - premium(call, 40'000, 0.4))));
    CHECK(run.profits_usd()[6] == doctest::Approx(-0.75 * (premium(call, 60'000, up) - premium(call, 40'000, 0.4))));
    CHECK(worst_cell(run.profits_usd())->cell == 6);
  }

  TEST_CASE("an inverse future gains its notional times the move in dollars, a linear one its value") {
    const ScenarioRun run = run_of(shape(), {{.unit = SizeUnit::Quote, .size = 25'000, .forward = 40'000},
                                             {.unit = SizeUnit::Base, .size = -0.5, .forward = 40'000}});
    CHECK(run.profits_usd()[2] == doctest::Approx(2'500 - 2'000));
  }

  TEST_CASE("pieces of any size give the same bytes") {
    ScenarioRun whole{shape()};
    ScenarioRun pieces{shape()};
    const auto cells = shape().cells();
    for (ScenarioRun* run : {&whole, &pieces}) {
      run->reserve(200, cells.size());
      run->begin(cells);
      for (int i = 0; i < 200; ++i) run->add(option(i % 2 == 0 ? 1.5 : -0.7, 30'000 + 100 * i, 0.3 + 0.002 * i, 1 + i));
    }
    while (!whole.done()) whole.work(1'000'000);
    std::size_t rounds = 0;
    while (!pieces.done()) {
      CHECK(pieces.work(64) < 2 * 64);
      ++rounds;
    }
    CHECK(rounds >= 12);
    for (std::size_t c = 0; c < cells.size(); ++c) CHECK(whole.profits_usd()[c] == pieces.profits_usd()[c]);
  }

  TEST_CASE("a vol near expiry is shocked as one of a day, never without bound, and never below its floor or 0") {
    CHECK(vol_term_factor(shape(), 0.01) == vol_term_factor(shape(), 1));
    CHECK(shocked_vol(0.2, {.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}, 1) == 0.5);
    CHECK(shocked_vol(0.2, {.name = "down", .change_ratio = -0.9, .floor_ratio = 0}, 3) == 0);
    CHECK(shocked_vol(0.2, {.name = "same", .change_ratio = 0, .floor_ratio = 0.5}, 1) == 0.2);
  }

  TEST_CASE("an option that cannot be priced leaves no number and no worst cell") {
    const ScenarioRun run = run_of(shape(), {option(1, 44'000, std::numeric_limits<double>::quiet_NaN())});
    CHECK(std::isnan(run.profits_usd()[0]));
    CHECK_FALSE(worst_cell(run.profits_usd()));
  }

  TEST_CASE("an expired option adds nothing") { CHECK(run_of(shape(), {option(1, 44'000, 0.4, -1)}).profits_usd()[6] == 0); }

  TEST_CASE("more options than there is room for give no result instead of a part of it") {
    ScenarioRun run{shape()};
    const auto cells = shape().cells();
    run.reserve(1, cells.size());
    run.begin(cells);
    CHECK(run.add(option(1, 44'000)));
    CHECK_FALSE(run.add(option(1, 44'000)));
    while (!run.done()) run.work(64);
    CHECK_FALSE(worst_cell(run.profits_usd()));
  }
}
