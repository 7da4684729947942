#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace hedgewatch {

/// Three times, three types: subtracting one kind from another does not compile, and none has a now().
/// Readings come in from outside, as arguments and event fields.
template <class Tag>
struct ForeignClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<ForeignClock, duration>;
  static constexpr bool is_steady = false;
};

/// The exchange's own time, nanoseconds since the Unix epoch.
using VenueTime = ForeignClock<struct VenueTimeTag>::time_point;
/// Receive time by the machine's calendar clock, nanoseconds since the Unix epoch.
using WallTime = ForeignClock<struct WallTimeTag>::time_point;
/// Receive time that never steps: for ages, holds and deadlines. Its epoch means nothing.
using MonoTime = ForeignClock<struct MonoTimeTag>::time_point;

/// What stands where a message carries no exchange time. It is before every real time.
inline constexpr VenueTime kNoVenueTime = VenueTime::min();

template <class Time>
constexpr std::int64_t nanoseconds_of(Time time) {
  return time.time_since_epoch().count();
}

template <class Time>
constexpr Time from_nanoseconds(std::int64_t count) {
  return Time{std::chrono::nanoseconds{count}};
}

/// Milliseconds since the epoch as venues send them. Nothing when negative or beyond the year 2262,
/// where the count of nanoseconds would overflow. Perpetuals expire "in the year 3000": their reader asks for
/// this and takes nothing as "never".
constexpr std::optional<VenueTime> venue_time_from_milliseconds(std::int64_t milliseconds) {
  constexpr std::int64_t kPerMillisecond = 1'000'000;
  if (milliseconds < 0 || milliseconds > std::numeric_limits<std::int64_t>::max() / kPerMillisecond) return std::nullopt;
  return from_nanoseconds<VenueTime>(milliseconds * kPerMillisecond);
}

/// The same the other way, rounded towards zero.
constexpr std::int64_t milliseconds_of(VenueTime time) { return nanoseconds_of(time) / 1'000'000; }

/// The one place where the machine's calendar meets the exchange's: positive when we received later than it was sent.
constexpr std::chrono::nanoseconds receive_lag(WallTime received, VenueTime sent) {
  return std::chrono::nanoseconds{nanoseconds_of(received) - nanoseconds_of(sent)};
}

}  // namespace hedgewatch
