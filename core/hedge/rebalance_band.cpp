#include "core/hedge/rebalance_band.hpp"

#include <algorithm>
#include <cmath>

#include "core/types/units.hpp"

namespace hedgewatch {

namespace {

constexpr double kMixedGammaFrom = 5;
constexpr double kNearExpiryYears = 1 / YearFraction::kDaysPerYear;
constexpr double kSecondsPerYear = YearFraction::kNanosecondsPerYear * 1e-9;

bool formula_holds(const BandState& state) {
  return state.gross_gamma_per_usd > 0 && state.gross_gamma_per_usd <= kMixedGammaFrom * std::abs(state.net_gamma_per_usd) &&
         state.nearest_years_to_expiry >= kNearExpiryYears && state.mean_vol > 0 && state.price > 0;
}

}  // namespace

double whalley_wilmott_half_width(const BandInputs& inputs) {
  return std::cbrt(1.5 * std::exp(-inputs.rate * inputs.years_to_expiry) * inputs.cost_ratio * inputs.price * inputs.gamma_per_usd *
                   inputs.gamma_per_usd / inputs.risk_aversion_per_usd);
}

ZakamoulineBand zakamouline_band(const BandInputs& inputs) {
  const double discount = std::exp(-inputs.rate * inputs.years_to_expiry);
  return {.fee_half_width =
              inputs.cost_ratio / (inputs.risk_aversion_per_usd * inputs.price * inputs.vol * inputs.vol * inputs.years_to_expiry),
          .gamma_half_width = 1.12 * std::pow(inputs.cost_ratio, 0.31) * std::pow(inputs.years_to_expiry, 0.05) *
                              std::pow(discount / inputs.vol, 0.25) *
                              std::sqrt(std::abs(inputs.gamma_per_usd) / inputs.risk_aversion_per_usd)};
}

double trade_to_band(double held, double target, double half_width) {
  const double away = held - target;
  if (std::abs(away) <= half_width) return 0;
  return -(away - std::copysign(half_width, away));
}

Band guarded_band(const BandSetup& setup, const BandState& state) {
  const auto within = [&](double width, double least) { return std::min(std::max(width, least), state.soft_limit_coins); };
  if (setup.kind == BandKind::Fixed) return {within(setup.half_width_coins, state.half_lot_coins), false};
  const Band fixed{within(setup.half_width_coins, state.half_lot_coins), true};
  if (!formula_holds(state)) return fixed;
  const BandInputs inputs{.price = state.price,
                          .gamma_per_usd = state.largest_gamma_per_usd,
                          .cost_ratio = setup.cost_ratio,
                          .risk_aversion_per_usd = setup.risk_aversion_per_usd,
                          .years_to_expiry = state.mean_years_to_expiry,
                          .vol = state.mean_vol};
  const ZakamoulineBand zakamouline = zakamouline_band(inputs);
  const double width = setup.kind == BandKind::WhalleyWilmott ? whalley_wilmott_half_width(inputs) : zakamouline.half_width();
  if (!std::isfinite(width) || !std::isfinite(zakamouline.fee_half_width)) return fixed;
  return {within(width, std::max(state.half_lot_coins, zakamouline.fee_half_width)), false};
}

std::optional<double> expected_seconds_to_band(double half_width_coins, double x_coins, double gamma_per_usd, double price,
                                               double vol) {
  const double delta_per_root_year = gamma_per_usd * price * vol;
  if (!(std::abs(delta_per_root_year) > 0)) return std::nullopt;
  const double room = half_width_coins * half_width_coins - x_coins * x_coins;
  return std::max(0.0, room) / (delta_per_root_year * delta_per_root_year) * kSecondsPerYear;
}

}  // namespace hedgewatch
