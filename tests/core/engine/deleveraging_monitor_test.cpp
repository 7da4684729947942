#include "core/engine/deleveraging_monitor.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

void rank(EngineDriver& driver, std::string_view instrument, double told) {
  driver.apply(DeleveragingRank{told}, driver.id(instrument), kMain, kPrivate);
}

double place(const EngineDriver& driver) { return driver.value(Figure::AdlRankRatio, {"main", "deribit"}); }
std::string state(const EngineDriver& driver) { return driver.state(Figure::AdlRankRatio, {"main", "deribit"}); }

}  // namespace

TEST_SUITE("core/engine/deleveraging_monitor") {
  TEST_CASE("of an account's open positions the one that is nearest counts") {
    EngineDriver driver;
    driver.list_perpetual("BTC-PERPETUAL");
    driver.list_perpetual("ETH-PERPETUAL", "ETH");
    driver.begin_snapshot();
    driver.position("BTC-PERPETUAL", -100, 90'000);
    driver.position("ETH-PERPETUAL", 50, 3'000);
    driver.end_snapshot();
    driver.cycle();
    CHECK(state(driver) == "unknown/never_received");

    rank(driver, "BTC-PERPETUAL", 0.8);
    rank(driver, "ETH-PERPETUAL", 0.25);
    driver.cycle();
    CHECK(place(driver) == 0.8);

    rank(driver, "ETH-PERPETUAL", 1);
    driver.cycle();
    CHECK(place(driver) == 1);
    driver.position("ETH-PERPETUAL", 0);
    driver.cycle();
    CHECK(place(driver) == 0.8);
    driver.position("BTC-PERPETUAL", 0);
    driver.cycle();
    CHECK(state(driver) == "unknown/never_received");
  }

  TEST_CASE("the rank of a position that was closed is not that of the next one in its instrument") {
    EngineDriver driver;
    driver.list_perpetual("BTC-PERPETUAL");
    driver.begin_snapshot();
    driver.position("BTC-PERPETUAL", -100, 90'000);
    driver.end_snapshot();
    rank(driver, "BTC-PERPETUAL", 0.8);
    driver.cycle();
    CHECK(place(driver) == 0.8);
    driver.position("BTC-PERPETUAL", 0);
    driver.cycle();
    driver.position("BTC-PERPETUAL", 200, 91'000);
    driver.cycle();
    CHECK(state(driver) == "unknown/never_received");
  }

  TEST_CASE("a rank is not believed while the account's connection is lost, nor of another account") {
    EngineDriver driver;
    driver.list_perpetual("BTC-PERPETUAL");
    driver.begin_snapshot();
    driver.position("BTC-PERPETUAL", -100, 90'000);
    driver.end_snapshot();
    rank(driver, "BTC-PERPETUAL", 0.4);
    driver.cycle();
    CHECK(place(driver) == 0.4);
    CHECK(driver.state(Figure::AdlRankRatio, {"second", "deribit"}) == "unknown/never_received");
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(state(driver) == "unknown/feed_down");
  }

  TEST_CASE("a rank that was told before a restart is not one of after it") {
    EngineDriver driver;
    driver.list_perpetual("BTC-PERPETUAL");
    const auto snapshot = [&] {
      driver.begin_snapshot();
      driver.position("BTC-PERPETUAL", -100, 90'000);
      driver.end_snapshot();
    };
    snapshot();
    rank(driver, "BTC-PERPETUAL", 0.4);
    driver.cycle();
    CHECK(place(driver) == 0.4);
    driver.engine().reconfigure(EngineDriver::setup());
    driver.cycle();
    CHECK(place(driver) == 0.4);
    driver.engine().resume(EngineDriver::setup());
    driver.status(kPrivate, FeedPhase::Live);
    snapshot();
    driver.cycle();
    CHECK(state(driver) == "unknown/never_received");
    rank(driver, "BTC-PERPETUAL", 0.6);
    driver.cycle();
    CHECK(place(driver) == 0.6);
  }
}
