#include "core/pricing/smile_fitter.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/pricing/smile_grid.hpp"

namespace hedgewatch {

namespace {

using detail::kSteepestWing;
using detail::spread;

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// About what a check costs: its grid and the valleys it refines.
constexpr std::size_t kButterflyCells = 400;
constexpr std::size_t kCalendarCells = 800;

constexpr int kFreeSteps = 60;
constexpr int kPenaltySteps = 40;
/// Vertices that are tried first: where in the quotes' range, and how wide as a share of it.
constexpr std::array kStartPlaces{0.15, 0.35, 0.5, 0.65, 0.85};
constexpr std::array kStartWidths{0.02, 0.06, 0.15, 0.4, 1.0};
constexpr std::array kPenalties{1.0, 10.0, 100.0, 1000.0, 10000.0};
/// How far a slice that still has arbitrage is drawn towards a flat one.
constexpr std::array kFlattenings{0.0, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1};

double sum_of_squares(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum < kUnbounded ? sum : kUnbounded;  // NaN becomes the worst
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

/// The same slice drawn towards its own total variance at the money by a share: flat smiles have no butterflies.
SviSlice flattened(SviSlice slice, double share) {
  slice.a += share * (slice.total_variance(0) - slice.a);
  slice.b *= 1 - share;
  return slice;
}

bool usable(const SmileQuote& quote) {
  return std::isfinite(quote.k) && quote.vol > 0 && quote.vol < kUnbounded && quote.weight > 0 && quote.weight < kUnbounded;
}

std::size_t distinct_strikes(const std::vector<SmileQuote>& sorted) {
  std::size_t count = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].k != sorted[i - 1].k) ++count;
  return count;
}

}  // namespace

void SmileFitter::reserve(std::size_t quotes) {
  // Two for the vertex, then per penalty point one for the density and two grids for each bound, and the wings.
  const std::size_t residuals = quotes + 2 + 5 * kPenaltyPoints + 5;
  used_.reserve(quotes);
  errors_.reserve(quotes);
  descent_.here.reserve(residuals);
  descent_.there.reserve(residuals);
  for (std::vector<double>& column : descent_.columns) column.reserve(residuals);
}

void SmileFitter::fail(SmileFault fault) {
  result_ = fault;
  phase_ = Phase::Done;
}

void SmileFitter::begin(std::span<const SmileQuote> quotes, YearFraction to_expiry, SmileBounds bounds) {
  years_ = to_expiry.years();
  bounds_ = bounds;
  penalty_ = 0;
  cells_ = 0;
  next_ = 0;
  repaired_ = false;
  used_.clear();
  if (!(years_ > 0 && years_ < kUnbounded)) return fail(SmileFault::TimeNotPositive);
  std::copy_if(quotes.begin(), quotes.end(), std::back_inserter(used_), usable);
  std::sort(used_.begin(), used_.end(), [](const SmileQuote& x, const SmileQuote& y) {
    return x.k != y.k ? x.k < y.k : (x.vol != y.vol ? x.vol < y.vol : x.weight < y.weight);
  });
  if (distinct_strikes(used_) < kSmileMinimumQuotes) return fail(SmileFault::TooFewQuotes);

  constexpr double kWidestShare = 0.5;
  double total = 0;
  for (const SmileQuote& quote : used_) total += quote.weight;
  scale_ = 1 / std::sqrt(total);
  middle_ = 0.5 * (used_.front().k + used_.back().k);
  widest_vertex_ = kWidestShare * (used_.back().k - used_.front().k);
  starts_.fill({});
  phase_ = Phase::Starting;
}

std::size_t SmileFitter::advance(std::size_t cells) {
  const std::size_t before = cells_;
  do {
    piece();
  } while (phase_ != Phase::Done && cells_ - before < cells);
  return cells_ - before;
}

void SmileFitter::piece() {
  switch (phase_) {
    case Phase::Starting:
      return try_start();
    case Phase::Free:
      if (descend()) next_free_descent();
      return;
    case Phase::Checking:
      return check_free();
    case Phase::Penalised:
      if (!descend()) return;
      best_ = descent_.best;
      share_ = 0;
      phase_ = Phase::Moving;
      return;
    case Phase::Moving:
      return try_moved();
    case Phase::Done:
      return;
  }
}

void SmileFitter::try_start() {
  const double width = used_.back().k - used_.front().k;
  const double place = kStartPlaces[next_ / kStartWidths.size()];
  const double share = kStartWidths[next_ % kStartWidths.size()];
  Minimum start;
  start.at = best_for_vertex(used_.front().k + place * width, share * width);
  cells_ += used_.size();
  write_residuals(start.at, descent_.there);
  start.value = sum_of_squares(descent_.there);

  // The best few, an earlier one before a later one of the same value.
  std::size_t rank = 0;
  while (rank < std::min(next_, kStarts) && starts_[rank].value <= start.value) ++rank;
  for (std::size_t i = kStarts; i-- > rank + 1;) starts_[i] = starts_[i - 1];
  if (rank < kStarts) starts_[rank] = start;

  if (++next_ < kStartPlaces.size() * kStartWidths.size()) return;
  next_ = 0;
  best_ = {};
  phase_ = Phase::Free;
  descend_from(starts_[0].at, kFreeSteps);
}

void SmileFitter::next_free_descent() {
  if (descent_.best.value < best_.value) best_ = descent_.best;
  if (++next_ < kStarts)
    descend_from(starts_[next_].at, kFreeSteps);
  else
    phase_ = Phase::Checking;
}

void SmileFitter::check_free() {
  const SviSlice free = slice_of(best_.at);
  if (acceptable(free)) return finish(free);
  repaired_ = true;
  least_error_ = kUnbounded;
  next_ = 0;
  penalty_ = kPenalties[0];
  phase_ = Phase::Penalised;
  descend_from(best_.at, kPenaltySteps);
}

void SmileFitter::try_moved() {
  const SviSlice moved = moved_within(flattened(slice_of(best_.at), kFlattenings[share_]));
  if (!acceptable(moved)) {
    if (++share_ == kFlattenings.size()) next_penalty();
    return;
  }
  const double error = error_of(moved).rms_points;
  if (error < least_error_) {
    least_error_ = error;
    accepted_ = moved;
  }
  next_penalty();
}

void SmileFitter::next_penalty() {
  if (++next_ == kPenalties.size()) return least_error_ < kUnbounded ? finish(accepted_) : fail(SmileFault::NoAcceptableFit);
  penalty_ = kPenalties[next_];
  phase_ = Phase::Penalised;
  descend_from(best_.at, kPenaltySteps);
}

void SmileFitter::finish(const SviSlice& slice) {
  SmileFit fit;
  fit.slice = slice;
  fit.error = error_of(slice);
  fit.quotes = static_cast<std::uint32_t>(used_.size());
  fit.lowest_k = used_.front().k;
  fit.highest_k = used_.back().k;
  fit.repaired = repaired_;
  result_ = fit;
  phase_ = Phase::Done;
}

// ---- coordinates

/// Unbounded coordinates of a slice: ln of the lowest variance, ln b, atanh rho, m, ln sigma. Every point is a sane slice.
SviSlice SmileFitter::slice_of(const Parameters& p) {
  SviSlice slice;
  slice.b = std::exp(p[1]);
  slice.rho = std::tanh(p[2]);
  slice.m = p[3];
  slice.sigma = std::exp(p[4]);
  slice.a = std::exp(p[0]) - slice.b * slice.sigma / std::cosh(p[2]);
  return slice;
}

SmileFitter::Parameters SmileFitter::parameters_of(const SviSlice& slice) {
  const double rho = std::clamp(slice.rho, -0.995, 0.995);
  const double sigma = std::max(slice.sigma, 1e-6);
  const double b = std::max(slice.b, 1e-9);
  const double lowest = slice.a + b * sigma * std::sqrt(1 - rho * rho);
  return {std::log(std::max(lowest, 1e-9)), std::log(b), std::atanh(rho), slice.m, std::log(sigma)};
}

/// For a fixed vertex (m, sigma) total variance is linear in the rest: w = a + d y + c sqrt(y^2 + 1), y = (k - m) / sigma.
SmileFitter::Parameters SmileFitter::best_for_vertex(double m, double sigma) const {
  std::array<std::array<double, 3>, 3> normal{};
  std::array<double, 3> right{};
  for (const SmileQuote& quote : used_) {
    const double y = (quote.k - m) / sigma;
    const std::array<double, 3> row{1, y, std::hypot(y, 1.0)};
    // An error in w is one in vol after division by 2 vol T.
    const double weight = quote.weight / (quote.vol * quote.vol);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) normal[i][j] += weight * row[i] * row[j];
      right[i] += weight * row[i] * quote.vol * quote.vol * years_;
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
    const double vol = used_[used_.size() / 2].vol;
    slice.a = vol * vol * years_;
    slice.b = 0.1 * slice.a / sigma;
  }
  return parameters_of(slice);
}

// ---- what is minimised: vol errors in points and, once a weight is put on it, the arbitrage that is left

void SmileFitter::write_residuals(const Parameters& p, std::vector<double>& out) {
  constexpr double kPoints = 100;
  constexpr double kVertexWeight = 1;
  const SviSlice slice = slice_of(p);
  out.clear();
  for (const SmileQuote& quote : used_) {
    const double vol = std::sqrt(slice.total_variance(quote.k) / years_);
    out.push_back(scale_ * std::sqrt(quote.weight) * kPoints * (vol - quote.vol));
  }
  // Within the quotes a vertex much wider than them, or far outside, changes nothing; beyond them it makes wings that steepen
  // for no reason and cross those of later expiries.
  out.push_back(kVertexWeight * std::max(std::log(slice.sigma / widest_vertex_), 0.0));
  out.push_back(kVertexWeight * std::max(std::abs(slice.m - middle_) / widest_vertex_ - 1, 0.0));
  if (penalty_ > 0) add_penalties(slice, out);
  cells_ += out.size();
}

void SmileFitter::add_penalties(const SviSlice& slice, std::vector<double>& out) const {
  // Asked for beyond what the checks demand, so that a slice at the edge of the penalty passes them.
  constexpr double kDensityMargin = 0.002;
  constexpr double kSlopeMargin = 1e-4;
  const auto add = [&](double violation) { out.push_back(penalty_ * std::max(violation, 0.0)); };
  for (const double at : spread<kPenaltyPoints>()) {
    const double g = slice.density_factor(slice.m + slice.sigma * at);
    add(std::isnan(g) ? 1.0 : kDensityMargin - g);
  }
  add(slice.wing_slope() - (kSteepestWing - kSlopeMargin));
  if (bounds_.earlier != nullptr) add_crossings(*bounds_.earlier, slice, slice, *bounds_.earlier, out);
  if (bounds_.later != nullptr) add_crossings(slice, *bounds_.later, slice, *bounds_.later, out);
}

/// By how much `earlier` stands above `later`, over the grids of both and in the wings. Relative: near the money and far out count
/// alike.
void SmileFitter::add_crossings(const SviSlice& earlier, const SviSlice& later, const SviSlice& grid, const SviSlice& other_grid,
                                std::vector<double>& out) const {
  constexpr double kCrossingMargin = 1e-4;
  const auto add = [&](double before, double after) {
    out.push_back(penalty_ * std::max(1 + kCrossingMargin - after / (before + 1e-12), 0.0));
  };
  for (const SviSlice* points : {&grid, &other_grid})
    for (const double at : spread<kPenaltyPoints>()) {
      const double k = points->m + points->sigma * at;
      add(earlier.total_variance(k), later.total_variance(k));
    }
  add(earlier.left_wing(), later.left_wing());
  add(earlier.right_wing(), later.right_wing());
}

// ---- Levenberg and Marquardt with forward differences

void SmileFitter::descend_from(const Parameters& start, int steps) {
  write_residuals(start, descent_.here);
  descent_.best = {start, sum_of_squares(descent_.here)};
  descent_.damping = 1e-3;
  descent_.steps_left = steps;
}

/// One step; true when it was the last.
bool SmileFitter::descend() {
  constexpr double kDifference = 1e-6;
  constexpr double kSmallestGain = 1e-9;
  if (descent_.steps_left == 0) return true;
  --descent_.steps_left;
  Minimum& best = descent_.best;
  const std::vector<double>& here = descent_.here;
  auto& columns = descent_.columns;
  for (std::size_t j = 0; j < kParameters; ++j) {
    Parameters moved = best.at;
    moved[j] += kDifference;
    write_residuals(moved, columns[j]);
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
  for (int tries = 0; tries < 8; ++tries) {
    auto damped = normal;
    for (std::size_t j = 0; j < kParameters; ++j) damped[j][j] += descent_.damping * (normal[j][j] + 1e-9);
    std::array<double, kParameters> change{};
    if (solve_positive_definite(damped, gradient, change)) {
      Parameters next = best.at;
      for (std::size_t j = 0; j < kParameters; ++j) next[j] += std::clamp(change[j], -1.0, 1.0);
      write_residuals(next, descent_.there);
      const double value = sum_of_squares(descent_.there);
      if (value < best.value) {
        const bool gained = value < best.value * (1 - kSmallestGain);
        best = {next, value};
        std::swap(descent_.here, descent_.there);
        descent_.damping = std::max(descent_.damping * 0.2, 1e-12);
        return !gained;
      }
    }
    descent_.damping *= 6;
  }
  return true;
}

// ---- arbitrage

CalendarCheck SmileFitter::calendar(const SviSlice& earlier, const SviSlice& later) {
  cells_ += kCalendarCells;
  return check_calendar(earlier, later);
}

bool SmileFitter::acceptable(const SviSlice& slice) {
  cells_ += kButterflyCells;
  return check_butterfly(slice).free_of_arbitrage &&
         (bounds_.earlier == nullptr || calendar(*bounds_.earlier, slice).free_of_arbitrage) &&
         (bounds_.later == nullptr || calendar(slice, *bounds_.later).free_of_arbitrage);
}

/// A penalty ends a little short of what it asks for: the same slice with its wings and its level moved by what is still missing.
/// Larger gaps are left to a heavier penalty.
SviSlice SmileFitter::moved_within(SviSlice slice) {
  constexpr double kLargestShare = 0.01;
  double left = slice.left_wing();
  double right = slice.right_wing();
  const auto lower = [](double value, double most) {
    return value > most && value * (1 - kLargestShare) < most ? most * (1 - 1e-12) : value;
  };
  const auto raise = [](double value, double least) {
    return value < least && value > least * (1 - kLargestShare) ? least * (1 + 1e-12) : value;
  };
  if (bounds_.later != nullptr) {
    left = lower(left, bounds_.later->left_wing());
    right = lower(right, bounds_.later->right_wing());
  }
  if (bounds_.earlier != nullptr) {
    left = raise(left, bounds_.earlier->left_wing());
    right = raise(right, bounds_.earlier->right_wing());
  }
  slice.b = 0.5 * (left + right);
  if (slice.b > 0) slice.rho = (right - left) / (right + left);

  const auto missing = [this](const SviSlice& earlier, const SviSlice& later) {
    const CalendarCheck crossing = calendar(earlier, later);
    const bool small = -crossing.lowest < kLargestShare * earlier.total_variance(0);
    return crossing.lowest < 0 && small ? -crossing.lowest * (1 + 1e-6) + 1e-15 : 0;
  };
  if (bounds_.later != nullptr) slice.a -= missing(slice, *bounds_.later);
  if (bounds_.earlier != nullptr) slice.a += missing(*bounds_.earlier, slice);
  return slice;
}

FitError SmileFitter::error_of(const SviSlice& slice) {
  errors_.clear();
  cells_ += used_.size();
  double squares = 0;
  double weights = 0;
  for (const SmileQuote& quote : used_) {
    const double error = 100 * std::abs(std::sqrt(slice.total_variance(quote.k) / years_) - quote.vol);
    errors_.push_back(error);
    squares += quote.weight * error * error;
    weights += quote.weight;
  }
  std::sort(errors_.begin(), errors_.end());
  const auto rank = [this](double share) {
    const auto index = static_cast<std::size_t>(std::ceil(share * static_cast<double>(errors_.size())));
    return errors_[std::clamp<std::size_t>(index, 1, errors_.size()) - 1];
  };
  return {rank(0.5), rank(0.95), errors_.back(), std::sqrt(squares / weights)};
}

Result<SmileFit, SmileFault> fit_smile(std::span<const SmileQuote> quotes, YearFraction to_expiry, SmileBounds bounds) {
  SmileFitter fitter;
  fitter.reserve(quotes.size());
  fitter.begin(quotes, to_expiry, bounds);
  while (!fitter.done()) fitter.advance(std::numeric_limits<std::size_t>::max());
  return fitter.result();
}

}  // namespace hedgewatch
