#pragma once

#include <chrono>
#include <optional>

#include "core/risk/scenario_grid.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Contracts that settle on the index's average over this time before their expiry.
inline constexpr std::chrono::nanoseconds kSettlementWindow = std::chrono::minutes{30};

/// The index's average so far in one window before an expiry, by time.
class SettlementAverage {
 public:
  explicit SettlementAverage(VenueTime expiry) : expiry_{expiry} {}

  /// The index at a moment inside the window; a price that is of no use, and time that steps back, are left out.
  void add(VenueTime at, double price);

  [[nodiscard]] VenueTime expiry() const { return expiry_; }
  /// Share of the window that is left, in [0, 1].
  [[nodiscard]] double fraction_left(VenueTime now) const;
  /// Nothing unless the window was watched from its first tenth of a minute on, without a hole of a minute.
  [[nodiscard]] std::optional<double> average() const;

 private:
  VenueTime expiry_;
  VenueTime first_ = kNoVenueTime;
  VenueTime last_ = kNoVenueTime;
  double last_price_ = 0;
  double weighted_ = 0;  ///< sum of price times seconds
  bool whole_ = true;
};

/// Black-Scholes delta in coins of a position that settles on an average of which (1 - f) is known: on f times the index, with the
/// absolute variance f^2 S^2 vol^2 tau / 3. An option's strike is what is left of it, (K - (1 - f) average) / f; futures count f.
/// `position.forward` is the index. Not a number when it cannot be priced.
[[nodiscard]] double averaged_delta_coins(const ScenarioPosition& position, double fraction_left, double average);

}  // namespace hedgewatch
