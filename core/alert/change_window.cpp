#include "core/alert/change_window.hpp"

#include <algorithm>

namespace hedgewatch {

double ChangeWindow::observe(double value, MonoTime now) {
  const auto step = window_ / static_cast<std::int64_t>(kBuckets);
  if (count_ == 0 || now - buckets_[newest_].begin >= step) {
    newest_ = count_ == 0 ? 0 : (newest_ + 1) % kBuckets;
    buckets_[newest_] = {.begin = now, .lowest = value, .highest = value};
    count_ = std::min(count_ + 1, kBuckets);
    lowest_ = highest_ = value;
    for (std::size_t back = 1; back < count_; ++back) {
      const Bucket& bucket = buckets_[(newest_ + kBuckets - back) % kBuckets];
      if (now - bucket.begin > window_) break;
      lowest_ = std::min(lowest_, bucket.lowest);
      highest_ = std::max(highest_, bucket.highest);
    }
  }
  Bucket& current = buckets_[newest_];
  current.lowest = std::min(current.lowest, value);
  current.highest = std::max(current.highest, value);
  return std::max(value - std::min(lowest_, current.lowest), std::max(highest_, current.highest) - value);
}

}  // namespace hedgewatch
