#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace hedgewatch {

/// How much of a window's realised variance came by jumps.
/// Source: Barndorff-Nielsen and Shephard (2004, 2006), ratio statistic with the maximum adjustment, no n/(n-1) factors.
struct JumpTest {
  std::size_t count = 0;  ///< returns in the window
  double realized_variance = 0;
  double bipower_variation = 0;
  double tripower_quarticity = 0;
  std::optional<double> relative_jump;  ///< (RV - BV)/RV; nullopt for a flat window
  std::optional<double> zscore;         ///< large: jumps. Many unchanged (stale) bars look the same: require ticks
};

/// `returns` in bar order; nullopt is a missing bar, which breaks the run of neighbours.
[[nodiscard]] JumpTest jump_test(std::span<const std::optional<double>> returns);

}  // namespace hedgewatch
