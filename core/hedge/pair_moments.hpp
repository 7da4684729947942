#pragma once

#include <cmath>
#include <cstddef>
#include <optional>

#include "core/hedge/pair_statistics.hpp"

namespace hedgewatch {

/// Second moments of pairs that are only ever added: a block of history too long to keep. O(1) a pair; nothing is taken off again,
/// so nothing drifts. Source: Welford, Technometrics 4 (1962); Chan, Golub and LeVeque (1983).
class PairMoments {
 public:
  void add(const ReturnPair& pair) {
    ++count_;
    const auto n = static_cast<double>(count_);
    const double from_exposure = pair.exposure - mean_exposure_;
    const double from_hedge = pair.hedge - mean_hedge_;
    mean_exposure_ += from_exposure / n;
    mean_hedge_ += from_hedge / n;
    exposure_ += from_exposure * (pair.exposure - mean_exposure_);
    hedge_ += from_hedge * (pair.hedge - mean_hedge_);
    product_ += from_exposure * (pair.hedge - mean_hedge_);
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::optional<double> correlation() const {
    if (count_ < 2 || !(exposure_ > 0 && hedge_ > 0)) return std::nullopt;
    const double value = product_ / std::sqrt(exposure_) / std::sqrt(hedge_);
    return value > 1 ? 1 : value < -1 ? -1 : value;
  }
  [[nodiscard]] std::optional<double> beta() const {
    return count_ >= 2 && hedge_ > 0 ? std::optional{product_ / hedge_} : std::nullopt;
  }
  /// Of the regression of exposure on hedge, n-2 degrees of freedom.
  [[nodiscard]] std::optional<double> residual_deviation() const {
    const auto slope = beta();
    if (!slope || count_ < 3) return std::nullopt;
    const double rest = exposure_ - *slope * product_;
    return std::sqrt((rest > 0 ? rest : 0) / static_cast<double>(count_ - 2));
  }

 private:
  std::size_t count_ = 0;
  double mean_exposure_ = 0;
  double mean_hedge_ = 0;
  double exposure_ = 0;
  double hedge_ = 0;
  double product_ = 0;
};

}  // namespace hedgewatch
