#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/market/event.hpp"
#include "core/pricing/smile.hpp"
#include "core/types/time.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// Where a vol came from, in the order in which sources are asked.
enum class VolSource : std::uint8_t {
  VenueMark,  ///< the venue's own mark vol of this very option
  Fitted,     ///< this expiry's fitted smile
  Neighbour,  ///< the fitted smiles of the expiries around it, interpolated in total variance
  Unknown,
};
inline constexpr std::array kVolSources{VolSource::VenueMark, VolSource::Fitted, VolSource::Neighbour, VolSource::Unknown};

/// Label value: venue_mark, fitted, neighbour, unknown.
[[nodiscard]] std::string_view label(VolSource source);

/// How a smile moves when the forward does: the at-the-money vol changes by ratio * skew * d ln F.
struct SmileRule {
  double skew_stickiness_ratio = 0;
};
inline constexpr SmileRule kStickyStrike{1};  ///< each strike keeps its vol
inline constexpr SmileRule kStickyDelta{0};   ///< each moneyness, and so each delta, keeps its vol

/// A vol and the arrival of the oldest input it rests on.
struct SurfaceVol {
  double vol = kAbsent;  ///< fraction
  VolSource source = VolSource::Unknown;
  MonoTime oldest_input{};
};

/// One fitted expiry of a surface.
struct SurfaceSlice {
  VenueTime expiry = kNoVenueTime;
  YearFraction to_expiry = YearFraction::from_years(0);  ///< at the time of the fit
  SmileFit fit;
  MonoTime oldest_input{};  ///< of the quotes it was fitted to
};

/// What a fit of one expiry is made from.
struct ExpiryQuotes {
  VenueTime expiry = kNoVenueTime;
  YearFraction to_expiry = YearFraction::from_years(0);
  std::span<const SmileQuote> quotes;
  MonoTime oldest_input{};
};

/// What is asked of a surface about one option.
struct VolQuestion {
  VenueTime expiry = kNoVenueTime;
  YearFraction to_expiry = YearFraction::from_years(0);  ///< positive
  double k = 0;                                          ///< ln(strike / forward)
  double venue_mark_vol = kAbsent;                       ///< fraction
  MonoTime venue_mark_received{};
  MonoTime now{};
};

/// The smiles of one underlying, refitted as a whole so that no expiry crosses another.
class VolSurface {
 public:
  explicit VolSurface(std::chrono::nanoseconds max_age);

  /// Replaces all slices. `expiries` in ascending order of time; one that cannot be fitted is left out and counted. Every slice
  /// that stays is free of butterfly arbitrage and of calendar arbitrage against the others. First each expiry is fitted alone;
  /// then, from the nearest on, those that cross the slice before or a lone fit after are fitted again between the two.
  void fit(std::span<const ExpiryQuotes> expiries);

  [[nodiscard]] std::span<const SurfaceSlice> slices() const { return slices_; }
  /// Expiries of the last fit() that have no slice.
  [[nodiscard]] std::size_t unfitted() const { return unfitted_; }

  /// The first source of VolSource that is fresh and covers the question.
  /// A fitted smile answers for strikes up to half the width of its quotes beyond them. Between two fitted expiries the neighbours
  /// are interpolated linearly in total variance at the same k; outside of them the nearest one answers at the same k / sqrt(T), as
  /// long as its time is within a factor of two.
  [[nodiscard]] SurfaceVol vol(const VolQuestion& question) const;
  /// The vol of the question's strike after the forward has moved by `log_move` = ln(new / old) under a smile rule. `question.k`
  /// is ln(strike / old forward). A venue mark is shifted by the fitted smile's change, and stays as it is where there is no smile.
  [[nodiscard]] SurfaceVol vol_after_move(const VolQuestion& question, double log_move, SmileRule rule) const;

 private:
  [[nodiscard]] bool fresh(const SurfaceSlice& slice, MonoTime now) const { return now - slice.oldest_input <= max_age_; }
  [[nodiscard]] SurfaceVol smile_vol(const VolQuestion& question, double k) const;
  [[nodiscard]] SurfaceVol neighbour_vol(const VolQuestion& question, double k) const;

  std::vector<SurfaceSlice> slices_;
  std::chrono::nanoseconds max_age_;
  std::size_t unfitted_ = 0;
};

}  // namespace hedgewatch
