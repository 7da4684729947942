#include "core/engine/reconcile_monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using doctest::Approx;

namespace {

/// An account with one call and a perpetual, all marked.
struct Bench : EngineDriver {
  Bench() {
    index(50'000);
    list_perpetual("BTC-PERPETUAL");
    list_option("BTC-CALL", OptionRight::Call, 52'000, 20);
    refresh();
    statement(100'000, 2);
    totals({.asset = AssetCode::from("BTC").value()});
    summary({.asset = AssetCode::from("BTC").value(), .equity = 10});
    cycle();
  }
  void refresh() {
    index(50'000);
    mark("BTC-PERPETUAL", {.price = 50'000});
    mark("BTC-CALL", {.price = 0.03, .vol = 0.5, .forward = 50'500});
  }
  void statement(double perpetual, double call) {
    begin_snapshot();
    position("BTC-PERPETUAL", perpetual, 50'000);
    position("BTC-CALL", call, 0.03);
    end_snapshot();
  }
  void totals(const AccountGreeks& greeks) { apply(greeks, kNoInstrument, kMain, kPrivate); }
  void fill(std::string_view name, double amount, double price, double fee = 0) {
    apply(
        Fill{
            .price = Price::from_raw(static_cast<std::int64_t>(price * 1e9)), .size = size_of(amount), .fee = fee, .fee_asset = {}},
        id(name), kMain, kPrivate);
  }
};

}  // namespace

TEST_SUITE("core/engine/reconcile_monitor") {
  TEST_CASE("differences are ours less the venue's, when the venue states its totals") {
    Bench bench;
    bench.totals({.asset = AssetCode::from("BTC").value(), .delta_total = 2.9, .options_delta = 0.9, .options_vega = 80});
    bench.cycle();
    const double delta = bench.value(Figure::Delta, {"deribit", "BTC-CALL"});
    CHECK(bench.value(Figure::ReconcileDeltaDifferenceCoins, {"main", "deribit", "BTC"}) ==
          Approx(2 * (delta - 0.03) + 2 - 2.9).epsilon(1e-12));
    CHECK(bench.value(Figure::ReconcileGreekDifference, {"main", "deribit", "BTC", "delta"}) == Approx(2 * delta - 0.9));
    CHECK(bench.value(Figure::ReconcileGreekDifference, {"main", "deribit", "BTC", "vega"}) ==
          Approx(2 * bench.value(Figure::VegaUsdPerVolPoint, {"deribit", "BTC-CALL"}) - 80));
    // What the venue did not state is not compared.
    CHECK(bench.state(Figure::ReconcileGreekDifference, {"main", "deribit", "BTC", "gamma"}) == "unknown/never_received");
  }

  TEST_CASE("totals that a venue states long after everything else, of a coin without a summary, are compared at once") {
    Bench bench;
    bench.cycle();
    bench.totals({.asset = AssetCode::from("ETH").value(), .options_vega = 0});
    bench.cycle();
    CHECK(bench.value(Figure::ReconcileGreekDifference, {"main", "deribit", "ETH", "vega"}) == 0);
  }

  TEST_CASE("a position that was stated before its instrument was listed is no mismatch when it is stated again") {
    Bench bench;
    const InstrumentId later = make_instrument_id(Venue::Deribit, 2);
    const auto state_later = [&] {
      bench.begin_snapshot();
      bench.position("BTC-PERPETUAL", 100'000, 50'000);
      bench.position("BTC-CALL", 2, 0.03);
      bench.apply(PositionReport{.size = size_of(3), .average_entry = 0.02}, later, kMain, kPrivate);
      bench.end_snapshot();
    };
    state_later();
    bench.cycle();
    CHECK(bench.list_option("BTC-PUT", OptionRight::Put, 48'000, 20) == later);
    bench.cycle();
    state_later();
    bench.cycle();
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 0);
    // A trade that nobody told of still is one.
    bench.apply(PositionReport{.size = size_of(4), .average_entry = 0.02}, later, kMain, kPrivate);
    bench.cycle();
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 1);
  }

  TEST_CASE("an account of which nothing but a lock was told has its rows, with its venue's name") {
    EngineSetup setup = EngineDriver::setup();
    setup.venues.push_back({.venue = Venue::Okx});
    Engine engine{setup};
    engine.end_cycle(kStart);
    engine.apply({.header = {.received = kStart, .account = kSecond, .connection = kPrivate, .venue = Venue::Okx},
                  .body = ForcedEvent{.kind = ForcedEventKind::AccountLock}});
    engine.end_cycle(kStart);
    const FigureTable& table = engine.figures();
    CHECK(table.find(Figure::ForcedEventActive, {"second", "okx", "account_lock"}) != kNoRow);
    CHECK(table.find(Figure::ForcedEventActive, {"second", "deribit", "account_lock"}) == kNoRow);
    CHECK(table.find(Figure::ReconcilePositionMismatches, {"second", "okx"}) != kNoRow);
  }

  TEST_CASE("a transfer of what the venue states no equity in calls for no row, before and after a new layout") {
    Bench bench;
    bench.apply(Transfer{.asset = AssetCode::from("ETH").value(), .amount = 1}, kNoInstrument, kMain, kPrivate);
    bench.cycle();
    CHECK_FALSE(bench.has(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "ETH"}));
    bench.list_option("BTC-PUT", OptionRight::Put, 48'000, 20);
    bench.position("BTC-PUT", 1, 0.02);
    bench.cycle();
    CHECK_FALSE(bench.has(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "ETH"}));
    bench.summary({.asset = AssetCode::from("ETH").value(), .equity = 5});
    bench.cycle();
    CHECK(bench.has(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "ETH"}));
  }

  TEST_CASE("without a mark the totals that need it are unknown, and the position count is not") {
    Bench bench;
    bench.advance(61s);
    bench.index(50'000);
    bench.mark("BTC-PERPETUAL", {.price = 50'000});
    bench.statement(100'000, 2);
    bench.totals({.asset = AssetCode::from("BTC").value(), .delta_total = 2.9, .options_delta = 0.9});
    bench.summary({.asset = AssetCode::from("BTC").value(), .equity = 10});
    bench.cycle();
    CHECK(bench.state(Figure::ReconcileDeltaDifferenceCoins, {"main", "deribit", "BTC"}) == "stale/too_old");
    CHECK(bench.state(Figure::ReconcileGreekDifference, {"main", "deribit", "BTC", "delta"}) == "stale/too_old");
    CHECK(bench.state(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}) == "stale/too_old");
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 0);
    CHECK(bench.value(Figure::ReconcileSecondsSince, {"main", "deribit"}) == 0);
  }

  TEST_CASE("an instrument that is listed again leaves what equity differs by as it is") {
    Bench bench;
    const auto difference = [&] { return bench.value(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}); };
    bench.cycle();
    bench.summary({.asset = AssetCode::from("BTC").value(), .equity = 9});
    bench.cycle();
    const double before = difference();
    CHECK(before == Approx(1.0 / 9));
    bench.list_perpetual("BTC-PERPETUAL");
    bench.refresh();
    bench.summary({.asset = AssetCode::from("BTC").value(), .equity = 9});
    bench.cycle();
    CHECK(difference() == before);
  }

  TEST_CASE("what the venue stated before a restart is compared with nothing after it, however soon the account is heard again") {
    Bench bench;
    const auto states = [&] {
      return bench.state(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}) + " " +
             bench.state(Figure::ReconcilePositionMismatches, {"main", "deribit"});
    };
    const auto totals = [&] { return bench.state(Figure::ReconcileGreekDifference, {"main", "deribit", "BTC", "vega"}); };
    bench.totals({.asset = AssetCode::from("BTC").value(), .options_vega = 80});
    bench.cycle();
    REQUIRE(states() == "ok/none ok/none");
    REQUIRE(totals() == "ok/none");
    bench.engine().resume(EngineDriver::setup());
    bench.status(kPublic, FeedPhase::Live);
    bench.status(kPrivate, FeedPhase::Live);
    bench.refresh();
    bench.statement(100'000, 2);
    bench.cycle();
    CHECK(states() == "stale/feed_down ok/none");
    CHECK(totals() == "stale/feed_down");
    bench.totals({.asset = AssetCode::from("BTC").value(), .options_vega = 80});
    bench.summary({.asset = AssetCode::from("BTC").value(), .equity = 10});
    bench.cycle();
    CHECK(states() == "ok/none ok/none");
    CHECK(totals() == "ok/none");
  }

  TEST_CASE("a size that no fill explains is a mismatch until a fill does") {
    Bench bench;
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 0);
    bench.position("BTC-PERPETUAL", 110'000, 50'000);
    bench.cycle();
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 1);
    bench.fill("BTC-PERPETUAL", 10'000, 50'000);
    bench.cycle();
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 0);
  }

  TEST_CASE("equity follows marks, fees and told transfers, and a transfer that nobody told shows") {
    Bench bench;
    const AssetCode btc = AssetCode::from("BTC").value();
    bench.fill("BTC-PERPETUAL", 10'000, 50'000, 0.001);
    bench.position("BTC-PERPETUAL", 110'000, 50'000);
    bench.mark("BTC-CALL", {.price = 0.035, .vol = 0.5, .forward = 50'500});
    bench.summary({.asset = btc, .equity = 10 + 2 * 0.005 - 0.001});
    bench.cycle();
    CHECK(bench.value(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}) == Approx(0).epsilon(1e-12));
    bench.apply(Transfer{.asset = btc, .amount = 5}, kNoInstrument, kMain, kPrivate);
    bench.summary({.asset = btc, .equity = 15.009});
    bench.cycle();
    CHECK(bench.value(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}) == Approx(0).epsilon(1e-12));
    bench.summary({.asset = btc, .equity = 16});
    bench.cycle();
    CHECK(bench.value(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}) == Approx(-0.991 / 16));
    // It stays for five minutes; then it is taken as what it must have been.
    for (int second = 0; second <= 300; second += 30) {
      bench.advance(30s);
      bench.index(50'000);
      bench.mark("BTC-PERPETUAL", {.price = 50'000});
      bench.mark("BTC-CALL", {.price = 0.035, .vol = 0.5, .forward = 50'500});
      bench.summary({.asset = btc, .equity = 16});
      bench.cycle();
    }
    CHECK(bench.value(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"}) == Approx(0).epsilon(1e-12));
  }

  TEST_CASE("while the connection is lost nothing is compared, and the next whole statement is taken") {
    Bench bench;
    bench.status(kPrivate, FeedPhase::Down);
    bench.cycle();
    CHECK(bench.state(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == "stale/feed_down");
    bench.status(kPrivate, FeedPhase::Live);
    bench.statement(70'000, 2);
    bench.cycle();
    CHECK(bench.value(Figure::ReconcilePositionMismatches, {"main", "deribit"}) == 0);
  }

  TEST_CASE("a mismatch is measured by the soft limit of the tightest hedge, and counts when it is more than one lot") {
    EngineSetup setup = EngineDriver::setup();
    BookSetup book;
    book.name = "all";
    book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
    setup.books = {book};
    for (const double limit : {8.0, 4.0}) {
      HedgeSetup hedge;
      hedge.name = limit == 4 ? "tight" : "wide";
      hedge.book = "all";
      hedge.underlying = "BTC";
      hedge.soft_delta_limit_coins = limit;
      hedge.hard_delta_limit_coins = 2 * limit;
      setup.hedges.push_back(hedge);
    }
    const auto ratio = [](const EngineSetup& configuration, double perpetual) {
      EngineDriver driver{configuration};
      driver.index(50'000);
      driver.list_perpetual("BTC-PERPETUAL");
      driver.mark("BTC-PERPETUAL", {.price = 50'000});
      for (const double size : {100'000.0, perpetual}) {
        driver.begin_snapshot();
        driver.position("BTC-PERPETUAL", size, 50'000);
        driver.end_snapshot();
        driver.cycle();
      }
      return driver.value(Figure::ReconcileMismatchLimitRatio, {"main", "deribit"});
    };
    CHECK(ratio(setup, 100'000) == 0);
    CHECK(ratio(setup, 150'000) == Approx(1.0 / 4));
    CHECK(ratio(setup, 0) == Approx(2.0 / 4));
    CHECK(ratio(setup, 100'010) == 0);  // one lot
    setup.hedges.clear();
    CHECK(ratio(setup, 100'100) == 1);
  }
}
