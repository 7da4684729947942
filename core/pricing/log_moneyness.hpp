#pragma once

#include <cmath>

namespace hedgewatch {

/// ln(forward / strike), both positive. Within a factor of two the difference is exact and log1p keeps it: the error stays
/// relative to the result itself, where ln of the rounded quotient would leave 1e-16 of noise to be divided by a tiny vol.
[[nodiscard]] inline double log_moneyness(double forward, double strike) {
  if (forward < 2 * strike && strike < 2 * forward) return std::log1p((forward - strike) / strike);
  const double ratio = forward / strike;
  // The quotient of two ordinary prices can leave the range of a double; the difference of logarithms cannot.
  if (!(ratio > 1e-300 && ratio < 1e300)) return std::log(forward) - std::log(strike);
  return std::log(ratio);
}

}  // namespace hedgewatch
