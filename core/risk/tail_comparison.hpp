#pragma once

#include <cmath>
#include <optional>

#include "core/risk/value_at_risk.hpp"

namespace hedgewatch {

/// Profit of a move by first and second derivatives: delta x + gamma / 2 x^2, with the dollars gained by a move of 100 % to first
/// order and gamma in dollars of delta for one percent. Dollars, a gain positive.
[[nodiscard]] inline double delta_gamma_profit_usd(double delta_usd, double gamma_usd_per_percent, double move) {
  return move * (delta_usd + 50 * gamma_usd_per_percent * move);
}

/// Whether an approximation may be shown beside the full repricing: both figures within 10 % of it.
[[nodiscard]] inline bool close_enough(const TailLoss& approximate, const TailLoss& full) {
  constexpr double kMost = 0.1;
  return std::abs(approximate.value_at_risk - full.value_at_risk) <= kMost * std::abs(full.value_at_risk) &&
         std::abs(approximate.expected_shortfall - full.expected_shortfall) <= kMost * std::abs(full.expected_shortfall);
}

}  // namespace hedgewatch
