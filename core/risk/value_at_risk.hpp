#pragma once

#include <optional>
#include <span>

namespace hedgewatch {

/// Both in the unit of the losses; a positive number is a loss.
struct TailLoss {
  double value_at_risk = 0;
  double expected_shortfall = 0;
};

/// Historical value at risk (the ceil(a N)-th smallest loss) and expected shortfall (Acerbi and Tasche 2002, right with ties).
/// `losses`: gains are negative; reordered by the call. Nothing when there are none, one is not finite, or the confidence is not in
/// (0, 1).
[[nodiscard]] std::optional<TailLoss> historical_tail_loss(std::span<double> losses, double confidence);

}  // namespace hedgewatch
