#include <doctest/doctest.h>

#include <chrono>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

ExplicitPosition vouched(std::string_view instrument, double size, VenueTime as_of, std::chrono::nanoseconds max_age) {
  ExplicitPosition position = line(instrument, size);
  position.as_of = as_of;
  position.max_age = max_age;
  return position;
}

double age(const EngineDriver& driver, std::string_view instrument) {
  return driver.value(Figure::PositionAgeSeconds, {"cold", "deribit", instrument});
}

double usage(const EngineDriver& driver, std::string_view instrument) {
  return driver.value(Figure::PositionAgeUsageRatio, {"cold", "deribit", instrument});
}

}  // namespace

TEST_SUITE("core/engine/position_age_monitor") {
  TEST_CASE("the age of a position is the venue's time less as_of, against what is permitted") {
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of("cold", {vouched("BTC-PERPETUAL", 100, kVenueStart - 6h, 24h), line("ETH-PERPETUAL", 5)})};
    EngineDriver driver{setup};
    driver.cycle();
    CHECK(driver.state(Figure::PositionAgeSeconds, {"cold", "deribit", "BTC-PERPETUAL"}) == "unknown/never_received");
    driver.index(100'000);
    driver.cycle();
    CHECK(age(driver, "BTC-PERPETUAL") == 6 * 3'600);
    CHECK(usage(driver, "BTC-PERPETUAL") == 0.25);
    CHECK_FALSE(driver.has(Figure::PositionAgeSeconds, {"cold", "deribit", "ETH-PERPETUAL"}));
  }

  TEST_CASE("an age does not stand still while the venue is silent") {
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of("cold", {vouched("BTC-PERPETUAL", 100, kVenueStart, 1h)})};
    EngineDriver driver{setup};
    driver.index(100'000);
    driver.cycle();
    driver.advance(2h);
    driver.cycle();
    CHECK(age(driver, "BTC-PERPETUAL") == 7'200);
    CHECK(usage(driver, "BTC-PERPETUAL") == 2);
  }

  TEST_CASE("of several lines in one instrument the one that is due first counts, and a new configuration is followed") {
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of(
        "cold", {vouched("BTC-PERPETUAL", 100, kVenueStart - 6h, 24h * 7), vouched("BTC-PERPETUAL", 50, kVenueStart - 5h, 10h)})};
    EngineDriver driver{setup};
    driver.index(100'000);
    driver.cycle();
    CHECK(age(driver, "BTC-PERPETUAL") == 5 * 3'600);
    CHECK(usage(driver, "BTC-PERPETUAL") == 0.5);
    setup.books.front().positions.front().as_of = setup.books.front().positions.back().as_of = kVenueStart - 1h;
    driver.engine().reconfigure(setup);
    driver.cycle();
    CHECK(age(driver, "BTC-PERPETUAL") == 3'600);
  }
}
