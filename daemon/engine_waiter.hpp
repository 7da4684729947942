#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/config.hpp"

namespace hedgewatch {

class EventQueue;
class FeedPoller;

[[nodiscard]] std::string_view label(WaitMode mode);
[[nodiscard]] std::optional<WaitMode> wait_mode_from_label(std::string_view text);

/// Where the engine thread waits and is woken. One thread waits; any thread wakes.
class EngineWaiter {
 public:
  static constexpr std::chrono::nanoseconds kDefaultSpin = std::chrono::microseconds{50};

  explicit EngineWaiter(WaitMode mode, std::chrono::nanoseconds spin = kDefaultSpin) : mode_{mode}, spin_{spin} {}
  /// The feeds have no thread of their own, so the one that waits serves them; null: they have one. Before any thread waits or
  /// nudges. While events wait nothing is read, so that under a flood it is the socket that fills and not the queue.
  void serve(FeedPoller* feeds) { feeds_ = feeds; }
  EngineWaiter(const EngineWaiter&) = delete;
  EngineWaiter& operator=(const EngineWaiter&) = delete;

  enum class Woken : std::uint8_t { Events, Nudged, TimedOut };
  /// Returns as soon as the queue has events, someone nudged, or `longest` has passed.
  Woken wait(const EventQueue& queue, std::chrono::nanoseconds longest);

  /// Ends the present or the next wait without an event (stop, reload).
  void nudge();
  /// Called by the queue after it has published events, sequentially consistent unless the mode is BusyPoll: costs one load unless
  /// the engine sleeps.
  void wake() {
    if (asleep_.load(std::memory_order_seq_cst) != 0) wake_sleeper();
  }

  [[nodiscard]] WaitMode mode() const { return mode_; }

 private:
  void wake_sleeper();
  /// Whether something is there, and what.
  std::optional<Woken> look(const EventQueue& queue);
  Woken wait_serving(const EventQueue& queue, std::chrono::nanoseconds longest);

  alignas(64) std::atomic<std::uint32_t> asleep_{0};  ///< the word the kernel compares: 1 while the engine sleeps or is about to
  WaitMode mode_;
  std::atomic<bool> nudged_{false};
  std::chrono::nanoseconds spin_;
  FeedPoller* feeds_ = nullptr;
};

}  // namespace hedgewatch
