#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "core/market/event.hpp"
#include "core/types/ids.hpp"
#include "core/types/nano.hpp"

namespace hedgewatch {

/// Of a venue's steps from 0 to `last`; a step beyond is taken for first in line, a negative or missing one for not told.
[[nodiscard]] inline double deleveraging_place(std::optional<std::int64_t> step, std::int64_t last) {
  if (!step || *step < 0) return kAbsent;
  return std::fmin(1, static_cast<double>(*step) / static_cast<double>(last));
}

/// Some venues keep several positions in one instrument (long and short side by side, cross and isolated) and speak of one at a
/// time. To the rest of the program an instrument has one position: the sum of its legs.
class PositionLegs {
 public:
  /// Forgets everything: a whole statement begins, or the connection was lost.
  void clear() { legs_.clear(); }
  /// Takes a leg's signed size; `leg` is any number that tells the legs of an instrument apart.
  /// `deleveraging_place` is 0 for last to be auto-deleveraged to 1 for first; absent: what was told of the leg before stands.
  void set(InstrumentId instrument, std::uint32_t leg, Size size, double deleveraging_place = kAbsent) {
    if (size == Size{}) {
      legs_.erase({instrument, leg});
      return;
    }
    Leg& known = legs_[{instrument, leg}];
    known.size = size;
    if (!std::isnan(deleveraging_place)) known.deleveraging_place = deleveraging_place;
  }
  struct Sum {
    Size size;
    std::uint32_t open_legs = 0;          ///< with two or more there is no one entry price
    double deleveraging_place = kAbsent;  ///< of the leg that is first in line; absent when none was told
  };
  /// Nothing is known of an instrument: flat.
  [[nodiscard]] Sum sum(InstrumentId instrument) const {
    Sum sum;
    for (auto leg = legs_.lower_bound({instrument, 0}); leg != legs_.end() && leg->first.first == instrument; ++leg) {
      sum.size = sum.size + leg->second.size;
      sum.deleveraging_place = std::fmax(sum.deleveraging_place, leg->second.deleveraging_place);
      ++sum.open_legs;
    }
    return sum;
  }

 private:
  struct Leg {
    Size size;
    double deleveraging_place = kAbsent;
  };
  std::map<std::pair<InstrumentId, std::uint32_t>, Leg> legs_;
};

}  // namespace hedgewatch
