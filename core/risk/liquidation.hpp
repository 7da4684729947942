#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/instrument/contract.hpp"

namespace hedgewatch {

/// One futures position with margin of its own: isolated, no fees.
struct IsolatedPosition {
  PayoffStyle style = PayoffStyle::Linear;
  double size = 0;               ///< signed, not 0: coins when linear, dollars when inverse
  double entry_price = 0;        ///< positive
  double collateral = 0;         ///< in the quote currency when linear, in coin when inverse; positive
  double maintenance_ratio = 0;  ///< of the notional at the price of the moment, in [0, 1)
};

/// In the position's settlement currency where not said otherwise.
struct IsolatedMargin {
  double equity = 0;
  double maintenance = 0;
  double leverage_ratio = 0;                ///< notional over equity; not a number unless the equity is positive
  double utilisation_ratio = 0;             ///< maintenance over equity; the same
  std::optional<double> liquidation_price;  ///< nothing: no positive price liquidates it, such as a short with its whole value
  std::optional<double> bankruptcy_price;   ///< where the equity is gone
  std::optional<double> distance_ratio;     ///< from the mark to the liquidation price over the mark; negative: past it
};

/// Closed forms: equity(P) = maintenance(P), which is linear in P, or in 1 / P for inverse contracts, so that
/// P = (q E - C) / (q - m |q|) and P = (N + m |N|) / (C + N / E). Nothing for inputs outside their domains.
[[nodiscard]] std::optional<IsolatedMargin> isolated_margin(const IsolatedPosition& position, double mark_price);

/// A cross-margined account at one moment, in dollars, as a common move of one underlying changes it.
struct MovedAccount {
  double fixed_usd = 0;        ///< what does not follow the move: dollars, stablecoins, other coins
  double coins_usd = 0;        ///< margin balance held in the coin, less the options' value in it: follows the price
  double maintenance_usd = 0;  ///< the venue's, at no move; positive
};

/// Margin balance less maintenance after a move, in dollars; liquidation where it is not positive. The requirement is taken to grow
/// with a rising price and not to shrink with a falling one: exact for inverse futures down and linear ones up, and never less
/// than the truth for futures. A short option's own requirement can grow faster.
[[nodiscard]] double headroom_usd(const MovedAccount& account, double profit_usd, double move);

/// Finds where the headroom is gone between two moves, by halving: ask() for the next move, answer() with the headroom there.
/// The move nearest to none of the ends that still liquidates is found to 2^-20 of the interval, given one crossing.
class LiquidationSearch {
 public:
  /// `far` is the end of the search, a move above -1 and not 0; `alive` at no move must have been seen.
  explicit LiquidationSearch(double far = 0) : far_{far}, dead_{far} {}

  [[nodiscard]] double ask() const { return first_ ? far_ : alive_ + (dead_ - alive_) / 2; }
  void answer(double headroom);
  [[nodiscard]] bool done() const { return finished_; }
  /// The move that liquidates; nothing when none up to the far end does.
  [[nodiscard]] std::optional<double> found() const { return dies_ ? std::optional{dead_} : std::nullopt; }
  /// A headroom was not a number.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static constexpr int kHalvings = 20;
  double far_;
  double alive_ = 0;
  double dead_;
  int steps_ = 0;
  bool first_ = true;
  bool finished_ = false;
  bool dies_ = false;
  bool failed_ = false;
};

/// Notional over equity, a fraction; nothing unless the equity is positive.
[[nodiscard]] std::optional<double> leverage_ratio(double notional_usd, double equity_usd);

}  // namespace hedgewatch
