#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "feeds/session/venue_session.hpp"

namespace hedgewatch {

/// What is added to the machine's steady clock, nanoseconds: set once, before anything has a time, where a process goes on with
/// times that another clock has made.
inline std::atomic<std::int64_t> steady_clock_shift_ns{0};

/// The machine's steady clock as MonoTime.
inline MonoTime mono_now() {
  return MonoTime{std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()) +
                  std::chrono::nanoseconds{steady_clock_shift_ns.load(std::memory_order_relaxed)}};
}

/// The machine's calendar clock as WallTime.
inline WallTime wall_now() {
  return WallTime{std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())};
}

/// Both clocks, read one after the other.
inline SessionTime session_now() { return {.mono = mono_now(), .wall = wall_now()}; }

/// A MonoTime as the steady clock's time point, for timers.
inline std::chrono::steady_clock::time_point steady_time(MonoTime time) {
  return std::chrono::steady_clock::time_point{std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      time.time_since_epoch() - std::chrono::nanoseconds{steady_clock_shift_ns.load(std::memory_order_relaxed)})};
}

}  // namespace hedgewatch
