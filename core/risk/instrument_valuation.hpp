#pragma once

#include <optional>

#include "core/instrument/contract.hpp"
#include "core/market/freshness.hpp"
#include "core/market/market_state.hpp"
#include "core/metric/quality.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "core/risk/option_fallback.hpp"
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
  /// What the delta gains where each moneyness keeps its vol, and not each strike: - vega d vol / dk / F. Options whose smile is
  /// wanted only; see InstrumentValuation::smile.
  double smile_delta_coins = 0;
};

/// An instrument priced from its own newest ticker: forward, vol and exchange time of the same message, so that the venue's
/// published Greeks can be reproduced. A vol that came without a forward borrows the newest forward of its expiry. Where the
/// venue's vol or forward is missing or stale, a fallback stands in and the source says so: it is never shown as the venue's mark.
struct InstrumentValuation {
  Quality mark;         ///< of mark_price
  Quality vol;          ///< of mark_vol
  Quality pricing_vol;  ///< of the vol that Greeks are made of
  Quality forward;      ///< of forward
  Quality delta;        ///< of the deltas and gamma_coins_per_percent
  Quality greeks;       ///< of the Greeks that only options have; a constant for everything else
  Quality smile;        ///< of smile_slope and what is made of it; a constant for everything but options
  double mark_price = 0;
  double mark_vol = 0;           ///< the venue's, never a fallback
  double pricing_vol_ratio = 0;  ///< the venue's or a fallback, as vol_source says
  double forward_price = 0;      ///< the venue's or a fallback, as forward_source says
  double smile_slope = 0;        ///< d vol / d ln(strike / forward) of the fitted smile
  VolSource vol_source = VolSource::Unknown;
  ForwardSource forward_source = ForwardSource::Unknown;
  UnitRisk unit;
  /// Per unit of the underlying, in the venue's own convention; options only.
  PublishedGreeks published;
  double vanna = 0;  ///< change of delta per vol point
  double volga = 0;  ///< change of vega in dollars per vol point, per vol point
  double charm = 0;  ///< change of delta per day passing
  /// Past its expiry by the venue's clock, or declared so by the venue: out of every risk figure.
  bool expired = false;

  /// Priced, but from a vol or forward that the venue did not send.
  [[nodiscard]] bool leans_on_fallback() const {
    return (vol_source != VolSource::VenueMark && vol_source != VolSource::Unknown) ||
           (forward_source != ForwardSource::VenueMark && forward_source != ForwardSource::Unknown);
  }
};

/// What an option is priced from, once its inputs are judged.
struct OptionMarket {
  double forward = 0;  ///< quote per base
  double vol = 0;      ///< fraction
  double rate = 0;     ///< continuous, per year
  VenueTime at = kNoVenueTime;
  double spot = 0;  ///< the index, where the venue's convention looks from there; 0: not known
};

/// What is known about one instrument at the moment it is valued.
struct InstrumentView {
  const Contract& contract;
  const InstrumentMarket& market;
  const Reading& pricing_forward;  ///< MarketState::pricing_forward
  Venue venue = Venue::Deribit;
  InstrumentPhase phase = InstrumentPhase::Open;
  VenueTime venue_now = kNoVenueTime;  ///< the venue's newest exchange time, kNoVenueTime when unknown
};

/// Values one instrument into `valuation` as far as that goes without pricing. The answer is what an option's Greeks are to be
/// priced from, by a ValuationBatch; nothing for other instruments and for options whose inputs do not allow it. `fallback` may be
/// null.
[[nodiscard]] std::optional<OptionMarket> judge_instrument(const InstrumentView& view, Freshness& freshness,
                                                           OptionFallback* fallback, InstrumentValuation& valuation);

/// Whether amounts in the contract's quote currency are dollars: USD, and USDC and USDT at par.
[[nodiscard]] bool is_dollar_quoted(const Contract& contract);

}  // namespace hedgewatch
