#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/market/event.hpp"
#include "core/pricing/smile.hpp"
#include "core/pricing/smile_fitter.hpp"
#include "core/pricing/smile_rule.hpp"
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

/// A vol and the arrival of the oldest input it rests on.
struct SurfaceVol {
  double vol = kAbsent;  ///< fraction
  VolSource source = VolSource::Unknown;
  MonoTime oldest_input{};
  double slope = kAbsent;  ///< d vol / dk of the smile that answered; none of a venue's mark
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

/// Fits the expiries of one underlying so that no expiry crosses another, in pieces: first each alone; then, from the nearest on,
/// those that cross the slice before or a lone fit after are fitted again between the two. Cells as SmileFitter counts them. After
/// reserve() nothing allocates.
class SurfaceFitter {
 public:
  void reserve(std::size_t expiries, std::size_t quotes_per_expiry);
  /// `expiries` in ascending order of time. They and their quotes must stay where they are until done().
  void begin(std::span<const ExpiryQuotes> expiries);
  /// Goes on until at least `cells` were worked, or until done. The cells that were worked.
  std::size_t advance(std::size_t cells);
  [[nodiscard]] bool done() const { return phase_ == Phase::Done; }

  /// Of the fit that is done: every slice is free of butterfly arbitrage and of calendar arbitrage against the others.
  [[nodiscard]] std::span<const SurfaceSlice> slices() const { return slices_; }
  /// Expiries that have no slice.
  [[nodiscard]] std::size_t unfitted() const { return expiries_.size() - slices_.size(); }

  /// See StateArchive. `expiries` are those that were begun with.
  void visit_state(auto& archive, std::span<const ExpiryQuotes> expiries) {
    // What is pointed to while a fit goes on, by its place; one more than it, 0 for nothing.
    std::size_t earlier = 0;
    std::size_t later = 0;
    for (std::size_t i = 0; i < slices_.size(); ++i)
      if (bounds_.earlier == &slices_[i].fit.slice) earlier = i + 1;
    for (std::size_t i = 0; i < alone_.size(); ++i)
      if (alone_[i] && bounds_.later == &alone_[i]->slice) later = i + 1;
    if (archive.loading()) slices_.reserve(expiries.size());
    archive(phase_, next_, fitting_, both_bounds_, alone_, slices_, earlier, later);
    if (archive.loading()) {
      expiries_ = expiries;
      if (earlier > slices_.size() || later > alone_.size() || (later > 0 && !alone_[later - 1]) || next_ > expiries.size())
        archive.fail("a bound is missing");
      if (archive.failed()) {
        phase_ = Phase::Done;
        return;
      }
      bounds_.earlier = earlier == 0 ? nullptr : &slices_[earlier - 1].fit.slice;
      bounds_.later = later == 0 ? nullptr : &alone_[later - 1]->slice;
    }
    if (fitting_) fitter_.visit_state(archive, bounds_);
  }

 private:
  enum class Phase : std::uint8_t { Alone, Between, Done };

  std::size_t fit_alone();
  std::size_t fit_between();
  void next_between();
  void take(const SmileFit& fit);

  Phase phase_ = Phase::Done;
  std::span<const ExpiryQuotes> expiries_;
  std::size_t next_ = 0;
  bool fitting_ = false;      ///< the fitter works on expiries_[next_]
  bool both_bounds_ = false;  ///< between a slice before and one after; otherwise above the one before only
  SmileBounds bounds_;
  SmileFitter fitter_;
  std::vector<std::optional<SmileFit>> alone_;
  std::vector<SurfaceSlice> slices_;
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

  /// Replaces all slices by what a SurfaceFitter makes of `expiries`, in ascending order of time; one that cannot be fitted is left
  /// out and counted.
  void fit(std::span<const ExpiryQuotes> expiries);
  /// Slices whose oldest input is older do not answer.
  void set_max_age(std::chrono::nanoseconds max_age) { max_age_ = max_age; }
  /// Makes room for so many slices, so that adopt() does not allocate.
  void reserve(std::size_t expiries) { slices_.reserve(expiries); }
  /// Replaces all slices by those of a fit that is done.
  void adopt(const SurfaceFitter& fitter);

  [[nodiscard]] std::span<const SurfaceSlice> slices() const { return slices_; }
  /// Expiries of the last fit() that have no slice.
  [[nodiscard]] std::size_t unfitted() const { return unfitted_; }

  /// The first source of VolSource that is fresh and covers the question. Error: none for a venue mark, that of the fit for a
  /// fitted vol (SmileFit::error), and not known for a neighbour's. A fitted smile answers for strikes up to half the width of its
  /// quotes beyond them. Between two fitted expiries the neighbours are interpolated linearly in total variance at the same k;
  /// outside of them the nearest one answers at the same k / sqrt(T), as long as its time is within a factor of two.
  [[nodiscard]] SurfaceVol vol(const VolQuestion& question) const;
  /// What the smiles say whatever the venue's mark is, with their slope at the question's k.
  [[nodiscard]] SurfaceVol smile(const VolQuestion& question) const { return smile_vol(question, question.k); }
  /// The vol of the question's strike after the forward has moved by `log_move` = ln(new / old) under a smile rule. `question.k`
  /// is ln(strike / old forward). A venue mark is shifted by the fitted smile's change, and stays as it is where there is no smile.
  [[nodiscard]] SurfaceVol vol_after_move(const VolQuestion& question, double log_move, SmileRule rule) const;

  /// See StateArchive.
  void visit_state(auto& archive) { archive(slices_, max_age_, unfitted_); }

 private:
  [[nodiscard]] bool fresh(const SurfaceSlice& slice, MonoTime now) const { return now - slice.oldest_input <= max_age_; }
  [[nodiscard]] SurfaceVol smile_vol(const VolQuestion& question, double k) const;
  [[nodiscard]] SurfaceVol neighbour_vol(const VolQuestion& question, double k) const;

  std::vector<SurfaceSlice> slices_;
  std::chrono::nanoseconds max_age_;
  std::size_t unfitted_ = 0;
};

}  // namespace hedgewatch
