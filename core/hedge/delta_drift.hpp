#pragma once

#include "core/types/time.hpp"

namespace hedgewatch {

/// What one holding's delta was made of at one moment. Greeks per unit of size, in the units of UnitRisk.
struct DeltaMoment {
  double size = 0;
  double unit_delta_coins = 0;
  double unit_gamma_coins_per_percent = 0;
  double unit_vanna_coins_per_vol_point = 0;
  double unit_charm_coins_per_day = 0;
  double price = 0;  ///< the forward or the mark that the Greeks belong to; positive
  double vol = 0;    ///< fraction
  VenueTime at = kNoVenueTime;

  [[nodiscard]] double delta() const { return size * unit_delta_coins; }
};

/// A change of delta in coins, by cause. The parts sum to the change exactly: `other` is what the first-order Greeks of the
/// interval's start do not explain.
struct DeltaDrift {
  double gamma = 0;
  double vanna = 0;
  double charm = 0;
  double trades = 0;
  double other = 0;

  [[nodiscard]] double total() const { return gamma + vanna + charm + trades + other; }
  void add(const DeltaDrift& part);
};

/// Start-of-interval Greeks times what moved; the trade at the end's delta. Short intervals keep `other` small.
[[nodiscard]] DeltaDrift drift_between(const DeltaMoment& before, const DeltaMoment& after);

}  // namespace hedgewatch
