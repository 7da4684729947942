#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "core/hedge/bar_sampler.hpp"
#include "core/hedge/correlation_breakdown.hpp"
#include "core/hedge/exponential_pair.hpp"
#include "core/hedge/hayashi_yoshida.hpp"
#include "core/hedge/jump_test.hpp"
#include "core/hedge/price_effectiveness.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

VenueTime at(std::chrono::nanoseconds since_epoch) { return VenueTime{since_epoch}; }

}  // namespace

TEST_SUITE("core/hedge/bar_sampler") {
  TEST_CASE("a bar has the last price stamped at or before its end") {
    BarSampler sampler{{.start = at(0s), .interval = 1s, .max_age = 5s}};
    CHECK_FALSE(sampler.sample(at(0s)).has_value());
    sampler.add(at(400ms), 10);
    sampler.add(at(1s), 11);
    CHECK(*sampler.sample(sampler.end_of_bar(1)) == 11);
    CHECK_FALSE(sampler.sample(at(900ms)).has_value());
  }

  TEST_CASE("of two ticks with one stamp the later arrival counts, and a late arrival changes nothing") {
    BarSampler sampler{{.start = at(0s), .interval = 1s, .max_age = 5s}};
    sampler.add(at(1s), 10);
    sampler.add(at(1s), 11);
    sampler.add(at(500ms), 99);
    CHECK(*sampler.sample(at(1s)) == 11);
  }

  TEST_CASE("a price older than the limit is missing") {
    BarSampler sampler{{.start = at(0s), .interval = 1s, .max_age = 5s}};
    sampler.add(at(0s), 10);
    CHECK(sampler.sample(at(5s)).has_value());
    CHECK_FALSE(sampler.sample(at(6s)).has_value());
  }
}

TEST_SUITE("core/hedge/exponential_pair") {
  TEST_CASE("the first pair seeds the moments and later ones are blended in") {
    ExponentialPair pair;
    CHECK_FALSE(pair.covariance().has_value());
    pair.add({2, 1}, 0.9);
    CHECK(*pair.variance_exposure() == 4);
    pair.add({0, 1}, 0.9);
    CHECK(*pair.variance_exposure() == doctest::Approx(3.6));
    CHECK(*pair.covariance() == doctest::Approx(1.8));
    CHECK(*pair.variance_hedge() == doctest::Approx(1));
  }

  TEST_CASE("a half-life halves what was known") { CHECK(ExponentialPair::decay_of(6h, 6h) == doctest::Approx(0.5)); }

  TEST_CASE("the zero-seeded form of one pair is that pair") {
    BiasCorrectedPair pair;
    CHECK_FALSE(pair.variance_exposure().has_value());
    pair.add({2, 1}, 0.94);
    CHECK(*pair.variance_exposure() == doctest::Approx(4));
    CHECK(*pair.correlation() == doctest::Approx(1));
  }
}

TEST_SUITE("core/hedge/hayashi_yoshida") {
  TEST_CASE("overlapping intervals are multiplied and touching ones are not") {
    // Exposure moves in (0, 2]; the hedge in (0, 1], (1, 2] and (2, 3]: the last does not overlap.
    const std::vector<PriceTick> exposure{{at(0s), 100}, {at(2s), 110}};
    const std::vector<PriceTick> hedge{{at(0s), 100}, {at(1s), 105}, {at(2s), 110}, {at(3s), 200}};
    const double move = std::log(1.1);
    CHECK(hayashi_yoshida(exposure, hedge).covariance == doctest::Approx(move * move));
  }

  TEST_CASE("a path that never moves has no correlation") {
    const std::vector<PriceTick> flat{{at(0s), 100}, {at(2s), 100}};
    const std::vector<PriceTick> moving{{at(0s), 100}, {at(2s), 110}};
    CHECK_FALSE(hayashi_yoshida(flat, moving).correlation.has_value());
    CHECK_FALSE(hayashi_yoshida({}, moving).correlation.has_value());
  }
}

TEST_SUITE("core/hedge/jump_test") {
  TEST_CASE("one large move among small ones is a jump, and even moves are none") {
    std::vector<std::optional<double>> even(200, 0.001);
    const JumpTest calm = jump_test(even);
    CHECK(*calm.zscore < 0);
    even[100] = 0.05;
    CHECK(*jump_test(even).zscore > 3);
  }

  TEST_CASE("a missing bar breaks the run and a flat window says nothing") {
    const std::vector<std::optional<double>> broken{0.01, std::nullopt, 0.01};
    CHECK(jump_test(broken).bipower_variation == 0);
    CHECK(jump_test(broken).count == 2);
    CHECK_FALSE(jump_test(broken).zscore.has_value());
    const std::vector<std::optional<double>> flat(10, 0.0);
    CHECK_FALSE(jump_test(flat).relative_jump.has_value());
  }
}

TEST_SUITE("core/hedge/correlation_breakdown") {
  TEST_CASE("a weaker correlation is negative, and too few pairs or a perfect correlation say nothing") {
    CHECK(*correlation_breakdown_zscore(0.5, 0.95, 103) < -10);
    CHECK(*correlation_breakdown_zscore(0.95, 0.95, 103) == 0);
    CHECK_FALSE(correlation_breakdown_zscore(0.5, 0.95, 3).has_value());
    CHECK_FALSE(correlation_breakdown_zscore(1.0, 0.95, 100).has_value());
    CHECK_FALSE(correlation_breakdown_zscore(std::nan(""), 0.95, 100).has_value());
  }
}

TEST_SUITE("core/hedge/price_effectiveness") {
  TEST_CASE("a missing price makes no pair on either side of it") {
    PriceEffectiveness series{{.window_pairs = 10, .window_bars = 10}};
    series.add_bar(at(0s), 100, 200);
    series.add_bar(at(1s), std::nullopt, 201);
    series.add_bar(at(2s), 102, 202);
    CHECK(series.by_pairs().count == 0);
    series.add_bar(at(3s), 103, 203);
    CHECK(series.by_pairs().count == 1);
  }

  TEST_CASE("an outlier leaves nothing behind when it leaves the window") {
    const auto run = [](bool outlier) {
      PriceEffectiveness series{{.window_pairs = 20, .window_bars = 20}};
      double a = 100;
      double b = 100;
      for (int i = 0; i < 100; ++i) {
        const double move = 1e-9 * ((i * 7) % 5 - 2);
        a *= 1 + move;
        b *= 1 + 0.5 * move;
        series.add_bar(at(i * 1s), a, outlier && i == 50 ? b * 2 : b);
      }
      return series.by_pairs();
    };
    CHECK(*run(true).variance_hedge == *run(false).variance_hedge);
    CHECK(*run(true).correlation == *run(false).correlation);
  }

  TEST_CASE("the offset is what the short hedge paid back") {
    PriceEffectiveness series{{.hedge_held = 0.5}};
    series.add_bar(at(0s), 100, 200);
    CHECK_FALSE(series.dollar_offset().has_value());
    series.add_bar(at(1s), 110, 216);
    CHECK(*series.dollar_offset() == doctest::Approx(0.8));
  }
}

}  // namespace hedgewatch
