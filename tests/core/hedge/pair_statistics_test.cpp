#include "core/hedge/pair_statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace hedgewatch {

TEST_SUITE("core/hedge/pair_statistics") {
  TEST_CASE("statistics of four pairs are those worked out by hand") {
    // a: 1 2 3 6 (mean 3, squared deviations 4 1 0 9); b: 1 1 2 4 (mean 2, squared deviations 1 1 0 4); products 2 1 0 6.
    const std::vector<ReturnPair> pairs{{1, 1}, {2, 1}, {3, 2}, {6, 4}};
    const PairStatistics s = pair_statistics(pairs, 1.0);
    CHECK(s.count == 4);
    CHECK(*s.mean_exposure == 3);
    CHECK(*s.mean_hedge == 2);
    CHECK(*s.variance_exposure == doctest::Approx(14.0 / 3));
    CHECK(*s.variance_exposure_population == doctest::Approx(14.0 / 4));
    CHECK(*s.variance_hedge == doctest::Approx(2));
    CHECK(*s.covariance == doctest::Approx(3));
    CHECK(*s.beta == doctest::Approx(1.5));
    CHECK(*s.alpha == doctest::Approx(0));
    CHECK(*s.correlation == doctest::Approx(9 / std::sqrt(14.0 * 6)));
    // a - b: 0 1 1 2, mean 1, squared deviations 1 0 0 1.
    CHECK(*s.tracking_error == doctest::Approx(std::sqrt(2.0 / 3)));
    CHECK(*s.variance_reduction == doctest::Approx(1 - 2.0 / 14));
    CHECK(*s.realized_beta == doctest::Approx(33.0 / 22));
  }

  TEST_CASE("a hedge that adds risk shows a negative variance reduction") {
    const std::vector<ReturnPair> pairs{{1, -1}, {-1, 1}, {2, -2}, {-2, 2}};
    CHECK(*pair_statistics(pairs, 1.0).variance_reduction == doctest::Approx(-3));
  }

  TEST_CASE("a flat hedge has no beta and no correlation, and a flat exposure no variance reduction") {
    const std::vector<ReturnPair> flat_hedge{{1, 0}, {2, 0}, {4, 0}};
    const PairStatistics s = pair_statistics(flat_hedge, 1.0);
    CHECK_FALSE(s.beta.has_value());
    CHECK_FALSE(s.correlation.has_value());
    CHECK_FALSE(s.realized_correlation.has_value());
    CHECK(s.variance_reduction.has_value());
    const std::vector<ReturnPair> flat_exposure{{0, 1}, {0, 2}, {0, 4}};
    CHECK_FALSE(pair_statistics(flat_exposure, 1.0).variance_reduction.has_value());
    CHECK(*pair_statistics(flat_exposure, 1.0).beta == 0);
  }

  TEST_CASE("no pair gives nothing and one pair no spread") {
    CHECK_FALSE(pair_statistics({}, 1.0).mean_exposure.has_value());
    const std::vector<ReturnPair> one{{1, 2}};
    CHECK(pair_statistics(one, 1.0).mean_exposure.has_value());
    CHECK_FALSE(pair_statistics(one, 1.0).variance_exposure.has_value());
    CHECK_FALSE(pair_statistics(one, 1.0).correlation.has_value());
  }

  TEST_CASE("two pairs have no residual, and perfect correlation does not pass one") {
    const std::vector<ReturnPair> two{{0.1, 0.3}, {0.2, 0.6}};
    CHECK_FALSE(pair_statistics(two, 1.0).residual_deviation.has_value());
    std::vector<ReturnPair> line;
    for (int i = 0; i < 1000; ++i) line.push_back({0.1 * i, 0.3 * i});
    const PairStatistics s = pair_statistics(line, 1.0 / 3);
    CHECK(*s.correlation <= 1);
    CHECK(*s.correlation == doctest::Approx(1).epsilon(1e-15));
    CHECK(*s.residual_deviation < 1e-12);
  }
}

}  // namespace hedgewatch
