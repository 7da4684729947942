#include "core/hedge/regime.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

using namespace hedgewatch;

TEST_SUITE("core/hedge/regime") {
  TEST_CASE("a regime is left at another ratio than it is entered at") {
    RegimeState state;
    CHECK(state.add_bar(1.6, false) == Regime::Stressed);
    for (int bar = 0; bar < 10; ++bar) CHECK(state.add_bar(1.3, false) == Regime::Stressed);
    CHECK(state.add_bar(1.1, false) == Regime::Normal);
    for (int bar = 0; bar < 10; ++bar) CHECK(state.add_bar(1.3, false) == Regime::Normal);
    for (int bar = 0; bar < 5; ++bar) state.add_bar(0.6, false);
    CHECK(state.regime() == Regime::Calm);
    CHECK(state.add_bar(0.8, false) == Regime::Calm);
  }

  TEST_CASE("a harsher regime follows at once, a milder one after five bars") {
    RegimeState state;
    CHECK(state.add_bar(1.0, true) == Regime::Dislocated);
    for (int bar = 0; bar < 4; ++bar) CHECK(state.add_bar(1.0, false) == Regime::Dislocated);
    CHECK(state.add_bar(1.0, false) == Regime::Normal);
  }

  TEST_CASE("an unknown ratio keeps the regime") {
    RegimeState state;
    state.add_bar(1.6, false);
    for (int bar = 0; bar < 20; ++bar) CHECK(state.add_bar(std::nullopt, false) == Regime::Stressed);
    CHECK(limit_multiplier(Regime::Stressed) < limit_multiplier(Regime::Normal));
  }

  TEST_CASE("realised vol has no mean taken off, and nothing is said of too few returns") {
    VolatilitySeries series{{.window_bars = 100, .minimum_returns = 50}};
    for (int bar = 0; bar < 49; ++bar) series.add_bar(1e-3, true);
    CHECK_FALSE(series.realised_vol().has_value());
    CHECK_FALSE(series.vol_ratio().has_value());
    series.add_bar(1e-3, true);
    CHECK(series.realised_vol().value() == doctest::Approx(1e-3 * std::sqrt(365.0 * 24 * 60)));
    CHECK(series.vol_ratio().value() == doctest::Approx(1));
  }

  TEST_CASE("livelier bars raise the ratio, and a jump is found among ticks but not among bars without any") {
    const VolatilitySeries::Parameters parameters{.window_bars = 100, .minimum_returns = 50};
    VolatilitySeries ticked{parameters};
    VolatilitySeries silent{parameters};
    for (int bar = 0; bar < 100; ++bar) {
      const double move = bar == 90 ? 0.05 : 1e-3 * std::sin(1.3 * bar);
      ticked.add_bar(move, true);
      silent.add_bar(move, bar % 2 == 0);
    }
    CHECK(ticked.vol_ratio().value() > 1.5);
    CHECK(ticked.jump_zscore().value() > 3);
    CHECK_FALSE(silent.jump_zscore().has_value());
  }
}
