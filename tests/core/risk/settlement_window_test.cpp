#include "core/risk/settlement_window.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kExpiry = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);

ScenarioPosition call(double strike, double minutes) {
  return {.kind = ContractKind::Option,
          .right = OptionRight::Call,
          .size = 8,
          .forward = 40'000,
          .strike = strike,
          .vol = 0.6,
          .to_expiry = YearFraction::from_days(minutes / 1'440)};
}

}  // namespace

TEST_SUITE("core/risk/settlement_window") {
  TEST_CASE("the average is by time, of a window watched from its beginning") {
    SettlementAverage average{kExpiry};
    average.add(kExpiry - 31min, 90'000);
    CHECK_FALSE(average.average());
    average.add(kExpiry - 30min, 40'000);
    average.add(kExpiry - 29min - 30s, 42'000);
    average.add(kExpiry - 29min, 41'000);
    CHECK(average.average().value() == doctest::Approx(41'000));
    CHECK(average.fraction_left(kExpiry - 29min) == doctest::Approx(29.0 / 30));
    CHECK(average.fraction_left(kExpiry - 2h) == 1);
  }

  TEST_CASE("a window that was entered late, or has a hole, has no average") {
    SettlementAverage late{kExpiry};
    late.add(kExpiry - 20min, 40'000);
    CHECK_FALSE(late.average());
    SettlementAverage hole{kExpiry};
    hole.add(kExpiry - 30min, 40'000);
    hole.add(kExpiry - 28min, 40'000);
    CHECK_FALSE(hole.average());
  }

  TEST_CASE("deep in the money the delta is the fraction left, and so is a future's") {
    CHECK(averaged_delta_coins(call(30'000, 15), 0.5, 40'000) == doctest::Approx(8 * 0.5));
    CHECK(averaged_delta_coins(call(15'000, 15), 0.5, 40'000) == doctest::Approx(8 * 0.5));
    CHECK(averaged_delta_coins({.kind = ContractKind::Future, .unit = SizeUnit::Quote, .size = 80'000, .forward = 40'000}, 0.25,
                               40'000) == doctest::Approx(0.5));
  }

  TEST_CASE("what the average has decided is no exposure: above the strike so far, an index below it still pays") {
    CHECK(averaged_delta_coins(call(40'000, 3), 0.1, 42'000) == doctest::Approx(8 * 0.1));
    CHECK(averaged_delta_coins(call(40'000, 3), 0.1, 38'000) < 1e-9);
    CHECK(averaged_delta_coins(call(40'000, 0), 0, 42'000) == 0);
  }

  TEST_CASE("at the money of what is left the delta is about half of it") {
    const double delta = averaged_delta_coins(call(40'000, 15), 0.5, 40'000);
    CHECK(delta > 8 * 0.5 * 0.5);
    CHECK(delta < 8 * 0.5 * 0.502);
  }
}
