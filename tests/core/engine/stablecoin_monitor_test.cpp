#include "core/engine/stablecoin_monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using doctest::Approx;

namespace {

EngineSetup two_venues() {
  EngineSetup setup = EngineDriver::setup();
  setup.venues.push_back({.venue = Venue::Okx});
  return setup;
}

void hold(EngineDriver& driver, std::string_view asset) {
  driver.summary({.asset = AssetCode::from(asset).value(), .equity = 100, .balance = 100});
}

double confirmed(const EngineDriver& driver) { return driver.value(Figure::StablecoinConfirmedPriceUsd, {"USDC"}); }

}  // namespace

TEST_SUITE("core/engine/stablecoin_monitor") {
  TEST_CASE("coins that are meant to be a dollar are told from the dollar and from others") {
    for (const char* coin : {"USDC", "USDT", "DAI", "FDUSD", "USDE"}) {
      CAPTURE(coin);
      CHECK(is_stablecoin(coin));
    }
    for (const char* other : {"USD", "BTC", "EURR", ""}) {
      CAPTURE(other);
      CHECK(!is_stablecoin(other));
    }
  }

  TEST_CASE("one source decides alone; of two the higher one, whichever it is") {
    EngineDriver driver;
    hold(driver, "USDC");
    driver.index(50'000);
    driver.cycle();
    CHECK(driver.state(Figure::StablecoinConfirmedPriceUsd, {"USDC"}) == "unknown/never_received");
    driver.index(0.97, "USDC", "USD");
    driver.cycle();
    CHECK(confirmed(driver) == 0.97);
    driver.index(50'000, "BTC", "USDC");
    driver.cycle();
    CHECK(driver.value(Figure::StablecoinPriceUsd, {"USDC", "deribit", "index"}) == 0.97);
    CHECK(driver.value(Figure::StablecoinPriceUsd, {"USDC", "deribit", "implied"}) == 1);
    CHECK(confirmed(driver) == 1);
    driver.index(51'000, "BTC", "USDC");
    driver.index(1, "USDC", "USD");
    driver.cycle();
    CHECK(confirmed(driver) == 1);
    driver.index(0.975, "USDC", "USD");
    driver.cycle();
    CHECK(confirmed(driver) == Approx(50'000.0 / 51'000));
  }

  TEST_CASE("of three sources two that agree decide, and one that has stopped does not count") {
    EngineDriver driver{two_venues()};
    hold(driver, "USDC");
    driver.index(50'000);
    driver.index(50'000, "BTC", "USDC");
    driver.index(0.97, "USDC", "USD");
    Event other;
    other.header = {.exchange_time = kVenueStart, .received = driver.now(), .connection = kPublic, .venue = Venue::Okx};
    other.body = IndexPrice{.base = AssetCode::from("USDC").value(), .quote = AssetCode::from("USD").value(), .price = 0.965};
    driver.engine().apply(other);
    driver.cycle();
    CHECK(confirmed(driver) == 0.97);
    driver.advance(61s);
    driver.index(0.96, "USDC", "USD");
    hold(driver, "USDC");
    driver.cycle();
    // Only the one that still speaks is left.
    CHECK(confirmed(driver) == 0.96);
    driver.advance(61s);
    driver.cycle();
    CHECK(driver.state(Figure::StablecoinConfirmedPriceUsd, {"USDC"}) == "stale/too_old");
  }

  TEST_CASE("a coin that no account has is not followed") {
    EngineDriver driver;
    hold(driver, "BTC");
    driver.index(0.97, "USDT", "USD");
    driver.cycle();
    CHECK(!driver.has(Figure::StablecoinConfirmedPriceUsd, {"USDT"}));
  }
}
