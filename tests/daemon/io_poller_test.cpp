#include "daemon/io_poller.hpp"

#include <doctest/doctest.h>

#include <array>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"

namespace hedgewatch {

using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

/// An engine's end of things: who waits here serves the context.
struct ServedContext {
  explicit ServedContext(WaitMode mode) : waiter{mode} { waiter.serve(&poller); }

  EngineWaiter waiter;
  EventQueue queue{{.producers = 1, .capacity = 64, .held_back = 4}, waiter};
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  IoPoller poller{io};

  void deliver() {
    EventBatch batch{1};
    REQUIRE(batch.push(Event{}));
    REQUIRE(queue.sink(ConnectionId{0}).deliver(batch).outcome == DeliveryOutcome::Complete);
  }
};

constexpr std::array kModes{WaitMode::BusyPoll, WaitMode::Adaptive, WaitMode::Blocking};

}  // namespace

TEST_SUITE("daemon/io_poller") {
  TEST_CASE("who waits for events does the feeds' work, and returns with what it brought") {
    for (const WaitMode mode : kModes) {
      CAPTURE(static_cast<int>(mode));
      ServedContext served{mode};
      int idle = 0;
      const std::thread::id here = std::this_thread::get_id();
      std::thread::id worked;
      asio::post(served.io, [&] { ++idle; });
      asio::post(served.io, [&] {
        worked = std::this_thread::get_id();
        served.deliver();
      });
      asio::post(served.io, [&] { ++idle; });
      CHECK(served.waiter.wait(served.queue, 60s) == EngineWaiter::Woken::Events);
      CHECK(worked == here);
      CHECK(idle == 1);
      // What waits goes first; the feeds are served again when nothing does.
      CHECK(served.waiter.wait(served.queue, 60s) == EngineWaiter::Woken::Events);
      CHECK(idle == 1);
      Event out;
      CHECK(served.queue.take({&out, 1}) == 1);
      CHECK(served.waiter.wait(served.queue, 1ms) == EngineWaiter::Woken::TimedOut);
      CHECK(idle == 2);
    }
  }

  TEST_CASE("work that another thread brings and a nudge end the wait of a sleeping engine") {
    for (const WaitMode mode : kModes) {
      CAPTURE(static_cast<int>(mode));
      ServedContext served{mode};
      for (int round = 0; round < 10; ++round) {
        std::thread other{[&] {
          std::this_thread::sleep_for(1ms);
          if (round % 2 == 0)
            asio::post(served.io, [&] { served.deliver(); });
          else
            served.waiter.nudge();
        }};
        CHECK(served.waiter.wait(served.queue, 60s) ==
              (round % 2 == 0 ? EngineWaiter::Woken::Events : EngineWaiter::Woken::Nudged));
        other.join();
        Event out;
        static_cast<void>(served.queue.take({&out, 1}));
      }
    }
  }
}

}  // namespace hedgewatch
