#include "feeds/session/back_off.hpp"

#include <algorithm>
#include <limits>

namespace hedgewatch {

std::chrono::nanoseconds BackOff::next(double jitter) {
  std::chrono::nanoseconds full = std::min(timings_.first, timings_.longest);
  for (std::uint32_t doubled = 0; doubled < failures_ && full < timings_.longest; ++doubled)
    full = full > timings_.longest / 2 ? timings_.longest : full * 2;
  if (failures_ < std::numeric_limits<std::uint32_t>::max()) ++failures_;

  const double drawn = jitter >= 0 && jitter <= 1 ? jitter : 1;
  const std::chrono::nanoseconds certain = full / 2;
  return certain + std::chrono::nanoseconds{static_cast<std::int64_t>(drawn * static_cast<double>((full - certain).count()))};
}

}  // namespace hedgewatch
