#include "feeds/session/lag_watch.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr MonoTime kWatchStart{500s};
/// The venue's clock where ours shows kWatchStart.
constexpr VenueTime kVenueStart{1'790'000'000s};

VenueTime venue_at(MonoTime ours) { return kVenueStart + (ours - kWatchStart); }

/// A watch that knows the venue's clock from one round trip of 40 ms, and a line that delays by a constant.
struct Line {
  LagWatch watch{3s};
  MonoTime now = kWatchStart;
  std::chrono::nanoseconds delay = 20ms;

  Line() { watch.on_round_trip(kWatchStart - 20ms, kWatchStart + 20ms, kVenueStart); }

  void data_for(std::chrono::nanoseconds duration) {
    for (const MonoTime until = now + duration; now < until; now += 100ms) watch.on_stamped(now, venue_at(now - delay));
  }
};

}  // namespace

TEST_SUITE("feeds/session/lag_watch") {
  TEST_CASE("data that comes in time is never late, and its lag is the line's within half a round trip") {
    Line line;
    line.data_for(60s);
    CHECK_FALSE(line.watch.late());
    REQUIRE(line.watch.lag().has_value());
    CHECK(*line.watch.lag() >= 20ms);
    CHECK(*line.watch.lag() <= 20ms + 20ms + 60'000ms / 5'000);
  }

  TEST_CASE("a constant delay is noticed within two spans although frames come as often as ever") {
    Line line;
    line.data_for(10s);
    line.delay = 5s;
    line.data_for(2 * LagWatch::kSpan + 200ms);
    CHECK(line.watch.late());
    CHECK(*line.watch.lag() >= 5s);
  }

  TEST_CASE("a line that was delayed from its first frame on is noticed too, by the round trips that are as slow") {
    LagWatch watch{3s};
    watch.on_round_trip(kWatchStart, kWatchStart + 5s, venue_at(kWatchStart));
    for (MonoTime now = kWatchStart + 5s; now < kWatchStart + 10s; now += 100ms) watch.on_stamped(now, venue_at(now - 5s));
    CHECK(watch.late());
    CHECK(*watch.lag() >= 5s);
  }

  TEST_CASE("it is over with the first frame in time, and not before") {
    Line line;
    line.data_for(10s);
    line.delay = 5s;
    line.data_for(5s);
    REQUIRE(line.watch.late());
    line.delay = 2'500ms;
    line.data_for(5s);
    CHECK(line.watch.late());
    line.delay = 20ms;
    line.data_for(100ms);
    CHECK_FALSE(line.watch.late());
  }

  TEST_CASE("one frame with an old time of its own does no harm among frames in time") {
    Line line;
    for (int round = 0; round < 100; ++round) {
      line.data_for(300ms);
      line.watch.on_stamped(line.now, venue_at(line.now - 1h));
      CHECK_FALSE(line.watch.late());
    }
  }

  TEST_CASE("a slow round trip does not blur what quick ones have shown") {
    Line line;
    const auto before = line.watch.offset();
    line.watch.on_round_trip(kWatchStart + 1s, kWatchStart + 9s, venue_at(kWatchStart + 8s));
    REQUIRE(before.has_value());
    REQUIRE(line.watch.offset().has_value());
    const std::chrono::nanoseconds moved = *line.watch.offset() - *before;
    CHECK(moved < 2ms);
    CHECK(moved > -2ms);
  }

  TEST_CASE("a venue that sets its clock back looks late only until the next round trip") {
    Line line;
    line.data_for(10s);
    line.delay = 30s;
    line.data_for(5s);
    REQUIRE(line.watch.late());
    line.watch.on_round_trip(line.now - 20ms, line.now + 20ms, venue_at(line.now - 30s));
    CHECK_FALSE(line.watch.late());
    line.data_for(10s);
    CHECK_FALSE(line.watch.late());
    CHECK(*line.watch.lag() < 100ms);
  }

  TEST_CASE("stamps ahead of the venue's clock prove nothing") {
    Line line;
    line.data_for(10s);
    line.delay = 5s;
    for (int round = 0; round < 60; ++round) {
      line.data_for(100ms);
      line.watch.on_stamped(line.now, venue_at(line.now + 10s));
    }
    CHECK(line.watch.late());
  }

  TEST_CASE("without a round trip, and with times that no clock shows, nothing is judged") {
    LagWatch watch{3s};
    for (MonoTime now = kWatchStart; now < kWatchStart + 10s; now += 100ms) watch.on_stamped(now, venue_at(now - 1h));
    CHECK_FALSE(watch.late());
    CHECK_FALSE(watch.lag().has_value());
    CHECK_FALSE(watch.offset().has_value());
    watch.on_round_trip(kWatchStart, kWatchStart + 1s, VenueTime::max());
    watch.on_round_trip(kWatchStart + 1s, kWatchStart, kVenueStart);
    watch.on_round_trip(kWatchStart, kWatchStart + 1s, kNoVenueTime);
    CHECK_FALSE(watch.offset().has_value());
  }

  TEST_CASE("a new connection is judged by its own data") {
    Line line;
    line.data_for(10s);
    line.delay = 5s;
    line.data_for(5s);
    REQUIRE(line.watch.late());
    line.watch.on_closed();
    CHECK_FALSE(line.watch.late());
    line.data_for(1s);
    CHECK_FALSE(line.watch.late());
    line.data_for(3s);
    CHECK(line.watch.late());
  }
}

}  // namespace hedgewatch
