#pragma once

#include <cmath>
#include <numbers>

namespace hedgewatch {

/// Standard normal density. Error below 2 ulp times (1 + x^2/2), that of the exponent's rounding.
[[nodiscard]] inline double normal_density(double x) {
  constexpr double kInverseSqrtTwoPi = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  return kInverseSqrtTwoPi * std::exp(-0.5 * x * x);
}

/// Standard normal distribution function by erfc, which keeps its relative accuracy in both tails.
/// Ask for normal_distribution(-x) instead of 1 - normal_distribution(x): the difference has no digits left in the tail.
[[nodiscard]] inline double normal_distribution(double x) { return 0.5 * std::erfc(-x * (1 / std::numbers::sqrt2)); }

}  // namespace hedgewatch
