// A simulated liquidity crisis: the books of both legs go from calm to spread x 20 and depth / 50, prices fall, the basis blows
// out, the relation between the legs breaks, and one venue goes down. What a risk manager expects of each figure is stated beside
// it.

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kOption = "BTC-30D-50000-C";
constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr ConnectionId kSecondMarket{2};
/// Ids of the second venue's instruments.
constexpr InstrumentId kSwap = make_instrument_id(Venue::Okx, 0);
constexpr std::string_view kSwapName = "BTC-USDT-SWAP";

/// Short forty calls at the money, delta-hedged on the first venue; a second venue's swap could hedge too.
EngineSetup setup() {
  EngineSetup setup = EngineDriver::setup();
  setup.venues = {{.venue = Venue::Deribit}, {.venue = Venue::Okx}};
  setup.connections = {"market", "account", "second"};
  setup.connection_venues = {Venue::Deribit, Venue::Deribit, Venue::Okx};
  BookSetup book = book_of("desk", {line(kOption, -40)});
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {book};
  HedgeSetup hedge;
  hedge.name = "delta";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(kPerpetual), {Venue::Okx, std::string{kSwapName}}};
  hedge.soft_delta_limit_coins = 1.5;
  hedge.hard_delta_limit_coins = 4;
  hedge.flatten_within_bps = 25;
  hedge.band =
      BandSetup{.kind = BandKind::WhalleyWilmott, .half_width_coins = 1, .risk_aversion_per_usd = 2e-5, .cost_ratio = 0.0005};
  AdviceInstrument advice;
  advice.instrument = deribit(kPerpetual);
  advice.max_trade_size = 5'000'000;
  advice.fee_ratio = 0.0005;
  hedge.advice = {advice};
  setup.hedges = {hedge};
  setup.watch = {deribit(kPerpetual), {Venue::Okx, std::string{kSwapName}}};
  setup.order_books = setup.watch;
  return setup;
}

class Market {
 public:
  Market() {
    driver.list_option(kOption, OptionRight::Call, 50'000, 30);
    driver.list_perpetual(kPerpetual);
    second(InstrumentListed{{.name = InstrumentName::from(kSwapName).value(),
                             .base = AssetCode::from("BTC").value(),
                             .quote = AssetCode::from("USDT").value(),
                             .settlement = AssetCode::from("USDT").value(),
                             .contract_size = 0.01,
                             .lot = 0.01,
                             .kind = ContractKind::Perpetual}});
    driver.status(kSecondMarket, FeedPhase::Live);
    driver.begin_snapshot();
    driver.position(kPerpetual, 1'080'000, 50'000);
    driver.end_snapshot();
  }

  /// One second of it. Spread and depth of both books, the swap `basis` above the perpetual, and vol as given.
  void second_passes(double price, double vol, double half_spread, double depth, double basis) {
    driver.advance(1s);
    driver.equity(100);
    driver.index(price);
    driver.mark(kOption, {.price = 0.06, .vol = vol, .forward = price, .index = price});
    driver.mark(kPerpetual, {.price = price, .index = price});
    book(driver.id(kPerpetual), kPublic, Venue::Deribit, price, half_spread, depth * price);
    if (second_venue_up) {
      second(Mark{.price = price + basis, .index = price});
      book(kSwap, kSecondMarket, Venue::Okx, price + basis, half_spread, depth);
    }
    driver.cycle();
  }

  void calm(int seconds) {
    for (int i = 0; i < seconds; ++i) second_passes(50'000, 0.6, 5, 20, 10);
  }
  /// Minutes of the engine's time, a second of events at the end of each: for what learns by the minute.
  void calm_minutes(int minutes) {
    for (int i = 0; i < minutes; ++i) {
      driver.advance(59s);
      calm(1);
    }
  }
  /// The price falls by eight percent in twenty seconds while spreads widen twentyfold and a fiftieth of the depth is left.
  void crisis() {
    for (int i = 1; i <= 20; ++i) second_passes(50'000 - 200 * i, 0.6 + 0.02 * i, 100, 0.4, i % 2 == 0 ? -400 : 250);
  }
  void lose_second_venue() {
    second_venue_up = false;
    driver.status(kSecondMarket, FeedPhase::Down);
    driver.cycle();
  }

  [[nodiscard]] double value(Figure figure, std::initializer_list<std::string_view> labels) const {
    return driver.value(figure, labels);
  }
  [[nodiscard]] std::string state(Figure figure, std::initializer_list<std::string_view> labels) const {
    return driver.state(figure, labels);
  }

  EngineDriver driver{setup()};
  bool second_venue_up = true;

 private:
  void second(const EventBody& body) { apply(body, kSwap, kSecondMarket, Venue::Okx); }

  void apply(const EventBody& body, InstrumentId instrument, ConnectionId connection, Venue venue) {
    driver.engine().apply({.header = {.exchange_time = driver.venue_now(),
                                      .received = driver.now(),
                                      .instrument = instrument,
                                      .connection = connection,
                                      .venue = venue},
                           .body = body});
  }

  /// Ten levels a side, each half a spread further out.
  void book(InstrumentId id, ConnectionId connection, Venue venue, double mid, double half_spread, double size_per_side) {
    const auto price = [](double value) { return Price::from_raw(std::llround(value * 1e9)); };
    apply(BookBegin{.snapshot = true}, id, connection, venue);
    for (int level = 0; level < 10; ++level) {
      const double away = half_spread * (1 + 0.5 * level);
      apply(BookLevel{.price = price(mid - away), .size = size_of(size_per_side / 10), .side = Side::Buy}, id, connection, venue);
      apply(BookLevel{.price = price(mid + away), .size = size_of(size_per_side / 10), .side = Side::Sell}, id, connection, venue);
    }
    apply(BookEnd{.sequence = 1}, id, connection, venue);
  }
};

}  // namespace

TEST_SUITE("core/engine/liquidity_crisis") {
  TEST_CASE("in the calm the hedge can be moved whole, near the mid, for little") {
    Market market;
    market.calm(3);
    CHECK(std::abs(market.value(Figure::HedgeNetDeltaCoins, {"delta"})) < 1.5);
    CHECK(market.value(Figure::FlattenFillableRatio, {"delta", "all", "now"}) == 1);
    CHECK(market.value(Figure::FlattenFillableRatio, {"delta", "all", "after_hour"}) == 1);
    CHECK(market.value(Figure::FlattenSlippageRatio, {"delta", "all", "now"}) < 0.0003);
    CHECK(market.value(Figure::OutsideBand, {"delta"}) == 0);
    CHECK(market.value(Figure::AdviceTradeSize, {"delta", "deribit", kPerpetual}) == 0);
  }

  TEST_CASE("spread x 20 and depth / 50: each figure of getting out moves by what the market did") {
    Market market;
    market.calm_minutes(35);
    const double spread = market.value(Figure::HedgeSpreadRatio, {"delta", "all"});
    const double depth = market.value(Figure::DepthUsd, {"delta", "deribit", "bid"});
    const double slippage = market.value(Figure::FlattenSlippageRatio, {"delta", "all", "now"});
    const double cost = market.value(Figure::FlattenCostUsd, {"delta", "all", "now"});
    REQUIRE(std::abs(market.value(Figure::DepthEvaporationRatio, {"delta", "all"})) < 0.01);
    market.second_passes(50'000, 0.6, 100, 0.4, 10);

    // The same delta, the same price: only the market is worse. The spread is twenty times what it was.
    CHECK(market.value(Figure::HedgeSpreadRatio, {"delta", "all"}) == doctest::Approx(20 * spread).epsilon(0.01));
    // Within 25 bp there were ten levels of a fiftieth more; now only the first is still that near.
    CHECK(market.value(Figure::DepthUsd, {"delta", "deribit", "bid"}) <= depth / 50);
    // Evaporation says that all but a trace of the usual depth is gone, and that it was never so thin.
    CHECK(market.value(Figure::DepthEvaporationRatio, {"delta", "all"}) > 0.97);
    CHECK(market.value(Figure::DepthRankRatio, {"delta", "all"}) == 0);
    // Little is fillable near the mid: below the half at which a desk wants to be woken.
    CHECK(market.value(Figure::FlattenFillableRatio, {"delta", "all", "now"}) < 0.5);
    CHECK(market.value(Figure::FlattenFillableRatio, {"delta", "all", "after_hour"}) <=
          market.value(Figure::FlattenFillableRatio, {"delta", "all", "now"}));
    // Either it costs at least twenty times as much, or the books cannot take it and no cost is invented.
    const std::string state = market.state(Figure::FlattenCostUsd, {"delta", "all", "now"});
    if (state == "ok/none") {
      CHECK(market.value(Figure::FlattenSlippageRatio, {"delta", "all", "now"}) > 20 * slippage);
      CHECK(market.value(Figure::FlattenCostUsd, {"delta", "all", "now"}) > 20 * cost);
    } else {
      CHECK(state == "unknown/depth_short");
      CHECK(market.value(Figure::FlattenFilledRatio, {"delta", "all", "now"}) < 1);
    }
  }

  TEST_CASE("the price falls with it: the short gamma makes a delta that the books cannot take, and every figure says its part") {
    Market market;
    market.calm(3);
    const double sigma = market.value(Figure::HedgeHourSigmaRatio, {"delta"});
    const double calm_reach =
        market.value(Figure::HedgeDeltaAfterHourCoins, {"delta", "down"}) - market.value(Figure::HedgeNetDeltaCoins, {"delta"});
    market.crisis();
    // Short calls lose delta as the price falls: the long perpetual is too much, beyond soft limit and band.
    const double net = market.value(Figure::HedgeNetDeltaCoins, {"delta"});
    CHECK(net > 4);
    CHECK(market.value(Figure::HedgeLimitUsageRatio, {"delta", "delta"}) > 1);
    CHECK(market.value(Figure::OutsideBand, {"delta"}) == 1);
    CHECK(market.value(Figure::ExpectedSecondsToBand, {"delta"}) == 0);
    // Why: nearly all of it is gamma; vanna of rising vols is second, charm of twenty seconds nothing.
    const auto drift = [&](std::string_view cause) { return market.value(Figure::DeltaDriftCoins, {"delta", cause}); };
    CHECK(drift("gamma") > 3);
    CHECK(std::abs(drift("charm")) < 0.05);
    CHECK(std::abs(drift("other")) < 0.2 * std::abs(drift("gamma")));
    // Vols have risen, so the hour ahead is wilder than it was, and still adds to the demand on the way down.
    CHECK(market.value(Figure::HedgeHourSigmaRatio, {"delta"}) > 1.5 * sigma);
    const double reach = market.value(Figure::HedgeDeltaAfterHourCoins, {"delta", "down"}) - net;
    CHECK(reach > 0);
    CHECK(reach > calm_reach);
    // The books take a part of it, so there is no cost of the whole, of now as of after the hour.
    CHECK(market.state(Figure::FlattenCostUsd, {"delta", "all", "now"}) == "unknown/depth_short");
    CHECK(market.state(Figure::FlattenCostUsd, {"delta", "all", "after_hour"}) == "unknown/depth_short");
    CHECK(market.value(Figure::FlattenFilledRatio, {"delta", "all", "now"}) < 0.5);
    CHECK(market.value(Figure::FlattenFillableRatio, {"delta", "all", "now"}) < 0.1);
    // Depth is what binds, not lots. Advice goes as far as the depth near the mid, and no further.
    CHECK(market.value(Figure::ConstraintBinding, {"delta", "depth"}) == 1);
    CHECK(market.value(Figure::ConstraintBinding, {"delta", "lot"}) == 0);
    const double advised = market.value(Figure::AdviceTradeSize, {"delta", "deribit", kPerpetual});
    CHECK(advised <= 0);
    CHECK(-advised <= market.value(Figure::DepthUsd, {"delta", "deribit", "bid"}) + 10);
    CHECK(market.value(Figure::AdviceObjectiveAfter, {"delta"}) <= market.value(Figure::AdviceObjectiveBefore, {"delta"}));
    CHECK(market.value(Figure::AdviceObjectiveBefore, {"delta"}) > 0);
  }

  TEST_CASE("a basis that blows out between the legs is no cost of execution in either") {
    Market market;
    market.calm(3);
    const double cost = market.value(Figure::FlattenCostUsd, {"delta", "all", "now"});
    for (int i = 0; i < 3; ++i) market.second_passes(50'000, 0.6, 5, 20, 2'000);
    CHECK(market.value(Figure::FlattenCostUsd, {"delta", "all", "now"}) == doctest::Approx(cost).epsilon(0.05));
  }

  TEST_CASE("one venue down: it says so, all venues together are what is left, and nothing stale is shown as fresh") {
    Market market;
    market.calm(3);
    const double both = market.value(Figure::DepthUsd, {"delta", "all", "bid"});
    const double left = market.value(Figure::DepthUsd, {"delta", "deribit", "bid"});
    REQUIRE(both > 1.9 * left);
    market.lose_second_venue();
    CHECK(market.state(Figure::FlattenCostUsd, {"delta", "okx", "now"}) == "stale/feed_down");
    CHECK(market.state(Figure::DepthUsd, {"delta", "okx", "bid"}) == "stale/feed_down");
    CHECK(market.state(Figure::HedgeSpreadRatio, {"delta", "okx"}) == "stale/feed_down");
    CHECK(market.value(Figure::DepthUsd, {"delta", "all", "bid"}) == doctest::Approx(left));
    market.calm(2);
    CHECK(market.value(Figure::FlattenCostUsd, {"delta", "all", "now"}) ==
          doctest::Approx(market.value(Figure::FlattenCostUsd, {"delta", "deribit", "now"})));
    CHECK(market.state(Figure::OutsideBand, {"delta"}) == "ok/none");
  }

  TEST_CASE("the fills of the crisis cost what waiting, the spread and the books took") {
    Market market;
    market.calm(3);
    market.crisis();
    const double price = 46'000;
    market.driver.apply(Fill{.price = Price::from_raw(std::llround((price - 260) * 1e9)),
                             .size = size_of(46'000),
                             .fee = 0.0005,
                             .fee_asset = AssetCode::from("BTC").value(),
                             .sequence = 3,
                             .side = Side::Sell},
                        market.driver.id(kPerpetual), kMain, kPrivate);
    market.driver.cycle();
    const auto cost = [&](std::string_view kind) { return market.value(Figure::HedgeCostUsd, {"delta", kind}); };
    // The signal fired on the way down; the price fell further until the sale: that is the dearest part.
    CHECK(cost("delay") > 500);
    CHECK(cost("half_spread") == doctest::Approx(100).epsilon(0.02));
    CHECK(cost("impact") == doctest::Approx(160).epsilon(0.02));
    CHECK(cost("fees") == doctest::Approx(0.0005 * price));
  }

  TEST_CASE("when it is over the figures come back by themselves") {
    Market market;
    market.calm(3);
    market.crisis();
    market.lose_second_venue();
    market.second_venue_up = true;
    market.driver.status(kSecondMarket, FeedPhase::Live);
    market.calm(3);
    CHECK(market.value(Figure::FlattenFillableRatio, {"delta", "all", "now"}) == 1);
    CHECK(market.state(Figure::FlattenCostUsd, {"delta", "okx", "now"}) == "ok/none");
    CHECK(market.value(Figure::OutsideBand, {"delta"}) == 0);
    CHECK(market.value(Figure::ConstraintBinding, {"delta", "depth"}) == 0);
  }
}
