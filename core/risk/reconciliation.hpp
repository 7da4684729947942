#pragma once

#include "core/instrument/contract.hpp"
#include "core/market/event.hpp"
#include "core/metric/quality.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Our own sums over one account's positions in one settlement asset, in the venue's convention for its totals: to be compared with
/// AccountGreeks and with nothing else. Deribit: options by Black-Scholes delta less price in coin, inverse futures by size over
/// mark, and what settles within 30 minutes fades out linearly.
class AccountTotals {
 public:
  /// Adds a position of the account. One that the venue counts elsewhere (another settlement asset) must not come here; a linear
  /// contract makes the totals unknown, because the venue scales those by index.
  void add(const Contract& contract, const InstrumentValuation& valuation, double size, VenueTime at);
  /// The same for a venue that sums up the options of a coin, whatever they settle in (Bybit): sizes are coins, Greeks those per
  /// coin, and there is no total with futures. What is no option says nothing here.
  void add_option_of_coin(const Contract& contract, const InstrumentValuation& valuation, double size);

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

  double delta_total_ = 0;
  double delta_ = 0;
  double gamma_ = 0;
  double vega_ = 0;
  double theta_ = 0;
  Quality total_quality_;
  Quality greeks_quality_;
};

}  // namespace hedgewatch
