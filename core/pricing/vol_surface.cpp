#include "core/pricing/vol_surface.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

namespace hedgewatch {

namespace {

bool usable(double vol) { return vol > 0 && vol < std::numeric_limits<double>::infinity(); }

bool covers(const SmileFit& fit, double k) {
  const double margin = 0.5 * (fit.highest_k - fit.lowest_k);
  return k >= fit.lowest_k - margin && k <= fit.highest_k + margin;
}

/// Vol of a slice at the time it was fitted. Between fits an expiry keeps its vols, not its total variances.
double slice_vol(const SurfaceSlice& slice, double k) {
  return std::sqrt(slice.fit.slice.total_variance(k) / slice.to_expiry.years());
}

/// d vol / dk of it: w = vol^2 T.
double slice_slope(const SurfaceSlice& slice, double k, double vol) {
  return slice.fit.slice.slope(k) / (2 * vol * slice.to_expiry.years());
}

}  // namespace

std::string_view label(VolSource source) {
  switch (source) {
    case VolSource::VenueMark:
      return "venue_mark";
    case VolSource::Fitted:
      return "fitted";
    case VolSource::Neighbour:
      return "neighbour";
    case VolSource::Unknown:
      return "unknown";
  }
  return "unknown";
}

VolSurface::VolSurface(std::chrono::nanoseconds max_age) : max_age_{max_age} {}

void VolSurface::fit(std::span<const ExpiryQuotes> expiries) {
  SurfaceFitter fitter;
  fitter.begin(expiries);
  while (!fitter.done()) fitter.advance(std::numeric_limits<std::size_t>::max());
  adopt(fitter);
}

void VolSurface::adopt(const SurfaceFitter& fitter) {
  slices_.assign(fitter.slices().begin(), fitter.slices().end());
  unfitted_ = fitter.unfitted();
}

SurfaceVol VolSurface::neighbour_vol(const VolQuestion& question, double k) const {
  constexpr double kLargestTimeFactor = 2;
  const SurfaceSlice* before = nullptr;
  const SurfaceSlice* after = nullptr;
  for (const SurfaceSlice& slice : slices_) {
    if (!fresh(slice, question.now) || slice.expiry == question.expiry) continue;
    if (slice.expiry < question.expiry) before = &slice;
    if (slice.expiry > question.expiry && after == nullptr) after = &slice;
  }
  if (before != nullptr && after != nullptr && covers(before->fit, k) && covers(after->fit, k)) {
    // Times on the slices' own clock, that of the fit.
    const double first = before->to_expiry.years();
    const double second = after->to_expiry.years();
    const double between =
        first + YearFraction::from_nanoseconds(static_cast<double>((question.expiry - before->expiry).count())).years();
    const double share = (between - first) / (second - first);
    const double variance = (1 - share) * before->fit.slice.total_variance(k) + share * after->fit.slice.total_variance(k);
    const double vol = std::sqrt(variance / between);
    const double slope = (1 - share) * before->fit.slice.slope(k) + share * after->fit.slice.slope(k);
    if (share > 0 && share < 1 && usable(vol))
      return {vol, VolSource::Neighbour, std::min(before->oldest_input, after->oldest_input), slope / (2 * vol * between)};
  }
  const double asked = question.to_expiry.years();
  for (const SurfaceSlice* slice : {before, after}) {
    if (slice == nullptr) continue;
    const double years = slice->to_expiry.years();
    const double stretch = std::sqrt(years / asked);
    const double there = k * stretch;
    const bool near = asked <= kLargestTimeFactor * years && years <= kLargestTimeFactor * asked;
    const double vol = slice_vol(*slice, there);
    if (near && covers(slice->fit, there) && usable(vol))
      return {vol, VolSource::Neighbour, slice->oldest_input, stretch * slice_slope(*slice, there, vol)};
  }
  return {};
}

SurfaceVol VolSurface::smile_vol(const VolQuestion& question, double k) const {
  if (!std::isfinite(k) || !(question.to_expiry.years() > 0)) return {};
  const auto own =
      std::find_if(slices_.begin(), slices_.end(), [&](const SurfaceSlice& slice) { return slice.expiry == question.expiry; });
  if (own != slices_.end() && fresh(*own, question.now) && covers(own->fit, k)) {
    const double vol = slice_vol(*own, k);
    if (usable(vol)) return {vol, VolSource::Fitted, own->oldest_input, slice_slope(*own, k, vol)};
  }
  return neighbour_vol(question, k);
}

SurfaceVol VolSurface::vol(const VolQuestion& question) const {
  if (usable(question.venue_mark_vol) && question.now - question.venue_mark_received <= max_age_)
    return {question.venue_mark_vol, VolSource::VenueMark, question.venue_mark_received};
  return smile_vol(question, question.k);
}

SurfaceVol VolSurface::vol_after_move(const VolQuestion& question, double log_move, SmileRule rule) const {
  if (!std::isfinite(log_move)) return {};
  const SurfaceVol before = vol(question);
  if (before.source == VolSource::Unknown) return before;
  const double moved_k = question.k - log_move + rule.skew_stickiness_ratio * log_move;
  const SurfaceVol here = smile_vol(question, question.k);
  const SurfaceVol there = smile_vol(question, moved_k);
  // No smile (or none of one kind) under both strikes: the vol stays with its strike.
  if (here.source == VolSource::Unknown || there.source != here.source) return before;
  const double vol = before.vol + (there.vol - here.vol);
  if (!usable(vol)) return before;
  return {vol, before.source, std::min(before.oldest_input, there.oldest_input)};
}

}  // namespace hedgewatch
