#include "daemon/event_way.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace hedgewatch {

namespace {

/// Many times the short ring.
constexpr std::size_t kCapacity = 8 * EventWay::kShort;

Event numbered(std::uint64_t number) {
  Event event;
  event.header.received = from_nanoseconds<MonoTime>(static_cast<std::int64_t>(number));
  return event;
}

std::uint64_t number_of(const Event& event) { return static_cast<std::uint64_t>(nanoseconds_of(event.header.received)); }

/// The next `count` events of an endless count.
class Count {
 public:
  std::vector<Event> next(std::size_t count) {
    std::vector<Event> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(numbered(number_++));
    return events;
  }

 private:
  std::uint64_t number_ = 0;
};

/// Reads what is there and holds that nothing is missing, twice there or out of turn.
class Follower {
 public:
  std::size_t take(EventWay& way, std::size_t most) {
    std::vector<Event> out(most);
    const EventWay::Taken taken = way.take(out);
    for (std::size_t i = 0; i < taken.count; ++i) {
      const std::uint64_t number = number_of(out[i]);
      if (number != next_) in_order_ = false;
      next_ = number + 1;
    }
    return taken.count;
  }
  [[nodiscard]] bool in_order() const { return in_order_; }
  [[nodiscard]] std::uint64_t next() const { return next_; }

 private:
  std::uint64_t next_ = 0;
  bool in_order_ = true;
};

}  // namespace

TEST_SUITE("daemon/event_way") {
  TEST_CASE("events come out in order while few wait, when many do, and when few do again") {
    EventWay way{kCapacity, false};
    Count count;
    Follower follower;
    std::uint64_t put = 0;
    // Up and down through both rings, with steps that fall on no boundary and on every one.
    for (const std::size_t peak : {std::size_t{3}, EventWay::kShort - 1, EventWay::kShort, EventWay::kShort + 1,
                                   3 * EventWay::kShort, kCapacity, std::size_t{1}, kCapacity, EventWay::kShort, std::size_t{5}}) {
      for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{64}, EventWay::kShort, EventWay::kShort + 3}) {
        CAPTURE(peak);
        CAPTURE(step);
        while (way.has_room(step, peak)) {
          way.put(count.next(step));
          put += step;
        }
        CHECK(way.depth() <= peak);
        while (follower.take(way, step) != 0) {
        }
        REQUIRE(follower.in_order());
        REQUIRE(follower.next() == put);
        REQUIRE(way.depth() == 0);
      }
    }
  }

  TEST_CASE("the deep ring is left only when everything was taken, and what waits is not lost before") {
    EventWay way{kCapacity, false};
    Count count;
    Follower follower;
    std::uint64_t put = 0;
    std::mt19937 random{7};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same steps each time
    std::size_t deepest = 0;
    for (int round = 0; round < 20'000; ++round) {
      const std::size_t batch = 1 + random() % (round % 100 < 50 ? 90 : 20);
      if (way.has_room(batch, kCapacity)) {
        way.put(count.next(batch));
        put += batch;
      }
      deepest = std::max(deepest, way.depth());
      const std::size_t before = way.depth();
      const std::size_t most = 1 + random() % (round % 100 < 50 ? 40 : 120);
      REQUIRE(follower.take(way, most) == std::min(before, most));
      REQUIRE(follower.in_order());
      REQUIRE(follower.next() + way.depth() == put);
    }
    CHECK(deepest > 2 * EventWay::kShort);
  }

  TEST_CASE("room is what the limit leaves, and a batch larger than the short ring fits where the limit lets it") {
    EventWay way{kCapacity, false};
    Count count;
    CHECK(way.room(10) == 10);
    CHECK(way.has_room(kCapacity, kCapacity));
    CHECK_FALSE(way.has_room(kCapacity + 1, kCapacity));
    way.put(count.next(EventWay::kShort + 1));
    CHECK(way.room(EventWay::kShort) == 0);
    CHECK(way.room(kCapacity) == kCapacity - EventWay::kShort - 1);
    std::vector<Event> out(kCapacity);
    const EventWay::Taken taken = way.take(out);
    CHECK(taken.count == EventWay::kShort + 1);
    CHECK(taken.waited == EventWay::kShort + 1);
    CHECK(way.take(out).count == 0);
  }

  TEST_CASE("a thread sees every event of another once, in order, and never a part of what was put at once") {
    for (const bool reader_sleeps : {false, true}) {
      constexpr std::uint64_t kEvents = 300'000;
      constexpr std::size_t kBatch = 5;
      EventWay way{kCapacity, reader_sleeps};
      std::thread writer{[&] {
        Count count;
        std::mt19937 random{11};  // NOLINT(cert-msc32-c,cert-msc51-cpp)
        for (std::uint64_t sent = 0; sent < kEvents; sent += kBatch) {
          while (!way.has_room(kBatch, kCapacity)) std::this_thread::yield();
          way.put(count.next(kBatch));
          // Lets the reader catch up now and then, so that both rings are used.
          if (random() % 2'000 == 0)
            while (way.depth() != 0) std::this_thread::yield();
        }
      }};
      Follower follower;
      bool whole = true;
      while (follower.next() < kEvents) {
        // Wide enough for all that can wait.
        if (follower.take(way, kCapacity) == 0) std::this_thread::yield();
        whole = whole && follower.next() % kBatch == 0;
      }
      writer.join();
      CHECK(follower.in_order());
      CHECK(whole);
      CHECK(way.depth() == 0);
    }
  }
}

}  // namespace hedgewatch
