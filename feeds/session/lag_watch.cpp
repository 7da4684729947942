#include "feeds/session/lag_watch.hpp"

#include <algorithm>

namespace hedgewatch {

namespace {

/// How fast two clocks may part: far more than a disciplined clock does, one part in 5,000.
constexpr std::int64_t kDriftDivisor = 5'000;
/// Beyond it, differences of times could overflow; the year is 2200.
constexpr std::int64_t kLatestNanoseconds = 7'258'118'400'000'000'000;

bool usable(VenueTime time) { return nanoseconds_of(time) > 0 && nanoseconds_of(time) < kLatestNanoseconds; }

std::chrono::nanoseconds offset_between(VenueTime venue, MonoTime ours) {
  return std::chrono::nanoseconds{nanoseconds_of(venue) - nanoseconds_of(ours)};
}

}  // namespace

LagWatch::Bounds LagWatch::widened(const Bounds& bounds, MonoTime now) {
  const std::chrono::nanoseconds drift = std::max(now - bounds.at, std::chrono::nanoseconds{0}) / kDriftDivisor;
  return {bounds.low - drift, bounds.high + drift, now};
}

void LagWatch::on_round_trip(MonoTime sent, MonoTime received, VenueTime answered) {
  if (!usable(answered) || sent > received) return;
  const Bounds seen{offset_between(answered, received), offset_between(answered, sent), received};
  if (!clock_) {
    clock_ = seen;
    return;
  }
  const Bounds known = widened(*clock_, received);
  clock_ = Bounds{std::max(known.low, seen.low), std::min(known.high, seen.high), received};
  // Bounds that exclude each other: one of the clocks was set anew. What was measured last holds, and the lags before say nothing.
  if (clock_->low > clock_->high) {
    clock_ = seen;
    on_closed();
  }
}

void LagWatch::on_stamped(MonoTime received, VenueTime stamped) {
  if (!clock_ || !usable(stamped)) return;
  const std::chrono::nanoseconds lag = widened(*clock_, received).high - offset_between(stamped, received);
  if (lag < std::chrono::nanoseconds{0}) return;
  if (!least_now_) {
    span_start_ = received;
    least_now_ = lag;
    return;
  }
  if (received - span_start_ >= kSpan) {
    least_before_ = least_now_;
    least_now_ = lag;
    span_start_ = received;
  } else {
    least_now_ = std::min(*least_now_, lag);
  }
  if (const auto least = this->lag()) late_ = *least > (late_ ? limit_ / 4 * 3 : limit_);
}

void LagWatch::on_closed() {
  least_now_.reset();
  least_before_.reset();
  late_ = false;
}

std::optional<std::chrono::nanoseconds> LagWatch::lag() const {
  if (!least_before_ || !least_now_) return std::nullopt;
  return std::min(*least_before_, *least_now_);
}

std::optional<std::chrono::nanoseconds> LagWatch::offset() const {
  if (!clock_) return std::nullopt;
  return clock_->low + (clock_->high - clock_->low) / 2;
}

}  // namespace hedgewatch
