#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/instrument/contract.hpp"
#include "core/types/ids.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// When a venue moves funding between longs and shorts.
enum class FundingSchedule : std::uint8_t {
  Continuous,  ///< every moment, on what is held then (Deribit)
  AtStamps     ///< whole, on what is held at the stamp (Binance, OKX, Bybit)
};
[[nodiscard]] FundingSchedule funding_schedule(Venue venue);

/// Paid by a position while rate, price and size did not change, in the contract's settlement asset; negative: received. Longs pay
/// a positive rate. `size` in the contract's SizeUnit (dollars for inverse contracts), `rate_8h` a fraction per 8 hours, `price`
/// the index.
[[nodiscard]] double funding_paid(const Contract& contract, double size, double rate_8h, double price,
                                  std::chrono::nanoseconds elapsed);

/// Deribit's rate per 8 hours from the premium (mark - index) / index: nothing within 0.025 %, what is beyond it outside, at most
/// the cap. Source: formulas of funding, Deribit's funding specifications.
[[nodiscard]] double damped_funding_rate(double premium_ratio, double cap_ratio, double dead_band_ratio = 0.000'25);

/// Binance's, OKX's and Bybit's rate per stamp: premium + clamp(interest - premium, +-clamp).
[[nodiscard]] double clamped_funding_rate(double premium_ratio, double interest_ratio = 0.000'1, double clamp_ratio = 0.000'5);

/// What one unit of size of a perpetual has paid, at its venue's own boundary. Holders take the difference over their holding time.
class FundingAccrual {
 public:
  FundingAccrual(const Contract& contract, FundingSchedule schedule, std::chrono::nanoseconds stamp_period = std::chrono::hours{8});

  /// From this moment on the rate is this, and prices are taken at `index_price`. Books what came before at the old ones.
  /// Times that step backwards are taken as no time passing; a rate or price that is not usable leaves the old one.
  void update(VenueTime at, double rate_8h, double index_price);
  /// Books up to this moment at the rate in force.
  void advance(VenueTime to);

  /// Settlement asset paid by one unit of size, long, since the accrual began.
  [[nodiscard]] double paid_per_unit() const { return paid_per_unit_; }
  /// A rate and a price were told.
  [[nodiscard]] bool known() const { return known_; }
  [[nodiscard]] VenueTime booked_to() const { return booked_to_; }
  [[nodiscard]] FundingSchedule schedule() const { return schedule_; }
  /// The newest stamp at or before a time.
  [[nodiscard]] VenueTime stamp_before(VenueTime at) const;

 private:
  Contract contract_;
  FundingSchedule schedule_;
  std::chrono::nanoseconds stamp_period_;
  VenueTime booked_to_ = kNoVenueTime;
  double rate_8h_ = 0;
  double index_price_ = 0;
  bool known_ = false;
  double paid_per_unit_ = 0;
};

/// What an accrual had paid at moments of the last day, for fills that are told later than they happened. Bounded: one moment a
/// minute.
class FundingHistory {
 public:
  static constexpr std::size_t kMoments = 1'441;

  /// Takes the accrual as it stands, at the venue's time it has come to.
  void note(const FundingAccrual& accrual);
  /// What it had paid per unit at `at`: between two moments in proportion to time for continuous funding, at the stamp otherwise.
  /// Before the oldest moment it is the oldest's; after the newest, what the accrual's rate in force gives.
  [[nodiscard]] double paid_per_unit(const FundingAccrual& accrual, VenueTime at) const;

  /// See StateArchive.
  void visit_state(auto& archive) { archive(ring_, next_); }

 private:
  struct Moment {
    VenueTime at = kNoVenueTime;
    double paid = 0;
  };
  std::vector<Moment> ring_;  ///< oldest first until it is full, then from next_
  std::size_t next_ = 0;
};

}  // namespace hedgewatch
