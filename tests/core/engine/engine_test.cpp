#include "core/engine/engine.hpp"

#include <doctest/doctest.h>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCall = "BTC-ONE-100000-C";
constexpr std::string_view kPerpetual = "BTC-PERPETUAL";

/// One call at the money, vol 50 %, 36.5 days: sigma sqrt(T) = 0.5 * sqrt(0.1) = 0.158113883, d1 half of it.
EngineDriver desk() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("main", {line(kCall, 10, 0.05), line(kPerpetual, -300'000, 100'000)})};
  EngineDriver driver{setup};
  driver.list_option(kCall, OptionRight::Call, 100'000, 36.5);
  driver.list_perpetual(kPerpetual);
  driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000, .rate = 0});
  driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
  driver.cycle();
  return driver;
}

}  // namespace

TEST_SUITE("core/engine/engine") {
  TEST_CASE("a mark and a position become a book's delta") {
    EngineDriver driver = desk();
    // N(0.0790569415) = 0.5315063; ten calls less 3 coins of perpetual.
    CHECK(driver.value(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}) == doctest::Approx(5.315063 - 3).epsilon(1e-6));
    CHECK(driver.value(Figure::Delta, {"deribit", kCall}) == doctest::Approx(0.5315063).epsilon(1e-6));
    CHECK(driver.value(Figure::PositionDeltaCoins, {"main", "deribit", kPerpetual}) == doctest::Approx(-3));
    CHECK(driver.value(Figure::BookDeltaUsd, {"main", "BTC", "black_scholes"}) == doctest::Approx(2.315063 * 99'000).epsilon(1e-6));
  }
}
