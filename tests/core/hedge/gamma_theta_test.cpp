#include "core/hedge/gamma_theta.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hedgewatch;

TEST_SUITE("core/hedge/gamma_theta") {
  TEST_CASE("gamma and theta of the same sign have no move that breaks even, opposite signs have one either way round") {
    CHECK(breakeven_move(2e-4, -3.65e6, 1.0 / 365).value() == doctest::Approx(10'000));
    CHECK(breakeven_move(-2e-4, 3.65e6, 1.0 / 365).value() == doctest::Approx(10'000));
    CHECK_FALSE(breakeven_move(2e-4, 1, 1).has_value());
    CHECK_FALSE(breakeven_move(0, -1, 1).has_value());
  }

  TEST_CASE("realised variance has no mean taken off, and none without returns") {
    CHECK(realized_variance(std::array{0.01, 0.03}, 0.5).value() == doctest::Approx(0.001));
    CHECK_FALSE(realized_variance({}, 0.5).has_value());
  }

  TEST_CASE("a short gamma earns when less is realised than was sold") {
    CHECK(expected_gamma_profit(-1e-4, 50'000, 0.25, 0.36, 0.01) == doctest::Approx(137.5));
  }
}
