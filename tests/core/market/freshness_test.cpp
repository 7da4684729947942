#include "core/market/freshness.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kReceived = from_nanoseconds<MonoTime>(1'000'000'000);

struct Desk {
  Feeds feeds;
  Freshness freshness{feeds};

  Desk() {
    feeds.renumber_connections({}, 1);
    feeds.find(ConnectionId{0})->phase = FeedPhase::Live;
    freshness.set_limits(Venue::Deribit, {.market_data = 10s, .account = 20s});
    freshness.set_now(kReceived);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  Quality market(const Reading& reading) { return freshness.of_market(reading, Venue::Deribit, FigureReason::MissingMark); }
};

Reading reading(ConnectionId connection = ConnectionId{0}) {
  return {.value = 5, .origin = {.exchange_time = kNoVenueTime, .received = kReceived, .connection = connection}};
}

}  // namespace

TEST_SUITE("core/market/freshness") {
  TEST_CASE("a reading is fresh up to and including its limit, and too old after it") {
    Desk desk;
    desk.freshness.set_now(kReceived + 10s);
    CHECK(desk.market(reading()) == Quality::fresh(kReceived));
    desk.freshness.set_now(kReceived + 10s + 1ns);
    CHECK(desk.market(reading()) == Quality::stale(kReceived, FigureReason::TooOld));
  }

  TEST_CASE("account statements have their own limit") {
    Desk desk;
    desk.freshness.set_now(kReceived + 15s);
    CHECK(desk.freshness.of_account(reading().origin, Venue::Deribit).ok());
    desk.freshness.set_now(kReceived + 21s);
    CHECK(desk.freshness.of_account(reading().origin, Venue::Deribit).reason() == FigureReason::TooOld);
  }

  TEST_CASE("nothing is fresh unless its connection is live") {
    Desk desk;
    for (const FeedPhase phase : {FeedPhase::Connecting, FeedPhase::Synchronising, FeedPhase::Down}) {
      desk.feeds.find(ConnectionId{0})->phase = phase;
      CHECK(desk.market(reading()).reason() == FigureReason::FeedDown);
    }
    desk.feeds.find(ConnectionId{0})->phase = FeedPhase::Live;
    CHECK(desk.market(reading()).ok());
    CHECK(desk.market(reading(kNoConnection)).reason() == FigureReason::FeedDown);
    CHECK(desk.market(reading(ConnectionId{7})).reason() == FigureReason::FeedDown);
  }

  TEST_CASE("what never came is unknown for the reason its reader gives") {
    Desk desk;
    CHECK(desk.market(Reading{}) == Quality::unknown(FigureReason::MissingMark));
  }

  TEST_CASE("the horizon is the first moment at which something judged fresh grows old") {
    Desk desk;
    CHECK(desk.freshness.horizon() == MonoTime::max());
    desk.market(reading());
    CHECK(desk.freshness.horizon() == kReceived + 10s);
    Reading older = reading();
    older.origin.received = kReceived - 3s;
    desk.market(older);
    CHECK(desk.freshness.horizon() == kReceived + 7s);
    desk.freshness.reset_horizon();
    CHECK(desk.freshness.horizon() == MonoTime::max());
  }
}
