#pragma once

#include <array>
#include <cstddef>
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

/// The common move of one underlying that liquidates a pool of its futures alone, all inverse and backed by that coin, or all
/// linear and backed by dollars: where the margin balance is down to the requirement, which moves with the notional. From amounts
/// of now: the balance, the delta (sum of N / F coins when inverse, of q F dollars when linear) and the requirement, in coins or
/// dollars alike. inverse 1 + x = (D + M) / (B + D), linear x = (M - B) / (D - M): isolated_margin() for any number of futures.
/// Nothing when no move above -1 does, or when the pool is liquidated as it stands.
[[nodiscard]] std::optional<double> futures_liquidation_move(PayoffStyle style, double balance, double delta, double maintenance);

/// How far a search looks, nearest move first: a pool that long wings save further out is still found dead in between.
inline constexpr std::array kMovesDown{-0.05, -0.10, -0.15, -0.20, -0.30, -0.40, -0.60, -0.80, -0.95};
inline constexpr std::array kMovesUp{0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.60, 1.0, 2.0, 4.0};

/// Finds the nearest move at which the headroom is gone: looks at given moves in turn, then halves between the last that lives and
/// the first that does not. ask() for the next move, answer() with the headroom there. Found to 2^-16 of the step between the two.
class LiquidationSearch {
 public:
  /// `moves` from the nearest to the furthest, all of one sign, above -1 and not 0; they outlive the search. `alive` at no move
  /// must have been seen.
  explicit LiquidationSearch(std::span<const double> moves = {}) : moves_{moves}, finished_{moves.empty()} {}

  [[nodiscard]] double ask() const { return dead_ ? alive_ + (*dead_ - alive_) / 2 : moves_[next_]; }
  void answer(double headroom);
  [[nodiscard]] bool done() const { return finished_; }
  /// The move that liquidates; nothing when none of those looked at does.
  [[nodiscard]] std::optional<double> found() const { return failed_ ? std::nullopt : dead_; }
  /// A headroom was not a number.
  [[nodiscard]] bool failed() const { return failed_; }

  /// See StateArchive. Only for a search over kMovesDown, kMovesUp or nothing.
  void visit_state(auto& archive) {
    std::uint8_t table = moves_.data() == kMovesDown.data() ? 1 : moves_.data() == kMovesUp.data() ? 2 : 0;
    archive(table, next_, alive_, dead_, halvings_, finished_, failed_);
    if (archive.loading())
      moves_ = table == 1   ? std::span<const double>{kMovesDown}
               : table == 2 ? std::span<const double>{kMovesUp}
                            : std::span<const double>{};
  }

 private:
  static constexpr int kHalvings = 16;
  std::span<const double> moves_;
  std::size_t next_ = 0;
  double alive_ = 0;
  std::optional<double> dead_;
  int halvings_ = 0;
  bool finished_ = true;
  bool failed_ = false;
};

/// Notional over equity, a fraction; nothing unless the equity is positive.
[[nodiscard]] std::optional<double> leverage_ratio(double notional_usd, double equity_usd);

}  // namespace hedgewatch
