#include "core/portfolio/funding.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kRatePeriod = std::chrono::hours{8};

std::int64_t stamps_before(VenueTime time, std::chrono::nanoseconds period) { return nanoseconds_of(time) / period.count(); }

}  // namespace

FundingSchedule funding_schedule(Venue venue) {
  return venue == Venue::Deribit ? FundingSchedule::Continuous : FundingSchedule::AtStamps;
}

double funding_paid(const Contract& contract, double size, double rate_8h, double price, std::chrono::nanoseconds elapsed) {
  const double periods = static_cast<double>(elapsed.count()) / static_cast<double>(kRatePeriod.count());
  return rate_8h * (contract.style == PayoffStyle::Inverse ? size / price : size * price) * periods;
}

double damped_funding_rate(double premium_ratio, double cap_ratio, double dead_band_ratio) {
  const double damped = std::max(dead_band_ratio, premium_ratio) + std::min(-dead_band_ratio, premium_ratio);
  return std::clamp(damped, -cap_ratio, cap_ratio);
}

double clamped_funding_rate(double premium_ratio, double interest_ratio, double clamp_ratio) {
  return premium_ratio + std::clamp(interest_ratio - premium_ratio, -clamp_ratio, clamp_ratio);
}

FundingAccrual::FundingAccrual(const Contract& contract, FundingSchedule schedule, std::chrono::nanoseconds stamp_period)
    : contract_{contract}, schedule_{schedule}, stamp_period_{stamp_period} {}

void FundingAccrual::update(VenueTime at, double rate_8h, double index_price) {
  if (!std::isfinite(rate_8h) || !(index_price > 0) || !std::isfinite(index_price) || at == kNoVenueTime) return;
  advance(at);
  rate_8h_ = rate_8h;
  index_price_ = index_price;
  known_ = true;
  booked_to_ = std::max(booked_to_, at);
}

void FundingAccrual::advance(VenueTime to) {
  if (!known_ || to == kNoVenueTime || to <= booked_to_) return;
  if (schedule_ == FundingSchedule::Continuous) {
    paid_per_unit_ += funding_paid(contract_, 1, rate_8h_, index_price_, to - booked_to_);
  } else {
    // A stamp's rate is for its own period, whatever its length.
    const auto stamps = static_cast<double>(stamps_before(to, stamp_period_) - stamps_before(booked_to_, stamp_period_));
    paid_per_unit_ += stamps * funding_paid(contract_, 1, rate_8h_, index_price_, kRatePeriod);
  }
  booked_to_ = to;
}

VenueTime FundingAccrual::stamp_before(VenueTime at) const {
  return from_nanoseconds<VenueTime>(stamps_before(at, stamp_period_) * stamp_period_.count());
}

void FundingHistory::note(const FundingAccrual& accrual) {
  constexpr std::chrono::nanoseconds kEvery = std::chrono::minutes{1};
  if (!accrual.known() || accrual.booked_to() == kNoVenueTime) return;
  const Moment now{accrual.booked_to(), accrual.paid_per_unit()};
  if (ring_.empty()) ring_.reserve(kMoments);
  if (!ring_.empty()) {
    const Moment& newest = ring_[(next_ + ring_.size() - 1) % ring_.size()];
    if (now.at - newest.at < kEvery) return;
  }
  if (ring_.size() < kMoments) {
    ring_.push_back(now);
    return;
  }
  ring_[next_] = now;
  next_ = (next_ + 1) % kMoments;
}

double FundingHistory::paid_per_unit(const FundingAccrual& accrual, VenueTime at) const {
  if (at == kNoVenueTime || !accrual.known()) return accrual.paid_per_unit();
  if (at >= accrual.booked_to()) {
    FundingAccrual ahead = accrual;
    ahead.advance(at);
    return ahead.paid_per_unit();
  }
  Moment after{accrual.booked_to(), accrual.paid_per_unit()};
  for (std::size_t i = ring_.size(); i-- > 0;) {
    const Moment& before = ring_[(next_ + i) % ring_.size()];
    if (before.at > at) {
      after = before;
      continue;
    }
    if (accrual.schedule() == FundingSchedule::AtStamps) return at >= accrual.stamp_before(after.at) ? after.paid : before.paid;
    const auto span = static_cast<double>((after.at - before.at).count());
    if (!(span > 0)) return before.paid;
    return before.paid + (after.paid - before.paid) * (static_cast<double>((at - before.at).count()) / span);
  }
  return after.paid;
}

}  // namespace hedgewatch
