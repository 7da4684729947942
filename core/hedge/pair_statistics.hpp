#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace hedgewatch {

/// One bar's moves of the exposure (a) and of the hedge instrument (b): log returns, price changes, or P&L, both in one unit.
struct ReturnPair {
  double exposure = 0;
  double hedge = 0;
};

/// Second-order statistics of paired moves. "sample" divides by n-1, "population" by n. What has no value (too few pairs, a flat
/// series) is nullopt, never 0. Sources: Hull, Options, Futures and Other Derivatives, ch. 3; Ederington (1979).
struct PairStatistics {
  std::size_t count = 0;
  std::optional<double> mean_exposure;
  std::optional<double> mean_hedge;
  std::optional<double> variance_exposure;  ///< sample
  std::optional<double> variance_exposure_population;
  std::optional<double> variance_hedge;        ///< sample
  std::optional<double> covariance;            ///< sample
  std::optional<double> correlation;           ///< in [-1, 1]
  std::optional<double> beta;                  ///< covariance / variance_hedge: the minimum-variance hedge ratio
  std::optional<double> alpha;                 ///< mean_exposure - beta mean_hedge
  std::optional<double> r_squared;             ///< in [0, 1]
  std::optional<double> residual_deviation;    ///< of the regression, n-2 degrees of freedom
  std::optional<double> tracking_error;        ///< sample deviation of a - h b, at the hedge held
  std::optional<double> variance_reduction;    ///< 1 - Var(a - h b)/Var(a); negative when the hedge adds risk, never clipped
  std::optional<double> sum_squares_exposure;  ///< realised variance, zero mean
  std::optional<double> sum_squares_hedge;
  std::optional<double> realized_correlation;  ///< zero mean
  std::optional<double> realized_beta;         ///< zero mean
};

/// Recomputed from the window itself in two passes, so nothing of an outlier stays behind once it has left.
/// `hedge_held` is h: units of b held short for each unit of a.
[[nodiscard]] PairStatistics pair_statistics(std::span<const ReturnPair> pairs, double hedge_held);

}  // namespace hedgewatch
