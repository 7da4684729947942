#include "daemon/snapshot_exchange.hpp"

#include <utility>

namespace hedgewatch {

SnapshotExchange::SnapshotExchange(std::function<void()> wake, std::size_t rows) : wake_{std::move(wake)} {
  snapshot_.values.reserve(rows);
}

const FigureSnapshot* SnapshotExchange::take(std::chrono::nanoseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // A copy may still be under way for a reader that gave up; that one would be old, so it is waited for and asked for again.
  bool asked = false;
  while (true) {
    State seen = state_.load(std::memory_order_acquire);
    if (asked && seen == State::Ready) return &snapshot_;
    if (!asked && seen != State::Copying) {
      // Only the reader leaves Idle and Ready; a Requested left behind would have been taken back.
      state_.store(State::Requested, std::memory_order_release);
      asked = true;
      wake_();
    }
    if (answered_.try_acquire_until(deadline)) continue;
    seen = State::Requested;
    if (asked && state_.compare_exchange_strong(seen, State::Idle, std::memory_order_acq_rel)) return nullptr;
    return asked && seen == State::Ready ? &snapshot_ : nullptr;
  }
}

void SnapshotExchange::serve(const FigureTable& figures, MonoTime now, std::uint64_t cycle) {
  if (!requested()) return;
  State expected = State::Requested;
  if (!state_.compare_exchange_strong(expected, State::Copying, std::memory_order_acq_rel)) return;
  figures.copy_to(snapshot_);
  snapshot_.now = now;
  snapshot_.cycle = cycle;
  state_.store(State::Ready, std::memory_order_release);
  answered_.release();
}

}  // namespace hedgewatch
