#include "core/hedge/jump_test.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

JumpTest jump_test(std::span<const std::optional<double>> returns) {
  CompensatedSum squares;
  CompensatedSum neighbours;
  CompensatedSum triples;
  JumpTest result;
  for (std::size_t i = 0; i < returns.size(); ++i) {
    if (!returns[i]) continue;
    const double now = std::abs(*returns[i]);
    ++result.count;
    squares.add(now * now);
    if (i < 1 || !returns[i - 1]) continue;
    const double before = std::abs(*returns[i - 1]);
    neighbours.add(now * before);
    if (i < 2 || !returns[i - 2]) continue;
    triples.add(std::pow(now * before * std::abs(*returns[i - 2]), 4.0 / 3));
  }
  const auto n = static_cast<double>(result.count);
  // E|u|^(4/3) of a standard normal u.
  const double moment = std::exp2(2.0 / 3) * std::tgamma(7.0 / 6) / std::sqrt(std::numbers::pi);
  result.realized_variance = squares.value();
  result.bipower_variation = std::numbers::pi / 2 * neighbours.value();
  result.tripower_quarticity = n / (moment * moment * moment) * triples.value();
  if (!(result.realized_variance > 0)) return result;
  const double jump = (result.realized_variance - result.bipower_variation) / result.realized_variance;
  result.relative_jump = jump;
  if (!(result.bipower_variation > 0)) return result;
  constexpr double kSpread = std::numbers::pi * std::numbers::pi / 4 + std::numbers::pi - 5;
  const double noise = std::max(1.0, result.tripower_quarticity / (result.bipower_variation * result.bipower_variation));
  result.zscore = jump / std::sqrt(kSpread / n * noise);
  return result;
}

}  // namespace hedgewatch
