#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "core/pricing/black76.hpp"
#include "core/pricing/implied_vol.hpp"

namespace hedgewatch::bench {

/// A made chain: a day to a year, within three deviations of the forward, puts and calls, not deep in the money, where no solver
/// can give twelve digits because the price does not hold them. Every option has its true vol, and one within 1 % of it to start
/// from.
struct ImpliedVolChain {
  std::vector<OptionRight> right;
  std::vector<double> forward, strike, years, price, truth, near, vol;
  std::vector<ImpliedVolStatus> status;

  explicit ImpliedVolChain(std::size_t options) : vol(options), status(options) {
    std::mt19937_64 random{20'240'229};
    const auto between = [&](double low, double high) {
      return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
    };
    constexpr double kForward = 62'000;
    while (price.size() < options) {
      const double made_from = between(0.3, 1.2);
      const double time = std::exp(between(std::log(1.0 / 365), 0));
      const double deviations = between(-3, 3);
      const OptionRight side = (random() & 1) != 0 ? OptionRight::Call : OptionRight::Put;
      if ((side == OptionRight::Call ? -deviations : deviations) > 1) continue;
      const double at = std::round(kForward * std::exp(deviations * made_from * std::sqrt(time)));
      const auto greeks = black76({.right = side,
                                   .forward = kForward,
                                   .strike = at,
                                   .to_expiry = YearFraction::from_years(time),
                                   .vol = Vol::from_fraction(made_from)});
      right.push_back(side);
      forward.push_back(kForward);
      strike.push_back(at);
      years.push_back(time);
      price.push_back(greeks.value().price);
      truth.push_back(made_from);
      near.push_back(made_from * (1 + between(-0.01, 0.01)));
    }
  }

  void solve(bool warm, KernelTarget target) {
    ImpliedVolBatch batch{right, forward, strike, years, price, {}, vol, status};
    if (warm) batch.previous_vol = near;
    solve_implied_vols(batch, target);
  }

  /// Worst relative error of the vols; NaN where one is missing.
  [[nodiscard]] double worst_error() const {
    double worst = 0;
    for (std::size_t i = 0; i < vol.size(); ++i) {
      const double error = std::fabs(vol[i] / truth[i] - 1);
      if (!(error <= worst)) worst = error;
    }
    return worst;
  }
};

}  // namespace hedgewatch::bench
