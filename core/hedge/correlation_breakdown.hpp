#pragma once

#include <cmath>
#include <cstddef>
#include <optional>

namespace hedgewatch {

/// How many standard errors a correlation over `pairs` pairs lies from a reference (Fisher's transform). Negative: it has weakened.
/// Returns are not independent: calibrate it, do not read it as a p-value; and take the reference from a disjoint window.
/// Nothing for three pairs or fewer, or when either correlation is perfect.
[[nodiscard]] inline std::optional<double> correlation_breakdown_zscore(double correlation, double reference, std::size_t pairs) {
  constexpr double kPerfect = 1 - 1e-15;  // what rounding leaves of a perfect correlation
  if (pairs <= 3 || !(std::abs(correlation) < kPerfect) || !(std::abs(reference) < kPerfect)) return std::nullopt;
  return (std::atanh(correlation) - std::atanh(reference)) * std::sqrt(static_cast<double>(pairs) - 3);
}

}  // namespace hedgewatch
