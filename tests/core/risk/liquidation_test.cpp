#include "core/risk/liquidation.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hedgewatch;

namespace {

template <class Headroom>
LiquidationSearch searched(double far, Headroom headroom) {
  LiquidationSearch search{far};
  while (!search.done()) search.answer(headroom(search.ask()));
  return search;
}

}  // namespace

TEST_SUITE("core/risk/liquidation") {
  TEST_CASE("halving finds the closed form of an inverse account") {
    // 1 coin at 40,000 and 100,000 dollars long: headroom 40,000 (1 + x) + 100,000 x - 500.
    const MovedAccount account{.fixed_usd = 0, .coins_usd = 40'000, .maintenance_usd = 500};
    const auto search = searched(-0.9, [&](double move) { return headroom_usd(account, 100'000 * move, move); });
    CHECK(search.found().value() == doctest::Approx(-39'500.0 / 140'000).epsilon(1e-5));
    CHECK_FALSE(searched(2, [&](double move) { return headroom_usd(account, 100'000 * move, move); }).found());
  }

  TEST_CASE("the requirement grows with the price and does not shrink with it") {
    const MovedAccount account{.fixed_usd = 1'000, .coins_usd = 0, .maintenance_usd = 100};
    CHECK(headroom_usd(account, 0, -0.5) == 900);
    CHECK(headroom_usd(account, 0, 0.5) == 850);
  }

  TEST_CASE("a headroom that is not a number finds nothing and says so") {
    const auto search = searched(-0.9, [](double) { return std::numeric_limits<double>::quiet_NaN(); });
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
