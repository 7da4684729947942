#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "core/types/time.hpp"

namespace hedgewatch {

/// How far a value has come within a window of time. Remembers the lowest and highest value of each sixtieth of the window, so that
/// its memory is fixed; what is older than the window by less than one of them may still count.
class ChangeWindow {
 public:
  explicit ChangeWindow(std::chrono::nanoseconds window) : window_{window} {}

  /// The greatest distance of `value` from any value seen within the window, without sign; 0 at first. Times must not go back.
  double observe(double value, MonoTime now);
  [[nodiscard]] std::chrono::nanoseconds window() const { return window_; }

 private:
  static constexpr std::size_t kBuckets = 60;

  struct Bucket {
    MonoTime begin{};
    double lowest = 0;
    double highest = 0;
  };

  std::chrono::nanoseconds window_;
  std::array<Bucket, kBuckets> buckets_{};  ///< a ring
  std::size_t newest_ = 0;
  std::size_t count_ = 0;
  double lowest_ = 0;  ///< of the buckets before the newest, as it began
  double highest_ = 0;
};

}  // namespace hedgewatch
