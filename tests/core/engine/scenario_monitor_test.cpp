#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

#include "core/engine/engine_driver.hpp"
#include "core/pricing/black76.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kOption = "BTC-30D-50000-C";

EngineSetup setup() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("desk", {line(kOption, -4), line("BTC-PERPETUAL", 30'000)})};
  ScenarioSetup scenario;
  scenario.shape = {.spot_shocks = {-0.2, 0, 0.2},
                    .vol_shocks = {{.name = "same", .change_ratio = 0, .floor_ratio = 0},
                                   {.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}},
                    .extended = {}};
  scenario.value_at_risk = {.bar = 60s, .window = 40, .horizon = 60s, .confidences = {0.9, 0.99}};
  setup.scenario = scenario;
  return setup;
}

void prices(EngineDriver& driver, double price, double vol = 0.6) {
  driver.index(price);
  driver.mark(kOption, {.price = 0.06, .vol = vol, .forward = price, .index = price});
  driver.mark("BTC-PERPETUAL", {.price = price, .index = price});
}

EngineDriver priced(const EngineSetup& configuration = setup()) {
  EngineDriver driver{configuration};
  driver.list_option(kOption, OptionRight::Call, 50'000, 30);
  driver.list_perpetual("BTC-PERPETUAL");
  prices(driver, 50'000);
  return driver;
}

void cycles(EngineDriver& driver, int count) {
  for (int i = 0; i < count; ++i) driver.cycle();
}

double premium(double forward, double vol, double days) {
  return black76({.right = OptionRight::Call,
                  .forward = forward,
                  .strike = 50'000,
                  .to_expiry = YearFraction::from_days(days),
                  .vol = Vol::from_fraction(vol)})
      .value()
      .price;
}

double cell(const EngineDriver& driver, std::string_view spot, std::string_view vol) {
  return driver.value(Figure::ScenarioPnlUsd, {"desk", "BTC", spot, vol});
}

const std::initializer_list<std::string_view> kWorst{"desk", "BTC"};

}  // namespace

TEST_SUITE("core/engine/scenario_monitor") {
  TEST_CASE("a grid is repriced in full, options and futures together, and its worst cell is the loss") {
    EngineDriver driver = priced();
    cycles(driver, 4);
    const double base = premium(50'000, 0.6, 30);
    CHECK(cell(driver, "0", "same") == 0);
    CHECK(cell(driver, "0.2", "same") == doctest::Approx(-4 * (premium(60'000, 0.6, 30) - base) + 6'000));
    CHECK(cell(driver, "-0.2", "up") == doctest::Approx(-4 * (premium(40'000, 0.9, 30) - base) - 6'000));
    CHECK(driver.value(Figure::ScenarioWorstLossUsd, kWorst) == doctest::Approx(-cell(driver, "0.2", "up")));
  }

  TEST_CASE("nothing is shown of a grid that is not whole") {
    EngineDriver driver = priced();
    driver.cycle();
    CHECK(driver.state(Figure::ScenarioWorstLossUsd, kWorst) == "unknown/warming_up");
    CHECK(driver.state(Figure::ScenarioPnlUsd, {"desk", "BTC", "-0.2", "same"}) == "unknown/warming_up");
  }

  TEST_CASE("a grid follows the market after a second, and not before") {
    EngineDriver driver = priced();
    cycles(driver, 4);
    const double before = cell(driver, "0.2", "same");
    prices(driver, 48'000);
    cycles(driver, 4);
    CHECK(cell(driver, "0.2", "same") == before);
    driver.advance(1s);
    cycles(driver, 4);
    CHECK(cell(driver, "0.2", "same") != before);
  }

  TEST_CASE("an input that is lost is lost at once") {
    EngineDriver driver = priced();
    cycles(driver, 4);
    driver.status(kPublic, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::ScenarioWorstLossUsd, kWorst) == "stale/feed_down");
    CHECK(driver.state(Figure::ScenarioPnlUsd, {"desk", "BTC", "0", "up"}) == "stale/feed_down");
  }

  TEST_CASE("a position without a vol makes the grid unknown and not smaller") {
    EngineDriver blind{setup()};
    blind.list_option(kOption, OptionRight::Call, 50'000, 30);
    blind.list_perpetual("BTC-PERPETUAL");
    blind.index(50'000);
    blind.mark("BTC-PERPETUAL", {.price = 50'000, .index = 50'000});
    cycles(blind, 4);
    CHECK(blind.state(Figure::ScenarioWorstLossUsd, kWorst).starts_with("unknown/"));
  }

  TEST_CASE("a small budget takes more cycles to the same grid") {
    EngineDriver whole = priced();
    cycles(whole, 4);
    EngineSetup small = setup();
    small.scenario->options_per_cycle = 1;
    EngineDriver pieces = priced(small);
    cycles(pieces, 4);
    CHECK(pieces.state(Figure::ScenarioWorstLossUsd, kWorst) == "unknown/warming_up");
    cycles(pieces, 8);
    CHECK(cell(pieces, "0.2", "up") == cell(whole, "0.2", "up"));
  }

  TEST_CASE("without a scenario table there are no such figures") {
    EngineSetup bare = setup();
    bare.scenario.reset();
    EngineDriver driver = priced(bare);
    driver.cycle();
    CHECK_FALSE(driver.has(Figure::ScenarioWorstLossUsd, kWorst));
    CHECK_FALSE(driver.has(Figure::ValueAtRiskReturns, kWorst));
  }
}

TEST_SUITE("core/engine/value_at_risk_monitor") {
  TEST_CASE("the tail of a future alone is that of its returns, by both methods") {
    EngineSetup configuration = setup();
    configuration.books = {book_of("desk", {line("BTC-PERPETUAL", 30'000)})};
    EngineDriver driver = priced(configuration);
    double price = 50'000;
    for (int bar = 0; bar < 25; ++bar) {
      price *= bar % 10 == 9 ? 0.98 : 1.001;
      prices(driver, price);
      driver.cycle();
      driver.advance(60s);
      driver.status(kPublic, FeedPhase::Live);
    }
    prices(driver, price);
    cycles(driver, 12);
    CHECK(driver.value(Figure::ValueAtRiskReturns, kWorst) >= 20);
    for (const char* method : {"historical", "delta_gamma"}) {
      CAPTURE(method);
      CHECK(driver.value(Figure::ExpectedShortfallUsd, {"desk", "BTC", "0.9", "1m", method}) > 0);
      CHECK(driver.value(Figure::ExpectedShortfallUsd, {"desk", "BTC", "0.9", "1m", method}) < 30'000 * 0.0201);
      CHECK(driver.state(Figure::ValueAtRiskUsd, {"desk", "BTC", "0.99", "1m", method}) == "unknown/warming_up");
    }
  }

  TEST_CASE("before there are twenty returns the tail is warming up") {
    EngineDriver driver = priced();
    cycles(driver, 5);
    CHECK(driver.state(Figure::ValueAtRiskUsd, {"desk", "BTC", "0.9", "1m", "historical"}) == "unknown/warming_up");
    CHECK(driver.value(Figure::ValueAtRiskReturns, kWorst) == 0);
  }
}
