#include "core/pricing/smile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace hedgewatch {

namespace {

constexpr double kSteepestWing = 2;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Where checks look: m + sigma sinh(u), dense around the vertex, out to 1,500 sigma, where the wings are straight.
constexpr std::size_t kCheckPoints = 257;
constexpr double kCheckReach = 8;

/// sinh(u) for N values of u spread evenly over the reach.
template <std::size_t N>
const std::array<double, N>& spread() {
  static const std::array<double, N> values = [] {
    std::array<double, N> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = std::sinh(kCheckReach * (2.0 * static_cast<double>(i) / (N - 1) - 1));
    return out;
  }();
  return values;
}

double left_wing(const SviSlice& slice) { return slice.b * (1 - slice.rho); }
double right_wing(const SviSlice& slice) { return slice.b * (1 + slice.rho); }

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
  const bool wings = left_wing(later) >= left_wing(earlier) && right_wing(later) >= right_wing(earlier);
  return {lowest.value >= 0 && wings, lowest.value, lowest.at_k};
}

double vega_weight(double k, Vol vol, YearFraction to_expiry) {
  constexpr double kLeast = 0.05;
  const double variance = vol.fraction() * vol.fraction() * to_expiry.years();
  return variance > 0 ? std::max(std::exp(-0.5 * k * k / variance), kLeast) : kLeast;
}

namespace {

constexpr std::size_t kParameters = 5;
using Parameters = std::array<double, kParameters>;

/// Unbounded coordinates of a slice: ln of the lowest variance, ln b, atanh rho, m, ln sigma. Every point is a sane slice.
SviSlice slice_of(const Parameters& p) {
  SviSlice slice;
  slice.b = std::exp(p[1]);
  slice.rho = std::tanh(p[2]);
  slice.m = p[3];
  slice.sigma = std::exp(p[4]);
  slice.a = std::exp(p[0]) - slice.b * slice.sigma / std::cosh(p[2]);
  return slice;
}

Parameters parameters_of(const SviSlice& slice) {
  const double rho = std::clamp(slice.rho, -0.995, 0.995);
  const double sigma = std::max(slice.sigma, 1e-6);
  const double b = std::max(slice.b, 1e-9);
  const double lowest = slice.a + b * sigma * std::sqrt(1 - rho * rho);
  return {std::log(std::max(lowest, 1e-9)), std::log(b), std::atanh(rho), slice.m, std::log(sigma)};
}

/// What a fit minimises: vol errors in points and, once a weight is put on them, the arbitrage that is left.
class Objective {
 public:
  Objective(std::span<const SmileQuote> quotes, double years, SmileBounds bounds)
      : quotes_{quotes}, years_{years}, bounds_{bounds} {
    double total = 0;
    for (const SmileQuote& quote : quotes) total += quote.weight;
    scale_ = 1 / std::sqrt(total);
    const double width = quotes.back().k - quotes.front().k;
    middle_ = 0.5 * (quotes.front().k + quotes.back().k);
    widest_vertex_ = kVertexShare * width;
  }

  void set_penalty(double weight) { penalty_ = weight; }

  [[nodiscard]] std::vector<double> residuals(const Parameters& p) const {
    const SviSlice slice = slice_of(p);
    std::vector<double> out;
    out.reserve(quotes_.size() + 6 * kPenaltyPoints);
    for (const SmileQuote& quote : quotes_) {
      const double vol = std::sqrt(slice.total_variance(quote.k) / years_);
      out.push_back(scale_ * std::sqrt(quote.weight) * kPoints * (vol - quote.vol));
    }
    // Within the quotes a vertex much wider than them, or far outside, changes nothing; beyond them it makes wings that steepen
    // for no reason and cross those of later expiries.
    out.push_back(kVertexWeight * std::max(std::log(slice.sigma / widest_vertex_), 0.0));
    out.push_back(kVertexWeight * std::max(std::abs(slice.m - middle_) / widest_vertex_ - 1, 0.0));
    if (penalty_ > 0) add_penalties(slice, out);
    return out;
  }

 private:
  static constexpr double kPoints = 100;
  static constexpr double kVertexShare = 0.5;
  static constexpr double kVertexWeight = 1;
  static constexpr std::size_t kPenaltyPoints = 49;
  /// Asked for beyond what the checks demand, so that a slice at the edge of the penalty passes them.
  static constexpr double kDensityMargin = 0.002;
  static constexpr double kSlopeMargin = 1e-4;
  static constexpr double kCrossingMargin = 1e-4;

  void add_penalties(const SviSlice& slice, std::vector<double>& out) const {
    const auto add = [&](double violation) { out.push_back(penalty_ * std::max(violation, 0.0)); };
    for (const double at : spread<kPenaltyPoints>()) {
      const double g = slice.density_factor(slice.m + slice.sigma * at);
      add(std::isnan(g) ? 1.0 : kDensityMargin - g);
    }
    add(slice.wing_slope() - (kSteepestWing - kSlopeMargin));
    if (bounds_.earlier != nullptr) add_crossings(*bounds_.earlier, slice, slice, *bounds_.earlier, out);
    if (bounds_.later != nullptr) add_crossings(slice, *bounds_.later, slice, *bounds_.later, out);
  }

  /// By how much `earlier` stands above `later`, over the grids of both and in the wings. Relative: near the money and far out
  /// count alike.
  void add_crossings(const SviSlice& earlier, const SviSlice& later, const SviSlice& grid, const SviSlice& other_grid,
                     std::vector<double>& out) const {
    const auto add = [&](double before, double after) {
      out.push_back(penalty_ * std::max(1 + kCrossingMargin - after / (before + 1e-12), 0.0));
    };
    for (const SviSlice* points : {&grid, &other_grid})
      for (const double at : spread<kPenaltyPoints>()) {
        const double k = points->m + points->sigma * at;
        add(earlier.total_variance(k), later.total_variance(k));
      }
    add(left_wing(earlier), left_wing(later));
    add(right_wing(earlier), right_wing(later));
  }

  std::span<const SmileQuote> quotes_;
  double years_;
  SmileBounds bounds_;
  double scale_ = 1;
  double middle_ = 0;
  double widest_vertex_ = 1;
  double penalty_ = 0;
};

double sum_of_squares(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum < kInfinity ? sum : kInfinity;  // NaN becomes the worst
}

/// Solves the symmetric positive definite system A x = y by Cholesky's decomposition; false when it is not positive definite.
template <std::size_t N>
bool solve_positive_definite(std::array<std::array<double, N>, N> matrix, std::array<double, N> y, std::array<double, N>& x) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix[i][j];
      for (std::size_t l = 0; l < j; ++l) sum -= matrix[i][l] * matrix[j][l];
      if (i != j) {
        matrix[i][j] = sum / matrix[j][j];
      } else {
        if (!(sum > 0)) return false;
        matrix[i][i] = std::sqrt(sum);
      }
    }
  }
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t l = 0; l < i; ++l) y[i] -= matrix[i][l] * y[l];
    y[i] /= matrix[i][i];
  }
  for (std::size_t i = N; i-- > 0;) {
    for (std::size_t l = i + 1; l < N; ++l) y[i] -= matrix[l][i] * y[l];
    y[i] /= matrix[i][i];
  }
  x = y;
  return true;
}

struct Minimum {
  Parameters at{};
  double value = kInfinity;
};

/// Levenberg and Marquardt with forward differences; at most `steps` steps.
Minimum minimise(const Objective& objective, const Parameters& start, int steps) {
  constexpr double kDifference = 1e-6;
  constexpr double kSmallestGain = 1e-9;
  Minimum best{start, kInfinity};
  std::vector<double> here = objective.residuals(best.at);
  best.value = sum_of_squares(here);
  double damping = 1e-3;
  for (int step = 0; step < steps; ++step) {
    std::array<std::vector<double>, kParameters> columns;
    for (std::size_t j = 0; j < kParameters; ++j) {
      Parameters moved = best.at;
      moved[j] += kDifference;
      columns[j] = objective.residuals(moved);
      for (std::size_t i = 0; i < here.size(); ++i) columns[j][i] = (columns[j][i] - here[i]) / kDifference;
    }
    std::array<std::array<double, kParameters>, kParameters> normal{};
    std::array<double, kParameters> gradient{};
    for (std::size_t j = 0; j < kParameters; ++j) {
      for (std::size_t l = 0; l <= j; ++l) {
        double sum = 0;
        for (std::size_t i = 0; i < here.size(); ++i) sum += columns[j][i] * columns[l][i];
        normal[j][l] = normal[l][j] = sum;
      }
      for (std::size_t i = 0; i < here.size(); ++i) gradient[j] -= columns[j][i] * here[i];
    }
    bool gained = false;
    for (int tries = 0; tries < 8 && !gained; ++tries) {
      auto damped = normal;
      for (std::size_t j = 0; j < kParameters; ++j) damped[j][j] += damping * (normal[j][j] + 1e-9);
      std::array<double, kParameters> change{};
      if (solve_positive_definite(damped, gradient, change)) {
        Parameters next = best.at;
        for (std::size_t j = 0; j < kParameters; ++j) next[j] += std::clamp(change[j], -1.0, 1.0);
        std::vector<double> there = objective.residuals(next);
        const double value = sum_of_squares(there);
        if (value < best.value) {
          gained = value < best.value * (1 - kSmallestGain);
          best = {next, value};
          here = std::move(there);
          damping = std::max(damping * 0.2, 1e-12);
          if (!gained) return best;
          continue;
        }
      }
      damping *= 6;
    }
    if (!gained) return best;
  }
  return best;
}

/// For a fixed vertex (m, sigma) total variance is linear in the rest: w = a + d y + c sqrt(y^2 + 1), y = (k - m) / sigma.
Parameters best_for_vertex(std::span<const SmileQuote> quotes, double years, double m, double sigma) {
  std::array<std::array<double, 3>, 3> normal{};
  std::array<double, 3> right{};
  for (const SmileQuote& quote : quotes) {
    const double y = (quote.k - m) / sigma;
    const std::array<double, 3> row{1, y, std::hypot(y, 1.0)};
    // An error in w is one in vol after division by 2 vol T.
    const double weight = quote.weight / (quote.vol * quote.vol);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) normal[i][j] += weight * row[i] * row[j];
      right[i] += weight * row[i] * quote.vol * quote.vol * years;
    }
  }
  for (std::size_t i = 0; i < 3; ++i) normal[i][i] *= 1 + 1e-10;
  std::array<double, 3> solution{};
  SviSlice slice;
  slice.m = m;
  slice.sigma = sigma;
  if (solve_positive_definite(normal, right, solution) && solution[2] > 0) {
    slice.a = solution[0];
    slice.b = solution[2] / sigma;
    slice.rho = solution[1] / solution[2];
  } else {
    slice.a = quotes[quotes.size() / 2].vol * quotes[quotes.size() / 2].vol * years;
    slice.b = 0.1 * slice.a / sigma;
  }
  return parameters_of(slice);
}

bool acceptable(const SviSlice& slice, SmileBounds bounds) {
  return check_butterfly(slice).free_of_arbitrage &&
         (bounds.earlier == nullptr || check_calendar(*bounds.earlier, slice).free_of_arbitrage) &&
         (bounds.later == nullptr || check_calendar(slice, *bounds.later).free_of_arbitrage);
}

/// The same slice drawn towards its own total variance at the money by a share: flat smiles have no butterflies.
SviSlice flattened(SviSlice slice, double share) {
  slice.a += share * (slice.total_variance(0) - slice.a);
  slice.b *= 1 - share;
  return slice;
}

/// A penalty ends a little short of what it asks for: the same slice with its wings and its level moved by what is still missing.
/// Larger gaps are left to a heavier penalty.
SviSlice moved_within(SviSlice slice, SmileBounds bounds) {
  constexpr double kLargestShare = 0.01;
  double left = left_wing(slice);
  double right = right_wing(slice);
  const auto lower = [](double value, double most) {
    return value > most && value * (1 - kLargestShare) < most ? most * (1 - 1e-12) : value;
  };
  const auto raise = [](double value, double least) {
    return value < least && value > least * (1 - kLargestShare) ? least * (1 + 1e-12) : value;
  };
  if (bounds.later != nullptr) {
    left = lower(left, left_wing(*bounds.later));
    right = lower(right, right_wing(*bounds.later));
  }
  if (bounds.earlier != nullptr) {
    left = raise(left, left_wing(*bounds.earlier));
    right = raise(right, right_wing(*bounds.earlier));
  }
  slice.b = 0.5 * (left + right);
  if (slice.b > 0) slice.rho = (right - left) / (right + left);

  const auto missing = [](const SviSlice& earlier, const SviSlice& later) {
    const CalendarCheck calendar = check_calendar(earlier, later);
    const bool small = -calendar.lowest < kLargestShare * earlier.total_variance(0);
    return calendar.lowest < 0 && small ? -calendar.lowest * (1 + 1e-6) + 1e-15 : 0;
  };
  if (bounds.later != nullptr) slice.a -= missing(slice, *bounds.later);
  if (bounds.earlier != nullptr) slice.a += missing(*bounds.earlier, slice);
  return slice;
}

FitError error_of(const SviSlice& slice, std::span<const SmileQuote> quotes, double years) {
  std::vector<double> errors;
  double squares = 0;
  double weights = 0;
  for (const SmileQuote& quote : quotes) {
    const double error = 100 * std::abs(std::sqrt(slice.total_variance(quote.k) / years) - quote.vol);
    errors.push_back(error);
    squares += quote.weight * error * error;
    weights += quote.weight;
  }
  std::sort(errors.begin(), errors.end());
  const auto rank = [&](double share) {
    const auto index = static_cast<std::size_t>(std::ceil(share * static_cast<double>(errors.size())));
    return errors[std::clamp<std::size_t>(index, 1, errors.size()) - 1];
  };
  return {rank(0.5), rank(0.95), errors.back(), std::sqrt(squares / weights)};
}

/// Quotes that can be used, in order of strike, weights as given.
std::vector<SmileQuote> usable(std::span<const SmileQuote> quotes) {
  std::vector<SmileQuote> out;
  for (const SmileQuote& quote : quotes)
    if (std::isfinite(quote.k) && quote.vol > 0 && quote.vol < kInfinity && quote.weight > 0 && quote.weight < kInfinity)
      out.push_back(quote);
  std::sort(out.begin(), out.end(), [](const SmileQuote& x, const SmileQuote& y) {
    return x.k != y.k ? x.k < y.k : (x.vol != y.vol ? x.vol < y.vol : x.weight < y.weight);
  });
  return out;
}

std::size_t distinct_strikes(const std::vector<SmileQuote>& sorted) {
  std::size_t count = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].k != sorted[i - 1].k) ++count;
  return count;
}

}  // namespace

Result<SmileFit, SmileFault> fit_smile(std::span<const SmileQuote> quotes, YearFraction to_expiry, SmileBounds bounds) {
  constexpr int kFreeSteps = 60;
  constexpr int kPenaltySteps = 40;
  constexpr std::size_t kStarts = 3;
  const double years = to_expiry.years();
  if (!(years > 0 && years < kInfinity)) return SmileFault::TimeNotPositive;
  const std::vector<SmileQuote> used = usable(quotes);
  if (distinct_strikes(used) < kSmileMinimumQuotes) return SmileFault::TooFewQuotes;

  Objective objective{used, years, bounds};
  const double width = used.back().k - used.front().k;
  std::vector<Minimum> starts;
  for (const double place : {0.15, 0.35, 0.5, 0.65, 0.85})
    for (const double share : {0.02, 0.06, 0.15, 0.4, 1.0}) {
      const Parameters at = best_for_vertex(used, years, used.front().k + place * width, share * width);
      starts.push_back({at, sum_of_squares(objective.residuals(at))});
    }
  std::stable_sort(starts.begin(), starts.end(), [](const Minimum& x, const Minimum& y) { return x.value < y.value; });
  Minimum best;
  for (std::size_t i = 0; i < kStarts; ++i) {
    const Minimum found = minimise(objective, starts[i].at, kFreeSteps);
    if (found.value < best.value) best = found;
  }

  SmileFit fit;
  fit.slice = slice_of(best.at);
  if (!acceptable(fit.slice, bounds)) {
    fit.repaired = true;
    double least = kInfinity;
    for (const double weight : {1.0, 10.0, 100.0, 1000.0, 10000.0}) {
      objective.set_penalty(weight);
      best = minimise(objective, best.at, kPenaltySteps);
      for (const double share : {0.0, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1}) {
        const SviSlice moved = moved_within(flattened(slice_of(best.at), share), bounds);
        if (!acceptable(moved, bounds)) continue;
        const double error = error_of(moved, used, years).rms_points;
        if (error < least) {
          least = error;
          fit.slice = moved;
        }
        break;
      }
    }
    if (!(least < kInfinity)) return SmileFault::NoAcceptableFit;
  }
  fit.error = error_of(fit.slice, used, years);
  fit.quotes = static_cast<std::uint32_t>(used.size());
  fit.lowest_k = used.front().k;
  fit.highest_k = used.back().k;
  return fit;
}

}  // namespace hedgewatch
