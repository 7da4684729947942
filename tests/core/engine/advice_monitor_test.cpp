#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kShort = "BTC-30D-50000-C";
constexpr std::string_view kOther = "BTC-60D-52000-C";
constexpr std::string_view kLeg = "BTC_USDC-PERPETUAL";

AdviceInstrument advice(std::string_view name, double most) {
  AdviceInstrument one;
  one.instrument = deribit(name);
  one.max_trade_size = most;
  one.fee_ratio = 0.0005;
  return one;
}

EngineSetup hedged() {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book = book_of("desk", {line(kShort, -10)});
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {book};
  HedgeSetup hedge;
  hedge.name = "delta";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(kLeg)};
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  hedge.advice = {advice(kLeg, 20)};
  setup.hedges = {hedge};
  setup.watch = {deribit(kLeg), deribit(kOther)};
  return setup;
}

Quote quote(double bid, double ask) {
  return {.bid = Price::from_raw(std::llround(bid * 1e9)),
          .ask = Price::from_raw(std::llround(ask * 1e9)),
          .bid_size = size_of(1),
          .ask_size = size_of(1)};
}

void prices(EngineDriver& driver) {
  driver.index(50'000);
  driver.index(50'000, "BTC", "USDC");
  driver.mark(kShort, {.price = 0.06, .vol = 0.6, .forward = 50'000, .index = 50'000});
  driver.mark(kOther, {.price = 0.08, .vol = 0.6, .forward = 50'000, .index = 50'000});
  driver.mark(kLeg, {.price = 50'000, .index = 50'000});
  driver.apply(quote(49'995, 50'005), driver.id(kLeg));
  driver.apply(quote(0.079, 0.081), driver.id(kOther));
}

void hold(EngineDriver& driver, double coins) {
  driver.begin_snapshot();
  driver.position(kLeg, coins, 50'000);
  driver.end_snapshot();
}

EngineDriver driver_with(const EngineSetup& setup, double coins) {
  EngineDriver driver{setup};
  driver.list_option(kShort, OptionRight::Call, 50'000, 30);
  driver.list_option(kOther, OptionRight::Call, 52'000, 60);
  driver.list_linear(kLeg);
  prices(driver);
  hold(driver, coins);
  driver.cycle();
  driver.cycle();
  return driver;
}

double net(const EngineDriver& driver) { return driver.value(Figure::HedgeNetDeltaCoins, {"delta"}); }
double advised(const EngineDriver& driver, std::string_view name) {
  return driver.value(Figure::AdviceTradeSize, {"delta", "deribit", name});
}

}  // namespace

TEST_SUITE("core/engine/advice_monitor") {
  TEST_CASE("outside the soft limit the advice goes back just inside it, and says what that costs") {
    EngineDriver driver = driver_with(hedged(), 0);
    const double before = net(driver);
    REQUIRE(before < -5);
    const double size = advised(driver, kLeg);
    CHECK(before + size > -1);
    CHECK(before + size < -0.99);
    CHECK(driver.value(Figure::AdviceCostUsd, {"delta"}) == doctest::Approx(size * (0.0005 * 50'000 + 5)));
    CHECK(driver.value(Figure::AdviceObjectiveAfter, {"delta"}) < driver.value(Figure::AdviceObjectiveBefore, {"delta"}) / 100);
    hold(driver, std::round(size * 1'000) / 1'000);
    driver.cycle();
    CHECK(std::abs(net(driver)) < 1);
    CHECK(advised(driver, kLeg) == 0);  // at once: nobody is to trade the same advice twice
    CHECK(driver.value(Figure::AdviceCostUsd, {"delta"}) == 0);
  }

  TEST_CASE("a band is what one goes back to where there is one") {
    EngineSetup setup = hedged();
    setup.hedges[0].band = BandSetup{.half_width_coins = 0.25};
    EngineDriver driver = driver_with(setup, 0);
    const double after = net(driver) + advised(driver, kLeg);
    CHECK(after > -0.25);
    CHECK(after < -0.24);
  }

  TEST_CASE("the largest trade, the position limit and the depth near the mid are kept") {
    EngineSetup setup = hedged();
    setup.hedges[0].advice[0].max_trade_size = 2;
    CHECK(advised(driver_with(setup, 0), kLeg) == doctest::Approx(2));
    setup.hedges[0].advice[0].max_trade_size = 20;
    setup.hedges[0].advice[0].position_limit = 2.5;
    CHECK(advised(driver_with(setup, 1), kLeg) == doctest::Approx(1.5));
    setup.hedges[0].advice[0].position_limit.reset();
    setup.order_books = {deribit(kLeg)};
    EngineDriver driver = driver_with(setup, 0);
    const auto price = [](double value) { return Price::from_raw(std::llround(value * 1e9)); };
    driver.apply(BookBegin{.snapshot = true}, driver.id(kLeg));
    driver.apply(BookLevel{.price = price(49'990), .size = size_of(9), .side = Side::Buy}, driver.id(kLeg));
    driver.apply(BookLevel{.price = price(50'010), .size = size_of(0.7), .side = Side::Sell}, driver.id(kLeg));
    driver.apply(BookLevel{.price = price(50'900), .size = size_of(70), .side = Side::Sell}, driver.id(kLeg));
    driver.apply(BookEnd{.sequence = 1}, driver.id(kLeg));
    driver.advance(1s);
    driver.cycle();
    CHECK(advised(driver, kLeg) == doctest::Approx(0.7));
  }

  TEST_CASE("a gamma limit brings an option into the advice, and the future makes up for its delta") {
    EngineSetup setup = hedged();
    setup.hedges[0].gamma_limit_coins_per_percent = 0.1;
    setup.hedges[0].advice.push_back(advice(kOther, 30));
    EngineDriver driver = driver_with(setup, 0);
    CHECK(advised(driver, kOther) > 0);
    const double unit_delta = driver.value(Figure::Delta, {"deribit", kOther});
    CHECK(std::abs(net(driver) + advised(driver, kLeg) + advised(driver, kOther) * unit_delta) <= 1.001);
    CHECK(driver.value(Figure::AdviceRankLost, {"delta"}) == 0);
  }

  TEST_CASE("limits that the instruments cannot serve apart are told as lost rank") {
    EngineSetup setup = hedged();
    setup.hedges[0].gamma_limit_coins_per_percent = 0.1;
    setup.hedges[0].vega_limit_usd_per_vol_point = 100;
    setup.hedges[0].advice = {advice(kLeg, 20), advice(kOther, 30), advice(kShort, 30)};
    EngineDriver driver{setup};
    driver.list_option(kShort, OptionRight::Call, 50'000, 30);
    driver.list_option(kOther, OptionRight::Call, 52'000, 30);  // the same expiry, on the same vol
    driver.list_linear(kLeg);
    prices(driver);
    driver.apply(quote(0.059, 0.061), driver.id(kShort));
    hold(driver, 0);
    driver.cycle();
    driver.cycle();
    CHECK(driver.value(Figure::AdviceRankLost, {"delta"}) == 1);
    CHECK(driver.value(Figure::AdviceObjectiveAfter, {"delta"}) <= driver.value(Figure::AdviceObjectiveBefore, {"delta"}));
  }

  TEST_CASE("an instrument without a quote is not advised and says why; the others still are") {
    EngineSetup setup = hedged();
    setup.hedges[0].advice.push_back(advice(kOther, 30));
    EngineDriver driver = driver_with(setup, 0);
    driver.apply(Quote{}, driver.id(kOther));
    driver.advance(1s);
    driver.cycle();
    CHECK(driver.state(Figure::AdviceTradeSize, {"delta", "deribit", kOther}) == "unknown/never_received");
    CHECK(advised(driver, kLeg) > 0);
  }

  TEST_CASE("an unknown delta has no advice") {
    EngineDriver driver = driver_with(hedged(), 0);
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::AdviceTradeSize, {"delta", "deribit", kLeg}) == driver.state(Figure::HedgeNetDeltaCoins, {"delta"}));
    CHECK(driver.state(Figure::AdviceObjectiveBefore, {"delta"}) == driver.state(Figure::HedgeNetDeltaCoins, {"delta"}));
  }
}
