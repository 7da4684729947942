#include "core/risk/vol_exposure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/pricing/black76.hpp"
#include "core/types/number_text.hpp"

namespace hedgewatch {

namespace {

constexpr double kReferenceDays = 30;

double delta_at(const ScenarioPosition& position, double forward) {
  const auto greeks = black76({.right = position.right,
                               .forward = std::max(forward, 0.0),
                               .strike = position.strike,
                               .to_expiry = position.to_expiry,
                               .vol = Vol::from_fraction(position.vol),
                               .rate = position.rate});
  return greeks ? greeks.value().delta : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::size_t expiry_bucket(std::span<const double> bucket_days, double days) {
  return static_cast<std::size_t>(std::ranges::lower_bound(bucket_days, days) - bucket_days.begin());
}

std::string expiry_bucket_label(std::span<const double> bucket_days, std::size_t bucket) {
  const std::string from = bucket == 0 ? std::string{"0d"} : number_text(bucket_days[bucket - 1]) + 'd';
  return bucket == bucket_days.size() ? from + '+' : from + '-' + number_text(bucket_days[bucket]) + 'd';
}

double vega_term_weight(double days) { return std::sqrt(kReferenceDays / std::max(days, 1.0)); }

SmileWeights smile_weights(double call_delta) {
  const double from_middle = std::clamp(call_delta, 0.0, 1.0) - 0.5;
  return {.risk_reversal = -2 * from_middle, .butterfly = 16 * from_middle * from_middle};
}

double pin_delta_coins(const ScenarioPosition& position) {
  if (position.kind != ContractKind::Option || !(position.to_expiry.years() > 0)) return 0;
  const double sigma = position.vol * std::sqrt(position.to_expiry.years());
  return position.size * (delta_at(position, position.forward * (1 + sigma)) - delta_at(position, position.forward * (1 - sigma)));
}

}  // namespace hedgewatch
