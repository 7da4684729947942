#include "core/hedge/gamma_theta.hpp"

#include <cmath>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

std::optional<double> breakeven_move(double gamma, double theta_per_year, double years) {
  const double square = -2 * theta_per_year * years / gamma;
  if (!(square > 0) || !std::isfinite(square)) return std::nullopt;
  return std::sqrt(square);
}

std::optional<double> realized_variance(std::span<const double> log_returns, double years_per_return) {
  if (log_returns.empty() || !(years_per_return > 0)) return std::nullopt;
  CompensatedSum squares;
  for (const double value : log_returns) squares.add(value * value);
  return squares.value() / (static_cast<double>(log_returns.size()) * years_per_return);
}

double expected_gamma_profit(double gamma, double forward, double realized_variance, double implied_variance, double years) {
  return 0.5 * gamma * forward * forward * (realized_variance - implied_variance) * years;
}

}  // namespace hedgewatch
