#pragma once

#include <optional>
#include <span>

namespace hedgewatch {

/// The move of the forward, in its own currency, whose gamma profit over `years` is the theta: sqrt(-2 theta dt / gamma). For a
/// short book the move whose loss uses its theta up. Equals F sigma sqrt(dt) for one option without rates. Nothing unless gamma and
/// theta have opposite signs: then no move breaks even.
[[nodiscard]] std::optional<double> breakeven_move(double gamma, double theta_per_year, double years);

/// Zero-mean realised variance per year: sum r^2 / (n dt). Nothing without returns.
[[nodiscard]] std::optional<double> realized_variance(std::span<const double> log_returns, double years_per_return);

/// What a delta-hedged gamma earns over `years` if variance comes out as realised: gamma F^2 (realised - implied) dt / 2.
[[nodiscard]] double expected_gamma_profit(double gamma, double forward, double realized_variance, double implied_variance,
                                           double years);

}  // namespace hedgewatch
