#include "core/risk/liquidation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>

using namespace hedgewatch;

namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

template <class Headroom>
LiquidationSearch searched(std::span<const double> moves, Headroom headroom) {
  LiquidationSearch search{moves};
  while (!search.done()) search.answer(headroom(search.ask()));
  return search;
}

}  // namespace

TEST_SUITE("core/risk/liquidation") {
  TEST_CASE("halving finds the closed form of an inverse account") {
    // 1 coin at 40,000 and 100,000 dollars long: headroom 40,000 (1 + x) + 100,000 x - 500.
    const MovedAccount account{.fixed_usd = 0, .coins_usd = 40'000, .maintenance_usd = 500};
    const auto search = searched(kMovesDown, [&](double move) { return headroom_usd(account, 100'000 * move, move); });
    CHECK(search.found().value() == doctest::Approx(-39'500.0 / 140'000).epsilon(1e-5));
    CHECK_FALSE(searched(kMovesUp, [&](double move) { return headroom_usd(account, 100'000 * move, move); }).found());
  }

  TEST_CASE("a pool that dies between two moves and lives further out is found where it dies") {
    // A short straddle with long wings: dead from 12 to 45 %.
    const auto wings = [](double move) { return std::abs(std::abs(move) - 0.285) - 0.165; };
    CHECK(searched(kMovesUp, wings).found().value() == doctest::Approx(0.12).epsilon(1e-5));
    CHECK(searched(kMovesDown, wings).found().value() == doctest::Approx(-0.12).epsilon(1e-5));
  }

  TEST_CASE("the closed form of several futures is that of one when there is one") {
    for (const double side : {1.0, -1.0}) {
      CAPTURE(side);
      // 100,000 dollars at an entry of 50,000, marked at 48,000; requirement 1 %.
      const auto inverse = isolated_margin({.style = PayoffStyle::Inverse,
                                            .size = side * 100'000,
                                            .entry_price = 50'000,
                                            .collateral = 0.5,
                                            .maintenance_ratio = 0.01},
                                           48'000);
      REQUIRE(inverse);
      const auto move =
          futures_liquidation_move(PayoffStyle::Inverse, inverse->equity, side * 100'000 / 48'000, inverse->maintenance);
      CHECK(48'000 * (1 + move.value()) == doctest::Approx(inverse->liquidation_price.value()).epsilon(1e-12));
      const auto linear = isolated_margin(
          {.style = PayoffStyle::Linear, .size = side * 2, .entry_price = 50'000, .collateral = 20'000, .maintenance_ratio = 0.01},
          48'000);
      REQUIRE(linear);
      const auto linear_move =
          futures_liquidation_move(PayoffStyle::Linear, linear->equity, side * 2 * 48'000, linear->maintenance);
      CHECK(48'000 * (1 + linear_move.value()) == doctest::Approx(linear->liquidation_price.value()).epsilon(1e-12));
    }
  }

  TEST_CASE("a coin account hedged to the dollar is liquidated by no move, and a dead one has no distance") {
    CHECK_FALSE(futures_liquidation_move(PayoffStyle::Inverse, 2, -2, 0.02));
    CHECK_FALSE(futures_liquidation_move(PayoffStyle::Linear, 100, 5'000, 100));
    CHECK_FALSE(futures_liquidation_move(PayoffStyle::Linear, kNotANumber, 5'000, 100));
  }

  TEST_CASE("the requirement grows with the price and does not shrink with it") {
    const MovedAccount account{.fixed_usd = 1'000, .coins_usd = 0, .maintenance_usd = 100};
    CHECK(headroom_usd(account, 0, -0.5) == 900);
    CHECK(headroom_usd(account, 0, 0.5) == 850);
  }

  TEST_CASE("a headroom that is not a number finds nothing and says so") {
    const auto search = searched(kMovesDown, [](double) { return std::numeric_limits<double>::quiet_NaN(); });
    CHECK(search.failed());
    CHECK_FALSE(search.found());
  }

  TEST_CASE("a short with its whole value as collateral is never liquidated by a rise") {
    const auto margin = isolated_margin(
        {.style = PayoffStyle::Inverse, .size = -40'000, .entry_price = 40'000, .collateral = 1, .maintenance_ratio = 0.01},
        50'000);
    REQUIRE(margin);
    CHECK_FALSE(margin->liquidation_price);
    CHECK_FALSE(margin->distance_ratio);
  }

  TEST_CASE("inputs outside their domains have no margin, and no equity no leverage") {
    IsolatedPosition position{.size = 1, .entry_price = 40'000, .collateral = 4'000, .maintenance_ratio = 0.01};
    CHECK(isolated_margin(position, 40'000));
    CHECK_FALSE(isolated_margin(position, 0));
    position.maintenance_ratio = 1;
    CHECK_FALSE(isolated_margin(position, 40'000));
    position = {.size = 0, .entry_price = 40'000, .collateral = 4'000, .maintenance_ratio = 0.01};
    CHECK_FALSE(isolated_margin(position, 40'000));
    CHECK_FALSE(leverage_ratio(1'000, 0));
    CHECK_FALSE(leverage_ratio(1'000, -5));
    CHECK(leverage_ratio(1'000, 500).value() == 2);
  }
}
