#pragma once

#include <chrono>
#include <cmath>
#include <optional>

#include "core/hedge/pair_statistics.hpp"

namespace hedgewatch {

/// Exponentially weighted second moments of paired moves about zero; the decay is an argument, so that it may follow elapsed time.
/// Seeded with the first pair. Source: RiskMetrics technical document (1996).
class ExponentialPair {
 public:
  /// `decay` in [0, 1]: the weight that what was known keeps.
  void add(const ReturnPair& pair, double decay) {
    const double fresh = seeded_ ? 1 - decay : 1;
    const double kept = seeded_ ? decay : 0;
    exposure_ = kept * exposure_ + fresh * pair.exposure * pair.exposure;
    hedge_ = kept * hedge_ + fresh * pair.hedge * pair.hedge;
    product_ = kept * product_ + fresh * pair.exposure * pair.hedge;
    seeded_ = true;
  }

  [[nodiscard]] std::optional<double> variance_exposure() const { return seeded_ ? std::optional{exposure_} : std::nullopt; }
  [[nodiscard]] std::optional<double> variance_hedge() const { return seeded_ ? std::optional{hedge_} : std::nullopt; }
  [[nodiscard]] std::optional<double> covariance() const { return seeded_ ? std::optional{product_} : std::nullopt; }
  [[nodiscard]] std::optional<double> beta() const { return hedge_ > 0 ? std::optional{product_ / hedge_} : std::nullopt; }
  [[nodiscard]] std::optional<double> correlation() const {
    if (!(exposure_ > 0 && hedge_ > 0)) return std::nullopt;
    const double value = product_ / std::sqrt(exposure_) / std::sqrt(hedge_);
    return value > 1 ? 1 : value < -1 ? -1 : value;
  }

  /// The decay of `elapsed` under a half-life.
  [[nodiscard]] static double decay_of(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds half_life) {
    return std::exp2(-static_cast<double>(elapsed.count()) / static_cast<double>(half_life.count()));
  }

 private:
  double exposure_ = 0;
  double hedge_ = 0;
  double product_ = 0;
  bool seeded_ = false;
};

/// Exponentially weighted second moments with a fixed decay, started at zero and divided by the weight collected so far.
class BiasCorrectedPair {
 public:
  void add(const ReturnPair& pair, double decay) {
    exposure_ = decay * exposure_ + (1 - decay) * pair.exposure * pair.exposure;
    hedge_ = decay * hedge_ + (1 - decay) * pair.hedge * pair.hedge;
    product_ = decay * product_ + (1 - decay) * pair.exposure * pair.hedge;
    missing_weight_ *= decay;
  }

  [[nodiscard]] std::optional<double> variance_exposure() const { return corrected(exposure_); }
  [[nodiscard]] std::optional<double> variance_hedge() const { return corrected(hedge_); }
  [[nodiscard]] std::optional<double> covariance() const { return corrected(product_); }
  [[nodiscard]] std::optional<double> correlation() const {
    if (!(exposure_ > 0 && hedge_ > 0)) return std::nullopt;
    const double value = product_ / std::sqrt(exposure_) / std::sqrt(hedge_);
    return value > 1 ? 1 : value < -1 ? -1 : value;
  }

 private:
  [[nodiscard]] std::optional<double> corrected(double moment) const {
    return missing_weight_ < 1 ? std::optional{moment / (1 - missing_weight_)} : std::nullopt;
  }

  double exposure_ = 0;
  double hedge_ = 0;
  double product_ = 0;
  double missing_weight_ = 1;
};

}  // namespace hedgewatch
