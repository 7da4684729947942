#include "core/pricing/smile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/pricing/smile_grid.hpp"

namespace hedgewatch {

namespace {

using detail::kSteepestWing;
using detail::spread;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kCheckPoints = 257;

bool sane(const SviSlice& slice) {
  const bool finite = std::isfinite(slice.a) && std::isfinite(slice.b) && std::isfinite(slice.m) && std::isfinite(slice.sigma);
  const bool shaped = slice.b >= 0 && std::abs(slice.rho) < 1 && slice.sigma > 0;
  // The lowest total variance of the whole line.
  return finite && shaped && slice.a + slice.b * slice.sigma * std::sqrt(1 - slice.rho * slice.rho) > 0;
}

/// Lowest value of f between two points around a grid minimum.
template <class F>
double golden_section(const F& f, double low, double high) {
  constexpr double kGolden = 0.6180339887498949;
  constexpr int kSteps = 60;
  double inner_low = high - kGolden * (high - low);
  double inner_high = low + kGolden * (high - low);
  double value_low = f(inner_low);
  double value_high = f(inner_high);
  for (int step = 0; step < kSteps; ++step) {
    if (value_low < value_high) {
      high = inner_high;
      inner_high = inner_low;
      value_high = value_low;
      inner_low = high - kGolden * (high - low);
      value_low = f(inner_low);
    } else {
      low = inner_low;
      inner_low = inner_high;
      value_low = value_high;
      inner_high = low + kGolden * (high - low);
      value_high = f(inner_high);
    }
  }
  return value_low < value_high ? inner_low : inner_high;
}

struct Lowest {
  double value = kInfinity;
  double at_k = 0;
};

/// Lowest value of f over the grid of a slice, each local minimum of the grid refined. NaN counts as minus infinity.
template <class F>
Lowest lowest_over(const F& f, const SviSlice& grid) {
  std::array<double, kCheckPoints> k{};
  std::array<double, kCheckPoints> value{};
  for (std::size_t i = 0; i < k.size(); ++i) {
    k[i] = grid.m + grid.sigma * spread<kCheckPoints>()[i];
    value[i] = f(k[i]);
    if (!(value[i] > -kInfinity)) return {-kInfinity, k[i]};
  }
  Lowest lowest;
  for (std::size_t i = 0; i < k.size(); ++i) {
    if (value[i] < lowest.value) lowest = {value[i], k[i]};
    const bool valley = i > 0 && i + 1 < k.size() && value[i] <= value[i - 1] && value[i] <= value[i + 1];
    if (!valley) continue;
    const double at = golden_section(f, k[i - 1], k[i + 1]);
    if (f(at) < lowest.value) lowest = {f(at), at};
  }
  return lowest;
}

}  // namespace

double SviSlice::total_variance(double k) const { return a + b * (rho * (k - m) + std::sqrt((k - m) * (k - m) + sigma * sigma)); }

double SviSlice::slope(double k) const { return b * (rho + (k - m) / std::sqrt((k - m) * (k - m) + sigma * sigma)); }

double SviSlice::curvature(double k) const {
  const double root = std::sqrt((k - m) * (k - m) + sigma * sigma);
  return b * (sigma / root) * (sigma / root) / root;
}

double SviSlice::density_factor(double k) const {
  const double w = total_variance(k);
  if (!(w > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double first = slope(k);
  const double straight = 1 - k * first / (2 * w);
  return straight * straight - 0.25 * first * first * (1 / w + 0.25) + 0.5 * curvature(k);
}

double SviSlice::left_wing() const { return b * (1 - rho); }
double SviSlice::right_wing() const { return b * (1 + rho); }

double SviSlice::wing_slope() const { return b * (1 + std::abs(rho)); }

ButterflyCheck check_butterfly(const SviSlice& slice) {
  if (!sane(slice)) return {false, -kInfinity, slice.m};
  const Lowest lowest = lowest_over([&](double k) { return slice.density_factor(k); }, slice);
  return {lowest.value >= 0 && slice.wing_slope() <= kSteepestWing, lowest.value, lowest.at_k};
}

CalendarCheck check_calendar(const SviSlice& earlier, const SviSlice& later) {
  if (!sane(earlier) || !sane(later)) return {false, -kInfinity, later.m};
  const auto difference = [&](double k) { return later.total_variance(k) - earlier.total_variance(k); };
  const Lowest around_earlier = lowest_over(difference, earlier);
  const Lowest around_later = lowest_over(difference, later);
  const Lowest lowest = around_earlier.value < around_later.value ? around_earlier : around_later;
  const bool wings = later.left_wing() >= earlier.left_wing() && later.right_wing() >= earlier.right_wing();
  return {lowest.value >= 0 && wings, lowest.value, lowest.at_k};
}

double vega_weight(double k, Vol vol, YearFraction to_expiry) {
  constexpr double kLeast = 0.05;
  const double variance = vol.fraction() * vol.fraction() * to_expiry.years();
  return variance > 0 ? std::max(std::exp(-0.5 * k * k / variance), kLeast) : kLeast;
}

}  // namespace hedgewatch
