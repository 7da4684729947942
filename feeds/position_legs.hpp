#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "core/types/ids.hpp"
#include "core/types/nano.hpp"

namespace hedgewatch {

/// Some venues keep several positions in one instrument (long and short side by side, cross and isolated) and speak of one at a
/// time. To the rest of the program an instrument has one position: the sum of its legs.
class PositionLegs {
 public:
  /// Forgets everything: a whole statement begins, or the connection was lost.
  void clear() { legs_.clear(); }
  /// Takes a leg's signed size; `leg` is any number that tells the legs of an instrument apart.
  void set(InstrumentId instrument, std::uint32_t leg, Size size) {
    if (size == Size{})
      legs_.erase({instrument, leg});
    else
      legs_[{instrument, leg}] = size;
  }
  struct Sum {
    Size size;
    std::uint32_t open_legs = 0;  ///< with two or more there is no one entry price
  };
  /// Nothing is known of an instrument: flat.
  [[nodiscard]] Sum sum(InstrumentId instrument) const {
    Sum sum;
    for (auto leg = legs_.lower_bound({instrument, 0}); leg != legs_.end() && leg->first.first == instrument; ++leg) {
      sum.size = sum.size + leg->second;
      ++sum.open_legs;
    }
    return sum;
  }

 private:
  std::map<std::pair<InstrumentId, std::uint32_t>, Size> legs_;
};

}  // namespace hedgewatch
