#pragma once

#include <optional>
#include <span>

namespace hedgewatch {

/// A position in an inverse future or perpetual: quoted in dollars, margined and paid in coin.
struct InverseFuturePosition {
  double notional_quote = 0;  ///< signed, long positive; quote currency
  double entry_price = 0;     ///< quote per coin, harmonic average (average_entry_price); positive
  double mark_price = 0;      ///< quote per coin; positive
};

/// In the coin view the position is not linear: a long loses faster than it gains. Converted to dollars at the mark it is.
struct InverseFutureValue {
  double pnl_coins = 0;                  ///< N (1 / entry - 1 / mark)
  double delta_coins = 0;                ///< mark * d pnl_coins / d mark = N / mark; what Deribit adds into delta_total
  double delta_coins_per_price = 0;      ///< d delta_coins / d mark = -N / mark^2
  double pnl_coins_per_price_twice = 0;  ///< d2 pnl_coins / d mark2 = -2 N / mark^3: the convexity
  double pnl_quote_at_mark = 0;          ///< pnl_coins * mark = N (mark / entry - 1), quote currency
  double delta_quote_view = 0;           ///< d pnl_quote_at_mark / d mark = N / entry, coin; its own gamma is 0
};

/// Nothing when a price is not positive and finite or the notional is not finite. Relative error a few 2^-53;
/// the P&L subtracts the prices first, so it keeps its digits when mark and entry are close.
[[nodiscard]] std::optional<InverseFutureValue> inverse_future(const InverseFuturePosition& position);

/// Coin gained when the mark moves by the fraction `move` (0.10 = up 10 %): (N / mark) move / (1 + move), exact, not a Taylor sum.
/// Nothing when move <= -1 or an input is out of its domain.
[[nodiscard]] std::optional<double> inverse_pnl_of_move_coins(double notional_quote, double mark_price, double move);

/// One fill of an inverse contract.
struct InverseFill {
  double notional_quote = 0;  ///< signed, all of one sign for an average
  double price = 0;           ///< quote per coin; positive
};

/// Average entry price sum(N) / sum(N / price): the harmonic mean, which makes the coin P&L of the whole equal the sum of its
/// parts. Nothing when empty, when a price is not positive, or when the fills do not all open in one direction.
[[nodiscard]] std::optional<double> average_entry_price(std::span<const InverseFill> fills);

}  // namespace hedgewatch
