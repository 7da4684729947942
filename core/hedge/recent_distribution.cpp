#include "core/hedge/recent_distribution.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

RecentDistribution::RecentDistribution(std::size_t capacity) : capacity_{std::max<std::size_t>(capacity, 1)} {
  in_order_.reserve(capacity_);
  sorted_.reserve(capacity_);
}

void RecentDistribution::add(double value) {
  if (!std::isfinite(value)) return;
  if (in_order_.size() < capacity_) {
    in_order_.push_back(value);
  } else {
    sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), in_order_[next_]));
    in_order_[next_] = value;
    next_ = (next_ + 1) % capacity_;
  }
  sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), value), value);
}

std::optional<double> RecentDistribution::median() const {
  if (sorted_.empty()) return std::nullopt;
  const std::size_t middle = sorted_.size() / 2;
  return sorted_.size() % 2 == 1 ? sorted_[middle] : (sorted_[middle - 1] + sorted_[middle]) / 2;
}

std::optional<double> RecentDistribution::rank(double value) const {
  if (sorted_.empty()) return std::nullopt;
  const auto [first, last] = std::equal_range(sorted_.begin(), sorted_.end(), value);
  const auto below = static_cast<double>(first - sorted_.begin());
  const auto equal = static_cast<double>(last - first);
  return (below + equal / 2) / static_cast<double>(sorted_.size());
}

}  // namespace hedgewatch
