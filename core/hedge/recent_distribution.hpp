#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace hedgewatch {

/// The last values of one quantity, to say where a new one stands among them. Takes its memory at once.
class RecentDistribution {
 public:
  explicit RecentDistribution(std::size_t capacity);

  /// The oldest value makes room. O(capacity) to keep them sorted: for bars, not for ticks. A value that is not finite is left out.
  void add(double value);

  [[nodiscard]] std::size_t count() const { return sorted_.size(); }
  /// Nothing without values.
  [[nodiscard]] std::optional<double> median() const;
  /// Share of the values that are below `value`, those equal to it counting half: 0 is the lowest ever seen. Nothing without
  /// values.
  [[nodiscard]] std::optional<double> rank(double value) const;

  /// See StateArchive.
  void visit_state(auto& archive) { archive(next_, in_order_, sorted_); }

 private:
  std::size_t capacity_;
  std::size_t next_ = 0;
  std::vector<double> in_order_;  ///< of arrival, a ring
  std::vector<double> sorted_;
};

}  // namespace hedgewatch
