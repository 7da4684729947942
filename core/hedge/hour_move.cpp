#include "core/hedge/hour_move.hpp"

#include <algorithm>
#include <cmath>

#include "core/pricing/black76.hpp"

namespace hedgewatch {

namespace {

constexpr double kHoursPerYear = 24 * YearFraction::kDaysPerYear;

struct Moved {
  double delta = 0;
  double gamma = 0;
};

Moved option_at(const MovedHolding& holding, double forward, DeltaView view) {
  const auto greeks = black76({.right = holding.right,
                               .forward = forward,
                               .strike = holding.strike,
                               .to_expiry = holding.to_expiry,
                               .vol = Vol::from_fraction(holding.vol)});
  if (!greeks) return {};
  const Black76Greeks& unit = greeks.value();
  const bool premium_in_coin = holding.style == PayoffStyle::Inverse && view != DeltaView::BlackScholes;
  const double delta = unit.delta - (premium_in_coin ? unit.price / forward : 0);
  // At the strike in the last instant gamma does not exist; it must not make the rest of the book unknown.
  return {holding.size * delta, std::isfinite(unit.gamma) ? holding.size * unit.gamma : 0};
}

Moved at(const MovedHolding& holding, double move, DeltaView view) {
  if (holding.kind == ContractKind::Option) {
    if (!(holding.to_expiry.years() > 0)) return {};
    return option_at(holding, holding.forward * (1 + move), view);
  }
  return {holding.unit == SizeUnit::Quote ? holding.size / (holding.forward * (1 + move)) : holding.size, 0};
}

}  // namespace

double HourMove::largest_gamma() const {
  double largest = 0;
  for (const double gamma : gamma_per_usd) largest = std::max(largest, std::abs(gamma));
  return largest;
}

void HourMove::add(const HourMove& other) {
  for (std::size_t m = 0; m < kMoves.size(); ++m) {
    delta_coins[m] += other.delta_coins[m];
    gamma_per_usd[m] += other.gamma_per_usd[m];
  }
  gross_gamma_per_usd += other.gross_gamma_per_usd;
}

double implied_hour_sigma(std::span<const MovedHolding> holdings) {
  double weights = 0;
  double sum = 0;
  for (const MovedHolding& holding : holdings) {
    weights += holding.gamma_weight;
    sum += holding.gamma_weight * holding.vol;
  }
  return weights > 0 ? sum / weights / std::sqrt(kHoursPerYear) : 0;
}

HourMove hour_move(std::span<const MovedHolding> holdings, double hour_sigma, DeltaView view) {
  HourMove result{.hour_sigma = hour_sigma};
  for (const MovedHolding& holding : holdings)
    for (std::size_t m = 0; m < HourMove::kMoves.size(); ++m) {
      const Moved moved = at(holding, HourMove::kMoves[m] * hour_sigma, view);
      result.delta_coins[m] += moved.delta;
      result.gamma_per_usd[m] += moved.gamma;
      if (m == HourMove::kNow) result.gross_gamma_per_usd += std::abs(moved.gamma);
    }
  return result;
}

}  // namespace hedgewatch
