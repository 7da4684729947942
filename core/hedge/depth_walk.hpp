#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/instrument/contract.hpp"
#include "core/market/event.hpp"
#include "core/market/order_book.hpp"

namespace hedgewatch {

/// The side of one order book that an order would walk: bids for a sale, asks for a purchase.
struct DepthSide {
  std::span<const OrderBook::Level> levels;  ///< the worst first, the best last, as OrderBook keeps them
  double mid = 0;                            ///< of the whole book, quote per coin; positive
  SizeUnit unit = SizeUnit::Base;            ///< Quote: sizes count dollars, as those of inverse futures do
};

/// What an order of one size would meet. Prices are quote per coin, sizes the contract's own unit, slippage positive when it hurts.
struct DepthWalk {
  double wanted = 0;
  double filled = 0;
  double unfilled = 0;       ///< above 0: the depth is short, and no cost of the whole order exists
  double filled_coins = 0;   ///< at the prices met
  double average_price = 0;  ///< sum of quote over sum of coins: a volume-weighted mean, harmonic for sizes in dollars; 0 unfilled
  double worst_price = 0;
  double slippage = 0;  ///< average against mid
  std::size_t levels_touched = 0;

  /// Share of the order that is filled; 1 for an order of nothing.
  [[nodiscard]] double filled_ratio() const { return wanted > 0 ? filled / wanted : 1; }
};

/// Walks the levels from the best one until `size` (not negative) is met. O(levels touched).
/// Source: the market-impact walk of any execution text; harmonic because an inverse contract's dollars buy coins at each price.
[[nodiscard]] DepthWalk walk_depth(const DepthSide& side, Side order, double size);

/// slippage / mid, the half spread included; nothing when part of the order is unfilled or nothing was ordered.
[[nodiscard]] std::optional<double> slippage_ratio(const DepthWalk& walk, double mid);
/// Quote currency lost against the mid: slippage * coins for sizes in coins; coins lost, valued at the mid, for sizes in dollars.
/// Nothing when part of the order is unfilled.
[[nodiscard]] std::optional<double> slippage_cost(const DepthWalk& walk, const DepthSide& side, Side order);

/// Depth not worse than mid * (1 -+ ratio).
struct DepthWithin {
  double coins = 0;  ///< of delta: sizes in dollars count at the mid
  double quote = 0;  ///< the same times the mid
  std::size_t levels_touched = 0;
};
[[nodiscard]] DepthWithin depth_within(const DepthSide& side, Side order, double ratio);

/// Several books of one underlying taken as one, cheapest level first by the loss against each book's own mid: the basis between
/// instruments is not a cost of execution.
struct DepthSplit {
  double wanted_coins = 0;
  double filled_coins = 0;    ///< of delta, sizes in dollars at their book's mid
  double filled_quote = 0;    ///< filled_coins, each at its book's mid
  double cost_quote = 0;      ///< against the mids, of what is filled
  double marginal_ratio = 0;  ///< loss of the last level touched over its mid
  std::size_t levels_touched = 0;

  [[nodiscard]] bool whole() const { return filled_coins >= wanted_coins * (1 - 1e-12); }
  [[nodiscard]] double filled_ratio() const { return wanted_coins > 0 ? filled_coins / wanted_coins : 1; }
};

/// How many books are split over at most; more are left out by the caller.
inline constexpr std::size_t kMostSplitBooks = 16;

/// Meets a delta of `coins` (not negative) at the least cost. `sizes`, when not empty, runs parallel to `books` and gets what each
/// takes in its own unit. O(levels touched * books).
[[nodiscard]] DepthSplit split_depth(std::span<const DepthSide> books, Side order, double coins, std::span<double> sizes = {});

}  // namespace hedgewatch
