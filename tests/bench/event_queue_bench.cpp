// One hop between two threads that both spin: the event queue against an own single-producer ring and against mutex and condition
// variable. A round plays ping-pong on each in turn; an event is 128 bytes on all of them. Then how many events a second a thread
// can hand to another, against a bounded ring and a deque under a mutex. Both threads are pinned.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "bench/rounds.hpp"
#include "bench/two_threads.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"

namespace hedgewatch {
namespace {

/// Few enough that most rounds are played without losing the CPU.
constexpr int kHops = 200;

constexpr EventQueueSetup kSetup{.producers = 1, .capacity = 4'096, .held_back = 16};

class QueueWay {
 public:
  QueueWay() { static_cast<void>(batch_.push(event_)); }
  void send() { static_cast<void>(sink_.deliver(batch_)); }
  void receive() {
    std::array<Event, 4> out;
    for (bench::Poll poll; queue_.take(out) == 0;) poll.wait();
    benchmark::DoNotOptimize(out);
  }

 private:
  EngineWaiter waiter_{WaitMode::BusyPoll};
  EventQueue queue_{kSetup, waiter_};
  EventSink& sink_ = queue_.sink(ConnectionId{0});
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
    for (bench::Poll poll; head_.load(std::memory_order_acquire) == tail;) poll.wait();
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
    const bench::Pin pin{1};
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
  const bench::Pin pin{0};
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
BENCHMARK(hop)->Unit(benchmark::kMillisecond)->UseRealTime();

constexpr std::size_t kEvents = 100'000;
/// All of a round fits, also into what the queue keeps for market data: nobody waits for room, which on a busy machine would be
/// waiting for the other thread's next time slice.
constexpr std::size_t kPlaces = 131'072;
constexpr std::size_t kFrame = 8;

/// Nanoseconds an event from a thread that never waits, in frames of eight events, to one that takes what is there.
template <class Produce, class Consume>
void carry(bench::Rounds& rounds, const char* name, const Produce& produce, const Consume& consume) {
  std::thread producer{[&] {
    const bench::Pin pin{0};
    for (std::size_t sent = 0; sent < kEvents; sent += kFrame) produce();
  }};
  std::thread consumer{[&] {
    const bench::Pin pin{1};
    bench::Poll poll;
    // Both threads are on their way before the clock starts.
    std::size_t taken = consume();
    const std::size_t first = taken;
    rounds.time(name, static_cast<double>(kEvents - first), [&] {
      while (taken < kEvents) {
        const std::size_t more = consume();
        taken += more;
        if (more == 0) poll.wait();
      }
    });
  }};
  producer.join();
  consumer.join();
}

/// The ring with as many places as the queue, which looks for room before it writes.
class BoundedRing {
 public:
  bool send_frame() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head + kFrame - seen_tail_ > ring_.size()) {
      seen_tail_ = tail_.load(std::memory_order_acquire);
      if (head + kFrame - seen_tail_ > ring_.size()) return false;
    }
    for (std::size_t i = 0; i < kFrame; ++i) ring_[(head + i) % kPlaces] = event_;
    head_.store(head + kFrame, std::memory_order_release);
    return true;
  }
  std::size_t take(std::span<Event> out) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    const std::size_t count = std::min(head_.load(std::memory_order_acquire) - tail, out.size());
    for (std::size_t i = 0; i < count; ++i) out[i] = ring_[(tail + i) % kPlaces];
    tail_.store(tail + count, std::memory_order_release);
    return count;
  }

 private:
  std::vector<Event> ring_{std::vector<Event>(kPlaces)};
  Event event_{};
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t seen_tail_ = 0;
  alignas(64) std::atomic<std::size_t> tail_{0};
};

class MutexQueue {
 public:
  void send_frame() {
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < kFrame; ++i) events_.push_back(event_);
  }
  std::size_t take(std::span<Event> out) {
    const std::lock_guard lock{mutex_};
    const std::size_t count = std::min(events_.size(), out.size());
    std::copy_n(events_.begin(), count, out.begin());
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

 private:
  std::mutex mutex_;
  std::deque<Event> events_;
  Event event_{};
};

void throughput(benchmark::State& state) {
  bench::Rounds rounds;
  std::vector<Event> out(256);
  EngineWaiter waiter{WaitMode::BusyPoll};
  EventQueue queue{{.producers = 1, .capacity = kPlaces, .held_back = 16, .conflate_above = kPlaces}, waiter};
  EventBatch batch{kFrame};
  for (std::size_t i = 0; i < kFrame; ++i) static_cast<void>(batch.push(Event{}));
  const auto ring = std::make_unique<BoundedRing>();
  MutexQueue locked;
  const auto play = [&](bench::Rounds& into) {
    carry(
        into, "ours", [&] { static_cast<void>(queue.sink(ConnectionId{0}).deliver(batch)); }, [&] { return queue.take(out); });
    carry(
        into, "ring",
        [&] {
          for (bench::Poll poll; !ring->send_frame();) poll.wait();
        },
        [&] { return ring->take(out); });
    carry(
        into, "mutex", [&] { locked.send_frame(); }, [&] { return locked.take(out); });
  };
  // The first rounds touch every page of the queues.
  bench::Rounds cold;
  for (int i = 0; i < 3; ++i) play(cold);
  for (auto _ : state) play(rounds);
  if (queue.counters(ConnectionId{0}).conflated != 0) return state.SkipWithError("events were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * std::int64_t{kEvents});
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * std::int64_t{kEvents * sizeof(Event)});
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["ring_ns"] = rounds.median_nanoseconds("ring");
  state.counters["mutex_ratio"] = rounds.median_ratio("mutex", "ours");
  state.counters["ring_ratio"] = rounds.median_ratio("ring", "ours");
  state.counters["ring_ratio_target"] = 0.7;
}
BENCHMARK(throughput)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(60);

}  // namespace
}  // namespace hedgewatch
