#include "core/risk/profit_record.hpp"

#include <algorithm>

namespace hedgewatch {

namespace {

constexpr std::int64_t kDayNanoseconds = std::chrono::nanoseconds{std::chrono::hours{24}}.count();

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

}  // namespace

std::string_view label(ProfitSince since) {
  switch (since) {
    case ProfitSince::Session:
      return "session";
    case ProfitSince::Designation:
      return "designation";
    case ProfitSince::Window:
      return "window";
  }
  return "";
}

ProfitRecord::ProfitRecord(ProfitPeriods periods) : periods_{periods}, steps_(kWindowSteps) {}

std::int64_t ProfitRecord::session_of(VenueTime at) const {
  if (at == kNoVenueTime) return nanoseconds_of(kNoVenueTime);  // no session of any real time
  return floor_divide(nanoseconds_of(at) - periods_.session_start.count(), kDayNanoseconds);
}

std::int64_t ProfitRecord::step_of(VenueTime at) const {
  const auto step = std::max<std::int64_t>(1, periods_.window.count() / static_cast<std::int64_t>(kWindowSteps));
  return floor_divide(nanoseconds_of(at), step);
}

void ProfitRecord::advance(VenueTime at) {
  if (at == kNoVenueTime || at <= newest_) return;
  if (newest_ != kNoVenueTime) {
    if (session_of(at) != session_of(newest_)) session_ = {};
    const std::int64_t from = step_of(newest_);
    const std::int64_t passed = std::min<std::int64_t>(step_of(at) - from, static_cast<std::int64_t>(kWindowSteps));
    for (std::int64_t i = 1; i <= passed; ++i) steps_[static_cast<std::size_t>((from + i) % std::int64_t{kWindowSteps})] = {};
  }
  newest_ = at;
}

void ProfitRecord::add(VenueTime at, const ProfitTerms& terms) {
  advance(at);
  if (newest_ == kNoVenueTime) return;
  session_ += terms;
  designation_ += terms;
  steps_[static_cast<std::size_t>(step_of(newest_) % std::int64_t{kWindowSteps})] += terms;
}

ProfitTerms ProfitRecord::since(ProfitSince since) const {
  if (since == ProfitSince::Session) return session_;
  if (since == ProfitSince::Designation) return designation_;
  ProfitTerms window;
  for (const ProfitTerms& step : steps_) window += step;
  return window;
}

}  // namespace hedgewatch
