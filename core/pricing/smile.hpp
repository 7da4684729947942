#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/types/result.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// One expiry's smile as total variance w (vol^2 T) over k = ln(strike / forward):
/// w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), the raw SVI of Gatheral and Jacquier (arXiv 1204.0646).
struct SviSlice {
  double a = 0;
  double b = 0;    ///< not negative
  double rho = 0;  ///< in (-1, 1)
  double m = 0;
  double sigma = 0;  ///< positive

  /// Variance times years, for any finite k. Error a few 2^-53 of |a| + b (|k - m| + sigma); so the next two on their own terms.
  [[nodiscard]] double total_variance(double k) const;
  /// dw/dk and d2w/dk2.
  [[nodiscard]] double slope(double k) const;
  [[nodiscard]] double curvature(double k) const;
  /// Gatheral's g: the density of ln S up to a positive factor. Negative somewhere means that a butterfly has a negative price.
  /// NaN where the total variance is not positive.
  [[nodiscard]] double density_factor(double k) const;
  /// Asymptotic slope of w against -k and k; not negative.
  [[nodiscard]] double left_wing() const;
  [[nodiscard]] double right_wing() const;
  /// Steepest asymptotic slope b (1 + |rho|); above 2 a far wing is arbitrageable.
  [[nodiscard]] double wing_slope() const;
};

/// Lowest g found over the whole line, and where.
struct ButterflyCheck {
  bool free_of_arbitrage = false;  ///< parameters sane, wings not steeper than 2, g >= 0 everywhere looked
  double lowest = 0;               ///< lowest g
  double at_k = 0;
};
/// Looks on a grid that is dense around the vertex and reaches far into the wings, and refines the lowest places. Error: a
/// violation narrower than a step of the grid (6 % of the distance from the vertex) and away from its valleys may be missed.
/// Source: Gatheral and Jacquier, lemma 2.2 and the bound on wings after Lee.
[[nodiscard]] ButterflyCheck check_butterfly(const SviSlice& slice);

struct CalendarCheck {
  bool free_of_arbitrage = false;  ///< later >= earlier everywhere looked, wings included
  double lowest = 0;               ///< lowest w_later - w_earlier
  double at_k = 0;
};
/// Total variance at the same k must not fall with time (Gatheral and Jacquier, lemma 2.1). Looks as check_butterfly() does.
[[nodiscard]] CalendarCheck check_calendar(const SviSlice& earlier, const SviSlice& later);

/// One point of a smile to be fitted.
struct SmileQuote {
  double k = 0;       ///< ln(strike / forward)
  double vol = 0;     ///< fraction; positive
  double weight = 1;  ///< of the squared vol error; not negative, 0 leaves the point out
};

/// Weight of a quote by what its vol says about a price: vega relative to that at the money, exp(-d^2 / 2) with
/// d = k / (vol sqrt T), but at least 0.05, so that far wings still shape the wings.
[[nodiscard]] double vega_weight(double k, Vol vol, YearFraction to_expiry);

/// Vol errors of a fit over its quotes, absolute, in vol points (0.01 of vol).
struct FitError {
  double median_points = 0;
  double p95_points = 0;
  double worst_points = 0;
  double rms_points = 0;  ///< weighted
};

struct SmileFit {
  SviSlice slice;
  FitError error;
  std::uint32_t quotes = 0;  ///< used
  double lowest_k = 0;       ///< of the quotes used
  double highest_k = 0;
  bool repaired = false;  ///< the unconstrained best had arbitrage; this slice was pulled away from it until it has none
};

enum class SmileFault : std::uint8_t { TooFewQuotes, TimeNotPositive, NoAcceptableFit };

/// Fewest distinct usable quotes that a fit is made of.
inline constexpr std::size_t kSmileMinimumQuotes = 5;

/// Slices of other expiries that a fit must not cross; null where there is none.
struct SmileBounds {
  const SviSlice* earlier = nullptr;
  const SviSlice* later = nullptr;
};

/// Weighted least squares in vol. The result has no butterfly arbitrage, and no calendar arbitrage against its bounds; when no such
/// slice is found, a fault. Deterministic, with a bounded number of steps. Error: SmileFit::error, in vol points, at the quotes;
/// none is stated between or beyond them. README.md has what recorded chains gave.
[[nodiscard]] Result<SmileFit, SmileFault> fit_smile(std::span<const SmileQuote> quotes, YearFraction to_expiry,
                                                     SmileBounds bounds = {});

}  // namespace hedgewatch
