#include "core/risk/value_at_risk.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

std::optional<TailLoss> historical_tail_loss(std::span<double> losses, double confidence) {
  if (losses.empty() || !(confidence > 0 && confidence < 1)) return std::nullopt;
  if (!std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); })) return std::nullopt;
  std::sort(losses.begin(), losses.end());
  const auto count = static_cast<double>(losses.size());
  // 0.95 * 20 must be 19 although 0.95 is not a binary fraction.
  const double exact = confidence * count;
  const double nearest = std::round(exact);
  const double rank = std::abs(exact - nearest) < 1e-9 * count ? nearest : std::ceil(exact);
  const std::size_t index = std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1, losses.size()) - 1;
  const double value_at_risk = losses[index];
  const auto above = std::upper_bound(losses.begin(), losses.end(), value_at_risk);
  CompensatedSum beyond;
  for (auto loss = above; loss != losses.end(); ++loss) beyond.add(*loss);
  const double tail = (1 - confidence) * count;
  const auto strictly_beyond = static_cast<double>(losses.end() - above);
  return TailLoss{.value_at_risk = value_at_risk,
                  .expected_shortfall = (beyond.value() + value_at_risk * (tail - strictly_beyond)) / tail};
}

}  // namespace hedgewatch
