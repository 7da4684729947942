#include "daemon/latency_histogram.hpp"

#include <algorithm>

namespace hedgewatch {

void LatencyHistogram::record(std::chrono::nanoseconds duration) {
  const std::int64_t nanoseconds = std::max<std::int64_t>(duration.count(), 0);
  const auto bound = std::lower_bound(kBoundsNanoseconds.begin(), kBoundsNanoseconds.end(), nanoseconds);
  auto& count = counts_[static_cast<std::size_t>(bound - kBoundsNanoseconds.begin())];
  // One writer: a load and a store are enough, and cost no locked instruction.
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  const double seconds = static_cast<double>(nanoseconds) * 1e-9;
  sum_seconds_.store(sum_seconds_.load(std::memory_order_relaxed) + seconds, std::memory_order_relaxed);
}

LatencyHistogram::Reading LatencyHistogram::read() const {
  Reading reading;
  std::uint64_t total = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    total += counts_[bucket].load(std::memory_order_relaxed);
    reading.cumulative[bucket] = total;
  }
  reading.sum_seconds = sum_seconds_.load(std::memory_order_relaxed);
  return reading;
}

}  // namespace hedgewatch
