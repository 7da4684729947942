#include "core/hedge/effectiveness_series.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

EffectivenessConventions short_windows() {
  return {.bar = 60s,
          .windows = {8min, 16min},
          .minimum_pairs = 4,
          .half_life = 10min,
          .reference = 1h,
          .correlation_floor = 0.9,
          .offset_floor = 1};
}

/// A hedge that follows, with a small residual; `noise` scales the residual.
ReturnPair pair_at(int bar, double noise) {
  const double move = std::sin(1.7 * bar) + 0.3 * std::cos(0.4 * bar);
  return {move + noise * std::cos(2.9 * bar), move};
}

}  // namespace

TEST_SUITE("core/hedge/effectiveness_series") {
  TEST_CASE("a dollar offset counts from 0.80 to 1.25, and says nothing about an item that hardly moved") {
    CHECK(dollar_offset(-100, -80, 10).verdict == OffsetVerdict::Effective);
    CHECK(dollar_offset(-100, -125, 10).verdict == OffsetVerdict::Effective);
    CHECK(dollar_offset(-100, -79.9, 10).verdict == OffsetVerdict::Ineffective);
    CHECK(dollar_offset(-100, 50, 10).ratio.value() == doctest::Approx(-0.5));
    CHECK(dollar_offset(-9.9, -9.9, 10).verdict == OffsetVerdict::Inconclusive);
    CHECK_FALSE(dollar_offset(-9.9, -9.9, 10).ratio.has_value());
    CHECK(dollar_offset(std::nan(""), 1, 10).verdict == OffsetVerdict::Inconclusive);
    CHECK_FALSE(dollar_offset(0, 1, 0).ratio.has_value());
  }

  TEST_CASE("a window holds its own bars and nothing of an outlier that has left it") {
    EffectivenessSeries series{short_windows()};
    for (int bar = 0; bar < 8; ++bar) series.add_bar(pair_at(bar, 0.1));
    series.add_bar(ReturnPair{1e9, -1e9});
    CHECK(series.windows()[0].pairs.correlation.value() < -0.99);
    std::vector<ReturnPair> last;
    for (int bar = 20; bar < 28; ++bar) {
      series.add_bar(pair_at(bar, 0.1));
      last.push_back(pair_at(bar, 0.1));
    }
    const PairStatistics expected = pair_statistics(last, 1);
    const PairStatistics& actual = series.windows()[0].pairs;
    CHECK(actual.correlation.value() == expected.correlation.value());
    CHECK(actual.beta.value() == expected.beta.value());
    CHECK(actual.variance_reduction.value() == expected.variance_reduction.value());
    CHECK(series.windows()[1].pairs.correlation.value() < -0.99);
  }

  TEST_CASE("a missing bar takes a place in the window and adds no pair") {
    EffectivenessSeries series{short_windows()};
    for (int bar = 0; bar < 8; ++bar) series.add_bar(pair_at(bar, 0.1));
    series.add_bar(std::nullopt);
    series.add_bar(std::nullopt);
    CHECK(series.windows()[0].pairs.count == 6);
    CHECK(series.exponential_pairs() == 8);
  }

  TEST_CASE("the reference is disjoint from the longest window, and a weakened correlation is measured against it") {
    EffectivenessSeries series{short_windows()};
    int bar = 0;
    for (; bar < 60; ++bar) series.add_bar(pair_at(bar, 0.05));
    CHECK_FALSE(series.reference().has_value());
    for (; bar < 75; ++bar) series.add_bar(pair_at(bar, 0.05));
    CHECK_FALSE(series.reference().has_value());
    series.add_bar(pair_at(bar++, 0.05));
    REQUIRE(series.reference().has_value());
    CHECK(series.reference()->count() == 60);
    CHECK_FALSE(series.windows()[1].broken);
    CHECK(std::abs(series.windows()[1].beta_drift.value()) < 0.05);

    for (int more = 0; more < 16; ++more) series.add_bar(pair_at(bar++, 3));
    const WindowEffectiveness& window = series.windows()[1];
    CHECK(window.breakdown_zscore.value() < -3);
    CHECK(window.residual_drift.value() > 10);
    CHECK(window.broken);
  }

  TEST_CASE("the moments of a long block are those of the block taken at once") {
    PairMoments moments;
    std::vector<ReturnPair> all;
    for (int bar = 0; bar < 500; ++bar) {
      all.push_back(pair_at(bar, 0.4));
      moments.add(all.back());
    }
    const PairStatistics expected = pair_statistics(all, 1);
    CHECK(moments.correlation().value() == doctest::Approx(expected.correlation.value()).epsilon(1e-12));
    CHECK(moments.beta().value() == doctest::Approx(expected.beta.value()).epsilon(1e-12));
    CHECK(moments.residual_deviation().value() == doctest::Approx(expected.residual_deviation.value()).epsilon(1e-11));
  }
}
