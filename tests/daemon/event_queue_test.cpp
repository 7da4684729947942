#include "daemon/event_queue.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "daemon/engine_waiter.hpp"
#include "daemon/held_back_values.hpp"

namespace hedgewatch {

using namespace std::chrono_literals;

namespace {

constexpr ConnectionId kFirst{0};
constexpr ConnectionId kSecond{1};

InstrumentId instrument(std::uint32_t count) { return make_instrument_id(Venue::Deribit, count); }

template <class Body>
Event event(std::uint32_t instrument_count, Body body, std::int64_t received = 0) {
  return {.header = {.received = from_nanoseconds<MonoTime>(received),
                     .instrument = instrument(instrument_count),
                     .connection = kFirst},
          .body = body};
}

Event mark(std::uint32_t instrument_count, double price) { return event(instrument_count, Mark{.price = price}); }

Event fill(std::uint64_t sequence) {
  Fill body;
  body.sequence = sequence;
  return event(0, body);
}

EventBatch batch_of(const std::vector<Event>& events) {
  EventBatch batch{events.size() + 1};
  for (const Event& one : events) REQUIRE(batch.push(one));
  return batch;
}

EventBatch book_change(std::uint32_t instrument_count, bool snapshot, std::size_t levels) {
  EventBatch batch;
  REQUIRE(batch.push(event(instrument_count, BookBegin{.snapshot = snapshot})));
  for (std::size_t level = 0; level < levels; ++level) REQUIRE(batch.push(event(instrument_count, BookLevel{})));
  REQUIRE(batch.push(event(instrument_count, BookEnd{.sequence = 7})));
  return batch;
}

std::vector<Event> take_all(EventQueue& queue) {
  std::vector<Event> all;
  std::vector<Event> part(64);
  while (const std::size_t count = queue.take(part))
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
  return all;
}

template <class Body>
std::vector<Event> only(const std::vector<Event>& events) {
  std::vector<Event> kept;
  for (const Event& one : events)
    if (std::holds_alternative<Body>(one.body)) kept.push_back(one);
  return kept;
}

/// A queue whose ways hold 64 events: 56 for market data and 8 more for what must not be lost.
struct SmallQueue {
  static constexpr std::size_t kMarket = 56;
  static constexpr std::size_t kWhole = 64;

  EngineWaiter waiter{WaitMode::Blocking};
  EventQueue queue{{.producers = 2, .capacity = kWhole, .held_back = 16}, waiter};
  EventSink& sink = queue.sink(kFirst);
  const EventQueueCounters& counters = queue.counters(kFirst);

  void fill_with_trades(std::size_t count) {
    EventBatch trades;
    for (std::size_t trade = 0; trade < count; ++trade) REQUIRE(trades.push(event(0, Trade{})));
    REQUIRE(sink.deliver(trades).outcome == DeliveryOutcome::Complete);
  }
};

}  // namespace

TEST_SUITE("daemon/event_queue") {
  TEST_CASE("one connection's events come out whole and in order") {
    EngineWaiter waiter{WaitMode::BusyPoll};
    EventQueue queue{{.producers = 1, .capacity = 5'000, .held_back = 16}, waiter};
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    for (int round = 0; round < 200; ++round) {
      EventBatch batch;
      for (int i = 0; i < 1 + round * 7 % 900; ++i) REQUIRE(batch.push(fill(++sent)));
      REQUIRE(queue.sink(kFirst).deliver(batch).outcome == DeliveryOutcome::Complete);
      if (queue.depth() < 3'000) continue;
      for (const Event& one : take_all(queue)) REQUIRE(std::get<Fill>(one.body).sequence == ++received);
    }
    for (const Event& one : take_all(queue)) REQUIRE(std::get<Fill>(one.body).sequence == ++received);
    CHECK(received == sent);
    CHECK(queue.empty());
    CHECK(queue.counters(kFirst).delivered == sent);
    CHECK(queue.counters(kFirst).high_water >= 3'000);
  }

  TEST_CASE("a flooding connection takes nothing of another's room, nor of its turn") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    CHECK(small.queue.sink(kSecond).deliver(batch_of({mark(1, 1)})).outcome == DeliveryOutcome::Complete);
    std::vector<Event> part(8);
    CHECK(small.queue.take(part) == 8);
    CHECK(small.queue.take(part) == 8);
    CHECK(only<Mark>(part).size() == 1);
  }

  TEST_CASE("while the way is full only the newest value of each kind and instrument is kept, and follows") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    for (int value = 1; value <= 100; ++value)
      REQUIRE(small.sink.deliver(batch_of({mark(1, value), mark(2, -value), event(1, Funding{.current_rate_8h = value * 1e-6})}))
                  .outcome == DeliveryOutcome::Conflated);
    CHECK(small.counters.conflated == 297);
    CHECK(small.counters.held_back == 3);
    CHECK_FALSE(small.sink.flush());
    CHECK(only<Mark>(take_all(small.queue)).empty());
    CHECK(small.sink.flush());
    const std::vector<Event> late = take_all(small.queue);
    REQUIRE(late.size() == 3);
    CHECK(std::get<Mark>(late[0].body).price == 100);
    CHECK(std::get<Mark>(late[1].body).price == -100);
    CHECK(std::get<Funding>(late[2].body).current_rate_8h == doctest::Approx(100e-6));
    CHECK(small.counters.held_back == 0);
    CHECK(small.counters.refused == 0);
  }

  TEST_CASE("values wait beside a way that has grown long, though it is not full; what must not be replaced goes on") {
    EngineWaiter waiter{WaitMode::Blocking};
    EventQueue queue{{.producers = 1, .capacity = 64, .held_back = 2, .conflate_above = 8}, waiter};
    EventSink& sink = queue.sink(kFirst);
    // A message that finds a short way goes whole, however long it is.
    EventBatch long_message;
    for (std::uint32_t count = 0; count < 20; ++count) REQUIRE(long_message.push(mark(10 + count, 1)));
    CHECK(sink.deliver(long_message).outcome == DeliveryOutcome::Complete);
    CHECK(queue.depth() == 20);

    CHECK(sink.deliver(batch_of({mark(1, 1), event(1, Trade{})})).outcome == DeliveryOutcome::Conflated);
    CHECK(sink.deliver(batch_of({mark(1, 2), mark(2, 1)})).outcome == DeliveryOutcome::Conflated);
    CHECK(queue.depth() == 21);
    CHECK(queue.counters(kFirst).conflated == 1);
    CHECK(queue.counters(kFirst).held_back == 2);
    // Of a third instrument none waits: its value goes the long way rather than being lost.
    CHECK(sink.deliver(batch_of({mark(3, 5)})).outcome == DeliveryOutcome::Conflated);
    CHECK(queue.depth() == 22);

    std::vector<Event> part(14);
    REQUIRE(queue.take(part) == 14);
    CHECK_FALSE(sink.flush());
    REQUIRE(queue.take(std::span{part}.first(2)) == 2);
    CHECK(sink.flush());
    const std::vector<Event> rest = take_all(queue);
    REQUIRE(rest.size() == 8);
    CHECK(std::holds_alternative<Trade>(rest[4].body));
    CHECK(std::get<Mark>(rest[5].body).price == 5);
    CHECK(std::get<Mark>(rest[6].body).price == 2);
    CHECK(std::get<Mark>(rest[7].body).price == 1);
    CHECK(queue.counters(kFirst).refused == 0);
  }

  TEST_CASE("index prices conflate by pair") {
    HeldBackValues held{4};
    const auto index = [](const char* base, double price) {
      return Event{.header = {},
                   .body = IndexPrice{.base = *AssetCode::from(base), .quote = *AssetCode::from("USD"), .price = price}};
    };
    CHECK(held.put(index("BTC", 1)) == HeldBackValues::Put::Added);
    CHECK(held.put(index("ETH", 2)) == HeldBackValues::Put::Added);
    CHECK(held.put(index("BTC", 3)) == HeldBackValues::Put::Replaced);
    REQUIRE(held.size() == 2);
    CHECK(std::get<IndexPrice>(held.values()[0].body).price == 3);
  }

  TEST_CASE("values held back are found again after a part of them went out") {
    HeldBackValues held{100};
    for (std::uint32_t count = 0; count < 100; ++count) REQUIRE(held.put(mark(count, 1)) == HeldBackValues::Put::Added);
    CHECK(held.put(mark(100, 1)) == HeldBackValues::Put::Full);
    held.drop_front(37);
    for (std::uint32_t count = 37; count < 100; ++count) REQUIRE(held.put(mark(count, 2)) == HeldBackValues::Put::Replaced);
    for (std::uint32_t count = 0; count < 37; ++count) REQUIRE(held.put(mark(count, 2)) == HeldBackValues::Put::Added);
    CHECK(held.size() == 100);
  }

  TEST_CASE("a newer value never overtakes an older one that is held back") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    REQUIRE(small.sink.deliver(batch_of({mark(1, 1)})).outcome == DeliveryOutcome::Conflated);
    std::vector<Event> part(SmallQueue::kMarket);
    REQUIRE(small.queue.take(part) == SmallQueue::kMarket);
    REQUIRE(small.sink.deliver(batch_of({mark(1, 2)})).outcome == DeliveryOutcome::Complete);
    const std::vector<Event> late = take_all(small.queue);
    REQUIRE(late.size() == 2);
    CHECK(std::get<Mark>(late[0].body).price == 1);
    CHECK(std::get<Mark>(late[1].body).price == 2);
  }

  TEST_CASE("a book whose change finds no room is invalid, and its session is told") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket - 5);
    const Delivery delivery = small.sink.deliver(book_change(3, false, 4));
    CHECK(delivery.outcome == DeliveryOutcome::Conflated);
    REQUIRE(delivery.lost_books.size() == 1);
    CHECK(delivery.lost_books[0] == instrument(3));
    CHECK(small.counters.lost_books == 1);
    CHECK(small.counters.refused == 6);
    const std::vector<Event> events = take_all(small.queue);
    CHECK(only<BookLevel>(events).empty());
    CHECK(only<BookInvalidated>(events).size() == 1);
  }

  TEST_CASE("changes of a book that is invalid already are dropped quietly, a lost snapshot is told again") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    CHECK(small.sink.deliver(book_change(3, false, 1)).lost_books.size() == 1);
    CHECK(small.sink.deliver(book_change(3, false, 1)).lost_books.empty());
    CHECK(small.sink.deliver(book_change(3, true, 1)).lost_books.size() == 1);
    take_all(small.queue);
    // Its invalidation goes first, then the snapshot that heals it.
    CHECK(small.sink.deliver(book_change(3, true, 1)).outcome == DeliveryOutcome::Complete);
    const std::vector<Event> events = take_all(small.queue);
    REQUIRE(events.size() == 4);
    CHECK(std::holds_alternative<BookInvalidated>(events[0].body));
    CHECK(std::holds_alternative<BookBegin>(events[1].body));
  }

  TEST_CASE("trades that find no room are lost and counted") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    CHECK(small.sink.deliver(batch_of({event(1, Trade{})})).outcome == DeliveryOutcome::Conflated);
    CHECK(small.counters.refused == 1);
  }

  TEST_CASE("account events, instruments and states use the room kept for them") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    const auto outcome = small.sink.deliver(batch_of({fill(1), event(1, InstrumentListed{}), event(0, FeedStatus{})})).outcome;
    CHECK(outcome == DeliveryOutcome::Conflated);
    const std::vector<Event> events = take_all(small.queue);
    CHECK(only<Fill>(events).size() == 1);
    CHECK(only<InstrumentListed>(events).size() == 1);
    CHECK(only<FeedStatus>(events).size() == 1);
    CHECK(small.counters.breaks == 0);
  }

  TEST_CASE("an account event that finds no room breaks the connection, and the engine hears of it before anything else") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    for (std::uint64_t sequence = 1; sequence <= 8; ++sequence)
      REQUIRE(small.sink.deliver(batch_of({fill(sequence)})).outcome == DeliveryOutcome::Conflated);
    CHECK(small.sink.deliver(batch_of({fill(9), fill(10)})).outcome == DeliveryOutcome::Broken);
    CHECK(small.sink.deliver(batch_of({fill(11)})).outcome == DeliveryOutcome::Broken);
    CHECK(small.counters.breaks == 1);
    CHECK(small.counters.refused == 3);
    CHECK_FALSE(small.sink.flush());

    CHECK(only<Fill>(take_all(small.queue)).size() == 8);
    CHECK(small.sink.deliver(batch_of({event(0, FeedStatus{.phase = FeedPhase::Connecting})})).outcome ==
          DeliveryOutcome::Complete);
    const std::vector<Event> events = take_all(small.queue);
    REQUIRE(events.size() == 2);
    const auto& down = std::get<FeedStatus>(events[0].body);
    CHECK(down.phase == FeedPhase::Down);
    CHECK(down.reason == FeedDownReason::Overflow);
    CHECK(events[0].header.connection == kFirst);
    CHECK(std::get<FeedStatus>(events[1].body).phase == FeedPhase::Connecting);
  }

  TEST_CASE("the news of a break goes out by itself when there is room") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    for (std::uint64_t sequence = 1; sequence <= 9; ++sequence) static_cast<void>(small.sink.deliver(batch_of({fill(sequence)})));
    take_all(small.queue);
    CHECK(small.sink.flush());
    CHECK(only<FeedStatus>(take_all(small.queue)).size() == 1);
  }

  TEST_CASE("more values than can be held back break the connection") {
    SmallQueue small;
    small.fill_with_trades(SmallQueue::kMarket);
    EventBatch marks;
    for (std::uint32_t count = 0; count < 17; ++count) REQUIRE(marks.push(mark(count, 1)));
    CHECK(small.sink.deliver(marks).outcome == DeliveryOutcome::Broken);
    CHECK(only<FeedStatus>(take_all(small.queue)).size() == 1);
  }

  TEST_CASE("a setup that cannot work is refused at once") {
    EngineWaiter waiter{WaitMode::BusyPoll};
    CHECK_THROWS_AS((EventQueue{{.producers = 0}, waiter}), std::invalid_argument);
    CHECK_THROWS_AS((EventQueue{{.producers = 255}, waiter}), std::invalid_argument);
    CHECK_THROWS_AS((EventQueue{{.capacity = 10'000'000}, waiter}), std::invalid_argument);
    CHECK_THROWS_AS((EventQueue{{.held_back = 0}, waiter}), std::invalid_argument);
  }

  TEST_CASE("two connections and the engine run together in every wait mode, and nothing is lost") {
    for (const WaitMode mode : {WaitMode::BusyPoll, WaitMode::Adaptive, WaitMode::Blocking}) {
      const std::string mode_label{label(mode)};
      CAPTURE(mode_label);
      constexpr std::uint64_t kEach = 20'000;
      EngineWaiter waiter{mode};
      EventQueue queue{{.producers = 2, .capacity = 1'024, .held_back = 64}, waiter};
      const auto produce = [&queue](ConnectionId connection) {
        EventBatch batch{16};
        for (std::uint64_t sequence = 1; sequence <= kEach; ++sequence) {
          Event one = fill(sequence);
          one.header.connection = connection;
          static_cast<void>(batch.push(one));
          if (batch.size() < 1 + sequence % 16 && sequence != kEach) continue;
          while (queue.depth() > 512) std::this_thread::yield();
          REQUIRE(queue.sink(connection).deliver(batch).outcome == DeliveryOutcome::Complete);
          batch.truncate(0);
        }
      };
      std::thread first{produce, kFirst};
      std::thread second{produce, kSecond};
      std::uint64_t expected[2] = {0, 0};
      std::vector<Event> part(100);
      bool in_order = true;
      while (expected[0] + expected[1] < 2 * kEach) {
        if (waiter.wait(queue, 10s) == EngineWaiter::Woken::TimedOut) break;
        const std::size_t count = queue.take(part);
        for (std::size_t i = 0; i < count; ++i) {
          std::uint64_t& last = expected[static_cast<std::size_t>(part[i].header.connection)];
          in_order = in_order && std::get<Fill>(part[i].body).sequence == ++last;
        }
      }
      first.join();
      second.join();
      CHECK(in_order);
      CHECK(expected[0] == kEach);
      CHECK(expected[1] == kEach);
    }
  }
}

TEST_SUITE("daemon/engine_waiter") {
  TEST_CASE("waiting ends with what has come, what was nudged, or in time") {
    for (const WaitMode mode : {WaitMode::BusyPoll, WaitMode::Adaptive, WaitMode::Blocking}) {
      const std::string mode_label{label(mode)};
      CAPTURE(mode_label);
      CHECK(wait_mode_from_label(mode_label) == mode);
      EngineWaiter waiter{mode};
      EventQueue queue{{.producers = 1, .capacity = 64, .held_back = 4}, waiter};
      CHECK(waiter.wait(queue, 1ms) == EngineWaiter::Woken::TimedOut);
      CHECK(waiter.wait(queue, 0ns) == EngineWaiter::Woken::TimedOut);
      waiter.nudge();
      CHECK(waiter.wait(queue, 10s) == EngineWaiter::Woken::Nudged);
      REQUIRE(queue.sink(kFirst).deliver(batch_of({mark(1, 1)})).outcome == DeliveryOutcome::Complete);
      CHECK(waiter.wait(queue, 10s) == EngineWaiter::Woken::Events);
      take_all(queue);
      CHECK(waiter.wait(queue, 1ms) == EngineWaiter::Woken::TimedOut);
    }
    CHECK_FALSE(wait_mode_from_label("sometimes").has_value());
  }

  TEST_CASE("a sleeping engine is woken by an event and by a nudge") {
    EngineWaiter waiter{WaitMode::Blocking};
    EventQueue queue{{.producers = 1, .capacity = 64, .held_back = 4}, waiter};
    for (int round = 0; round < 20; ++round) {
      std::thread other{[&] {
        std::this_thread::sleep_for(1ms);
        if (round % 2 == 0)
          static_cast<void>(queue.sink(kFirst).deliver(batch_of({mark(1, 1)})));
        else
          waiter.nudge();
      }};
      CHECK(waiter.wait(queue, 60s) == (round % 2 == 0 ? EngineWaiter::Woken::Events : EngineWaiter::Woken::Nudged));
      other.join();
      take_all(queue);
    }
  }
}

}  // namespace hedgewatch
