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

}  // namespace hedgewatch
