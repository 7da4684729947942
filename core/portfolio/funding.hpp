#pragma once

#include <chrono>
#include <cstdint>

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

}  // namespace hedgewatch
