#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/types/time.hpp"

namespace hedgewatch {

/// Previous-tick sampling of one price onto bars that end at start + k interval.
/// Ticks come in arrival order; a bar's price is the last one stamped at or before its end, and none when that is older than
/// max_age.
class BarSampler {
 public:
  struct Grid {
    VenueTime start{};
    std::chrono::nanoseconds interval{};
    std::chrono::nanoseconds max_age{};
  };

  explicit BarSampler(const Grid& grid) : grid_{grid} {}

  [[nodiscard]] VenueTime end_of_bar(std::int64_t index) const { return grid_.start + index * grid_.interval; }

  /// The tick replaces the one before unless it is stamped earlier (a late arrival says nothing about now).
  void add(VenueTime time, double price) {
    if (last_ && time < last_->time) return;
    last_ = Tick{time, price};
  }

  /// The price of the bar that ends at `end`, after every tick stamped up to then was added.
  [[nodiscard]] std::optional<double> sample(VenueTime end) const {
    if (!last_ || last_->time > end || end - last_->time > grid_.max_age) return std::nullopt;
    return last_->price;
  }

 private:
  struct Tick {
    VenueTime time;
    double price;
  };
  Grid grid_;
  std::optional<Tick> last_;
};

}  // namespace hedgewatch
