#include "core/hedge/basis.hpp"

#include <algorithm>
#include <cmath>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

namespace {

constexpr double kDaysPerYear = 365;
constexpr double kFewestDays = 1;
constexpr double kOutlierZscore = 4;
constexpr double kOutlierMove = 10e-4;

}  // namespace

double basis_ratio(double leg, double reference) { return (leg - reference) / reference; }

std::optional<double> annualised_basis(double leg, double reference, double days, BasisAnnualisation convention) {
  if (!(leg > 0) || !(reference > 0) || !(days >= kFewestDays)) return std::nullopt;
  const double ratio = basis_ratio(leg, reference);
  const double per_year = kDaysPerYear / days;
  switch (convention) {
    case BasisAnnualisation::Simple:
      return ratio * per_year;
    case BasisAnnualisation::Continuous:
      return std::log1p(ratio) * per_year;
    case BasisAnnualisation::Compound:
      return std::expm1(std::log1p(ratio) * per_year);
  }
  return std::nullopt;
}

BasisWindow::BasisWindow(std::size_t bars) { ring_.resize(std::max<std::size_t>(bars, 2)); }

BasisScore BasisWindow::add(std::optional<double> basis) {
  BasisScore score;
  const std::size_t length = std::min(ring_.size(), bars_);
  const std::size_t first = bars_ - length;
  CompensatedSum sum;
  for (std::size_t i = first; i < bars_; ++i)
    if (const auto& value = ring_[i % ring_.size()]) {
      sum.add(*value);
      ++score.count;
    }
  if (basis && score.count >= 2) {
    const auto n = static_cast<double>(score.count);
    const double mean = sum.value() / n;
    CompensatedSum squares;
    for (std::size_t i = first; i < bars_; ++i)
      if (const auto& value = ring_[i % ring_.size()]) squares.add((*value - mean) * (*value - mean));
    const double deviation = std::sqrt(squares.value() / (n - 1));
    score.move = *basis - mean;
    if (deviation > 0) score.zscore = score.move / deviation;
    score.outlier = score.zscore && std::abs(*score.zscore) > kOutlierZscore && std::abs(score.move) >= kOutlierMove;
  }
  ring_[bars_ % ring_.size()] = basis;
  ++bars_;

  CompensatedSum changes;
  std::size_t count = 0;
  const std::size_t oldest = bars_ - std::min(ring_.size(), bars_);
  const auto each_change = [&](const auto& take) {
    for (std::size_t i = oldest + 1; i < bars_; ++i) {
      const auto& before = ring_[(i - 1) % ring_.size()];
      const auto& now = ring_[i % ring_.size()];
      if (before && now) take(*now - *before);
    }
  };
  each_change([&](double change) {
    changes.add(change);
    ++count;
  });
  if (count < 2) return score;
  const double mean = changes.value() / static_cast<double>(count);
  CompensatedSum squares;
  each_change([&](double change) { squares.add((change - mean) * (change - mean)); });
  score.change_volatility = std::sqrt(squares.value() / static_cast<double>(count - 1));
  return score;
}

std::optional<double> carry_per_sigma_removed(double carry_per_day, double unhedged, double hedged) {
  const double removed = std::sqrt(unhedged) - std::sqrt(hedged);
  if (!(removed > 0)) return std::nullopt;
  return carry_per_day / removed;
}

}  // namespace hedgewatch
