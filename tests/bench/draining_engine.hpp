#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <variant>
#include <vector>

#include "bench/option_desk.hpp"
#include "bench/percentiles.hpp"
#include "bench/two_threads.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch::bench {

/// An engine on a thread of its own that drains its queue and then recomputes, as the daemon's does, and keeps how long each
/// ticker waited for its figures. The time in an event's header is when the ticker was meant to be sent: one that was held up on
/// the way waits from then on, and nothing is omitted.
class DrainingEngine {
 public:
  DrainingEngine(const OptionDesk& desk, WaitMode mode)
      : waiter_{mode},
        queue_{{.producers = desk.shape().venues, .capacity = 65'536, .held_back = 16'384}, waiter_},
        engine_{desk.setup()} {
    desk.open(engine_, mono_now(), false);
    waits_.reserve(kMostSamples);
    oldest_.reserve(kMostSamples);
  }

  /// The engine's thread reads the sockets too. Before start().
  void serve(FeedPoller& feeds) { waiter_.serve(&feeds); }
  /// Called at the end of each cycle on the engine's thread. Before start().
  void after_cycle(std::function<void(const Engine&)> call) { after_cycle_ = std::move(call); }
  void start(unsigned cpu) {
    thread_ = std::thread{[this, cpu] {
      const Pin pin{cpu};
      run();
    }};
  }
  /// Applies what waits and joins.
  void stop() {
    stop_.store(true, std::memory_order_release);
    waiter_.nudge();
    if (thread_.joinable()) thread_.join();
  }
  ~DrainingEngine() { stop(); }
  DrainingEngine(const DrainingEngine&) = delete;
  DrainingEngine& operator=(const DrainingEngine&) = delete;

  [[nodiscard]] EventQueue& queue() { return queue_; }
  [[nodiscard]] std::uint64_t tickers() const { return tickers_.load(std::memory_order_acquire); }

  /// After stop(). Microseconds.
  void report(benchmark::State& state) {
    state.counters["p50_us"] = percentile(waits_, 0.5) / 1e3;
    state.counters["p99_us"] = percentile(waits_, 0.99) / 1e3;
    state.counters["p999_us"] = percentile(waits_, 0.999) / 1e3;
    state.counters["max_us"] = percentile(waits_, 1) / 1e3;
    state.counters["oldest_unapplied_p99_us"] = percentile(oldest_, 0.99) / 1e3;
    state.counters["tickers_per_cycle"] = cycles_ == 0 ? 0 : static_cast<double>(tickers_.load()) / static_cast<double>(cycles_);
    double most_in_flight = 0;
    double conflated = 0;
    double refused = 0;
    for (std::size_t connection = 0; connection < queue_.producers(); ++connection) {
      const EventQueueCounters& counted = queue_.counters(ConnectionId{static_cast<std::uint8_t>(connection)});
      most_in_flight = std::max(most_in_flight, static_cast<double>(counted.high_water.load()));
      conflated += static_cast<double>(counted.conflated.load());
      refused += static_cast<double>(counted.refused.load());
    }
    state.counters["most_in_flight"] = most_in_flight;
    state.counters["conflated"] = conflated;
    state.counters["refused"] = refused;
  }

 private:
  /// Of a longer run the percentiles are those of the first so many tickers, and of so many cycles.
  static constexpr std::size_t kMostSamples = 1U << 21;
  static constexpr std::size_t kMostEventsPerCycle = 16'384;

  void run() {
    std::vector<Event> batch(512);
    while (!stop_.load(std::memory_order_acquire) || !queue_.empty()) {
      waiter_.wait(queue_, std::chrono::milliseconds{100});
      const std::size_t before = waits_.size();
      std::uint64_t tickers = 0;
      MonoTime oldest = MonoTime::max();
      for (std::size_t applied = 0; applied < kMostEventsPerCycle;) {
        const std::size_t taken = queue_.take(batch);
        for (std::size_t i = 0; i < taken; ++i) {
          engine_.apply(batch[i]);
          if (!std::holds_alternative<Mark>(batch[i].body)) continue;
          ++tickers;
          oldest = std::min(oldest, batch[i].header.received);
          if (waits_.size() < kMostSamples) waits_.push_back(static_cast<double>(nanoseconds_of(batch[i].header.received)));
        }
        applied += taken;
        if (taken < batch.size()) break;
      }
      if (tickers == 0) continue;
      engine_.end_cycle(mono_now());
      const auto now = static_cast<double>(nanoseconds_of(mono_now()));
      for (std::size_t i = before; i < waits_.size(); ++i) waits_[i] = now - waits_[i];
      if (oldest_.size() < kMostSamples) oldest_.push_back(now - static_cast<double>(nanoseconds_of(oldest)));
      ++cycles_;
      tickers_.fetch_add(tickers, std::memory_order_release);
      if (after_cycle_) after_cycle_(engine_);
    }
  }

  EngineWaiter waiter_;
  EventQueue queue_;
  Engine engine_;
  std::function<void(const Engine&)> after_cycle_;
  std::vector<double> waits_;
  std::vector<double> oldest_;
  std::uint64_t cycles_ = 0;
  std::atomic<std::uint64_t> tickers_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace hedgewatch::bench
