#include "core/pricing/inverse_future.hpp"

#include <cmath>

namespace hedgewatch {

namespace {

bool is_price(double value) { return value > 0 && std::isfinite(value); }

}  // namespace

std::optional<InverseFutureValue> inverse_future(const InverseFuturePosition& position) {
  const double notional = position.notional_quote;
  const double entry = position.entry_price;
  const double mark = position.mark_price;
  if (!is_price(entry) || !is_price(mark) || !std::isfinite(notional)) return std::nullopt;
  const double delta = notional / mark;
  const double entry_coins = notional / entry;
  return InverseFutureValue{.pnl_coins = entry_coins * ((mark - entry) / mark),
                            .delta_coins = delta,
                            .delta_coins_per_price = -delta / mark,
                            .pnl_coins_per_price_twice = -2 * delta / mark / mark,
                            .pnl_quote_at_mark = entry_coins * (mark - entry),
                            .delta_quote_view = entry_coins};
}

std::optional<double> inverse_pnl_of_move_coins(double notional_quote, double mark_price, double move) {
  if (!is_price(mark_price) || !std::isfinite(notional_quote) || !(move > -1) || !std::isfinite(move)) return std::nullopt;
  return notional_quote / mark_price * (move / (1 + move));
}

std::optional<double> average_entry_price(std::span<const InverseFill> fills) {
  double notional = 0;
  double coins = 0;
  for (const InverseFill& fill : fills) {
    const bool same_side = fill.notional_quote * notional >= 0;
    if (!is_price(fill.price) || !std::isfinite(fill.notional_quote) || !same_side) return std::nullopt;
    notional += fill.notional_quote;
    coins += fill.notional_quote / fill.price;
  }
  if (!(std::fabs(coins) > 0)) return std::nullopt;
  return notional / coins;
}

}  // namespace hedgewatch
