#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

using Levels = std::initializer_list<std::pair<double, double>>;

EngineSetup hedged(double legs_size) {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("desk", {line("BTC-30D-50000-C", -10), line("BTC_USDC-PERPETUAL", legs_size)})};
  HedgeSetup hedge;
  hedge.name = "delta";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit("BTC_USDC-PERPETUAL"), deribit("BTC-PERPETUAL")};
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  hedge.flatten_within_bps = 10;
  setup.hedges = {hedge};
  setup.watch = {deribit("BTC_USDC-PERPETUAL"), deribit("BTC-PERPETUAL")};
  setup.order_books = setup.watch;
  return setup;
}

void book(EngineDriver& driver, std::string_view name, Levels bids, Levels asks) {
  const InstrumentId id = driver.id(name);
  const auto price = [](double value) { return Price::from_raw(std::llround(value * 1e9)); };
  driver.apply(BookBegin{.snapshot = true}, id);
  for (const auto& [at, size] : bids) driver.apply(BookLevel{.price = price(at), .size = size_of(size), .side = Side::Buy}, id);
  for (const auto& [at, size] : asks) driver.apply(BookLevel{.price = price(at), .size = size_of(size), .side = Side::Sell}, id);
  driver.apply(BookEnd{.sequence = 1}, id);
}

/// Short ten calls at the money, hedged with `legs_size` coins; mid 50,000 everywhere.
EngineDriver driver_with(double legs_size) {
  EngineDriver driver{hedged(legs_size)};
  driver.list_option("BTC-30D-50000-C", OptionRight::Call, 50'000, 30);
  driver.list_linear("BTC_USDC-PERPETUAL");
  driver.list_perpetual("BTC-PERPETUAL");
  driver.index(50'000);
  driver.index(50'000, "BTC", "USDC");
  driver.mark("BTC-30D-50000-C", {.price = 0.06, .vol = 0.6, .forward = 50'000, .index = 50'000});
  driver.mark("BTC_USDC-PERPETUAL", {.price = 50'000, .index = 50'000});
  driver.mark("BTC-PERPETUAL", {.price = 50'000, .index = 50'000});
  return driver;
}

void settle(EngineDriver& driver) {
  for (int i = 0; i < 3; ++i) {
    driver.advance(1s);
    driver.cycle();
  }
}

}  // namespace

TEST_SUITE("core/engine/liquidity_monitor") {
  TEST_CASE("flattening walks the book of the leg: cost, slippage and what is fillable near the mid") {
    EngineDriver driver = driver_with(7);
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 1}, {49'900, 5}}, {{50'010, 1}, {50'100, 5}});
    settle(driver);
    const double net = driver.value(Figure::HedgeNetDeltaCoins, {"delta"});
    CAPTURE(net);
    REQUIRE(net > 1);  // 7 coins against about -5.4
    const double cost = 1 * 10 + (net - 1) * 100;
    CHECK(driver.value(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == doctest::Approx(cost));
    CHECK(driver.value(Figure::FlattenSlippageRatio, {"delta", "deribit", "now"}) == doctest::Approx(cost / net / 50'000));
    CHECK(driver.value(Figure::FlattenFillableRatio, {"delta", "deribit", "now"}) == doctest::Approx(1 / net));
    CHECK(driver.value(Figure::FlattenFilledRatio, {"delta", "deribit", "now"}) == 1);
    CHECK(driver.value(Figure::DepthUsd, {"delta", "deribit", "bid"}) == doctest::Approx(50'000));
    CHECK(driver.value(Figure::HedgeSpreadRatio, {"delta", "deribit"}) == doctest::Approx(20.0 / 50'000));
    CHECK(driver.value(Figure::FlattenCostUsd, {"delta", "all", "now"}) == doctest::Approx(cost));
  }

  TEST_CASE("a second leg's book makes it cheaper, and its dollars count as coins") {
    EngineDriver driver = driver_with(7);
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 1}, {49'900, 5}}, {{50'010, 1}, {50'100, 5}});
    settle(driver);
    const double alone = driver.value(Figure::FlattenCostUsd, {"delta", "deribit", "now"});
    book(driver, "BTC-PERPETUAL", {{49'995, 200'000}}, {{50'005, 200'000}});
    settle(driver);
    CHECK(driver.value(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) < alone / 4);
    CHECK(driver.value(Figure::FlattenFillableRatio, {"delta", "deribit", "now"}) == 1);
  }

  TEST_CASE("a book that is too thin has no cost, and says how much it takes") {
    EngineDriver driver = driver_with(9);
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 1}}, {{50'010, 1}});
    settle(driver);
    const double net = driver.value(Figure::HedgeNetDeltaCoins, {"delta"});
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == "unknown/depth_short");
    CHECK(driver.state(Figure::FlattenSlippageRatio, {"delta", "deribit", "now"}) == "unknown/depth_short");
    CHECK(driver.value(Figure::FlattenFilledRatio, {"delta", "deribit", "now"}) == doctest::Approx(1 / net));
  }

  TEST_CASE("after a one-sigma hour there is more to trade than now, and it costs more") {
    EngineDriver driver = driver_with(7);
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 1}, {49'900, 50}}, {{50'010, 1}, {50'100, 50}});
    settle(driver);
    CHECK(driver.value(Figure::HedgeHourSigmaRatio, {"delta"}) == doctest::Approx(0.6 / std::sqrt(8'760.0)));
    const double net = driver.value(Figure::HedgeNetDeltaCoins, {"delta"});
    const double down = driver.value(Figure::HedgeDeltaAfterHourCoins, {"delta", "down"});
    CHECK(down > net);  // short calls lose delta as the price falls: the long legs weigh more
    CHECK(driver.value(Figure::HedgeDeltaAfterHourCoins, {"delta", "up"}) < net);
    CHECK(driver.value(Figure::FlattenCostUsd, {"delta", "deribit", "after_hour"}) == doctest::Approx(1 * 10 + (down - 1) * 100));
  }

  TEST_CASE("without a book, with a broken one, a crossed one or a stale one nothing is said of flattening") {
    EngineDriver driver = driver_with(7);
    settle(driver);
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == "unknown/order_book_invalid");
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 9}}, {{50'010, 9}});
    settle(driver);
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == "ok/none");
    driver.apply(BookInvalidated{}, driver.id("BTC_USDC-PERPETUAL"));
    driver.cycle();  // at once, without waiting for the next walk
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == "unknown/order_book_invalid");
    CHECK(driver.state(Figure::DepthUsd, {"delta", "all", "bid"}) == "unknown/order_book_invalid");
    book(driver, "BTC_USDC-PERPETUAL", {{50'020, 9}}, {{50'010, 9}});
    settle(driver);
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == "unknown/order_book_invalid");
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 9}}, {{50'010, 9}});
    driver.advance(61s);
    driver.cycle();
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == "stale/too_old");
  }

  TEST_CASE("an unknown delta has no cost, and the depth is told all the same") {
    EngineDriver driver = driver_with(7);
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 9}}, {{50'010, 9}});
    settle(driver);
    driver.mark("BTC-30D-50000-C", {.price = 0.06});
    driver.advance(61s);
    driver.mark("BTC_USDC-PERPETUAL", {.price = 50'000, .index = 50'000});
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 9}}, {{50'010, 9}});
    driver.cycle();
    CHECK(driver.state(Figure::FlattenCostUsd, {"delta", "deribit", "now"}) == driver.state(Figure::HedgeNetDeltaCoins, {"delta"}));
    CHECK(driver.value(Figure::DepthUsd, {"delta", "deribit", "bid"}) == doctest::Approx(9 * 50'000));
  }

  TEST_CASE("depth is compared with its own last hours once there are enough of them") {
    EngineDriver driver = driver_with(7);
    for (int minute = 0; minute < 40; ++minute) {
      book(driver, "BTC_USDC-PERPETUAL", {{49'990, 10.0 + minute % 2}}, {{50'010, 12}});
      driver.mark("BTC-30D-50000-C", {.price = 0.06, .vol = 0.6, .forward = 50'000, .index = 50'000});
      driver.advance(60s);
      book(driver, "BTC_USDC-PERPETUAL", {{49'990, 10.0 + minute % 2}}, {{50'010, 12}});
      driver.cycle();
      if (minute == 5) CHECK(driver.state(Figure::DepthEvaporationRatio, {"delta", "deribit"}) == "unknown/warming_up");
    }
    CHECK(driver.value(Figure::DepthEvaporationRatio, {"delta", "deribit"}) < 0.1);
    driver.advance(1s);
    book(driver, "BTC_USDC-PERPETUAL", {{49'990, 0.21}}, {{50'010, 12}});
    driver.cycle();
    CHECK(driver.value(Figure::DepthEvaporationRatio, {"delta", "deribit"}) == doctest::Approx(0.98));
    CHECK(driver.value(Figure::DepthRankRatio, {"delta", "deribit"}) == 0);
  }
}
