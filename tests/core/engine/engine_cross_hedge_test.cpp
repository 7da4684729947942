#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kItem = "BTC_USDC-PERPETUAL";
constexpr std::string_view kLeg = "ETH_USDC-PERPETUAL";
constexpr std::string_view kOther = "ETH_USDC-26MAR27";
constexpr double kBeta = 1.25;

/// Ten coins of BTC, hedged by a hundred short of ETH; a future on ETH that is no leg.
EngineSetup crossed(BetaSource source) {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("desk", {line(kItem, 10), line(kLeg, -100), line(kOther, 7)})};
  HedgeSetup hedge;
  hedge.name = "cross";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.leg_underlying = "ETH";
  hedge.beta_source = source;
  hedge.beta = source == BetaSource::Fixed ? kBeta : 1;
  hedge.legs = {deribit(kLeg)};
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  EffectivenessSetup effectiveness;
  effectiveness.sampling = {.bar = 60s,
                            .windows = {10min},
                            .minimum_pairs = 5,
                            .half_life = 10min,
                            .reference = 24h,
                            .correlation_floor = 0.9,
                            .offset_floor = 10};
  effectiveness.basis_leg = deribit(kLeg);
  effectiveness.reference = deribit(kItem);
  hedge.effectiveness = effectiveness;
  setup.hedges = {hedge};
  return setup;
}

void price(EngineDriver& driver, std::string_view instrument, std::string_view base, double value) {
  driver.index(value, base, "USDC");
  driver.mark(instrument, {.price = value, .index = value});
  const auto at = [](double dollars) { return Price::from_raw(std::llround(dollars * 1e9)); };
  driver.apply(Quote{.bid = at(value * 0.9999), .ask = at(value * 1.0001), .bid_size = size_of(1), .ask_size = size_of(1)},
               driver.id(instrument));
}

void prices(EngineDriver& driver, double item, double leg) {
  price(driver, kItem, "BTC", item);
  price(driver, kLeg, "ETH", leg);
  driver.mark(kOther, {.price = leg, .index = leg});
}

EngineDriver listed(const EngineSetup& setup) {
  EngineDriver driver{setup};
  driver.list_linear(kItem);
  driver.list_linear(kLeg, "ETH");
  driver.list_linear(kOther, "ETH");
  prices(driver, 50'000, 3'000);
  driver.advance(1s);
  driver.cycle();
  return driver;
}

/// Minutes in which the item returns beta times what the legs do.
void pass(EngineDriver& driver, int minutes, int& step) {
  for (int i = 0; i < minutes; ++i, ++step) {
    const double log_move = 0.004 * std::sin(1.7 * step);
    for (int s = 0; s < 60; s += 20) {
      prices(driver, 50'000 * std::exp(kBeta * log_move), 3'000 * std::exp(log_move));
      driver.cycle();
      driver.advance(20s);
    }
  }
}

double hedge_value(const EngineDriver& driver, Figure figure) { return driver.value(figure, {"cross"}); }

}  // namespace

TEST_SUITE("core/engine/engine") {
  TEST_CASE("legs of another underlying offset the item by their dollars over beta") {
    EngineDriver driver = listed(crossed(BetaSource::Fixed));
    // 300,000 dollars of legs move as 240,000 of the item do: 4.8 of its coins.
    CHECK(hedge_value(driver, Figure::HedgeItemDeltaCoins) == 10);
    CHECK(hedge_value(driver, Figure::HedgeLegsDeltaCoins) == doctest::Approx(-4.8).epsilon(1e-12));
    CHECK(hedge_value(driver, Figure::HedgeNetDeltaCoins) == doctest::Approx(5.2).epsilon(1e-12));
    CHECK(hedge_value(driver, Figure::HedgeNetDeltaUsd) == doctest::Approx(260'000).epsilon(1e-12));
    CHECK(hedge_value(driver, Figure::HedgeRatio) == doctest::Approx(0.48).epsilon(1e-12));
    CHECK(driver.value(Figure::BookDeltaCoins, {"desk", "ETH", "black_scholes"}) == -93);
    CHECK_FALSE(driver.has(Figure::BasisRatio, {"cross", "deribit", "perpetual"}));

    // Either price moves it.
    price(driver, kItem, "BTC", 60'000);
    driver.cycle();
    CHECK(hedge_value(driver, Figure::HedgeLegsDeltaCoins) == doctest::Approx(-4).epsilon(1e-12));
    price(driver, kLeg, "ETH", 3'600);
    driver.cycle();
    CHECK(hedge_value(driver, Figure::HedgeLegsDeltaCoins) == doctest::Approx(-4.8).epsilon(1e-12));
  }

  TEST_CASE("a rolling beta is that of the two prices, unknown until there are enough bars and when they stop") {
    EngineDriver driver = listed(crossed(BetaSource::Rolling));
    CHECK(hedge_value(driver, Figure::HedgeItemDeltaCoins) == 10);
    CHECK(driver.state(Figure::HedgeLegsDeltaCoins, {"cross"}) == "unknown/warming_up");
    CHECK(driver.state(Figure::HedgeNetDeltaCoins, {"cross"}) == "unknown/warming_up");
    int step = 1;
    pass(driver, 12, step);
    CHECK(driver.value(Figure::HedgeBeta, {"cross", "rolling", "10m", "price"}) == doctest::Approx(kBeta).epsilon(1e-6));
    prices(driver, 50'000, 3'000);
    driver.cycle();
    CHECK(hedge_value(driver, Figure::HedgeLegsDeltaCoins) == doctest::Approx(-4.8).epsilon(1e-6));
    // What the legs earned of what the item lost: their dollars over beta times the item's.
    CHECK(driver.value(Figure::HedgeDollarOffsetRatio, {"cross", "rolling", "10m", "pnl_total"}) ==
          doctest::Approx(0.48).epsilon(0.01));
    CHECK(driver.value(Figure::HedgePairs, {"cross", "rolling", "10m", "pnl_total"}) >= 9);

    driver.advance(200s);
    driver.index(50'000, "BTC", "USDC");
    driver.cycle();
    CHECK(driver.state(Figure::HedgeNetDeltaCoins, {"cross"}) != "ok/none");
  }

  TEST_CASE("legs that do not move with the item have no beta to hedge by") {
    EngineDriver driver = listed(crossed(BetaSource::Rolling));
    for (int i = 0; i < 12; ++i)
      for (int s = 0; s < 60; s += 20) {
        prices(driver, 50'000, 3'000 * (1 + 0.004 * std::sin(1.7 * i)));
        driver.cycle();
        driver.advance(20s);
      }
    CHECK(driver.state(Figure::HedgeNetDeltaCoins, {"cross"}) == "unknown/inconclusive");
    CHECK(hedge_value(driver, Figure::HedgeItemDeltaCoins) == 10);
  }

  TEST_CASE("without the item's price the legs are unknown, and without legs nothing of them is missed") {
    EngineSetup setup = crossed(BetaSource::Rolling);
    EngineDriver driver = listed(setup);
    driver.status(kPublic, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::HedgeNetDeltaCoins, {"cross"}) != "ok/none");

    setup.books = {book_of("desk", {line(kItem, 10), line(kLeg, 0)})};
    EngineDriver bare = listed(setup);
    CHECK(hedge_value(bare, Figure::HedgeNetDeltaCoins) == 10);
    CHECK(hedge_value(bare, Figure::HedgeLegsDeltaCoins) == 0);

    // An item that is gone leaves the legs' delta alone, at the index of its coin.
    setup = crossed(BetaSource::Fixed);
    setup.books = {book_of("desk", {line(kLeg, -100)})};
    const EngineDriver legs_alone = listed(setup);
    CHECK(hedge_value(legs_alone, Figure::HedgeNetDeltaCoins) == doctest::Approx(-4.8).epsilon(1e-12));
  }

  TEST_CASE("a restored engine goes on with its cross hedge as the saved one does, to the bit") {
    const EngineSetup setup = crossed(BetaSource::Rolling);
    EngineDriver driver = listed(setup);
    int step = 1;
    pass(driver, 8, step);
    std::vector<std::byte> saved;
    driver.engine().save(saved);
    auto restored = Engine::restored(setup, saved);
    REQUIRE(restored.ok());
    const auto shown_after = [&] {
      const MonoTime now = driver.now();
      int next = step;
      pass(driver, 3, next);
      FigureSnapshot snapshot;
      driver.engine().figures().copy_to(snapshot);
      driver.advance(now - driver.now());
      std::vector<std::pair<FigureState, double>> shown;
      for (const FigureValue& value : snapshot.values)
        shown.emplace_back(value.state, value.state == FigureState::Ok ? value.value : 0);
      return shown;
    };
    const auto saved_one = shown_after();
    driver.engine() = std::move(restored).value();
    CHECK(shown_after() == saved_one);
  }
}
