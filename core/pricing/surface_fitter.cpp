#include <cstddef>
#include <limits>
#include <optional>
#include <span>

#include "core/pricing/vol_surface.hpp"

namespace hedgewatch {

namespace {

/// About what one calendar check costs, in a fitter's cells.
constexpr std::size_t kCheckCells = 800;

bool within(const SviSlice& slice, SmileBounds bounds) {
  return (bounds.earlier == nullptr || check_calendar(*bounds.earlier, slice).free_of_arbitrage) &&
         (bounds.later == nullptr || check_calendar(slice, *bounds.later).free_of_arbitrage);
}

/// Of the later lone fits the one that `fit` crosses most; null where it crosses none.
const SviSlice* most_crossed(const SmileFit& fit, std::span<const std::optional<SmileFit>> later) {
  const SviSlice* most = nullptr;
  double lowest = 0;
  for (const auto& other : later) {
    if (!other) continue;
    const CalendarCheck calendar = check_calendar(fit.slice, other->slice);
    if (calendar.free_of_arbitrage || calendar.lowest > lowest) continue;
    lowest = calendar.lowest;
    most = &other->slice;
  }
  return most;
}

}  // namespace

void SurfaceFitter::reserve(std::size_t expiries, std::size_t quotes_per_expiry) {
  fitter_.reserve(quotes_per_expiry);
  alone_.reserve(expiries);
  slices_.reserve(expiries);
}

void SurfaceFitter::begin(std::span<const ExpiryQuotes> expiries) {
  expiries_ = expiries;
  next_ = 0;
  fitting_ = false;
  alone_.clear();
  slices_.clear();
  // A slice is pointed to while the next ones are fitted.
  slices_.reserve(expiries.size());
  phase_ = expiries.empty() ? Phase::Done : Phase::Alone;
}

std::size_t SurfaceFitter::advance(std::size_t cells) {
  std::size_t worked = 0;
  while (phase_ != Phase::Done && worked < cells) {
    if (fitting_ && !fitter_.done())
      worked += fitter_.advance(cells - worked);
    else
      worked += phase_ == Phase::Alone ? fit_alone() : fit_between();
  }
  return worked;
}

/// Takes the lone fit that is done, if any, and begins the next.
std::size_t SurfaceFitter::fit_alone() {
  if (fitting_) {
    alone_.push_back(fitter_.result().ok() ? std::optional{fitter_.result().value()} : std::nullopt);
    fitting_ = false;
    ++next_;
  }
  if (next_ < expiries_.size()) {
    fitter_.begin(expiries_[next_].quotes, expiries_[next_].to_expiry);
    fitting_ = true;
    return 1;
  }
  next_ = 0;
  phase_ = Phase::Between;
  return 1;
}

/// The lone fit if it keeps its bounds, else a fit between both, else one above the earlier slice only.
std::size_t SurfaceFitter::fit_between() {
  const ExpiryQuotes& expiry = expiries_[next_];
  if (fitting_) {
    if (fitter_.result().ok()) {
      take(fitter_.result().value());
    } else if (both_bounds_) {
      both_bounds_ = false;
      fitter_.begin(expiry.quotes, expiry.to_expiry, {bounds_.earlier, nullptr});
      return 1;
    }
    next_between();
    return 1;
  }
  const auto& lone = alone_[next_];
  if (!lone) {
    next_between();
    return 1;
  }
  bounds_.earlier = slices_.empty() ? nullptr : &slices_.back().fit.slice;
  bounds_.later = most_crossed(*lone, std::span{alone_}.subspan(next_ + 1));
  const std::size_t worked = kCheckCells * (alone_.size() - next_ + 1);
  if (within(lone->slice, bounds_)) {
    take(*lone);
    next_between();
  } else {
    both_bounds_ = true;
    fitting_ = true;
    fitter_.begin(expiry.quotes, expiry.to_expiry, bounds_);
  }
  return worked;
}

void SurfaceFitter::take(const SmileFit& fit) {
  const ExpiryQuotes& expiry = expiries_[next_];
  slices_.push_back({expiry.expiry, expiry.to_expiry, fit, expiry.oldest_input});
}

void SurfaceFitter::next_between() {
  fitting_ = false;
  if (++next_ == expiries_.size()) phase_ = Phase::Done;
}

}  // namespace hedgewatch
