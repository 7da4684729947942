#pragma once

#include <optional>
#include <utility>

#include "core/types/time.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// A seeded market that keeps pace with the caller's clock: its own time starts where the configuration says, with the first call
/// of advance, and runs on with the caller's.
class PacedMarket {
 public:
  /// More steps than this are not caught up in one call: after a longer pause the venue's clock has lost the difference.
  static constexpr int kMostStepsAtOnce = 100;

  explicit PacedMarket(const SyntheticMarketConfig& config) : market_{config}, start_{config.start} {}

  [[nodiscard]] SyntheticMarket& market() { return market_; }
  [[nodiscard]] const SyntheticMarket& market() const { return market_; }
  /// The venue's own clock.
  [[nodiscard]] VenueTime venue_time(MonoTime now) const { return origin_ ? start_ + (now - *origin_) : start_; }

  /// Takes every step that is due. `each` is called after each step with what it changed.
  template <class Each>
  void advance(MonoTime now, Each&& each) {
    if (!origin_) origin_ = now;
    int steps = 0;
    while (market_.now() + market_.configuration().step <= venue_time(now)) {
      if (++steps > kMostStepsAtOnce) {
        // Suspended for long: the clock stands where the market stands.
        origin_ = now - (market_.now() - start_);
        return;
      }
      market_.step(changes_);
      each(std::as_const(changes_));
    }
  }

 private:
  SyntheticMarket market_;
  VenueTime start_{};
  std::optional<MonoTime> origin_;
  MarketChanges changes_;
};

}  // namespace hedgewatch::simulator
