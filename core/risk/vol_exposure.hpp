#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/risk/scenario_grid.hpp"

namespace hedgewatch {

/// Which exposures to term structure, skew and the last day are wanted.
struct VolExposureSetup {
  std::vector<double> bucket_days{1, 7, 30, 90, 180};  ///< upper bounds, rising and positive; a last bucket has none
};

/// The bucket that an expiry falls into: the first whose bound is not below the days. 0 to the number of bounds.
[[nodiscard]] std::size_t expiry_bucket(std::span<const double> bucket_days, double days);
/// Label of a bucket, such as 7d-30d; the last is 180d+.
[[nodiscard]] std::string expiry_bucket_label(std::span<const double> bucket_days, std::size_t bucket);

/// sqrt(30 / days), days floored at 1: how far a vol of that term moves when the one of 30 days moves by one point.
[[nodiscard]] double vega_term_weight(double days);

/// How far a vol moves, in points, when a feature of its smile moves by one: Malz's parabola in the call's delta,
/// vol(d) = atm - 2 rr (d - 1/2) + 16 bf (d - 1/2)^2 (Malz 1997), in which rr is vol(25-delta call) less vol(25-delta put)
/// and bf their mean less atm.
struct SmileWeights {
  double risk_reversal = 0;
  double butterfly = 0;
};
/// `call_delta` of the strike, whichever right is held; clamped to [0, 1].
[[nodiscard]] SmileWeights smile_weights(double call_delta);

/// delta(F (1 + s)) - delta(F (1 - s)) in coins, s = vol sqrt(T) of the option's own remaining life: how much delta the pin can
/// give or take. 0 for anything but an option, and past its expiry; not a number when it cannot be priced.
[[nodiscard]] double pin_delta_coins(const ScenarioPosition& position);

}  // namespace hedgewatch
