#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hedgewatch {

/// Durations counted in fixed buckets. One thread records without lock or allocation; any other may read.
class LatencyHistogram {
 public:
  /// Upper bounds, inclusive: 1 us to 10 s in steps of 1, 2, 5.
  static constexpr std::array<std::int64_t, 22> kBoundsNanoseconds{
      1'000,       2'000,       5'000,         10'000,        20'000,        50'000,        100'000,    200'000,
      500'000,     1'000'000,   2'000'000,     5'000'000,     10'000'000,    20'000'000,    50'000'000, 100'000'000,
      200'000'000, 500'000'000, 1'000'000'000, 2'000'000'000, 5'000'000'000, 10'000'000'000};

  struct Reading {
    std::array<std::uint64_t, kBoundsNanoseconds.size() + 1> cumulative{};  ///< the last is the count of all
    double sum_seconds = 0;
  };

  /// A negative duration counts as 0.
  void record(std::chrono::nanoseconds duration);

  /// Counts agree with each other; the sum may lack the newest few records.
  [[nodiscard]] Reading read() const;

 private:
  std::array<std::atomic<std::uint64_t>, kBoundsNanoseconds.size() + 1> counts_{};
  std::atomic<double> sum_seconds_{0};
};

}  // namespace hedgewatch
