#pragma once

#include <chrono>
#include <cstdint>

namespace hedgewatch {

struct BackOffTimings {
  std::chrono::nanoseconds first = std::chrono::seconds{1};     ///< full delay after the first failure; positive
  std::chrono::nanoseconds longest = std::chrono::seconds{30};  ///< no delay exceeds it; not below `first`
};

/// Delays between attempts, doubling with each failure. Half of a delay is certain and half is drawn, so that many clients
/// cut off at once do not come back at once, also when all of them have reached the longest delay.
class BackOff {
 public:
  explicit BackOff(BackOffTimings timings = {}) : timings_{timings} {}

  /// Counts one failure and says how long to wait. `jitter` is uniform in [0, 1]; anything else, NaN included, counts as 1.
  [[nodiscard]] std::chrono::nanoseconds next(double jitter);
  /// Forgets the failures: call it when a connection has proved itself, not when it merely opened.
  void reset() { failures_ = 0; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

 private:
  BackOffTimings timings_;
  std::uint32_t failures_ = 0;
};

}  // namespace hedgewatch
