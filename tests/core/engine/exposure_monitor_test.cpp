#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

EngineSetup setup() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("desk", {line("BTC-5D-50000-C", -2), line("BTC-60D-60000-C", 3)})};
  setup.vol_exposure = VolExposureSetup{.bucket_days = {1, 7, 30}};
  return setup;
}

void price(EngineDriver& driver, std::string_view name, double forward = 50'000) {
  driver.mark(name, {.price = 0.03, .vol = 0.6, .forward = forward, .index = 50'000});
}

EngineDriver priced() {
  EngineDriver driver{setup()};
  driver.list_option("BTC-5D-50000-C", OptionRight::Call, 50'000, 5);
  driver.list_option("BTC-60D-60000-C", OptionRight::Call, 60'000, 60);
  driver.index(50'000);
  price(driver, "BTC-5D-50000-C");
  price(driver, "BTC-60D-60000-C");
  driver.cycle();
  return driver;
}

double vega(const EngineDriver& driver, std::string_view bucket) {
  return driver.value(Figure::BookExpiryVegaUsdPerVolPoint, {"desk", "BTC", bucket});
}

}  // namespace

TEST_SUITE("core/engine/exposure_monitor") {
  TEST_CASE("buckets add up to the book's vega, and the front counts more in the weighted one") {
    const EngineDriver driver = priced();
    CHECK(vega(driver, "0d-1d") == 0);
    CHECK(vega(driver, "1d-7d") < 0);
    CHECK(vega(driver, "30d+") > 0);
    CHECK(vega(driver, "1d-7d") + vega(driver, "30d+") ==
          doctest::Approx(driver.value(Figure::BookVegaUsdPerVolPoint, {"desk", "BTC"})));
    CHECK(driver.value(Figure::BookWeightedVegaUsdPerVolPoint, {"desk", "BTC"}) ==
          doctest::Approx(vega(driver, "1d-7d") * std::sqrt(6) + vega(driver, "30d+") * std::sqrt(0.5)));
  }

  TEST_CASE("a long call above the money is long the risk reversal, one at the money is not") {
    const EngineDriver driver = priced();
    CHECK(driver.value(Figure::BookRiskReversalVegaUsd, {"desk", "BTC", "30d+"}) > 0);
    CHECK(driver.value(Figure::BookButterflyVegaUsd, {"desk", "BTC", "30d+"}) > 0);
    CHECK(std::abs(driver.value(Figure::BookRiskReversalVegaUsd, {"desk", "BTC", "1d-7d"})) < 0.1 * -vega(driver, "1d-7d"));
  }

  TEST_CASE("the pin counts options that expire within a day only") {
    EngineSetup configuration = setup();
    configuration.books = {book_of("desk", {line("BTC-1D-50000-C", -2)})};
    EngineDriver driver{configuration};
    driver.list_option("BTC-1D-50000-C", OptionRight::Call, 50'000, 0.5);
    driver.index(50'000);
    price(driver, "BTC-1D-50000-C");
    driver.cycle();
    CHECK(driver.value(Figure::BookPinDeltaCoins, {"desk", "BTC"}) == doctest::Approx(-2 * 0.683).epsilon(0.01));
    CHECK(priced().value(Figure::BookPinDeltaCoins, {"desk", "BTC"}) == 0);
  }

  TEST_CASE("inside the window before an expiry the delta shift takes away what the average has decided") {
    EngineSetup configuration = setup();
    configuration.books = {book_of("desk", {line("BTC-1D-30000-C", 4)})};
    EngineDriver driver{configuration};
    driver.list_option("BTC-1D-30000-C", OptionRight::Call, 30'000, 35.0 / 1'440);
    for (int second = 0; second <= 20 * 60; second += 2) {
      driver.index(50'000);
      price(driver, "BTC-1D-30000-C");
      driver.cycle();
      driver.advance(2s);
    }
    // fifteen minutes and two seconds of the thirty are left when the last index came
    CHECK(driver.value(Figure::BookSettlementDeltaShiftCoins, {"desk", "BTC"}) == doctest::Approx(-4 * 0.5).epsilon(0.01));
  }

  TEST_CASE("a daemon that starts inside the window says that it does not know") {
    EngineSetup configuration = setup();
    configuration.books = {book_of("desk", {line("BTC-1D-30000-C", 4)})};
    EngineDriver driver{configuration};
    driver.list_option("BTC-1D-30000-C", OptionRight::Call, 30'000, 10.0 / 1'440);
    driver.index(50'000);
    price(driver, "BTC-1D-30000-C");
    driver.cycle();
    driver.advance(1s);
    driver.cycle();
    CHECK(driver.state(Figure::BookSettlementDeltaShiftCoins, {"desk", "BTC"}) == "unknown/warming_up");
    CHECK(driver.value(Figure::BookWeightedVegaUsdPerVolPoint, {"desk", "BTC"}) >= 0);
  }

  TEST_CASE("an input that is lost is lost at once") {
    EngineDriver driver = priced();
    driver.status(kPublic, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::BookPinDeltaCoins, {"desk", "BTC"}) == "stale/feed_down");
    CHECK(driver.state(Figure::BookExpiryVegaUsdPerVolPoint, {"desk", "BTC", "30d+"}) == "stale/feed_down");
  }
}
