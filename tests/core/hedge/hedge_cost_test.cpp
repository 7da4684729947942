#include "core/hedge/hedge_cost.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hedgewatch;

TEST_SUITE("core/hedge/hedge_cost") {
  TEST_CASE("a purchase that waited while the mid rose paid the delay, the half spread and the impact") {
    const HedgeFill fill{.side = Side::Buy, .coins = 2, .price = 108, .arrival_mid = 100, .mid_at_fill = 105, .half_spread = 1};
    const Slippage slippage = slippage_of(fill);
    CHECK(slippage.delay == 10);
    CHECK(slippage.half_spread == 2);
    CHECK(slippage.impact == 4);
    CHECK(slippage.total() == 2 * (108 - 100));
  }

  TEST_CASE("a sale hurts when the mid falls, and a fill inside the spread gives back part of the half spread") {
    const HedgeFill fill{.side = Side::Sell, .coins = 1, .price = 94.5, .arrival_mid = 100, .mid_at_fill = 95, .half_spread = 1};
    const Slippage slippage = slippage_of(fill);
    CHECK(slippage.delay == 5);
    CHECK(slippage.impact == -0.5);
    CHECK(slippage.total() == 5.5);
  }

  TEST_CASE("fees, rebates and funding add up, and funding is no part of what trading costs") {
    HedgeCost cost;
    CHECK_FALSE(cost.per_notional().has_value());
    cost.add({.side = Side::Buy, .coins = 1, .price = 101, .arrival_mid = 100, .mid_at_fill = 100, .half_spread = 1, .fee = 0.5});
    cost.add({.side = Side::Sell, .coins = 1, .price = 99, .arrival_mid = 100, .mid_at_fill = 100, .half_spread = 1, .fee = -0.2});
    cost.add_funding_paid(-7);
    CHECK(cost.fees() == doctest::Approx(0.3));
    CHECK(cost.slippage() == doctest::Approx(2));
    CHECK(cost.total() == doctest::Approx(-4.7));
    CHECK(cost.per_notional().value() == doctest::Approx(2.3 / 200));
  }

  TEST_CASE("cost per risk removed exists only where risk was removed") {
    CHECK(cost_per_variance_removed(10, 25, 5).value() == 0.5);
    CHECK(cost_per_sigma_removed(10, 25, 9).value() == 5);
    CHECK_FALSE(cost_per_variance_removed(10, 5, 5).has_value());
    CHECK_FALSE(cost_per_sigma_removed(10, 5, 9).has_value());
    CHECK_FALSE(cost_per_sigma_removed(10, 5, std::numeric_limits<double>::quiet_NaN()).has_value());
  }

  TEST_CASE("removed risk is that of the deltas at each bar's open, and a bar without numbers is none") {
    DeltaRiskRemoved risk;
    risk.add_bar(-10, 1, 100);
    risk.add_bar(-10, -2, -50);
    risk.add_bar(std::numeric_limits<double>::quiet_NaN(), 0, 1);
    CHECK(risk.bars() == 2);
    CHECK(risk.unhedged() == 1'000'000 + 250'000);
    CHECK(risk.hedged() == 10'000 + 10'000);
  }
}
