#include "core/engine/regime_monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kItem = "BTC_USDC-PERPETUAL";
constexpr std::string_view kOwnLeg = "BTC_USDC-26MAR27";
constexpr std::string_view kCrossLeg = "ETH_USDC-PERPETUAL";

HedgeSetup hedge_by(std::string_view name, std::string_view leg) {
  HedgeSetup hedge;
  hedge.name = name;
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(leg)};
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  EffectivenessSetup effectiveness;
  effectiveness.sampling = {.bar = 60s,
                            .windows = {40min},
                            .minimum_pairs = 5,
                            .half_life = 10min,
                            .reference = 24h,
                            .correlation_floor = 0.9,
                            .offset_floor = 10};
  effectiveness.basis_leg = deribit(leg);
  effectiveness.reference = deribit(kItem);
  hedge.effectiveness = effectiveness;
  return hedge;
}

HedgeSetup by_other_coin() {
  HedgeSetup hedge = hedge_by("cross", kCrossLeg);
  hedge.leg_underlying = "ETH";
  hedge.beta_source = BetaSource::Fixed;
  return hedge;
}

EngineDriver listed(std::vector<HedgeSetup> hedges) {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("desk", {line(kItem, 10), line(kOwnLeg, -5), line(kCrossLeg, -100)})};
  setup.hedges = std::move(hedges);
  EngineDriver driver{setup};
  driver.list_linear(kItem);
  driver.list_linear(kOwnLeg);
  driver.list_linear(kCrossLeg, "ETH");
  return driver;
}

void price(EngineDriver& driver, std::string_view instrument, std::string_view base, double value, double spread = 0.0002) {
  driver.index(value, base, "USDC");
  driver.mark(instrument, {.price = value, .index = value});
  const auto at = [](double dollars) { return Price::from_raw(std::llround(dollars * 1e9)); };
  driver.apply(
      Quote{
          .bid = at(value * (1 - spread / 2)), .ask = at(value * (1 + spread / 2)), .bid_size = size_of(1), .ask_size = size_of(1)},
      driver.id(instrument));
}

void pass(EngineDriver& driver, int minutes, double own_spread = 0.0002, double cross_spread = 0.0002) {
  for (int step = 0; step < 3 * minutes; ++step) {
    const double move = std::exp(0.002 * std::sin(1.7 * step));
    price(driver, kItem, "BTC", 50'000 * move);
    price(driver, kOwnLeg, "BTC", 50'000 * move, own_spread);
    price(driver, kCrossLeg, "ETH", 3'000 * move, cross_spread);
    driver.cycle();
    driver.advance(20s);
  }
}

double multiplier(const EngineDriver& driver) { return driver.value(Figure::RegimeLimitMultiplierRatio, {"BTC"}); }

}  // namespace

TEST_SUITE("core/engine/regime_monitor") {
  TEST_CASE("an underlying is seen through a hedge by its own coin, wherever a cross hedge stands in the file") {
    for (const bool cross_first : {true, false}) {
      CAPTURE(cross_first);
      const HedgeSetup own = hedge_by("own", kOwnLeg);
      EngineDriver driver = listed(cross_first ? std::vector{by_other_coin(), own} : std::vector{own, by_other_coin()});
      pass(driver, 36);
      CHECK(driver.value(Figure::RegimeOfUnderlying, {"BTC", "dislocated"}) == 0);
      pass(driver, 3, 0.0002, 0.01);
      CHECK(driver.value(Figure::RegimeOfUnderlying, {"BTC", "dislocated"}) == 0);
      pass(driver, 3, 0.01);
      CHECK(driver.value(Figure::RegimeOfUnderlying, {"BTC", "dislocated"}) == 1);
      CHECK(multiplier(driver) == 0.25);
    }
  }

  TEST_CASE("of an underlying with cross hedges alone the vol is judged, and nothing by the spread of another coin's leg") {
    EngineDriver driver = listed({by_other_coin()});
    pass(driver, 36);
    CHECK_FALSE(driver.has(Figure::RegimeOfUnderlying, {"BTC", "dislocated"}));
    CHECK(driver.value(Figure::UnderlyingRealizedVolRatio, {"BTC"}) > 0);
    const double before = multiplier(driver);
    const double normal = driver.value(Figure::RegimeOfUnderlying, {"BTC", "normal"});
    pass(driver, 3, 0.0002, 0.01);
    CHECK(multiplier(driver) == before);
    CHECK(driver.value(Figure::RegimeOfUnderlying, {"BTC", "normal"}) == normal);
  }
}
