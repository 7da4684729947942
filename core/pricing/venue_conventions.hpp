#pragma once

#include <optional>

#include "core/instrument/contract.hpp"
#include "core/pricing/black76.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// Greeks in the units that exchanges print, per one coin of the underlying. Which delta, and whether in dollars or coin, the
/// conversion that made them says. These exist to be compared with a venue's own figures; risk uses Black76Greeks and
/// CoinOptionGreeks.
struct PublishedGreeks {
  double delta = 0;
  double gamma = 0;
  double vega_per_vol_point = 0;  ///< for +0.01 of vol
  double theta_per_day = 0;       ///< for one calendar day passing
  double rho_per_percent = 0;     ///< for +0.01 of rate; NaN where the venue publishes none
};

/// Deribit's clock for pricing: time to expiry rounded to the nearest whole minute, ACT/365. Inferred from captured tickers.
/// Negative past expiry.
[[nodiscard]] YearFraction deribit_time_to_expiry(VenueTime at, VenueTime expiry);

/// What is left of an expiring option's delta and price, and of an expiring future's delta, in Deribit's settlement window: 1 until
/// 30 minutes before expiry, then falling linearly to 0 at it. The API's own values are already decayed: do not apply it to them.
[[nodiscard]] double deribit_settlement_weight(VenueTime at, VenueTime expiry);

/// Input of a conversion on the forward of the option's own expiry.
struct DeribitOption {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< underlying_price of the ticker
  double strike = 0;
  YearFraction to_expiry = YearFraction::from_years(0);  ///< deribit_time_to_expiry
  Vol vol = Vol::from_fraction(0);                       ///< mark_iv
  PayoffStyle style = PayoffStyle::Inverse;
  /// Coin for inverse options, quote currency for linear ones; without it the model's own price caps theta.
  std::optional<double> mark_price = std::nullopt;
};

/// `ticker.greeks` of Deribit: delta N(d1) on the forward, not premium-adjusted; gamma per dollar; vega in dollars per vol point;
/// theta in dollars, the smaller in size of one day, the remaining life, and the option's whole value; rho = +-K T N(+-d2) / 100.
/// Deribit prints five decimals of them. No discounting.
[[nodiscard]] Result<PublishedGreeks, PricingFault> deribit_greeks(const DeribitOption& option);

/// The same from Black's undiscounted Greeks of this option, as a batch computes them (price, delta, gamma, vega, theta and
/// dual_delta are read).
[[nodiscard]] PublishedGreeks to_deribit(const Black76Greeks& black, const DeribitOption& option);

struct BybitOption {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< underlyingPrice
  double strike = 0;
  YearFraction to_expiry = YearFraction::from_years(0);  ///< exact, to the delivery time
  Vol vol = Vol::from_fraction(0);                       ///< markPriceIv
};

/// Option `tickers` of Bybit: Black-76 on the forward in the quote currency, no discounting; gamma and theta are multiplied by the
/// time left in days during the last day. No rho.
[[nodiscard]] Result<PublishedGreeks, PricingFault> bybit_greeks(const BybitOption& option);

struct BinanceOption {
  OptionRight right = OptionRight::Call;
  double index_price = 0;  ///< spot index, not a forward: the carry sits in separate call and put vols
  double strike = 0;
  YearFraction to_expiry = YearFraction::from_years(0);
  Vol vol = Vol::from_fraction(0);
  double risk_free_rate = 0;  ///< continuous, per year; `rf` of the stream
};

/// Option mark-price stream of Binance: Black-Scholes on the index, no dividend, USDT per unit of the underlying whatever the
/// contract's `unit`; theta per day without a cap. No rho.
[[nodiscard]] Result<PublishedGreeks, PricingFault> binance_greeks(const BinanceOption& option);

/// The same from Black's Greeks on the forward that the index grows to at the rate, discounted at it, as a batch computes them
/// (delta, gamma, vega and theta are read).
[[nodiscard]] PublishedGreeks to_binance(const Black76Greeks& black, double forward, double rate, YearFraction to_expiry);

struct OkxOption {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< fwdPx
  double spot = 0;     ///< the index behind the frame's BS set; positive
  double strike = 0;
  YearFraction to_expiry = YearFraction::from_years(0);
  Vol vol = Vol::from_fraction(0);  ///< markVol
};

/// `opt-summary` of OKX carries two sets that are not multiples of each other: sum only like with like.
struct OkxGreeks {
  /// deltaBS ... vegaBS: Black-Scholes on the spot with rate ln(forward / spot) / T, in dollars; theta includes the carry.
  PublishedGreeks black_scholes;
  /// delta ... vega: premium-adjusted, in coin. delta = deltaBS - price in coin; gamma = F^2 d2(price in coin) / dF2;
  /// theta is the decay term alone.
  PublishedGreeks premium_adjusted;
};

/// Both sets of OKX. Thetas are multiplied by the time left in days during the last day. No rho.
[[nodiscard]] Result<OkxGreeks, PricingFault> okx_greeks(const OkxOption& option);

/// The Black-Scholes set from Black's Greeks at the option's inputs, undiscounted (price, delta, gamma, vega and theta are read).
/// The option's spot and forward are positive.
[[nodiscard]] PublishedGreeks to_okx(const Black76Greeks& black, const OkxOption& option);

}  // namespace hedgewatch
