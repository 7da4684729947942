#include "core/hedge/delta_drift.hpp"

#include <chrono>

namespace hedgewatch {

void DeltaDrift::add(const DeltaDrift& part) {
  gamma += part.gamma;
  vanna += part.vanna;
  charm += part.charm;
  trades += part.trades;
  other += part.other;
}

DeltaDrift drift_between(const DeltaMoment& before, const DeltaMoment& after) {
  DeltaDrift drift;
  if (before.price > 0)
    drift.gamma = before.size * before.unit_gamma_coins_per_percent * (after.price - before.price) / before.price * 100;
  drift.vanna = before.size * before.unit_vanna_coins_per_vol_point * (after.vol - before.vol) * 100;
  if (before.at != kNoVenueTime && after.at != kNoVenueTime) {
    using Days = std::chrono::duration<double, std::ratio<86'400>>;
    drift.charm = before.size * before.unit_charm_coins_per_day * Days{after.at - before.at}.count();
  }
  drift.trades = (after.size - before.size) * after.unit_delta_coins;
  drift.other = after.delta() - before.delta() - drift.gamma - drift.vanna - drift.charm - drift.trades;
  return drift;
}

}  // namespace hedgewatch
