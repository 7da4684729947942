#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>

#include "core/engine/engine_driver.hpp"
#include "core/market/market_state.hpp"
#include "core/portfolio/account.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCall = "BTC-ONE-100000-C";
constexpr std::string_view kPerpetual = "BTC-PERPETUAL";

EngineSetup account_book() {
  EngineSetup setup = EngineDriver::setup();
  setup.accounts = {"main"};
  BookSetup book;
  book.name = "main";
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {"BTC"}, .instruments = {}}};
  setup.books = {book};
  return setup;
}

EngineSetup line_book() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("main", {line(kCall, 10, 0.05), line(kPerpetual, -300'000, 100'000)})};
  return setup;
}

void list_and_mark(EngineDriver& driver) {
  driver.list_option(kCall, OptionRight::Call, 100'000, 36.5);
  driver.list_perpetual(kPerpetual);
  driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000, .rate = 0});
  driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
}

EngineDriver desk(EngineSetup setup) {
  EngineDriver driver{std::move(setup)};
  list_and_mark(driver);
  driver.cycle();
  return driver;
}

std::string delta_state(const EngineDriver& driver, std::string_view book = "main") {
  return driver.state(Figure::BookDeltaCoins, {book, "BTC", "black_scholes"});
}

double delta(const EngineDriver& driver, std::string_view book = "main") {
  return driver.value(Figure::BookDeltaCoins, {book, "BTC", "black_scholes"});
}

constexpr std::array kStrikes{80'000, 85'000, 90'000, 95'000, 100'000, 105'000, 110'000, 115'000, 120'000};
constexpr std::string_view kUnpriced = "BTC-ONE-105000-C";

std::string call_at(int strike) { return "BTC-ONE-" + std::to_string(strike) + "-C"; }

/// Two hedges by one perpetual: of a call without a vol of its own, and of one whose delta moves with the smile.
EngineSetup funded() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("fallback", {line(kUnpriced, 10, 0.05), line(kPerpetual, -300'000, 100'000)}),
                 book_of("smile", {line(kCall, 10, 0.05)})};
  HedgeSetup hedge;
  hedge.name = "funded";
  hedge.book = "fallback";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(kPerpetual)};
  hedge.soft_delta_limit_coins = 50;
  hedge.hard_delta_limit_coins = 60;
  hedge.band = BandSetup{.half_width_coins = 40};
  hedge.effectiveness = EffectivenessSetup{};
  hedge.effectiveness->sampling.windows = {20min};
  hedge.effectiveness->basis_leg = deribit(kPerpetual);
  HedgeSetup sticky = hedge;
  sticky.name = "sticky";
  sticky.book = "smile";
  sticky.smile = kStickyDelta;
  sticky.band.reset();
  sticky.effectiveness.reset();
  setup.hedges = {hedge, sticky};
  return setup;
}

/// What the held instruments' own marks say: no vol of the one that is priced from the surface.
void mark_held(EngineDriver& driver) {
  driver.mark(kUnpriced, {.price = 0.04, .forward = 100'000, .index = 99'000, .rate = 0});
  driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000, .rate = 0});
  driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
}

/// Everything, for long enough that a surface is fitted.
void mark_all(EngineDriver& driver) {
  for (int second = 0; second < 12; ++second) {
    for (const int strike : kStrikes) {
      const double k = std::log(strike / 100'000.0);
      if (call_at(strike) != kUnpriced)
        driver.mark(call_at(strike), {.price = 0.05, .vol = 0.5 - 0.05 * k + 0.1 * k * k, .forward = 100'000, .rate = 0});
    }
    mark_held(driver);
    for (int i = 0; i < 10; ++i) {
      driver.advance(100ms);
      driver.cycle();
    }
  }
}

EngineDriver funded_desk() {
  EngineDriver driver{funded()};
  for (const int strike : kStrikes) driver.list_option(call_at(strike), OptionRight::Call, strike, 36.5);
  driver.list_perpetual(kPerpetual);
  driver.cycle();
  driver.apply(Funding{.current_rate_8h = 0.0001, .average_rate_8h = 0.0001}, driver.id(kPerpetual));
  mark_all(driver);
  return driver;
}

/// By what they rest on: the funding rate, and the surface.
std::string funding_states(const EngineDriver& driver) {
  return driver.state(Figure::FundingRate8hRatio, {"funded", "deribit", "perpetual"}) + " " +
         driver.state(Figure::HedgeCostUsd, {"funded", "funding"});
}
std::string carry_state(const EngineDriver& driver) {
  return driver.state(Figure::CarryUsdPerDay, {"funded", "deribit", "perpetual"});
}
std::string vol_state(const EngineDriver& driver) { return driver.state(Figure::PricingVolRatio, {"deribit", kUnpriced}); }
std::string smile_state(const EngineDriver& driver) { return driver.state(Figure::HedgeItemDeltaCoins, {"sticky"}); }

void book(EngineDriver& driver, InstrumentId instrument) {
  driver.apply(BookBegin{.snapshot = true}, instrument);
  driver.apply(BookLevel{.price = Price::from_raw(99'000'000'000), .size = size_of(10), .side = Side::Buy}, instrument);
  driver.apply(BookLevel{.price = Price::from_raw(101'000'000'000), .size = size_of(10), .side = Side::Sell}, instrument);
  driver.apply(BookEnd{.sequence = 1}, instrument);
}

}  // namespace

TEST_SUITE("core/engine/engine") {
  // ---- over a restart

  TEST_CASE("a hedge's leg that is listed after everything else, held by nobody, has its basis from then on") {
    EngineSetup setup = line_book();
    HedgeSetup hedge;
    hedge.name = "hedge";
    hedge.book = "main";
    hedge.underlying = "BTC";
    hedge.legs = {deribit("BTC_USDC-PERPETUAL")};
    hedge.soft_delta_limit_coins = 1;
    hedge.hard_delta_limit_coins = 2;
    hedge.effectiveness = EffectivenessSetup{};
    hedge.effectiveness->basis_leg = deribit("BTC_USDC-PERPETUAL");
    setup.hedges = {hedge};
    EngineDriver driver{setup};
    driver.index(100'000, "BTC", "USDC");
    driver.cycle();
    driver.list_linear("BTC_USDC-PERPETUAL");
    driver.cycle();
    CHECK(driver.has(Figure::BasisUsd, {"hedge", "deribit", "perpetual"}));
  }

  TEST_CASE("an engine that goes on in another process shows nothing as fresh before it was heard anew, however young it is") {
    EngineDriver driver = desk(line_book());
    const double before = delta(driver);
    driver.engine().resume(line_book());
    driver.cycle();
    CHECK(delta_state(driver) == "stale/feed_down");
    CHECK(driver.state(Figure::IndexPriceUsd, {"deribit", "BTC"}) == "stale/feed_down");
    // A feed that is live has not said anything yet.
    driver.status(kPublic, FeedPhase::Live);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/feed_down");
    driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta_state(driver) == "stale/feed_down");
    driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000, .rate = 0});
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(before));
  }

  TEST_CASE("what the venue's clock says after a restart is taken, also when it says an earlier time than before") {
    EngineDriver driver = desk(line_book());
    driver.engine().resume(line_book());
    driver.status(kPublic, FeedPhase::Live);
    Event earlier;
    earlier.header = {.exchange_time = driver.venue_now() - 1h,
                      .received = driver.now(),
                      .instrument = driver.id(kPerpetual),
                      .connection = kPublic,
                      .venue = Venue::Deribit};
    earlier.body = Mark{.price = 100'500, .index = 99'000};
    driver.engine().apply(earlier);
    driver.cycle();
    CHECK(driver.value(Figure::MarkPrice, {"deribit", kPerpetual}) == 100'500);
  }

  TEST_CASE("positions and equity are unknown after a restart until the account is stated whole") {
    EngineDriver driver{account_book()};
    list_and_mark(driver);
    driver.begin_snapshot();
    driver.position(kPerpetual, 1'000);
    driver.end_snapshot();
    driver.equity(2);
    driver.cycle();
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kPerpetual}) == 1'000);
    driver.engine().resume(account_book());
    driver.status(kPrivate, FeedPhase::Live);
    driver.cycle();
    CHECK(driver.state(Figure::PositionSize, {"main", "deribit", kPerpetual}) != "ok/none");
    CHECK(driver.state(Figure::EquityUsd, {"main", "deribit", "BTC"}) != "ok/none");
    driver.begin_snapshot();
    driver.cycle();
    CHECK(driver.state(Figure::PositionSize, {"main", "deribit", kPerpetual}) != "ok/none");
    driver.position(kPerpetual, 900);
    driver.end_snapshot();
    driver.equity(2);
    driver.status(kPublic, FeedPhase::Live);
    driver.index(99'000);
    driver.cycle();
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kPerpetual}) == 900);
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "BTC"}) == 198'000);
  }

  TEST_CASE(
      "a funding rate of before a restart is not the present one, nor is a smile, though their connection's number lives again") {
    EngineDriver driver = funded_desk();
    REQUIRE(funding_states(driver) == "ok/none ok/none");
    REQUIRE(carry_state(driver) == "ok/none");
    REQUIRE(vol_state(driver) == "ok/none");
    REQUIRE(smile_state(driver) == "ok/none");
    driver.engine().resume(funded());
    driver.cycle();
    CHECK(funding_states(driver) == "stale/feed_down stale/feed_down");
    driver.status(kPublic, FeedPhase::Live);
    mark_held(driver);
    driver.cycle();
    CHECK(funding_states(driver) == "stale/feed_down stale/feed_down");
    CHECK(carry_state(driver) == "stale/feed_down");
    CHECK(vol_state(driver) != "ok/none");
    CHECK(smile_state(driver) != "ok/none");
    // What else they need is there.
    CHECK(driver.state(Figure::HedgeLegsDeltaCoins, {"funded"}) == "ok/none");
    CHECK(driver.state(Figure::Delta, {"deribit", kCall}) == "ok/none");

    driver.apply(Funding{.current_rate_8h = 0.0001, .average_rate_8h = 0.0001}, driver.id(kPerpetual));
    driver.cycle();
    CHECK(funding_states(driver) == "ok/none ok/none");
    CHECK(carry_state(driver) == "ok/none");
    mark_all(driver);
    CHECK(vol_state(driver) == "ok/none");
    CHECK(smile_state(driver) == "ok/none");
  }

  TEST_CASE("a restart gives the places of all order books to those that are sent anew") {
    EngineSetup setup = line_book();
    setup.order_books = {deribit(kPerpetual)};
    EngineDriver driver = desk(setup);
    for (std::size_t i = 0; i < MarketState::kMaxOrderBooks; ++i) book(driver, driver.list_perpetual("BTC-" + std::to_string(i)));
    book(driver, driver.id(kPerpetual));
    driver.cycle();
    CHECK(driver.engine().counters().refused_order_books == 1);
    CHECK(driver.state(Figure::SpreadRatio, {"deribit", kPerpetual}) == "unknown/order_book_invalid");
    driver.engine().resume(setup);
    driver.status(kPublic, FeedPhase::Live);
    driver.cycle();
    CHECK(driver.engine().counters().refused_order_books == 0);
    CHECK(driver.state(Figure::SpreadRatio, {"deribit", kPerpetual}) != "ok/none");
    book(driver, driver.id(kPerpetual));
    driver.cycle();
    CHECK(driver.value(Figure::SpreadRatio, {"deribit", kPerpetual}) == doctest::Approx(0.02));
    CHECK(driver.engine().counters().refused_order_books == 0);
  }

  TEST_CASE("a book of before a restart is not there after it, and its changes are not applied to anything") {
    EngineSetup setup = line_book();
    setup.order_books = {deribit(kPerpetual)};
    EngineDriver driver = desk(setup);
    book(driver, driver.id(kPerpetual));
    driver.cycle();
    REQUIRE(driver.state(Figure::SpreadRatio, {"deribit", kPerpetual}) == "ok/none");
    driver.engine().resume(setup);
    driver.status(kPublic, FeedPhase::Live);
    driver.apply(BookBegin{.snapshot = false}, driver.id(kPerpetual));
    driver.apply(BookLevel{.price = Price::from_raw(99'000'000'000), .size = size_of(11), .side = Side::Buy},
                 driver.id(kPerpetual));
    driver.apply(BookEnd{.sequence = 2}, driver.id(kPerpetual));
    driver.cycle();
    CHECK(driver.state(Figure::SpreadRatio, {"deribit", kPerpetual}) == "unknown/order_book_invalid");
  }

  TEST_CASE("an account that once had more positions than there is room for is known again after a restart, when it has fewer") {
    EngineDriver driver{account_book()};
    list_and_mark(driver);
    driver.begin_snapshot();
    for (std::uint32_t i = 0; i <= Account::kMaxPositions; ++i)
      driver.apply(PositionReport{.size = size_of(1)}, make_instrument_id(Venue::Deribit, 1'000 + i), kMain, kPrivate);
    driver.end_snapshot();
    driver.cycle();
    CHECK(driver.engine().counters().refused_positions == 1);
    CHECK(delta_state(driver) != "ok/none");
    driver.begin_snapshot();
    driver.end_snapshot();
    driver.cycle();
    CHECK(driver.engine().counters().refused_positions == 1);
    driver.engine().resume(account_book());
    CHECK(driver.engine().counters().refused_positions == 0);
    driver.status(kPublic, FeedPhase::Live);
    driver.status(kPrivate, FeedPhase::Live);
    driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    CHECK(driver.engine().counters().refused_positions == 0);
    CHECK(delta(driver) == doctest::Approx(2));
  }

  TEST_CASE("ids that anything was said of are told, so that no other instrument gets them") {
    EngineDriver driver = desk(line_book());
    const InstrumentId unlisted = make_instrument_id(Venue::Deribit, 40);
    driver.apply(PositionReport{.size = size_of(1)}, unlisted, kMain, kPrivate);
    const KnownInstruments known = driver.engine().known_instruments();
    REQUIRE(known.named.size() == 2);
    CHECK(known.named[0].name.view() == kCall);
    CHECK(known.named[0].id == driver.id(kCall));
    CHECK(known.next_counts[static_cast<std::size_t>(Venue::Deribit)] == 41);
    CHECK(known.next_counts[static_cast<std::size_t>(Venue::Okx)] == 0);
  }

  // ---- freshness

  TEST_CASE("figures turn stale by time alone, at the venue's limit, and recover with the next message") {
    EngineDriver driver = desk(line_book());
    driver.advance(60s);
    driver.cycle();
    CHECK(delta_state(driver) == "ok/none");
    driver.advance(1ns);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/too_old");
    CHECK(driver.state(Figure::Delta, {"deribit", kCall}) == "stale/too_old");
    CHECK(driver.state(Figure::BookValueUsd, {"main", "BTC"}) == "stale/too_old");
    CHECK(driver.state(Figure::IndexPriceUsd, {"deribit", "BTC"}) == "stale/too_old");
    driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(driver.state(Figure::Delta, {"deribit", kCall}) == "ok/none");
    CHECK(delta_state(driver) == "stale/too_old");  // the perpetual's mark is still old
    driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta_state(driver) == "ok/none");
  }

  TEST_CASE("one old input turns stale while its fresher neighbour's own figures stay") {
    EngineDriver driver = desk(line_book());
    driver.advance(40s);
    driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000});
    driver.cycle();
    driver.advance(30s);
    driver.cycle();
    CHECK(driver.state(Figure::MarkPrice, {"deribit", kPerpetual}) == "stale/too_old");
    CHECK(driver.state(Figure::MarkPrice, {"deribit", kCall}) == "ok/none");
    driver.advance(31s);
    driver.cycle();
    CHECK(driver.state(Figure::MarkPrice, {"deribit", kCall}) == "stale/too_old");
  }

  TEST_CASE("the limit is the venue's own") {
    EngineSetup setup = line_book();
    setup.venues[0].market_data_max_age = 5s;
    EngineDriver driver = desk(setup);
    driver.advance(6s);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/too_old");
  }

  TEST_CASE("a timer tick is enough to make time pass") {
    EngineDriver driver = desk(line_book());
    const MonoTime before = driver.now();
    driver.advance(61s);
    driver.apply(TimerTick{});
    driver.engine().end_cycle(before);
    CHECK(delta_state(driver) == "stale/too_old");
  }

  TEST_CASE("a feed that goes down takes its figures along at once, and brings them back when it is live again") {
    EngineDriver driver = desk(line_book());
    for (const FeedPhase phase : {FeedPhase::Down, FeedPhase::Connecting, FeedPhase::Synchronising}) {
      driver.status(kPublic, phase);
      driver.cycle();
      CHECK(delta_state(driver) == "stale/feed_down");
      CHECK(driver.value(Figure::FeedLive, {"deribit", "market"}) == 0);
    }
    driver.status(kPublic, FeedPhase::Live);
    driver.cycle();
    CHECK(delta_state(driver) == "ok/none");
    CHECK(driver.value(Figure::FeedLive, {"deribit", "market"}) == 1);
  }

  TEST_CASE("nothing is shown before the first live status") {
    EngineDriver driver{line_book(), false};
    list_and_mark(driver);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/feed_down");
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kCall}) == 10);
  }

  TEST_CASE("ages grow with time and start anew with data") {
    EngineDriver driver = desk(line_book());
    CHECK(driver.value(Figure::DataAgeSeconds, {"deribit", kCall}) == 0);
    driver.advance(2500ms);
    driver.cycle();
    CHECK(driver.value(Figure::DataAgeSeconds, {"deribit", kCall}) == 2.5);
    CHECK(driver.value(Figure::FeedLastMarketDataAgeSeconds, {"deribit", "market"}) == 2.5);
    CHECK(driver.state(Figure::FeedLastMarketDataAgeSeconds, {"deribit", "account"}) == "unknown/never_received");
    driver.mark(kCall, {.price = 0.063});
    driver.cycle();
    CHECK(driver.value(Figure::DataAgeSeconds, {"deribit", kCall}) == 0);
    CHECK(driver.value(Figure::DataAgeSeconds, {"deribit", kPerpetual}) == 2.5);
  }

  TEST_CASE("a moving index reaches every position's dollars within the slow rhythm, and the book's at once") {
    EngineDriver driver = desk(line_book());
    driver.advance(50ms);
    driver.index(100'000);
    driver.cycle();
    CHECK(driver.value(Figure::BookValueUsd, {"main", "BTC"}) == doctest::Approx(0.63 * 100'000));
    driver.advance(60ms);
    driver.cycle();
    CHECK(driver.value(Figure::PositionNotionalUsd, {"main", "deribit", kCall}) == doctest::Approx(1'000'000));
  }

  TEST_CASE("the platform's lock is shown, and unknown before the venue said anything") {
    EngineDriver driver = desk(line_book());
    CHECK(driver.state(Figure::PlatformLocked, {"deribit"}) == "unknown/never_received");
    driver.apply(PlatformState{.locked = true, .maintenance = false});
    driver.cycle();
    CHECK(driver.value(Figure::PlatformLocked, {"deribit"}) == 1);
    driver.apply(PlatformState{.locked = false, .maintenance = true});
    driver.cycle();
    CHECK(driver.value(Figure::PlatformLocked, {"deribit"}) == 1);
    driver.apply(PlatformState{});
    driver.cycle();
    CHECK(driver.value(Figure::PlatformLocked, {"deribit"}) == 0);
    driver.status(kPublic, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::PlatformLocked, {"deribit"}) == "stale/feed_down");
  }

  // ---- accounts

  TEST_CASE("an account's positions are unknown, not nothing, until its first whole snapshot") {
    EngineDriver driver = desk(account_book());
    CHECK(delta_state(driver) == "unknown/never_received");
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.cycle();
    CHECK(delta_state(driver) == "unknown/never_received");
    driver.end_snapshot();
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(2));
  }

  TEST_CASE("an empty account is known to be nothing once its snapshot says so") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.end_snapshot();
    driver.cycle();
    CHECK(delta(driver) == 0);
    CHECK(driver.value(Figure::BookVegaUsdPerVolPoint, {"main", "BTC"}) == 0);
    CHECK(driver.value(Figure::BookDeltaUsd, {"main", "BTC", "black_scholes"}) == 0);
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(delta_state(driver) == "unknown/feed_down");
  }

  TEST_CASE("a position that a snapshot does not name is flat, and its book reads 0 instead of vanishing") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    driver.begin_snapshot();
    driver.end_snapshot();
    driver.cycle();
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kPerpetual}) == 0);
    CHECK(delta(driver) == 0);
    CHECK(driver.value(Figure::BookValueUsd, {"main", "BTC"}) == 0);
  }

  TEST_CASE("the venue's report of a changed position is shown with the same cycle") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    driver.position(kPerpetual, -50'000, 110'000);
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(-0.5));
    driver.position(kCall, 3, 0.06);
    driver.cycle();
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kCall}) == 3);
    driver.position(kCall, 0);
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(-0.5));
  }

  TEST_CASE("after its feed was down an account needs a new snapshot") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.status(kPrivate, FeedPhase::Down);
    driver.status(kPrivate, FeedPhase::Synchronising);
    driver.status(kPrivate, FeedPhase::Live);
    driver.cycle();
    CHECK(delta_state(driver) == "unknown/never_received");
    driver.begin_snapshot();
    driver.position(kPerpetual, 100'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(1));
  }

  TEST_CASE("positions turn stale when the account has been silent beyond its limit") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    driver.advance(119s);
    driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta_state(driver) == "ok/none");
    driver.advance(2s);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/too_old");
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    CHECK(delta_state(driver) == "ok/none");
  }

  TEST_CASE("what no book takes is reported as the rest, and only when there is something") {
    EngineDriver driver = desk(account_book());
    driver.list_perpetual("ETH-PERPETUAL", "ETH");
    driver.mark("ETH-PERPETUAL", {.price = 4'000, .index = 3'990});
    driver.begin_snapshot();
    driver.end_snapshot();
    driver.cycle();
    CHECK_FALSE(driver.has(Figure::BookDeltaCoins, {"rest", "ETH", "black_scholes"}));
    driver.position("ETH-PERPETUAL", 40'000, 4'000);
    driver.cycle();
    CHECK(driver.value(Figure::BookDeltaCoins, {"rest", "ETH", "black_scholes"}) == doctest::Approx(10));
    CHECK(delta(driver) == 0);
  }

  TEST_CASE("equity is valued at the index, and margins are the venue's over its own margin balance") {
    EngineSetup setup = account_book();
    setup.venues.front().stablecoins_at_par = false;
    EngineDriver driver = desk(std::move(setup));
    driver.summary({.asset = AssetCode::from("BTC").value(),
                    .equity = 4,
                    .balance = 3.5,
                    .margin_balance = 2,
                    .initial_margin = 1.2,
                    .maintenance_margin = 0.9});
    driver.summary({.asset = AssetCode::from("USDC").value(), .equity = 1'000});
    driver.summary({.asset = AssetCode::from("USD").value(), .equity = 700, .margin_balance = 0, .initial_margin = 0});
    driver.cycle();
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "BTC"}) == 396'000);
    CHECK(driver.value(Figure::Balance, {"main", "deribit", "BTC"}) == 3.5);
    CHECK(driver.value(Figure::MarginBalance, {"main", "deribit", "BTC"}) == 2);
    CHECK(driver.value(Figure::InitialMarginRatio, {"main", "deribit", "BTC", "venue"}) == doctest::Approx(0.6));
    CHECK(driver.value(Figure::MaintenanceMarginRatio, {"main", "deribit", "BTC", "venue"}) == doctest::Approx(0.45));
    CHECK(driver.state(Figure::EquityUsd, {"main", "deribit", "USDC"}) == "unknown/missing_index");
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "USD"}) == 700);
    CHECK(driver.state(Figure::InitialMarginRatio, {"main", "deribit", "USD", "venue"}) == "unknown/empty");
    driver.index(0.99, "USDC", "USD");
    driver.cycle();
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "USDC"}) == doctest::Approx(990));
    driver.advance(121s);
    driver.cycle();
    CHECK(driver.state(Figure::Balance, {"main", "deribit", "BTC"}) == "stale/too_old");
  }

  TEST_CASE("a stablecoin is worth a dollar where that is stated and no venue tells its price, else what a venue tells") {
    EngineSetup setup = account_book();
    setup.venues.front().stablecoins_at_par = true;
    VenueSetup other = setup.venues.front();
    other.venue = Venue::Okx;
    setup.venues.push_back(other);
    EngineDriver driver = desk(std::move(setup));
    driver.summary({.asset = AssetCode::from("USDT").value(), .equity = 1'000});
    driver.cycle();
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "USDT"}) == 1'000);
    driver.engine().apply(
        {.header = {.exchange_time = driver.venue_now(), .received = driver.now(), .connection = kPublic, .venue = Venue::Okx},
         .body = IndexPrice{.base = AssetCode::from("USDT").value(), .quote = AssetCode::from("USD").value(), .price = 0.98}});
    driver.cycle();
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "USDT"}) == doctest::Approx(980));
    driver.index(0.99, "USDT", "USD");
    driver.cycle();
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "USDT"}) == doctest::Approx(990));
    // A coin that is quoted in it alone is worth as much less.
    driver.index(200, "SOL", "USDT");
    driver.summary({.asset = AssetCode::from("SOL").value(), .equity = 10});
    driver.cycle();
    CHECK(driver.value(Figure::EquityUsd, {"main", "deribit", "SOL"}) == doctest::Approx(1'980));
  }

  // ---- instruments come and go

  TEST_CASE("a line becomes a figure when its instrument is listed") {
    EngineDriver driver{line_book()};
    driver.cycle();
    CHECK(driver.state(Figure::BookDeltaCoins, {"main", "", "black_scholes"}) == "unknown/missing_instrument");
    driver.list_option(kCall, OptionRight::Call, 100'000, 36.5);
    driver.mark(kCall, {.price = 0.063, .vol = 0.5, .forward = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta_state(driver) == "unknown/missing_instrument");
    driver.list_perpetual(kPerpetual);
    driver.cycle();
    CHECK(delta_state(driver) == "unknown/never_received");
    driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta_state(driver) == "ok/none");
  }

  TEST_CASE("a position in an instrument that is not listed makes its book unknown until it is") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.apply(PositionReport{.size = size_of(5), .average_entry = 1}, make_instrument_id(Venue::Deribit, 2), kMain, kPrivate);
    driver.end_snapshot();
    driver.cycle();
    CHECK(delta_state(driver) == "unknown/missing_instrument");
    driver.list_perpetual("BTC-NEW");
    driver.mark("BTC-NEW", {.price = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(5 / 100'000.0));
  }

  TEST_CASE("an option past its expiry by the venue's clock leaves the Greeks, and its value is unknown until it is settled") {
    EngineDriver driver = desk(line_book());
    driver.advance(std::chrono::hours{24 * 36 + 12});
    driver.mark(kPerpetual, {.price = 100'000, .index = 99'000});
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(-3));
    CHECK(driver.value(Figure::BookVegaUsdPerVolPoint, {"main", "BTC"}) == 0);
    CHECK(driver.state(Figure::Delta, {"deribit", kCall}) == "unknown/expired");
    CHECK(driver.state(Figure::PositionDeltaCoins, {"main", "deribit", kCall}) == "unknown/expired");
    CHECK(driver.state(Figure::BookValueUsd, {"main", "BTC"}) == "unknown/expired");
  }

  TEST_CASE("an instrument that the venue calls expired is expired") {
    EngineDriver driver = desk(line_book());
    driver.apply(InstrumentStateChanged{InstrumentPhase::Expired}, driver.id(kCall));
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(-3));
    CHECK(driver.state(Figure::MarkPrice, {"deribit", kCall}) == "unknown/expired");
  }

  TEST_CASE("a contract that is listed anew with another strike is priced as what it is now") {
    EngineDriver driver = desk(line_book());
    const double before = driver.value(Figure::Delta, {"deribit", kCall});
    driver.list_option(kCall, OptionRight::Call, 120'000, 36.5);
    driver.cycle();
    CHECK(driver.value(Figure::Delta, {"deribit", kCall}) < before);
  }

  // ---- a new configuration

  TEST_CASE("a new configuration keeps market, instruments and account positions") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    EngineSetup changed = account_book();
    changed.books[0].name = "renamed";
    changed.watch = {deribit(kCall)};
    driver.engine().reconfigure(changed);
    driver.cycle();
    CHECK(delta(driver, "renamed") == doctest::Approx(2));
    CHECK(driver.value(Figure::Delta, {"deribit", kCall}) > 0.5);
    CHECK_FALSE(driver.has(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}));
  }

  TEST_CASE("a new configuration that numbers connections and accounts anew does not mix them up") {
    EngineDriver driver = desk(account_book());
    driver.begin_snapshot();
    driver.position(kPerpetual, 200'000, 90'000);
    driver.end_snapshot();
    driver.cycle();
    EngineSetup changed = account_book();
    changed.connections = {"new", "account", "market"};
    changed.connection_venues = {Venue::Deribit, Venue::Deribit, Venue::Deribit};
    changed.accounts = {"other", "main"};
    changed.books[0].rules[0].accounts = {AccountId{1}};
    driver.engine().reconfigure(changed);
    driver.cycle();
    CHECK(delta(driver) == doctest::Approx(2));
    driver.status(ConnectionId{2}, FeedPhase::Down);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/feed_down");
    changed.connections = {"new", "account"};
    driver.engine().reconfigure(changed);
    driver.cycle();
    CHECK(delta_state(driver) == "stale/feed_down");
  }

  TEST_CASE("a new configuration that numbers connections anew keeps what funding rates and surfaces came over") {
    EngineDriver driver = funded_desk();
    EngineSetup changed = funded();
    changed.connections = {"new", "account", "market"};
    changed.connection_venues = {Venue::Deribit, Venue::Deribit, Venue::Deribit};
    driver.engine().reconfigure(changed);
    driver.cycle();
    CHECK(funding_states(driver) == "ok/none ok/none");
    CHECK(carry_state(driver) == "ok/none");
    CHECK(vol_state(driver) == "ok/none");
    CHECK(smile_state(driver) == "ok/none");
    // The old number's new owner has not said any of it.
    driver.status(ConnectionId{0}, FeedPhase::Live);
    driver.status(ConnectionId{2}, FeedPhase::Down);
    driver.cycle();
    CHECK(funding_states(driver) == "stale/feed_down stale/feed_down");
    CHECK(carry_state(driver) != "ok/none");
    CHECK(vol_state(driver) != "ok/none");
    CHECK(smile_state(driver) != "ok/none");
  }

  TEST_CASE("ticks between a new configuration and the end of its cycle are not lost") {
    EngineDriver driver = desk(line_book());
    EngineSetup changed = line_book();
    changed.books.push_back(book_of("second", {line(kPerpetual, 100'000, 100'000)}));
    driver.engine().reconfigure(changed);
    driver.mark(kPerpetual, {.price = 50'000, .index = 99'000});
    driver.cycle();
    CHECK(delta(driver, "second") == doctest::Approx(2));
  }
}
