// One hop between two threads that both spin: the event queue against an own single-producer ring and against mutex and condition
// variable. A round plays ping-pong on each in turn; an event is 128 bytes on all of them.

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/rounds.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"

namespace hedgewatch {
namespace {

/// Few enough that most rounds are played without losing the CPU.
constexpr int kHops = 200;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

constexpr EventQueueSetup kSetup{.producers = 1, .capacity = 4'096, .held_back = 16};

class QueueWay {
 public:
  QueueWay() { static_cast<void>(batch_.push(event_)); }
  void send() { static_cast<void>(queue_.sink(ConnectionId{0}).deliver(batch_)); }
  void receive() {
    std::array<Event, 4> out;
    while (queue_.take(out) == 0) pause_briefly();
    benchmark::DoNotOptimize(out);
  }

 private:
  EngineWaiter waiter_{WaitMode::BusyPoll};
  EventQueue queue_{kSetup, waiter_};
  Event event_{};
  EventBatch batch_{4};
};

/// The least that can carry an event: one writer, one reader, a power of two.
class RingWay {
 public:
  void send() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    ring_[head & (ring_.size() - 1)] = event_;
    head_.store(head + 1, std::memory_order_release);
  }
  void receive() {
    const std::size_t tail = tail_;
    while (head_.load(std::memory_order_acquire) == tail) pause_briefly();
    Event out = ring_[tail & (ring_.size() - 1)];
    benchmark::DoNotOptimize(out);
    tail_ = tail + 1;
  }

 private:
  std::vector<Event> ring_{std::vector<Event>(4'096)};
  Event event_{};
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::size_t tail_ = 0;
};

class ConditionWay {
 public:
  void send() {
    {
      const std::lock_guard lock{mutex_};
      events_.push_back(event_);
    }
    ready_.notify_one();
  }
  void receive() {
    std::unique_lock lock{mutex_};
    ready_.wait(lock, [this] { return !events_.empty(); });
    Event out = events_.front();
    events_.pop_front();
    benchmark::DoNotOptimize(out);
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Event> events_;
  Event event_{};
};

/// Two ways, one in each direction, and a thread that answers.
template <class Way>
class PingPong {
 public:
  PingPong() : answerer_{[this] { answer(); }} {}
  ~PingPong() {
    stop_ = true;
    there_.send();
    answerer_.join();
  }
  PingPong(const PingPong&) = delete;
  PingPong& operator=(const PingPong&) = delete;

  void play(int hops) {
    for (int i = 0; i < hops; i += 2) {
      there_.send();
      back_.receive();
    }
  }

 private:
  void answer() {
    while (true) {
      there_.receive();
      if (stop_) return;
      back_.send();
    }
  }

  Way there_;
  Way back_;
  std::atomic<bool> stop_{false};
  std::thread answerer_;
};

template <class Way>
void time(bench::Rounds& rounds, const char* name) {
  PingPong<Way> game;
  game.play(kHops / 4);
  rounds.time(name, kHops, [&] { game.play(kHops); });
}

void hop(benchmark::State& state) {
  bench::Rounds rounds;
  for (auto _ : state) {
    time<RingWay>(rounds, "ring");
    time<QueueWay>(rounds, "ours");
    time<ConditionWay>(rounds, "condition");
  }
  state.counters["ns"] = rounds.median_nanoseconds("ours");
  state.counters["ring_ns"] = rounds.median_nanoseconds("ring");
  state.counters["condition_ns"] = rounds.median_nanoseconds("condition");
  // Not more than 1.25 times the ring's time, that is at least 0.8 of its speed.
  state.counters["ring_ratio"] = rounds.median_ratio("ring", "ours");
  state.counters["ring_ratio_target"] = 0.8;
  state.counters["condition_ratio"] = rounds.median_ratio("condition", "ours");
  state.counters["condition_ratio_target"] = 20;
}
BENCHMARK(hop)->Unit(benchmark::kMillisecond);

/// A producer that never waits but for room, in frames of eight events.
void throughput(benchmark::State& state) {
  constexpr std::size_t kEvents = 200'000;
  bench::Rounds rounds;
  for (auto _ : state) {
    EngineWaiter waiter{WaitMode::BusyPoll};
    EventQueue queue{{.producers = 1, .capacity = 65'536, .held_back = 16}, waiter};
    rounds.time("ours", kEvents, [&] {
      std::thread producer{[&queue] {
        const Event event{};
        EventBatch batch{8};
        for (int i = 0; i < 8; ++i) static_cast<void>(batch.push(event));
        for (std::size_t sent = 0; sent < kEvents; sent += 8) {
          while (queue.depth() > 32'768) pause_briefly();
          static_cast<void>(queue.sink(ConnectionId{0}).deliver(batch));
        }
      }};
      std::vector<Event> out(256);
      for (std::size_t taken = 0; taken < kEvents;) taken += queue.take(out);
      producer.join();
    });
  }
  state.counters["events_per_second"] = 1e9 / rounds.median_nanoseconds("ours");
}
BENCHMARK(throughput)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgewatch
