#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kLeg = "BTC_USDC-PERPETUAL";

EngineSetup hedged() {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book = book_of("desk", {line("BTC-30D-50000-C", -10)});
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {book};
  HedgeSetup hedge;
  hedge.name = "delta";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(kLeg)};
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  hedge.band = BandSetup{.half_width_coins = 0.5};
  setup.hedges = {hedge};
  return setup;
}

void prices(EngineDriver& driver, double mid) {
  driver.index(mid);
  driver.index(mid, "BTC", "USDC");
  driver.mark("BTC-30D-50000-C", {.price = 0.06, .vol = 0.6, .forward = mid, .index = mid});
  driver.mark(kLeg, {.price = mid, .index = mid});
  driver.apply(Quote{.bid = Price::from_raw(std::llround((mid - 5) * 1e9)),
                     .ask = Price::from_raw(std::llround((mid + 5) * 1e9)),
                     .bid_size = size_of(1),
                     .ask_size = size_of(1)},
               driver.id(kLeg));
}

void fill(EngineDriver& driver, Side side, double size, double price, double fee, std::uint64_t sequence,
          AccountId account = kMain) {
  driver.apply(Fill{.price = Price::from_raw(std::llround(price * 1e9)),
                    .size = size_of(size),
                    .fee = fee,
                    .fee_asset = AssetCode::from("USDC").value(),
                    .sequence = sequence,
                    .side = side},
               driver.id(kLeg), account, kPrivate);
}

/// Short about 5.4 coins of delta, unhedged: the signal fires in the first cycle, at a mid of 50,000.
EngineDriver signalled() {
  EngineDriver driver{hedged()};
  driver.list_option("BTC-30D-50000-C", OptionRight::Call, 50'000, 30);
  driver.list_linear(kLeg);
  driver.begin_snapshot();
  driver.end_snapshot();
  prices(driver, 50'000);
  driver.cycle();
  return driver;
}

double cost(const EngineDriver& driver, std::string_view kind) { return driver.value(Figure::HedgeCostUsd, {"delta", kind}); }

}  // namespace

TEST_SUITE("core/engine/hedge_cost_monitor") {
  TEST_CASE("a fill is measured against the mid when the signal fired: fee, half spread, delay and impact") {
    EngineDriver driver = signalled();
    driver.advance(2s);
    prices(driver, 50'040);
    fill(driver, Side::Buy, 2, 50'048, 12, 7);
    driver.cycle();
    CHECK(cost(driver, "fees") == doctest::Approx(12));
    CHECK(cost(driver, "half_spread") == doctest::Approx(2 * 5));
    CHECK(cost(driver, "delay") == doctest::Approx(2 * 40));
    CHECK(cost(driver, "impact") == doctest::Approx(2 * 3));
    CHECK(driver.value(Figure::HedgeCostPerNotionalRatio, {"delta"}) == doctest::Approx(108.0 / (2 * 50'048)));
  }

  TEST_CASE("the same fill told twice counts once, and that of another account's book not at all") {
    EngineDriver driver = signalled();
    fill(driver, Side::Buy, 1, 50'005, 10, 7);
    fill(driver, Side::Buy, 1, 50'005, 10, 7);
    fill(driver, Side::Buy, 1, 50'005, 10, 8, kSecond);
    driver.cycle();
    CHECK(cost(driver, "fees") == doctest::Approx(10));
    CHECK(driver.value(Figure::HedgeUncostedFills, {"delta"}) == 0);
  }

  TEST_CASE("without a signal there is no delay") {
    EngineDriver driver = signalled();
    driver.begin_snapshot();
    driver.position(kLeg, 5.4, 50'000);
    driver.end_snapshot();
    driver.cycle();
    driver.advance(11s);
    driver.cycle();
    prices(driver, 51'000);
    fill(driver, Side::Sell, 1, 50'995, 0, 9);
    driver.cycle();
    CHECK(cost(driver, "delay") == 0);
    CHECK(cost(driver, "half_spread") == doctest::Approx(5));
  }

  TEST_CASE("a fill without a believable mid or a fee is counted and not costed") {
    EngineDriver driver = signalled();
    driver.advance(61s);
    driver.cycle();
    fill(driver, Side::Buy, 1, 50'005, 10, 7);
    prices(driver, 50'000);
    fill(driver, Side::Buy, 1, 50'005, kAbsent, 8);
    driver.cycle();
    CHECK(cost(driver, "fees") == 0);
    CHECK(driver.value(Figure::HedgeUncostedFills, {"delta"}) == 2);
    CHECK(driver.state(Figure::HedgeCostPerNotionalRatio, {"delta"}) == "unknown/empty");
  }

  TEST_CASE("funding is paid on what is held, and unknown while a held perpetual's rate is") {
    EngineDriver driver = signalled();
    CHECK(cost(driver, "funding") == 0);  // nothing is held
    driver.begin_snapshot();
    driver.position(kLeg, 5, 50'000);
    driver.end_snapshot();
    driver.cycle();
    CHECK(driver.state(Figure::HedgeCostUsd, {"delta", "funding"}) == "unknown/never_received");
    driver.apply(Funding{.current_rate_8h = 0.0008}, driver.id(kLeg));
    driver.advance(30s);
    prices(driver, 50'000);
    driver.cycle();
    // Longs pay 0.0008 of 250,000 dollars in eight hours.
    CHECK(cost(driver, "funding") == doctest::Approx(200.0 * 30 / 28'800));
  }

  TEST_CASE("cost per sigma removed needs half an hour of bars, and then that risk was removed") {
    EngineDriver driver = signalled();
    driver.begin_snapshot();
    driver.position(kLeg, 5, 50'000);
    driver.end_snapshot();
    fill(driver, Side::Buy, 5, 50'005, 125, 7);
    driver.cycle();
    CHECK(driver.state(Figure::HedgeCostPerSigmaRemoved, {"delta"}) == "unknown/never_received");
    double unhedged = 0;
    double hedged = 0;
    for (int minute = 0; minute < 32; ++minute) {
      driver.advance(30s);
      driver.apply(TimerTick{});
      driver.advance(30s);
      const double before = minute % 2 == 0 ? 50'000 : 50'100;
      const double item = minute > 0 ? driver.value(Figure::HedgeItemDeltaCoins, {"delta"}) : 0;
      const double net = minute > 0 ? driver.value(Figure::HedgeNetDeltaCoins, {"delta"}) : 0;
      prices(driver, minute % 2 == 0 ? 50'100 : 50'000);
      driver.apply(Funding{.current_rate_8h = 0}, driver.id(kLeg));
      driver.equity(10);
      driver.cycle();
      const double change = (minute % 2 == 0 ? 50'100 : 50'000) - before;
      unhedged += item * item * change * change;
      hedged += net * net * change * change;
    }
    const double total = cost(driver, "fees") + cost(driver, "half_spread") + cost(driver, "delay") + cost(driver, "impact");
    CHECK(driver.value(Figure::HedgeCostPerSigmaRemoved, {"delta"}) ==
          doctest::Approx(total / (std::sqrt(unhedged) - std::sqrt(hedged))).epsilon(0.03));
  }
}
