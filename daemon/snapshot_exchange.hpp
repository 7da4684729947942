#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <semaphore>

#include "core/metric/figure_table.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Hands a consistent copy of the engine's table to the scrape thread. The engine never waits: it looks at one flag at the end of
/// a cycle and copies when asked to. The reader waits, but not longer than its patience; an engine that does not answer yields no
/// copy, never the previous one, because an old table must not look fresh.
class SnapshotExchange {
 public:
  /// `wake` makes a sleeping engine run a cycle; it is called on the reader's thread. Room for `rows` figures is taken at once.
  SnapshotExchange(std::function<void()> wake, std::size_t rows);

  /// Reader, one thread at a time. Null when the engine did not answer in time. Valid until the next call.
  [[nodiscard]] const FigureSnapshot* take(std::chrono::nanoseconds patience);

  /// Engine, at the end of each cycle.
  void serve(const FigureTable& figures, MonoTime now, std::uint64_t cycle);
  /// Engine: somebody waits for a copy, so the next cycle is to come at once.
  [[nodiscard]] bool requested() const { return state_.load(std::memory_order_acquire) == State::Requested; }

 private:
  enum class State : std::uint8_t { Idle, Requested, Copying, Ready };

  std::function<void()> wake_;
  std::atomic<State> state_ = State::Idle;
  /// May be released once more than it is awaited, after a late answer: the reader looks at the state each time.
  std::counting_semaphore<> answered_{0};
  FigureSnapshot snapshot_;  ///< the engine's while Copying, else the reader's
};

}  // namespace hedgewatch
