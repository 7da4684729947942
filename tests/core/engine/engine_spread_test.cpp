#include <doctest/doctest.h>

#include <chrono>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

EngineSetup following() {
  EngineSetup setup = EngineDriver::setup();
  setup.watch = {deribit("BTC-PERPETUAL"), deribit("ETH-PERPETUAL")};
  setup.order_books = {deribit("BTC-PERPETUAL")};
  return setup;
}

void book(EngineDriver& driver, bool snapshot, double bid, double ask) {
  const InstrumentId id = driver.id("BTC-PERPETUAL");
  const auto price = [](double value) { return Price::from_raw(static_cast<std::int64_t>(value * 1e9)); };
  driver.apply(BookBegin{.snapshot = snapshot}, id);
  driver.apply(BookLevel{.price = price(bid), .size = size_of(10), .side = Side::Buy}, id);
  driver.apply(BookLevel{.price = price(ask), .size = size_of(10), .side = Side::Sell}, id);
  driver.apply(BookEnd{.sequence = 1}, id);
}

EngineDriver driver_with_book() {
  EngineDriver driver{following()};
  driver.list_perpetual("BTC-PERPETUAL");
  driver.list_perpetual("ETH-PERPETUAL", "ETH");
  driver.cycle();
  book(driver, true, 99, 101);
  driver.cycle();
  return driver;
}

constexpr auto kSpread = Figure::SpreadRatio;

}  // namespace

TEST_SUITE("core/engine/spread") {
  TEST_CASE("a followed book has its spread over the middle, and an instrument without one has no such row") {
    EngineDriver driver = driver_with_book();
    CHECK(driver.value(kSpread, {"deribit", "BTC-PERPETUAL"}) == doctest::Approx(0.02));
    CHECK_FALSE(driver.has(kSpread, {"deribit", "ETH-PERPETUAL"}));
  }

  TEST_CASE("before the first snapshot and after a break the spread is unknown, marks stay, and a snapshot heals it") {
    EngineDriver driver{following()};
    driver.list_perpetual("BTC-PERPETUAL");
    driver.mark("BTC-PERPETUAL", {.price = 100});
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "unknown/order_book_invalid");
    book(driver, true, 99, 101);
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "ok/none");
    driver.apply(BookInvalidated{}, driver.id("BTC-PERPETUAL"));
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "unknown/order_book_invalid");
    CHECK(driver.state(Figure::MarkPrice, {"deribit", "BTC-PERPETUAL"}) == "ok/none");
    book(driver, false, 98, 102);
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "unknown/order_book_invalid");
    book(driver, true, 98, 102);
    driver.cycle();
    CHECK(driver.value(kSpread, {"deribit", "BTC-PERPETUAL"}) == doctest::Approx(0.04));
  }

  TEST_CASE("a crossed book and an empty side say nothing") {
    EngineDriver driver = driver_with_book();
    book(driver, true, 101, 99);
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "unknown/order_book_invalid");
    const InstrumentId id = driver.id("BTC-PERPETUAL");
    driver.apply(BookBegin{.snapshot = true}, id);
    driver.apply(BookEnd{.sequence = 2}, id);
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "unknown/empty");
  }

  TEST_CASE("a book whose connection is down or that has not changed for too long is stale") {
    EngineDriver driver = driver_with_book();
    driver.advance(61s);
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "stale/too_old");
    book(driver, true, 99, 101);
    driver.status(kPublic, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(kSpread, {"deribit", "BTC-PERPETUAL"}) == "stale/feed_down");
  }
}
