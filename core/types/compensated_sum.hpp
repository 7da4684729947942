#pragma once

#include <cmath>

namespace hedgewatch {

/// Neumaier's sum: the rounding errors of the additions are carried along, so that terms which cancel leave their true rest.
class CompensatedSum {
 public:
  constexpr void add(double term) {
    const double total = sum_ + term;
    const bool sum_is_larger = (sum_ < 0 ? -sum_ : sum_) >= (term < 0 ? -term : term);
    error_ += sum_is_larger ? (sum_ - total) + term : (term - total) + sum_;
    sum_ = total;
  }
  [[nodiscard]] constexpr double value() const { return sum_ + error_; }

 private:
  double sum_ = 0;
  double error_ = 0;
};

}  // namespace hedgewatch
