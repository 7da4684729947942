#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>

#include "core/market/event.hpp"
#include "core/market/feeds.hpp"
#include "core/metric/quality.hpp"
#include "core/types/ids.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Where and when something was learnt.
struct Origin {
  VenueTime exchange_time = kNoVenueTime;
  MonoTime received{};
  ConnectionId connection = kNoConnection;
};
/// A new configuration numbers its connections anew: `new_of_old` says what each became, kNoConnection when it is gone.
constexpr void renumber(ConnectionId& connection, std::span<const ConnectionId> new_of_old) {
  const auto index = static_cast<std::size_t>(connection);
  connection = index < new_of_old.size() ? new_of_old[index] : kNoConnection;
}
constexpr void renumber(Origin& origin, std::span<const ConnectionId> new_of_old) { renumber(origin.connection, new_of_old); }
constexpr Origin origin_of(const EventHeader& header) { return {header.exchange_time, header.received, header.connection}; }

/// One number a venue sent. Each part of a valuation has its own, because channels carry different parts.
struct Reading {
  double value = kAbsent;
  Origin origin{};

  [[nodiscard]] bool present() const { return is_present(value); }
};

/// Judges inputs at one moment: fresh means that the connection is live and the age is within the venue's limit.
/// Remembers when the next of the fresh inputs it has seen will be too old, so that nobody has to look before.
class Freshness {
 public:
  struct Limits {
    std::chrono::nanoseconds market_data = std::chrono::seconds{60};
    std::chrono::nanoseconds account = std::chrono::seconds{120};
  };

  explicit Freshness(const Feeds& feeds) : feeds_{&feeds} {}

  void set_limits(Venue venue, Limits limits) { limits_[static_cast<std::size_t>(venue)] = limits; }
  void set_now(MonoTime now) { now_ = now; }
  [[nodiscard]] MonoTime now() const { return now_; }

  /// The first moment after which an input that was judged fresh since reset_horizon() is too old.
  [[nodiscard]] MonoTime horizon() const { return horizon_; }
  void reset_horizon() { horizon_ = MonoTime::max(); }

  /// `missing` is the reason when there is no value at all.
  [[nodiscard]] Quality of_market(const Reading& reading, Venue venue, FigureReason missing) {
    return reading.present() ? judge(reading.origin, limits_[static_cast<std::size_t>(venue)].market_data)
                             : Quality::unknown(missing);
  }
  [[nodiscard]] std::chrono::nanoseconds market_limit(Venue venue) const {
    return limits_[static_cast<std::size_t>(venue)].market_data;
  }
  /// Whether something came over a live connection and is not older than `age`. Not remembered for the horizon.
  [[nodiscard]] bool fresh_within(const Origin& origin, std::chrono::nanoseconds age) const {
    return feeds_->live(origin.connection) && now_ - origin.received <= age;
  }
  [[nodiscard]] Quality of_account(const Origin& origin, Venue venue) {
    return judge(origin, limits_[static_cast<std::size_t>(venue)].account);
  }

  /// See StateArchive.
  void visit_state(auto& archive) { archive(limits_, now_, horizon_); }

 private:
  Quality judge(const Origin& origin, std::chrono::nanoseconds limit) {
    if (!feeds_->live(origin.connection)) return Quality::stale(origin.received, FigureReason::FeedDown);
    const MonoTime last_good = origin.received + limit;
    if (now_ > last_good) return Quality::stale(origin.received, FigureReason::TooOld);
    horizon_ = std::min(horizon_, last_good);
    return Quality::fresh(origin.received);
  }

  const Feeds* feeds_;
  std::array<Limits, kVenues.size()> limits_{};
  MonoTime now_{};
  MonoTime horizon_ = MonoTime::max();
};

}  // namespace hedgewatch
