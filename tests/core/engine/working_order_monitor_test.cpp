#include "core/engine/working_order_monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr std::string_view kCall = "BTC-30D-50000-C";

EngineSetup one_account() {
  EngineSetup setup = EngineDriver::setup();
  setup.accounts = {"main"};
  BookSetup options;
  options.name = "options";
  options.rules = {BookRule{.accounts = {}, .underlyings = {}, .instruments = {deribit("BTC-*-C")}}};
  setup.books = {options};
  return setup;
}

struct OrderDesk : EngineDriver {
  OrderDesk() : EngineDriver{one_account()} {
    list_perpetual(kPerpetual);
    list_option(kCall, OptionRight::Call, 50'000, 30);
    index(50'000);
    mark(kPerpetual, {.price = 50'000, .index = 50'000});
    mark(kCall, {.price = 0.06, .vol = 0.6, .forward = 50'000, .index = 50'000});
    begin_snapshot();
    position(kCall, -10, 0.05);
    position(kPerpetual, 100'000, 50'000);
    end_snapshot();
  }
  void order(std::string_view name, std::uint64_t number, double remaining, Side side) {
    apply(WorkingOrder{.order = number, .remaining = size_of(remaining), .side = side}, id(name), kMain, kPrivate);
  }
  void state_orders() {
    apply(WorkingOrdersBegin{}, kNoInstrument, kMain, kPrivate);
    order(kPerpetual, 1, 25'000, Side::Buy);
    order(kPerpetual, 2, 5'000, Side::Buy);
    order(kPerpetual, 3, 50'000, Side::Sell);
    order(kCall, 4, 2, Side::Buy);
    apply(WorkingOrdersEnd{}, kNoInstrument, kMain, kPrivate);
  }
  [[nodiscard]] double bids(std::string_view book, std::string_view view = "black_scholes") const {
    return value(Figure::WorkingBidDeltaCoins, {book, "BTC", view});
  }
  [[nodiscard]] double asks(std::string_view book, std::string_view view = "black_scholes") const {
    return value(Figure::WorkingAskDeltaCoins, {book, "BTC", view});
  }
  [[nodiscard]] double delta(std::string_view book, std::string_view view = "black_scholes") const {
    return value(Figure::BookDeltaCoins, {book, "BTC", view});
  }
};

}  // namespace

TEST_SUITE("core/engine/working_order_monitor") {
  TEST_CASE("a book's delta with every bid filled, and with every ask, orders in the book that their position would be in") {
    OrderDesk desk;
    desk.state_orders();
    desk.cycle();
    // 30,000 dollars bid and 50,000 offered at 50,000.
    CHECK(desk.bids("rest") == doctest::Approx(desk.delta("rest") + 0.6));
    CHECK(desk.asks("rest") == doctest::Approx(desk.delta("rest") - 1));
    // A bid for 2 of the calls of which 10 are sold.
    CHECK(desk.bids("options") == doctest::Approx(desk.delta("options") * 0.8));
    CHECK(desk.asks("options") == desk.delta("options"));
    CHECK(desk.bids("options", "net_transaction") == doctest::Approx(desk.delta("options", "net_transaction") * 0.8));
  }

  TEST_CASE("a fill in part, a cancel and a new order are followed at once") {
    OrderDesk desk;
    desk.state_orders();
    desk.cycle();
    desk.order(kPerpetual, 1, 10'000, Side::Buy);
    desk.order(kPerpetual, 3, 0, Side::Sell);
    desk.cycle();
    CHECK(desk.bids("rest") == doctest::Approx(desk.delta("rest") + 0.3));
    CHECK(desk.asks("rest") == desk.delta("rest"));
    desk.order(kPerpetual, 9, 5'000, Side::Sell);
    desk.cycle();
    CHECK(desk.asks("rest") == doctest::Approx(desk.delta("rest") - 0.1));
  }

  TEST_CASE("an order in an instrument that nobody holds or watches is priced, too") {
    EngineSetup setup = one_account();
    setup.books.clear();
    EngineDriver driver{setup};
    driver.list_perpetual(kPerpetual);
    driver.index(50'000);
    driver.begin_snapshot();
    driver.end_snapshot();
    driver.apply(WorkingOrdersBegin{}, kNoInstrument, kMain, kPrivate);
    driver.apply(WorkingOrder{.order = 1, .remaining = size_of(50'000), .side = Side::Sell}, driver.id(kPerpetual), kMain,
                 kPrivate);
    driver.apply(WorkingOrdersEnd{}, kNoInstrument, kMain, kPrivate);
    driver.cycle();
    CHECK(driver.state(Figure::WorkingAskDeltaCoins, {"rest", "BTC", "black_scholes"}) == "unknown/never_received");
    driver.mark(kPerpetual, {.price = 50'000, .index = 50'000});
    driver.advance(1s);
    driver.cycle();
    CHECK(driver.value(Figure::WorkingAskDeltaCoins, {"rest", "BTC", "black_scholes"}) == doctest::Approx(-1));
    CHECK(driver.value(Figure::WorkingBidDeltaCoins, {"rest", "BTC", "black_scholes"}) == 0);
  }

  TEST_CASE("an order in an instrument that is listed after it counts from then on") {
    EngineDriver driver{one_account()};
    driver.index(50'000);
    driver.begin_snapshot();
    driver.end_snapshot();
    const InstrumentId later = make_instrument_id(Venue::Deribit, 0);
    driver.apply(WorkingOrdersBegin{}, kNoInstrument, kMain, kPrivate);
    driver.apply(WorkingOrder{.order = 1, .remaining = size_of(25'000), .side = Side::Buy}, later, kMain, kPrivate);
    driver.apply(WorkingOrdersEnd{}, kNoInstrument, kMain, kPrivate);
    driver.cycle();
    driver.list_perpetual(kPerpetual);
    driver.index(50'000);
    driver.mark(kPerpetual, {.price = 50'000, .index = 50'000});
    driver.cycle();
    CHECK(driver.value(Figure::WorkingBidDeltaCoins, {"rest", "BTC", "black_scholes"}) == doctest::Approx(0.5).epsilon(1e-12));
  }

  TEST_CASE("without a whole statement, or after a lost connection, nothing is said") {
    OrderDesk desk;
    desk.cycle();
    CHECK(desk.state(Figure::WorkingBidDeltaCoins, {"rest", "BTC", "black_scholes"}) == "unknown/never_received");
    desk.state_orders();
    desk.cycle();
    CHECK(desk.state(Figure::WorkingBidDeltaCoins, {"rest", "BTC", "black_scholes"}) == "ok/none");
    desk.status(kPrivate, FeedPhase::Down);
    desk.cycle();
    CHECK(desk.state(Figure::WorkingBidDeltaCoins, {"rest", "BTC", "black_scholes"}) == "unknown/feed_down");
    desk.status(kPrivate, FeedPhase::Live);
    desk.begin_snapshot();
    desk.end_snapshot();
    desk.cycle();
    CHECK(desk.state(Figure::WorkingBidDeltaCoins, {"rest", "BTC", "black_scholes"}) == "unknown/never_received");
  }
}
