#include "core/hedge/recent_distribution.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hedgewatch;

TEST_SUITE("core/hedge/recent_distribution") {
  TEST_CASE("nothing is known before the first value") {
    const RecentDistribution none{4};
    CHECK_FALSE(none.median().has_value());
    CHECK_FALSE(none.rank(1).has_value());
  }

  TEST_CASE("the median of an even count lies between the two in the middle, and ties count half in a rank") {
    RecentDistribution values{10};
    for (const double value : {4.0, 1.0, 3.0, 3.0}) values.add(value);
    CHECK(values.median() == 3);
    CHECK(values.rank(0.5) == 0);
    CHECK(values.rank(3) == doctest::Approx(0.5));
    CHECK(values.rank(9) == 1);
  }

  TEST_CASE("the oldest value leaves and nothing of it stays, however large it was") {
    RecentDistribution values{3};
    for (const double value : {1e18, 1.0, 2.0, 3.0}) values.add(value);
    CHECK(values.count() == 3);
    CHECK(values.median() == 2);
    CHECK(values.rank(4) == 1);
  }

  TEST_CASE("a value that is no number is left out") {
    RecentDistribution values{3};
    values.add(std::numeric_limits<double>::quiet_NaN());
    CHECK(values.count() == 0);
  }
}
