#pragma once

#include <cstdint>

#include "core/instrument/contract.hpp"
#include "core/market/event.hpp"
#include "core/metric/quality.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/types/ids.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// What a venue adds up in its totals of one coin.
enum class TotalsScope : std::uint8_t {
  Settled,  ///< what settles in the coin (Deribit)
  Written   ///< options on the coin, whatever they settle in (Binance, Bybit)
};
[[nodiscard]] TotalsScope totals_scope(Venue venue);

/// Our own sums over one account's positions in one coin, in the venue's convention for its totals: to be compared with
/// AccountGreeks and with nothing else. Deribit: options by Black-Scholes delta less price in coin, inverse futures by size over
/// mark, and what settles within 30 minutes fades out linearly. Binance and Bybit: options alone, no total with futures.
class AccountTotals {
 public:
  explicit AccountTotals(TotalsScope scope = TotalsScope::Settled) : scope_{scope} {}

  /// The venue counts the contract in its totals of this coin.
  [[nodiscard]] bool counts(const Contract& contract, const AssetCode& coin) const {
    return (scope_ == TotalsScope::Settled ? contract.settlement : contract.base) == coin;
  }
  /// Adds a position of the account. One that the venue counts elsewhere (another settlement asset) must not come here; a linear
  /// contract makes totals of what settles in a coin unknown, because the venue scales those by index.
  void add(const Contract& contract, const InstrumentValuation& valuation, double size, VenueTime at);

  /// Ours less the venue's. Unknown where either is.
  struct Difference {
    Estimate delta_total_coins;
    Estimate options_delta_coins;
    Estimate options_gamma_coins_per_usd;
    Estimate options_vega_usd_per_vol_point;
    Estimate options_theta_usd_per_day;
  };
  /// `told` is the quality of the venue's statement.
  [[nodiscard]] Difference compare(const AccountGreeks& venue, const Quality& told) const;

 private:
  void add_greeks(const InstrumentValuation& valuation, double size);

  TotalsScope scope_;
  double delta_total_ = 0;
  double delta_ = 0;
  double gamma_ = 0;
  double vega_ = 0;
  double theta_ = 0;
  Quality total_quality_;
  Quality greeks_quality_;
};

}  // namespace hedgewatch
