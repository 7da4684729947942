#include "core/risk/value_at_risk.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace hedgewatch {

TEST_SUITE("core/risk/value_at_risk") {
  TEST_CASE("the loss at a whole rank is taken, not interpolated") {
    std::vector<double> losses(20);
    std::iota(losses.begin(), losses.end(), 1.0);
    const auto tail = historical_tail_loss(losses, 0.95);
    CHECK(tail->value_at_risk == 19);
    CHECK(tail->expected_shortfall == doctest::Approx(20));
  }

  TEST_CASE("a broken rank shares the loss at its edge") {
    std::vector<double> losses{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    // 2.5 losses lie in the tail: 10, 9 and half of 8.
    const auto tail = historical_tail_loss(losses, 0.75);
    CHECK(tail->value_at_risk == 8);
    CHECK(tail->expected_shortfall == doctest::Approx((10 + 9 + 4) / 2.5));
  }

  TEST_CASE("ties at the edge are counted once") {
    std::vector<double> losses{5, 5, 5, 5};
    CHECK(historical_tail_loss(losses, 0.9)->expected_shortfall == doctest::Approx(5));
  }

  TEST_CASE("no losses, a loss that is no number, and a confidence out of range give nothing") {
    std::vector<double> none;
    std::vector<double> spoiled{1, std::nan(""), 2};
    std::vector<double> good{1, 2};
    CHECK_FALSE(historical_tail_loss(none, 0.95).has_value());
    CHECK_FALSE(historical_tail_loss(spoiled, 0.95).has_value());
    CHECK_FALSE(historical_tail_loss(good, 1.0).has_value());
    CHECK_FALSE(historical_tail_loss(good, std::nan("")).has_value());
  }
}

}  // namespace hedgewatch
