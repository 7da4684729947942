#pragma once

#include <array>
#include <cmath>
#include <cstddef>

/// Where the arbitrage of a smile is looked for. Internal to the smile's checks and fits.
namespace hedgewatch::detail {

/// Steepest asymptotic slope of total variance that a far wing may have (Lee's moment formula).
inline constexpr double kSteepestWing = 2;

/// sinh(u) for N values of u spread evenly over [-8, 8]: m + sigma sinh(u) is dense around a slice's vertex and reaches out to
/// 1,500 sigma, where the wings are straight.
template <std::size_t N>
const std::array<double, N>& spread() {
  constexpr double kReach = 8;
  static const std::array<double, N> values = [] {
    std::array<double, N> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = std::sinh(kReach * (2.0 * static_cast<double>(i) / (N - 1) - 1));
    return out;
  }();
  return values;
}

}  // namespace hedgewatch::detail
