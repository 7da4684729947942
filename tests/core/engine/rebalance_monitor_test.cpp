#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCall = "BTC-30D-50000-C";
constexpr std::string_view kLeg = "BTC_USDC-PERPETUAL";

/// Ten short calls as a line; the leg's position is an account's.
EngineSetup hedged(const BandSetup& band) {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book = book_of("desk", {line(kCall, -10)});
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {book};
  HedgeSetup hedge;
  hedge.name = "delta";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(kLeg)};
  hedge.soft_delta_limit_coins = 2;
  hedge.hard_delta_limit_coins = 4;
  hedge.flatten_within_bps = 10;
  hedge.band = band;
  setup.hedges = {hedge};
  setup.watch = {deribit(kLeg)};
  return setup;
}

BandSetup fixed(double half_width) { return {.half_width_coins = half_width}; }

void prices(EngineDriver& driver, double forward, double vol = 0.6) {
  driver.index(forward);
  driver.index(forward, "BTC", "USDC");
  driver.mark(kCall, {.price = 0.06, .vol = vol, .forward = forward, .index = forward});
  driver.mark(kLeg, {.price = forward, .index = forward});
}

void hold(EngineDriver& driver, double coins) {
  driver.begin_snapshot();
  driver.position(kLeg, coins, 50'000);
  driver.end_snapshot();
}

EngineDriver driver_with(const EngineSetup& setup, double coins) {
  EngineDriver driver{setup};
  driver.list_option(kCall, OptionRight::Call, 50'000, 30);
  driver.list_linear(kLeg);
  prices(driver, 50'000);
  hold(driver, coins);
  for (int i = 0; i < 3; ++i) {
    driver.advance(1s);
    driver.cycle();
  }
  return driver;
}

double drift(const EngineDriver& driver, std::string_view cause) { return driver.value(Figure::DeltaDriftCoins, {"delta", cause}); }
double outside(const EngineDriver& driver) { return driver.value(Figure::OutsideBand, {"delta"}); }
double binding(const EngineDriver& driver, std::string_view kind) {
  return driver.value(Figure::ConstraintBinding, {"delta", kind});
}

}  // namespace

TEST_SUITE("core/engine/rebalance_monitor") {
  TEST_CASE("a fixed band lies around the target, and the delta is inside or outside") {
    EngineDriver driver = driver_with(hedged(fixed(0.5)), 5.3);
    CHECK(driver.value(Figure::BandLowerCoins, {"delta"}) == doctest::Approx(-0.5));
    CHECK(driver.value(Figure::BandUpperCoins, {"delta"}) == doctest::Approx(0.5));
    CHECK(outside(driver) == 0);
    hold(driver, 7);
    driver.cycle();
    CHECK(outside(driver) == 1);
    CHECK(driver.value(Figure::ExpectedSecondsToBand, {"delta"}) == 0);
  }

  TEST_CASE("a target ratio below one leaves that part of the item's delta in the middle of the band") {
    EngineSetup setup = hedged(fixed(0.5));
    setup.hedges[0].target_ratio = 0.9;
    EngineDriver driver = driver_with(setup, 5);
    const double item = driver.value(Figure::HedgeItemDeltaCoins, {"delta"});
    CHECK(driver.value(Figure::BandUpperCoins, {"delta"}) == doctest::Approx(0.1 * item + 0.5));
  }

  TEST_CASE("the Whalley-Wilmott band follows the gamma of the hour, and the fixed one stands in near an expiry") {
    const BandSetup band{
        .kind = BandKind::WhalleyWilmott, .half_width_coins = 0.7, .risk_aversion_per_usd = 2e-5, .cost_ratio = 0.0005};
    EngineDriver driver = driver_with(hedged(band), 5.3);
    const double width = driver.value(Figure::BandUpperCoins, {"delta"});
    const double gamma = 10 * 0.39894 / (50'000 * 0.6 * std::sqrt(30.0 / 365));
    CHECK(width == doctest::Approx(std::cbrt(1.5 * 0.0005 * 50'000 * gamma * gamma / 2e-5)).epsilon(0.02));
    CHECK(driver.value(Figure::BandFallback, {"delta"}) == 0);
    driver.advance(std::chrono::hours{24 * 29 + 1});
    for (int i = 0; i < 3; ++i) {
      driver.advance(1s);
      prices(driver, 50'000);
      hold(driver, 5.3);
      driver.cycle();
    }
    CHECK(driver.value(Figure::BandFallback, {"delta"}) == 1);
    CHECK(driver.value(Figure::BandUpperCoins, {"delta"}) == doctest::Approx(0.7));
  }

  TEST_CASE("the drift since the last hedge is told by cause, adds up to what the delta did, and a hedge begins it anew") {
    EngineDriver driver = driver_with(hedged(fixed(0.5)), 5.3);
    CHECK(driver.state(Figure::SecondsSinceRebalance, {"delta"}) == "unknown/never_received");
    hold(driver, 5.4);
    driver.cycle();
    CHECK(driver.value(Figure::SecondsSinceRebalance, {"delta"}) == 0);
    const double before = driver.value(Figure::HedgeNetDeltaCoins, {"delta"});
    for (int i = 1; i <= 20; ++i) {
      driver.advance(1s);
      prices(driver, 50'000 + 50 * i, 0.6 + 0.001 * i);
      driver.cycle();
    }
    const double moved = driver.value(Figure::HedgeNetDeltaCoins, {"delta"}) - before;
    CHECK(drift(driver, "gamma") < -0.3);  // short calls: the delta falls as the price rises
    CHECK(drift(driver, "trades") == 0);
    CHECK(std::abs(drift(driver, "other")) < 0.05 * std::abs(moved));
    CHECK(drift(driver, "gamma") + drift(driver, "vanna") + drift(driver, "charm") + drift(driver, "other") ==
          doctest::Approx(moved));
    CHECK(driver.value(Figure::SecondsSinceRebalance, {"delta"}) == doctest::Approx(20));
    hold(driver, 6);
    driver.cycle();
    CHECK(drift(driver, "gamma") == 0);
    CHECK(driver.value(Figure::SecondsSinceRebalance, {"delta"}) == 0);
  }

  TEST_CASE("a new share of a leg is no hedge: the time since the last one goes on, and the drift begins anew") {
    EngineSetup setup = hedged(fixed(0.5));
    EngineDriver driver = driver_with(setup, 5.3);
    hold(driver, 5.4);
    driver.cycle();
    for (int i = 1; i <= 10; ++i) {
      driver.advance(1s);
      prices(driver, 50'000 + 50 * i);
      driver.cycle();
    }
    const double gamma = drift(driver, "gamma");
    CHECK(gamma < -0.1);
    setup.hedges[0].target_ratio = 0.95;
    driver.engine().reconfigure(setup);
    driver.cycle();
    CHECK(drift(driver, "gamma") == gamma);

    setup.hedges[0].leg_shares = {0.5};
    driver.engine().reconfigure(setup);
    for (int i = 0; i < 3; ++i) {
      driver.cycle();
      for (const std::string_view cause : {"gamma", "trades", "other"}) CHECK(std::abs(drift(driver, cause)) < 1e-9);
      driver.advance(1s);
      prices(driver, 50'500);
    }
    CHECK(driver.value(Figure::SecondsSinceRebalance, {"delta"}) == doctest::Approx(12));
    hold(driver, 5.6);
    driver.cycle();
    CHECK(driver.value(Figure::SecondsSinceRebalance, {"delta"}) == 0);
  }

  TEST_CASE("the day's breakeven is one day of the implied vol, for short gamma as for long") {
    const EngineDriver driver = driver_with(hedged(fixed(0.5)), 5.3);
    CHECK(driver.value(Figure::BreakevenMoveRatio, {"delta"}) == doctest::Approx(0.6 / std::sqrt(365.0)).epsilon(0.01));
    CHECK(driver.value(Figure::ExpectedSecondsToBand, {"delta"}) > 0);
  }

  TEST_CASE("inside the band nothing binds; outside, the constraint that stops every instrument does") {
    struct Row {
      const char* kind;
      std::function<void(EngineSetup&)> set_up;
      double coins;
    };
    AdviceInstrument advice;
    advice.instrument = deribit(kLeg);
    advice.max_trade_size = 10;
    AdviceInstrument limited = advice;
    limited.position_limit = 3;
    AdviceInstrument small = advice;
    small.min_notional_usd = 1e6;
    const Row rows[] = {{"position_limit", [&](EngineSetup& setup) { setup.hedges[0].advice = {limited}; }, 2.5},
                        {"min_notional", [&](EngineSetup& setup) { setup.hedges[0].advice = {small}; }, 4.0}};
    for (const Row& row : rows) {
      CAPTURE(row.kind);
      EngineSetup setup = hedged(fixed(0.5));
      row.set_up(setup);
      EngineDriver driver = driver_with(setup, 5.3);
      CHECK(outside(driver) == 0);
      CHECK(binding(driver, row.kind) == 0);
      hold(driver, row.coins);
      driver.cycle();
      CHECK(outside(driver) == 1);
      CHECK(binding(driver, row.kind) == 1);
      CHECK(binding(driver, "lot") == 0);
    }
  }

  TEST_CASE("the largest trade binds while one advice is not enough, and the rate limit while its slices do not fit") {
    EngineSetup setup = hedged(fixed(0.5));
    AdviceInstrument advice;
    advice.instrument = deribit(kLeg);
    advice.max_trade_size = 1;
    setup.hedges[0].advice = {advice};
    setup.allowances = {{.account = kMain, .orders = {.orders = 3, .window = 10s}}};
    EngineDriver driver = driver_with(setup, 5.3);
    CHECK(binding(driver, "max_trade") == 0);
    const auto pass = [&](std::chrono::seconds time) {
      for (auto passed = 0s; passed < time; passed += 1s) {
        driver.advance(1s);
        prices(driver, 50'000);
        driver.cycle();
      }
    };
    const auto order = [&](std::uint64_t number, double remaining) {
      driver.apply(WorkingOrder{.order = number, .remaining = size_of(remaining), .side = Side::Buy}, driver.id(kLeg), kMain,
                   kPrivate);
    };
    driver.apply(WorkingOrdersBegin{}, kNoInstrument, kMain, kPrivate);
    order(1, 1);
    driver.apply(WorkingOrdersEnd{}, kNoInstrument, kMain, kPrivate);
    hold(driver, 2.5);
    driver.cycle();
    // About 5.3 short against 2.5, less half a coin of band: 2.3 coins, three slices of one.
    CHECK(outside(driver) == 1);
    CHECK(binding(driver, "max_trade") == 1);
    CHECK(driver.state(Figure::ConstraintBinding, {"delta", "rate_limit"}) == "unknown/warming_up");
    pass(10s);
    CHECK(binding(driver, "rate_limit") == 0);

    order(1, 0);  // known before: it was no new order
    driver.apply(Fill{.price = Price::from_raw(50'000'000'000'000), .size = size_of(1), .fee_asset = {}, .side = Side::Buy},
                 driver.id(kLeg), kMain, kPrivate);
    driver.cycle();
    CHECK(binding(driver, "rate_limit") == 0);
    order(2, 1);
    driver.cycle();
    CHECK(binding(driver, "rate_limit") == 1);
    hold(driver, 3);  // two slices are left to trade
    driver.cycle();
    CHECK(binding(driver, "rate_limit") == 0);
    hold(driver, 2.5);
    pass(9s);
    driver.engine().reconfigure(setup);
    driver.cycle();
    CHECK(binding(driver, "rate_limit") == 1);
    pass(1s);
    CHECK(binding(driver, "rate_limit") == 0);

    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::ConstraintBinding, {"delta", "rate_limit"}) == "unknown/feed_down");
    setup.allowances.clear();
    driver.engine().reconfigure(setup);
    driver.cycle();
    CHECK_FALSE(driver.has(Figure::ConstraintBinding, {"delta", "rate_limit"}));
  }

  TEST_CASE("once orders are told, the rate limit is unknown until they are stated whole again: after a reconnect and a restart") {
    EngineSetup setup = hedged(fixed(0.5));
    setup.allowances = {{.account = kMain, .orders = {.orders = 3, .window = 10s}}};
    EngineDriver driver = driver_with(setup, 2.5);
    const auto pass = [&](std::chrono::seconds time) {
      for (auto passed = 0s; passed < time; passed += 1s) {
        driver.advance(1s);
        prices(driver, 50'000);
        driver.cycle();
      }
    };
    const auto state_orders = [&] {
      driver.apply(WorkingOrdersBegin{}, kNoInstrument, kMain, kPrivate);
      driver.apply(WorkingOrdersEnd{}, kNoInstrument, kMain, kPrivate);
    };
    const auto limit = [&] { return driver.state(Figure::ConstraintBinding, {"delta", "rate_limit"}); };
    state_orders();
    pass(11s);
    REQUIRE(outside(driver) == 1);
    CHECK(limit() == "ok/none");

    const auto reconnect = [&] {
      driver.status(kPublic, FeedPhase::Live);
      driver.status(kPrivate, FeedPhase::Live);
      prices(driver, 50'000);
      hold(driver, 2.5);
      pass(12s);
      CHECK(driver.state(Figure::OutsideBand, {"delta"}) == "ok/none");
      CHECK(limit() == "unknown/warming_up");
      state_orders();
      pass(11s);
      CHECK(limit() == "ok/none");
    };
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    reconnect();

    std::vector<std::byte> state;
    driver.engine().save(state);
    auto restored = Engine::restored(setup, state);
    REQUIRE(restored.ok());
    driver.engine() = std::move(restored).value();
    driver.engine().resume(setup);
    reconnect();
  }

  TEST_CASE("where a venue tells no orders, the fills of one moment count as one order, and those of long ago as none") {
    EngineSetup setup = hedged(fixed(0.5));
    setup.allowances = {{.account = kMain, .orders = {.orders = 2, .window = 10s}}};
    EngineDriver driver = driver_with(setup, 2.5);
    for (int i = 0; i < 10; ++i) {
      driver.advance(1s);
      prices(driver, 50'000);
      driver.cycle();
    }
    const auto fill = [&](std::chrono::seconds ago) {
      driver.advance(-ago);
      const VenueTime at = driver.venue_now();
      driver.advance(ago);
      driver.engine().apply(
          {.header = {.exchange_time = at,
                      .received = driver.now(),
                      .instrument = driver.id(kLeg),
                      .account = kMain,
                      .connection = kPrivate},
           .body = Fill{.price = Price::from_raw(50'000'000'000'000), .size = size_of(1), .fee_asset = {}, .side = Side::Buy}});
      driver.cycle();
    };
    fill(20s);
    fill(0s);
    fill(0s);
    CHECK(binding(driver, "rate_limit") == 0);
    driver.advance(1s);
    fill(0s);
    CHECK(binding(driver, "rate_limit") == 1);
    CHECK_FALSE(driver.has(Figure::ConstraintBinding, {"delta", "max_trade"}));
  }

  TEST_CASE("an account without initial margin left cannot hedge") {
    EngineDriver driver = driver_with(hedged(fixed(0.5)), 3);
    driver.summary({.asset = AssetCode::from("USDC").value(), .margin_balance = 1'000, .initial_margin = 900});
    driver.cycle();
    CHECK(binding(driver, "margin") == 0);
    driver.summary({.asset = AssetCode::from("USDC").value(), .margin_balance = 1'000, .initial_margin = 1'000});
    driver.cycle();
    CHECK(binding(driver, "margin") == 1);
  }

  TEST_CASE("depth binds while less than the way back rests near the mid, and is unknown without a book") {
    EngineSetup setup = hedged(fixed(0.5));
    setup.order_books = {deribit(kLeg)};
    EngineDriver driver = driver_with(setup, 3);
    CHECK(driver.state(Figure::ConstraintBinding, {"delta", "depth"}) == "unknown/order_book_invalid");
    const auto price = [](double value) { return Price::from_raw(std::llround(value * 1e9)); };
    for (const double size : {0.4, 9.0}) {
      driver.apply(BookBegin{.snapshot = true}, driver.id(kLeg));
      driver.apply(BookLevel{.price = price(49'990), .size = size_of(50), .side = Side::Buy}, driver.id(kLeg));
      driver.apply(BookLevel{.price = price(50'010), .size = size_of(size), .side = Side::Sell}, driver.id(kLeg));
      driver.apply(BookEnd{.sequence = 1}, driver.id(kLeg));
      driver.cycle();
      CAPTURE(size);
      CHECK(binding(driver, "depth") == (size < 1 ? 1 : 0));
    }
  }

  TEST_CASE("an unknown delta has no band, no drift and no constraint") {
    EngineDriver driver = driver_with(hedged(fixed(0.5)), 5.3);
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::OutsideBand, {"delta"}) == "unknown/feed_down");
    CHECK(driver.state(Figure::DeltaDriftCoins, {"delta", "gamma"}) == "unknown/feed_down");
    CHECK(driver.state(Figure::ConstraintBinding, {"delta", "lot"}) == "unknown/feed_down");
  }
}
