#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/types/time.hpp"

namespace hedgewatch {

struct PriceTick {
  VenueTime time{};
  double price = 0;
};

/// Covariation of two price paths that tick at different moments. A diagnostic: its correlation can leave [-1, 1].
struct HayashiYoshida {
  double covariance = 0;  ///< sum over overlapping (open, closed] intervals of log-return products
  double sum_squares_exposure = 0;
  double sum_squares_hedge = 0;
  std::size_t exposure_returns = 0;
  std::size_t hedge_returns = 0;
  std::optional<double> correlation;  ///< nullopt when either path never moved
};

/// Ticks in order of time; of equal stamps the last one counts. Source: Hayashi and Yoshida, Bernoulli 11 (2005).
[[nodiscard]] HayashiYoshida hayashi_yoshida(std::span<const PriceTick> exposure, std::span<const PriceTick> hedge);

}  // namespace hedgewatch
