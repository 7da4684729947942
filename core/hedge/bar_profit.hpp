#pragma once

#include <optional>

#include "core/engine/engine_setup.hpp"
#include "core/instrument/contract.hpp"

namespace hedgewatch {

/// One instrument at one end of a bar.
struct BarPrice {
  std::optional<double> mid;   ///< of its quote; not used for options
  std::optional<double> mark;  ///< in the contract's price unit
  double forward = 0;          ///< of an option's expiry; quote per coin
  double index = 0;            ///< dollars per coin; 0: unknown
};

/// What one unit of a position gained over a bar.
struct BarProfit {
  double total = 0;
  double delta = 0;  ///< the opening delta times the move of the forward (of the price, for what is no option)
};

/// Gain of one unit of size held from `open` to `close`, in the currency of the relationship. `unit_delta_coins` is the opening
/// delta in the relationship's view. Futures and spot at their mids, or at their marks where a mid is missing at either end;
/// options at the venue's mark. A coin-settled option gains its change in coin, at the closing index, in the net transaction view;
/// in the Black-Scholes view its change in dollars, with the premium's own exposure. Nothing when a price that it needs is missing
/// at either end.
[[nodiscard]] std::optional<BarProfit> bar_profit(const Contract& contract, const BarPrice& open, const BarPrice& close,
                                                  double unit_delta_coins, DeltaView view, ProfitCurrency currency);

}  // namespace hedgewatch
