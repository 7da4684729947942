#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/types/time.hpp"

namespace hedgewatch {

/// Notices a connection whose data is late although it keeps coming: a queue somewhere on the way hides itself from every clock
/// that only looks at receive times.
///
/// The venue's clock is known from round trips: when it answered lies between our sending and our receiving, so each round trip
/// bounds its offset from our steady clock, and the bounds of several are intersected, widened by what clocks may drift meanwhile
/// (Marzullo 1984, "Maintaining the time in a distributed system"). Lag is judged by the upper bound: data must be shown to be on
/// time, not shown to be late. A stream is ordered, so one frame that is on time proves that nothing queues: the least lag of the
/// last seconds counts, and frames that carry an old time by nature do no harm.
class LagWatch {
 public:
  /// Data later than `limit` is late. A connection is judged after kSpan of data, and again with each frame.
  explicit LagWatch(std::chrono::nanoseconds limit) : limit_{limit} {}

  static constexpr std::chrono::nanoseconds kSpan = std::chrono::seconds{2};

  /// A request sent at `sent` was answered at `answered` by the venue's clock, and the answer was received at `received`.
  void on_round_trip(MonoTime sent, MonoTime received, VenueTime answered);
  /// The venue stamped what was received now. Stamps later than the venue's clock can show say nothing.
  void on_stamped(MonoTime received, VenueTime stamped);
  /// The connection is gone, and what queued on it. The venue's clock stays known.
  void on_closed();

  /// From the moment the least lag was above the limit until it is at most three quarters of it.
  [[nodiscard]] bool late() const { return late_; }
  /// The least lag of the last one to two spans, at most; nothing before it can be judged.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> lag() const;
  /// The venue's time minus our steady clock's, the middle of the bounds; nothing before the first round trip.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> offset() const;

 private:
  using Offset = std::chrono::nanoseconds;  ///< venue's clock minus ours

  struct Bounds {
    Offset low{};
    Offset high{};
    MonoTime at{};
  };

  [[nodiscard]] static Bounds widened(const Bounds& bounds, MonoTime now);

  std::chrono::nanoseconds limit_;
  std::optional<Bounds> clock_;
  MonoTime span_start_{};
  std::optional<std::chrono::nanoseconds> least_now_;     ///< of the span that runs
  std::optional<std::chrono::nanoseconds> least_before_;  ///< of the span before it
  bool late_ = false;
};

}  // namespace hedgewatch
