#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hedgewatch::bench {

/// The value below which `share` (0..1) of the samples lie, the nearest of them; 0 of none. Sorts the samples.
[[nodiscard]] inline double percentile(std::vector<double>& samples, double share) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const auto place = static_cast<std::size_t>(share * static_cast<double>(samples.size()));
  return samples[std::min(place, samples.size() - 1)];
}

}  // namespace hedgewatch::bench
