#include "core/pricing/implied_vol.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "core/pricing/log_moneyness.hpp"

namespace hedgewatch {

namespace {

constexpr double kNoVol = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfiniteVol = std::numeric_limits<double>::infinity();
constexpr double kHalfLogTwoPi = 0.9189385332046727;
constexpr double kSqrtTwoPi = 2.5066282746310002;
/// Below this vol sqrt(T) the difference of two Mills ratios has fewer digits than its series.
constexpr double kSeriesVolRoot = 0.02;
constexpr double kSmallestPrice = 1e-300;
constexpr double kLargestRatio = 1e14;
constexpr int kStepLimit = 200;
constexpr double kLastStep = 1e-6;

/// Mills ratio N(-y) / phi(y), y >= -1.
double mills_ratio(double y) {
  if (y < 4) return std::sqrt(std::numbers::pi / 2) * std::exp(0.5 * y * y) * std::erfc(y / std::numbers::sqrt2);
  // Laplace's continued fraction, from the inside out.
  double tail = 0;
  for (int n = 60; n > 0; --n) tail = n / (y + tail);
  return 1 / (y + tail);
}

/// The option seen from its out-of-the-money side, prices in units of sqrt(F K).
struct Normalised {
  double moneyness = 0;  ///< |ln(F/K)|
  double log_value = 0;  ///< ln of the out-of-the-money price, or of upper bound minus that price
  bool upper = false;    ///< which of the two
};

/// Price (or its complement) over the density phi(d1) exp(-|x|/2): what remains are two Mills ratios.
double density_multiple(double moneyness, double vol_root, bool upper) {
  const double z = moneyness / vol_root;
  const double half = 0.5 * vol_root;
  if (upper) return mills_ratio(half - z) + mills_ratio(z + half);
  if (vol_root > kSeriesVolRoot) return mills_ratio(z - half) - mills_ratio(z + half);
  // Taylor series in half about z, odd terms only; the next one is below 1e-14 of the sum.
  const double m = mills_ratio(z);
  const double z2 = z * z;
  const double first = 1 - z * m;
  const double third = z2 + 2 - (3 + z2) * z * m;
  const double fifth = 8 + 9 * z2 + z2 * z2 - (15 + 10 * z2 + z2 * z2) * z * m;
  const double h2 = half * half;
  return vol_root * (first + h2 / 6 * (third + h2 / 20 * fifth));
}

double log_error(const Normalised& option, double vol_root) {
  const double z = option.moneyness / vol_root;
  const double multiple = density_multiple(option.moneyness, vol_root, option.upper);
  return -0.5 * (z * z + 0.25 * vol_root * vol_root) - kHalfLogTwoPi + std::log(multiple) - option.log_value;
}

/// Halley's step on the logarithm, relative to vol_root.
double relative_step(const Normalised& option, double vol_root, double error) {
  const double z = option.moneyness / vol_root;
  const double a = z * z - 0.25 * vol_root * vol_root;
  const double elasticity = (option.upper ? -1 : 1) * vol_root / density_multiple(option.moneyness, vol_root, option.upper);
  const double newton = -error / elasticity;
  return newton / (1 + 0.5 * newton * (a - elasticity));
}

/// Total vol: the value rises with it below the half-way price, the complement falls with it above.
ImpliedVol solve(const Normalised& option, double root_years) {
  double low = std::max(option.moneyness / 40, 1e-300);
  double high = 40 + 2 * std::sqrt(option.moneyness) + option.moneyness;
  // The inflection point of the price; near the money, where it is too low, the limit price = vol_root / sqrt(2 pi).
  double vol_root = std::max(std::sqrt(2 * option.moneyness), option.upper ? 1.5 : kSqrtTwoPi * std::exp(option.log_value));
  vol_root = std::clamp(vol_root, low, high);
  for (int step = 0; step < kStepLimit; ++step) {
    const double error = log_error(option, vol_root);
    const bool too_high = option.upper ? error < 0 : error > 0;
    (too_high ? high : low) = vol_root;
    const double change = relative_step(option, vol_root, error);
    double next = vol_root * (1 + change);
    // Convergence is cubic: after a step this small nothing is left, and rounding must not be taken for a reason to bisect.
    if (std::abs(change) < kLastStep) return {next / root_years, ImpliedVolStatus::Ok};
    // A step that leaves the bracket (or is no number) is replaced by a bisection of the logarithm.
    if (!(next > low && next < high)) next = std::sqrt(low) * std::sqrt(high);
    vol_root = next;
  }
  return {kNoVol, ImpliedVolStatus::NotConverged};
}

bool positive_and_bounded(double value) { return value > 0 && value < kInfiniteVol; }

bool well_formed(const ImpliedVolInput& input) {
  return positive_and_bounded(input.forward) && positive_and_bounded(input.strike) &&
         positive_and_bounded(input.to_expiry.years()) &&
         std::max(input.forward, input.strike) / std::min(input.forward, input.strike) < kLargestRatio;
}

constexpr ImpliedVolInterval kNoInterval{kNoVol, kNoVol, ImpliedVolStatus::Invalid};

ImpliedVolInterval interval_of(ImpliedVol low, ImpliedVol high) {
  if (low.status == ImpliedVolStatus::BelowIntrinsic) low.vol = 0;
  if (high.status == ImpliedVolStatus::AboveUpper) high.vol = kInfiniteVol;
  // Both ends beyond the same bound, or an input without meaning.
  const bool ordered = low.vol >= 0 && low.vol < kInfiniteVol && high.vol > 0;
  if (!ordered) return kNoInterval;
  // A tick of a few ulp is below the rounding of the vols themselves.
  return {std::min(low.vol, high.vol), std::max(low.vol, high.vol), ImpliedVolStatus::Ok};
}

}  // namespace

std::string_view label(ImpliedVolStatus status) {
  switch (status) {
    case ImpliedVolStatus::Ok:
      return "ok";
    case ImpliedVolStatus::AtIntrinsic:
      return "at_intrinsic";
    case ImpliedVolStatus::BelowIntrinsic:
      return "below_intrinsic";
    case ImpliedVolStatus::AtUpper:
      return "at_upper";
    case ImpliedVolStatus::AboveUpper:
      return "above_upper";
    case ImpliedVolStatus::Invalid:
      return "invalid";
    case ImpliedVolStatus::NotConverged:
      return "not_converged";
  }
  return "invalid";
}

ImpliedVol implied_vol(const ImpliedVolInput& input) {
  if (!well_formed(input) || !std::isfinite(input.price)) return {kNoVol, ImpliedVolStatus::Invalid};
  const bool call = input.right == OptionRight::Call;
  const double bound = call ? input.forward : input.strike;
  if (input.price > bound) return {kNoVol, ImpliedVolStatus::AboveUpper};
  if (input.price == bound) return {kInfiniteVol, ImpliedVolStatus::AtUpper};

  const double larger = std::max(input.forward, input.strike);
  const double smaller = std::min(input.forward, input.strike);
  const bool in_the_money = input.forward != input.strike && call == (input.forward > input.strike);
  double out_price = input.price;
  if (in_the_money) {
    const double intrinsic = larger - smaller;
    const double rounding = (larger - intrinsic) - smaller;  // intrinsic + rounding is the exact difference
    out_price = input.price - intrinsic;
    if (out_price > 0) out_price = std::max(out_price - rounding, 0.0);
  }
  if (out_price < 0) return {kNoVol, ImpliedVolStatus::BelowIntrinsic};

  const double unit = smaller * std::sqrt(larger / smaller);  // sqrt(F K)
  if (!(out_price / unit > kSmallestPrice)) return {0, ImpliedVolStatus::AtIntrinsic};
  Normalised option;
  option.moneyness = log_moneyness(larger, smaller);
  option.upper = out_price > 0.5 * smaller;
  option.log_value = std::log((option.upper ? bound - input.price : out_price) / unit);
  return solve(option, std::sqrt(input.to_expiry.years()));
}

ImpliedVolInterval implied_vol_interval(const ImpliedVolInput& input, double tick) {
  if (!(tick >= 0 && tick < kInfiniteVol)) return kNoInterval;
  ImpliedVolInput moved = input;
  moved.price = input.price - 0.5 * tick;
  const ImpliedVol low = implied_vol(moved);
  moved.price = input.price + 0.5 * tick;
  return interval_of(low, implied_vol(moved));
}

void solve_implied_vol_intervals(const ImpliedVolBatch& solved, std::span<const double> tick, std::span<double> low,
                                 std::span<double> high) {
  constexpr std::size_t kBlock = 128;
  std::array<double, kBlock> price, low_vol, high_vol;
  std::array<ImpliedVolStatus, kBlock> low_status, high_status;
  for (std::size_t begin = 0; begin < solved.price.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, solved.price.size() - begin);
    const auto side = [&](double share, double* vol, ImpliedVolStatus* status) {
      for (std::size_t i = 0; i < count; ++i) price[i] = solved.price[begin + i] + share * tick[begin + i];
      solve_implied_vols({.right = solved.right.subspan(begin, count),
                          .forward = solved.forward.subspan(begin, count),
                          .strike = solved.strike.subspan(begin, count),
                          .to_expiry_years = solved.to_expiry_years.subspan(begin, count),
                          .price = {price.data(), count},
                          .previous_vol = solved.vol.subspan(begin, count),
                          .vol = {vol, count},
                          .status = {status, count}});
    };
    side(-0.5, low_vol.data(), low_status.data());
    side(0.5, high_vol.data(), high_status.data());
    for (std::size_t i = 0; i < count; ++i) {
      const bool sane = tick[begin + i] >= 0 && tick[begin + i] < kInfiniteVol;
      const ImpliedVolInterval interval =
          sane ? interval_of({low_vol[i], low_status[i]}, {high_vol[i], high_status[i]}) : kNoInterval;
      low[begin + i] = interval.low;
      high[begin + i] = interval.high;
    }
  }
}

}  // namespace hedgewatch
