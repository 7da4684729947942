#include "core/hedge/delta_drift.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace hedgewatch;
using namespace std::chrono_literals;

TEST_SUITE("core/hedge/delta_drift") {
  TEST_CASE("each cause has its part, and together they are the change") {
    const DeltaMoment before{.size = -10,
                             .unit_delta_coins = 0.5,
                             .unit_gamma_coins_per_percent = 0.02,
                             .unit_vanna_coins_per_vol_point = 0.001,
                             .unit_charm_coins_per_day = -0.004,
                             .price = 50'000,
                             .vol = 0.6,
                             .at = from_nanoseconds<VenueTime>(1'000)};
    DeltaMoment after = before;
    after.price = 51'000;
    after.vol = 0.62;
    after.at = before.at + 12h;
    after.size = -11;
    after.unit_delta_coins = 0.55;
    const DeltaDrift drift = drift_between(before, after);
    CHECK(drift.gamma == doctest::Approx(-0.4));
    CHECK(drift.vanna == doctest::Approx(-0.02));
    CHECK(drift.charm == doctest::Approx(0.02));
    CHECK(drift.trades == doctest::Approx(-0.55));
    CHECK(drift.total() == doctest::Approx(after.delta() - before.delta()));
  }

  TEST_CASE("nothing moved, nothing drifted; a position out of nothing is a trade") {
    const DeltaMoment one{.size = 2, .unit_delta_coins = 1, .price = 100};
    CHECK(drift_between(one, one).total() == 0);
    CHECK(drift_between(DeltaMoment{}, one).trades == 2);
    CHECK(drift_between(DeltaMoment{}, one).other == 0);
  }
}
