#pragma once

#include <optional>

#include "core/instrument/contract.hpp"
#include "core/market/freshness.hpp"
#include "core/market/market_state.hpp"
#include "core/metric/quality.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// What one unit of size of an instrument adds to a book. Sizes count dollars for inverse futures and coins otherwise.
/// Dollar sensitivities of coin-settled options are those of the price in dollars on the forward.
struct UnitRisk {
  double delta_black_scholes_coins = 0;
  /// Coin gained per unit relative move of the forward: for coin-settled options Black-Scholes delta minus price in coin.
  double delta_net_transaction_coins = 0;
  double gamma_coins_per_percent = 0;  ///< change of the Black-Scholes delta in coins, forward 1 % higher
  double gamma_usd_per_percent = 0;    ///< gamma F^2 / 100; 0 for futures, whose value in dollars is linear
  double vega_usd_per_vol_point = 0;
  double theta_usd_per_day = 0;
  double rho_usd_per_percent = 0;  ///< forwards fixed
  double vanna_coins_per_vol_point = 0;
  double volga_usd_per_vol_point_squared = 0;
  double charm_coins_per_day = 0;
};

/// An instrument priced from its own newest ticker: forward, vol and exchange time of the same message, so that the venue's
/// published Greeks can be reproduced. Only a vol that came without a forward borrows the newest forward of its expiry.
struct InstrumentValuation {
  Quality mark;     ///< of mark_price
  Quality vol;      ///< of mark_vol
  Quality forward;  ///< of forward
  Quality delta;    ///< of the deltas and gamma_coins_per_percent
  Quality greeks;   ///< of the Greeks that only options have; a constant for everything else
  double mark_price = 0;
  double mark_vol = 0;
  double forward_price = 0;
  UnitRisk unit;
  /// Per unit of the underlying, in the venue's own convention; options only.
  PublishedGreeks published;
  double vanna = 0;  ///< change of delta per vol point
  double volga = 0;  ///< change of vega in dollars per vol point, per vol point
  double charm = 0;  ///< change of delta per day passing
  /// Past its expiry by the venue's clock, or declared so by the venue: out of every risk figure.
  bool expired = false;
};

/// Prices one instrument. `venue_now` is the venue's newest exchange time, kNoVenueTime when unknown.
[[nodiscard]] InstrumentValuation value_instrument(const Contract& contract, Venue venue, InstrumentPhase phase,
                                                   const InstrumentMarket& market, const Reading& pricing_forward,
                                                   VenueTime venue_now, Freshness& freshness);

/// Whether amounts in the contract's quote currency are dollars: USD, and USDC and USDT at par.
[[nodiscard]] bool is_dollar_quoted(const Contract& contract);

}  // namespace hedgewatch
