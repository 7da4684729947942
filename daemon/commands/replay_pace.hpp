#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/types/time.hpp"

namespace hedgewatch {

/// Keeps a replay to a multiple of the speed at which it was recorded. Reads no clock.
class ReplayPace {
 public:
  /// Nothing: as fast as it goes.
  explicit ReplayPace(std::optional<double> speed) : speed_{speed} {}

  /// How long to wait until the moment may be shown; never negative. The first one may at once.
  [[nodiscard]] std::chrono::nanoseconds wait_for(WallTime moment, MonoTime now);

 private:
  std::optional<double> speed_;
  std::optional<WallTime> first_moment_;
  MonoTime begun_{};
};

/// Where a replay is, for a line on a terminal: `2026-11-25T07:55:00.000Z  42 %  x20  0:03:10 left`. What cannot be said yet is
/// left out.
class ReplayProgress {
 public:
  /// Of what is shown; nothing: it is not known.
  ReplayProgress(std::optional<WallTime> begin, std::optional<WallTime> end) : begin_{begin}, end_{end} {}

  /// The line, or nothing when the last one is younger than a quarter of a second.
  [[nodiscard]] std::optional<std::string> line(WallTime moment, MonoTime now);

 private:
  std::optional<WallTime> begin_;
  std::optional<WallTime> end_;
  std::optional<MonoTime> begun_;
  std::optional<MonoTime> told_;
};

}  // namespace hedgewatch
