#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace hedgewatch::bench {

/// Times several sides in turn, round by round, in one process. On a shared machine absolute times drift by the minute; the ratio
/// of two sides within one round of some hundred microseconds does not, so what is reported is the median of such ratios.
class Rounds {
 public:
  /// Runs `work`, which does `units` units of it, once in this round, and keeps the time per unit. Returns seconds.
  template <class Work>
  double time(const std::string& side, double units, const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    nanoseconds_[side].push_back(elapsed.count() * 1e9 / units);
    return elapsed.count();
  }

  /// Keeps what was measured otherwise in this round, such as one thread's CPU time.
  void add(const std::string& side, double nanoseconds_per_unit) { nanoseconds_[side].push_back(nanoseconds_per_unit); }

  /// Median nanoseconds per unit; 0 for a side that never ran.
  [[nodiscard]] double median_nanoseconds(const std::string& side) const {
    const auto found = nanoseconds_.find(side);
    return found == nanoseconds_.end() ? 0 : median(found->second);
  }

  /// How many times `side` takes what `ours` takes: the median over rounds. 0 when either never ran.
  [[nodiscard]] double median_ratio(const std::string& side, const std::string& ours) const {
    const auto theirs = nanoseconds_.find(side);
    const auto own = nanoseconds_.find(ours);
    if (theirs == nanoseconds_.end() || own == nanoseconds_.end()) return 0;
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(theirs->second.size(), own->second.size()); ++i)
      ratios.push_back(theirs->second[i] / own->second[i]);
    return median(ratios);
  }

 private:
  static double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }

  std::map<std::string, std::vector<double>> nanoseconds_;
};

}  // namespace hedgewatch::bench
