#include "core/engine/engine.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "core/pricing/black76.hpp"
#include "core/pricing/coin_settled.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCall = "BTC-ONE-100000-C";
constexpr std::string_view kPut = "BTC-ONE-90000-P";
constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr double kDays = 36.5;  // a tenth of a year

/// Ten calls at the money against a perpetual: at 50 % vol, sigma sqrt(T) = 0.158113883 and d1 is half of that.
EngineSetup hedged_call() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("main", {line(kCall, 10, 0.05), line(kPerpetual, -300'000, 100'000)})};
  HedgeSetup hedge;
  hedge.name = "calls";
  hedge.book = "main";
  hedge.underlying = "BTC";
  hedge.legs = {deribit("BTC-PERPETUAL")};
  hedge.soft_delta_limit_coins = 0.5;
  hedge.hard_delta_limit_coins = 2;
  setup.hedges = {hedge};
  return setup;
}

void list_instruments(EngineDriver& driver) {
  driver.list_option(kCall, OptionRight::Call, 100'000, kDays);
  driver.list_option(kPut, OptionRight::Put, 90'000, kDays);
  driver.list_perpetual(kPerpetual);
}

void quote_all(EngineDriver& driver) {
  driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000, .rate = 0});
  driver.mark(kPut, {.price = 0.02, .vol = 0.55, .forward = 100'000, .index = 99'000, .rate = 0});
  driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
}

EngineDriver desk(EngineSetup setup = hedged_call()) {
  EngineDriver driver{std::move(setup)};
  list_instruments(driver);
  quote_all(driver);
  driver.cycle();
  return driver;
}

double delta(const EngineDriver& driver, std::string_view view = "black_scholes", std::string_view book = "main") {
  return driver.value(Figure::BookDeltaCoins, {book, "BTC", view});
}

/// Every row of the table to the last bit, one a line.
std::vector<std::string> rows_of(EngineDriver& driver) {
  FigureSnapshot snapshot;
  driver.engine().figures().copy_to(snapshot);
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
    const FigureLayout::Row& row = snapshot.layout->rows[i];
    const FigureValue& value = snapshot.values[i];
    std::string text{definition_of(row.figure).name};
    text.append("{").append(row.labels).append("} ").append(label(value.state)).append(" ").append(label(value.reason));
    text.append(" ").append(std::to_string(std::bit_cast<std::uint64_t>(value.value)));
    text.append(" ").append(std::to_string(nanoseconds_of(value.as_of)));
    rows.push_back(std::move(text));
  }
  return rows;
}

/// Names the rows that differ.
void check_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == b[i]);
}

}  // namespace

TEST_SUITE("core/engine/engine") {
  TEST_CASE("marks and positions become a book's deltas in three views") {
    EngineSetup setup = hedged_call();
    setup.books[0].equity = {{.account = kMain, .share = 0.5}};
    EngineDriver driver = desk(setup);
    driver.equity(4);
    driver.cycle();
    // N(0.0790569415) = 0.5315063; ten calls less 3 coins of perpetual. Price in coin: 2 * 0.5315063 - 1.
    CHECK(delta(driver) == doctest::Approx(5.315063 - 3).epsilon(1e-6));
    CHECK(delta(driver, "net_transaction") == doctest::Approx(5.315063 - 3 - 10 * 0.0630126).epsilon(1e-6));
    CHECK(delta(driver, "with_equity") == doctest::Approx(5.315063 - 3 - 10 * 0.0630126 + 2).epsilon(1e-6));
    CHECK(driver.value(Figure::BookDeltaUsd, {"main", "BTC", "black_scholes"}) == doctest::Approx(2.315063 * 99'000).epsilon(1e-6));
    CHECK(driver.value(Figure::PositionDeltaCoins, {"main", "deribit", kPerpetual}) == doctest::Approx(-3));
  }

  TEST_CASE("a book's Greeks, value and profit in the units of the catalogue") {
    EngineDriver driver = desk();
    // phi(d1) = 0.3976976; vega per point = 1e5 * phi * sqrt(0.1) / 100 = 125.76304; gamma = phi / (1e5 * 0.158113883).
    const double gamma = 0.3976976 / (100'000 * 0.158113883);
    CHECK(driver.value(Figure::BookVegaUsdPerVolPoint, {"main", "BTC"}) == doctest::Approx(1'257.6304).epsilon(1e-6));
    CHECK(driver.value(Figure::BookGammaCoinsPerPercent, {"main", "BTC"}) ==
          doctest::Approx(10 * gamma * 1'000 + 300'000 / 100'000.0 * 0.01).epsilon(1e-6));
    CHECK(driver.value(Figure::BookGammaUsdPerPercent, {"main", "BTC"}) == doctest::Approx(10 * gamma * 1e8).epsilon(1e-6));
    // theta = -F phi sigma / (2 sqrt T) / 365
    CHECK(driver.value(Figure::BookThetaUsdPerDay, {"main", "BTC"}) ==
          doctest::Approx(-10 * 1e5 * 0.3976976 * 0.5 / (2 * std::sqrt(0.1)) / 365).epsilon(1e-6));
    // rho = -T * price / 100
    CHECK(driver.value(Figure::BookRhoUsdPerPercent, {"main", "BTC"}) == doctest::Approx(-10 * 0.1 * 6'301.26 / 100).epsilon(1e-5));
    // Ten calls at 0.063 coins; the perpetual was entered where it stands.
    CHECK(driver.value(Figure::BookValueUsd, {"main", "BTC"}) == doctest::Approx(10 * 0.063 * 99'000));
    CHECK(driver.value(Figure::PositionUnrealizedPnlUsd, {"main", "deribit", kCall}) == doctest::Approx(10 * 0.013 * 99'000));
    CHECK(driver.value(Figure::PositionNotionalUsd, {"main", "deribit", kCall}) == doctest::Approx(990'000));
    CHECK(driver.value(Figure::PositionNotionalUsd, {"main", "deribit", kPerpetual}) == -300'000);
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kPerpetual}) == -300'000);
    CHECK(driver.value(Figure::IndexPriceUsd, {"deribit", "BTC"}) == 99'000);
  }

  TEST_CASE("an inverse perpetual's profit is paid in coin and shown at the index") {
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of("main", {line(kPerpetual, 100'000, 80'000)})};
    EngineDriver driver = desk(setup);
    // 100,000 / 80,000 - 100,000 / 100,000 = 0.25 coins
    CHECK(driver.value(Figure::PositionUnrealizedPnlUsd, {"main", "deribit", kPerpetual}) == doctest::Approx(0.25 * 99'000));
    CHECK(driver.value(Figure::BookValueUsd, {"main", "BTC"}) == doctest::Approx(0.25 * 99'000));
  }

  TEST_CASE("a hedge compares its legs with the rest of its book") {
    EngineDriver driver = desk();
    CHECK(driver.value(Figure::HedgeItemDeltaCoins, {"calls"}) == doctest::Approx(5.315063).epsilon(1e-6));
    CHECK(driver.value(Figure::HedgeLegsDeltaCoins, {"calls"}) == doctest::Approx(-3));
    CHECK(driver.value(Figure::HedgeNetDeltaCoins, {"calls"}) == doctest::Approx(2.315063).epsilon(1e-6));
    CHECK(driver.value(Figure::HedgeNetDeltaUsd, {"calls"}) == doctest::Approx(2.315063 * 99'000).epsilon(1e-6));
    CHECK(driver.value(Figure::HedgeRatio, {"calls"}) == doctest::Approx(3 / 5.315063).epsilon(1e-6));
    CHECK(driver.value(Figure::HedgeUnderRatio, {"calls"}) == doctest::Approx(1 - 3 / 5.315063).epsilon(1e-6));
    CHECK(driver.value(Figure::HedgeOverRatio, {"calls"}) == 0);
    CHECK(driver.value(Figure::HedgeWrongWay, {"calls"}) == 0);
    CHECK(driver.value(Figure::HedgeTargetRatio, {"calls"}) == 1);
    CHECK(driver.value(Figure::HedgeDeltaLimitCoins, {"calls", "soft"}) == 0.5);
    CHECK(driver.value(Figure::HedgeDeltaLimitCoins, {"calls", "hard"}) == 2);
    CHECK(driver.value(Figure::HedgeLimitUsageRatio, {"calls", "delta"}) == doctest::Approx(2.315063 / 0.5).epsilon(1e-6));
    CHECK(driver.value(Figure::HedgeNeutralityRatio, {"calls", "delta"}) == doctest::Approx(1 - 2.315063 / 8.315063).epsilon(1e-6));
  }

  TEST_CASE("a tick changes the figures of what it touches at the next end of cycle, and not before") {
    EngineDriver driver = desk();
    const double before = delta(driver);
    driver.mark(kPerpetual, {.price = 50'000});
    CHECK(delta(driver) == before);
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(before - 3));
    CHECK(driver.value(Figure::HedgeLegsDeltaCoins, {"calls"}) == doctest::Approx(-6));
  }

  TEST_CASE("a figure is as old as its oldest input") {
    EngineDriver driver = desk();
    const MonoTime first = driver.now();
    driver.advance(2s);
    driver.mark(kCall, {.price = 0.064, .vol = 0.5, .forward = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(driver.figure(Figure::Delta, {"deribit", kCall}).as_of == driver.now());
    CHECK(driver.figure(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}).as_of == first);
    CHECK(driver.figure(Figure::BookVegaUsdPerVolPoint, {"main", "BTC"}).as_of == driver.now());
  }

  TEST_CASE("a watched instrument has figures without being held") {
    EngineSetup setup = EngineDriver::setup();
    setup.watch = {deribit("BTC-*-P")};
    EngineDriver driver = desk(setup);
    CHECK(driver.value(Figure::Delta, {"deribit", kPut}) < 0);
    CHECK(driver.value(Figure::MarkVolRatio, {"deribit", kPut}) == 0.55);
    CHECK(driver.value(Figure::ForwardPriceUsd, {"deribit", kPut}) == 100'000);
    CHECK_FALSE(driver.has(Figure::Delta, {"deribit", kCall}));
    CHECK_FALSE(driver.has(Figure::Delta, {"deribit", kPerpetual}));
  }

  TEST_CASE("a vol that comes without a forward is priced on the newest forward of its expiry") {
    EngineSetup setup = EngineDriver::setup();
    setup.watch = {deribit("*")};
    EngineDriver driver{setup};
    list_instruments(driver);
    driver.mark(kPut, {.price = 0.02, .vol = 0.5});
    driver.cycle();
    CHECK(driver.state(Figure::Delta, {"deribit", kPut}) == "unknown/missing_forward");
    driver.mark(kCall, {.price = 0.06, .vol = 0.5, .forward = 90'000});
    driver.cycle();
    // At the money now: N(d1) - 1.
    CHECK(driver.value(Figure::Delta, {"deribit", kPut}) == doctest::Approx(0.5315063 - 1).epsilon(1e-5));
    CHECK(driver.value(Figure::ForwardPriceUsd, {"deribit", kPut}) == 90'000);
  }

  TEST_CASE("events about what nobody listed or configured are counted and change nothing") {
    EngineDriver driver = desk();
    const std::vector<std::string> before = rows_of(driver);
    driver.apply(Mark{.price = 1}, make_instrument_id(Venue::Deribit, 999));
    driver.apply(PositionReport{.size = size_of(1)}, driver.id(kCall), AccountId{9}, kPrivate);
    driver.apply(FeedStatus{.phase = FeedPhase::Down}, kNoInstrument, kNoAccount, ConnectionId{9});
    driver.cycle();
    check_same(rows_of(driver), before);
    CHECK(driver.engine().counters().unknown_instrument_events == 1);
    CHECK(driver.engine().counters().unknown_account_events == 1);
    CHECK(driver.engine().counters().unknown_connection_events == 1);
  }
}

TEST_SUITE("core/engine/engine identities") {
  TEST_CASE("a book's delta is the sum of its positions' deltas, and the views differ by the price in coin") {
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of("main", {line(kCall, 7), line(kPut, -4), line(kPerpetual, 120'000)})};
    EngineDriver driver = desk(setup);
    double sum = 0;
    for (const std::string_view name : {kCall, kPut, kPerpetual})
      sum += driver.value(Figure::PositionDeltaCoins, {"main", "deribit", name});
    CHECK(delta(driver) == doctest::Approx(sum).epsilon(1e-14));
    const auto price = [](OptionRight right, double strike, double vol) {
      return coin_settled({.right = right,
                           .forward = 100'000,
                           .strike = strike,
                           .to_expiry = YearFraction::from_days(kDays),
                           .vol = Vol::from_fraction(vol)})
          .value()
          .price_coin;
    };
    const double premium = 7 * price(OptionRight::Call, 100'000, 0.5) - 4 * price(OptionRight::Put, 90'000, 0.55);
    CHECK(delta(driver, "net_transaction") == doctest::Approx(delta(driver) - premium).epsilon(1e-12));
  }

  TEST_CASE("the same positions in two books add up to the book that holds both") {
    EngineSetup whole = EngineDriver::setup();
    whole.books = {book_of("main", {line(kCall, 7), line(kPut, -4), line(kPerpetual, 120'000)})};
    EngineSetup parts = EngineDriver::setup();
    parts.books = {book_of("a", {line(kCall, 7), line(kPerpetual, 50'000)}),
                   book_of("b", {line(kPut, -4), line(kPerpetual, 70'000)})};
    const EngineDriver one = desk(whole);
    const EngineDriver two = desk(parts);
    for (const Figure figure :
         {Figure::BookGammaCoinsPerPercent, Figure::BookGammaUsdPerPercent, Figure::BookVegaUsdPerVolPoint,
          Figure::BookThetaUsdPerDay, Figure::BookRhoUsdPerPercent, Figure::BookVanna, Figure::BookVolga, Figure::BookCharm}) {
      const std::string name{definition_of(figure).name};
      CAPTURE(name);
      CHECK(two.value(figure, {"a", "BTC"}) + two.value(figure, {"b", "BTC"}) ==
            doctest::Approx(one.value(figure, {"main", "BTC"})).epsilon(1e-13));
    }
    CHECK(delta(two, "black_scholes", "a") + delta(two, "black_scholes", "b") == doctest::Approx(delta(one)).epsilon(1e-13));
  }

  TEST_CASE("the order in which books' lines and ticks come does not matter") {
    EngineSetup forward = EngineDriver::setup();
    forward.books = {book_of("main", {line(kCall, 7), line(kPut, -4), line(kPerpetual, 120'000)})};
    EngineSetup backward = EngineDriver::setup();
    backward.books = {book_of("main", {line(kPerpetual, 120'000), line(kPut, -4), line(kCall, 7)})};
    EngineDriver one = desk(forward);
    EngineDriver two{backward};
    list_instruments(two);
    two.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    two.mark(kPut, {.price = 0.02, .vol = 0.55, .forward = 100'000, .index = 99'000, .rate = 0});
    two.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000, .rate = 0});
    two.cycle();
    check_same(rows_of(one), rows_of(two));
  }

  TEST_CASE("the same events twice give the same bytes") {
    const auto run = [] {
      EngineDriver driver = desk();
      for (int i = 0; i < 50; ++i) {
        driver.advance(137ms);
        driver.mark(kCall,
                    {.price = 0.06 + i * 1e-4, .vol = 0.5 + i * 1e-3, .forward = 100'000.0 + 13 * i, .index = 99'000.0 + 11 * i});
        if (i % 7 == 0) driver.status(kPublic, i % 14 == 0 ? FeedPhase::Down : FeedPhase::Live);
        driver.cycle();
      }
      return rows_of(driver);
    };
    check_same(run(), run());
  }

  TEST_CASE("an incremental cycle ends where a recomputation of everything ends") {
    EngineDriver driver = desk();
    for (int i = 0; i < 20; ++i) {
      driver.advance(60ms);
      driver.mark(kCall, {.price = 0.06 + i * 1e-4, .vol = 0.5 + i * 1e-3, .forward = 100'000.0 + 13 * i, .index = 99'000.0 + i});
      driver.cycle();
    }
    driver.advance(200ms);
    driver.mark(kPerpetual, {.price = 101'000, .index = 99'500});
    driver.mark(kCall, {.price = 0.07, .vol = 0.52, .forward = 101'000});
    driver.cycle();
    // Profit is re-estimated in a rhythm of its own, which a new configuration starts anew.
    const auto without_profit = [](std::vector<std::string> rows) {
      std::erase_if(rows, [](const std::string& row) { return row.starts_with("hedgewatch_pnl_"); });
      return rows;
    };
    const std::vector<std::string> incremental = without_profit(rows_of(driver));
    driver.engine().reconfigure(hedged_call());
    driver.cycle();
    check_same(without_profit(rows_of(driver)), incremental);
  }
}

TEST_SUITE("core/engine/engine units") {
  /// A linear and an inverse option and a perpetual, all marked at the model's own price, so that value can be differentiated.
  struct Bumped {
    double forward = 100'000;
    double call_vol = 0.5;
    double put_vol = 0.6;
    double rate = 0.02;
    std::chrono::nanoseconds later{0};

    [[nodiscard]] EngineDriver driver() const {
      EngineSetup setup = EngineDriver::setup();
      setup.books = {book_of("main", {line(kCall, 10, 0), line("BTC_USDC-95000-P", 6, 0), line(kPerpetual, -200'000, forward)})};
      EngineDriver result{setup};
      list_instruments(result);
      result.list_option("BTC_USDC-95000-P", OptionRight::Put, 95'000, 80, PayoffStyle::Linear);
      result.advance(later);
      const auto years = [&result](double days) {
        return YearFraction::from_nanoseconds(static_cast<double>((result.in_days(days) - result.venue_now()).count()));
      };
      const double call = black76({.right = OptionRight::Call,
                                   .forward = forward,
                                   .strike = 100'000,
                                   .to_expiry = years(kDays),
                                   .vol = Vol::from_fraction(call_vol)})
                              .value()
                              .price;
      const double put = black76({.right = OptionRight::Put,
                                  .forward = forward,
                                  .strike = 95'000,
                                  .to_expiry = years(80),
                                  .vol = Vol::from_fraction(put_vol),
                                  .rate = rate})
                             .value()
                             .price;
      result.mark(kCall, {.price = call / forward, .vol = call_vol, .forward = forward, .index = forward});
      result.mark("BTC_USDC-95000-P", {.price = put, .vol = put_vol, .forward = forward, .index = forward, .rate = rate});
      result.mark(kPerpetual, {.price = forward, .index = forward});
      result.cycle();
      return result;
    }
    [[nodiscard]] double value(Figure figure) const { return driver().value(figure, {"main", "BTC"}); }
    [[nodiscard]] double delta_coins() const { return delta(driver()); }
  };

  TEST_CASE("gamma is the change of the delta for a forward one percent higher") {
    Bumped up, down;
    up.forward *= 1 + 1e-4;
    down.forward *= 1 - 1e-4;
    CHECK(Bumped{}.value(Figure::BookGammaCoinsPerPercent) ==
          doctest::Approx((up.delta_coins() - down.delta_coins()) * 50).epsilon(1e-5));
  }

  TEST_CASE("vega is the dollars gained when every vol rises by one point, and volga its own change") {
    Bumped up, down;
    up.call_vol += 1e-4, up.put_vol += 1e-4;
    down.call_vol -= 1e-4, down.put_vol -= 1e-4;
    CHECK(Bumped{}.value(Figure::BookVegaUsdPerVolPoint) ==
          doctest::Approx((up.value(Figure::BookValueUsd) - down.value(Figure::BookValueUsd)) * 50).epsilon(1e-6));
    CHECK(Bumped{}.value(Figure::BookVolga) ==
          doctest::Approx((up.value(Figure::BookVegaUsdPerVolPoint) - down.value(Figure::BookVegaUsdPerVolPoint)) * 50)
              .epsilon(1e-5));
    CHECK(Bumped{}.value(Figure::BookVanna) == doctest::Approx((up.delta_coins() - down.delta_coins()) * 50).epsilon(1e-5));
  }

  TEST_CASE("theta is the dollars gained by one day passing, and charm what the delta gains") {
    Bumped later;
    later.later = 864s;  // a hundredth of a day
    CHECK(Bumped{}.value(Figure::BookThetaUsdPerDay) ==
          doctest::Approx((later.value(Figure::BookValueUsd) - Bumped{}.value(Figure::BookValueUsd)) * 100).epsilon(1e-3));
    CHECK(Bumped{}.value(Figure::BookCharm) == doctest::Approx((later.delta_coins() - Bumped{}.delta_coins()) * 100).epsilon(1e-3));
  }

  TEST_CASE("rho is the dollars gained for a rate one percent higher at fixed forwards, of the positions that discount") {
    Bumped up, down;
    up.rate += 1e-4;
    down.rate -= 1e-4;
    const double linear = (up.value(Figure::BookValueUsd) - down.value(Figure::BookValueUsd)) * 50;
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of("main", {line(kCall, 10, 0)})};
    const EngineDriver calls = desk(setup);
    CHECK(Bumped{}.value(Figure::BookRhoUsdPerPercent) - calls.value(Figure::BookRhoUsdPerPercent, {"main", "BTC"}) ==
          doctest::Approx(linear).epsilon(1e-5));
  }

  TEST_CASE("an instrument's own Greeks follow the venue's convention: minutes rounded, theta no larger than the option's price") {
    EngineSetup setup = EngineDriver::setup();
    setup.watch = {deribit("*")};
    EngineDriver driver{setup};
    // 20 seconds beyond 3 hours: the venue prices 3 hours.
    const double days = (3 * 3'600 + 20) / 86'400.0;
    driver.list_option(kCall, OptionRight::Call, 100'000, days);
    driver.mark(kCall, {.price = 0.0001, .vol = 0.5, .forward = 99'000, .index = 99'000});
    driver.cycle();
    const Black76Greeks rounded = black76({.right = OptionRight::Call,
                                           .forward = 99'000,
                                           .strike = 100'000,
                                           .to_expiry = YearFraction::from_days(3 / 24.0),
                                           .vol = Vol::from_fraction(0.5)})
                                      .value();
    CHECK(driver.value(Figure::Delta, {"deribit", kCall}) == doctest::Approx(rounded.delta).epsilon(1e-12));
    CHECK(driver.value(Figure::VegaUsdPerVolPoint, {"deribit", kCall}) == doctest::Approx(rounded.vega / 100).epsilon(1e-12));
    CHECK(driver.value(Figure::ThetaUsdPerDay, {"deribit", kCall}) == doctest::Approx(-0.0001 * 99'000).epsilon(1e-12));
  }
}
