#include "core/risk/return_window.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/risk/tail_comparison.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kStart = from_nanoseconds<MonoTime>(5'000'000'000);

}  // namespace

TEST_SUITE("core/risk/return_window") {
  TEST_CASE("one return a bar, of the prices at its ends") {
    ReturnWindow window{60s, 3};
    window.advance(kStart, 100);
    window.advance(kStart + 30s, 140);
    window.advance(kStart + 60s, 110);
    REQUIRE(window.count() == 1);
    CHECK(window.log_return(0) == doctest::Approx(std::log(1.1)));
  }

  TEST_CASE("a price that is missing at a bar's end costs both bars beside it") {
    ReturnWindow window{60s, 9};
    window.advance(kStart, 100);
    window.advance(kStart + 60s, 0);
    window.advance(kStart + 120s, 100);
    CHECK(window.count() == 0);
    window.advance(kStart + 180s, 101);
    CHECK(window.count() == 1);
  }

  TEST_CASE("a bar that nobody looked at is not made up from a longer one") {
    ReturnWindow window{60s, 9};
    window.advance(kStart, 100);
    window.advance(kStart + 130s, 150);
    CHECK(window.count() == 0);
    window.advance(kStart + 190s, 150);
    CHECK(window.count() == 1);
    CHECK(window.log_return(0) == 0);
  }

  TEST_CASE("the newest returns displace the oldest") {
    ReturnWindow window{60s, 2};
    double price = 100;
    for (int bar = 0; bar < 5; ++bar) window.advance(kStart + bar * 60s, price *= bar == 1 ? 2 : 1);
    REQUIRE(window.count() == 2);
    CHECK(window.log_return(0) == 0);
    CHECK(window.log_return(1) == 0);
  }

  TEST_CASE("delta-gamma is shown only within a tenth of full repricing") {
    CHECK(delta_gamma_profit_usd(1'000, -200, -0.1) == doctest::Approx(-100 - 100));
    CHECK(close_enough({.value_at_risk = 109, .expected_shortfall = 131}, {.value_at_risk = 100, .expected_shortfall = 140}));
    CHECK_FALSE(close_enough({.value_at_risk = 111, .expected_shortfall = 140}, {.value_at_risk = 100, .expected_shortfall = 140}));
    CHECK_FALSE(close_enough({.value_at_risk = 100, .expected_shortfall = 120}, {.value_at_risk = 100, .expected_shortfall = 140}));
  }
}
