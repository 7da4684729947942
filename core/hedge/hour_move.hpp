#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/engine/engine_setup.hpp"
#include "core/instrument/contract.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// One holding as a move of the underlying changes it.
struct MovedHolding {
  ContractKind kind = ContractKind::Perpetual;
  OptionRight right = OptionRight::Call;
  PayoffStyle style = PayoffStyle::Linear;
  SizeUnit unit = SizeUnit::Base;
  double size = 0;     ///< signed, in the unit
  double forward = 0;  ///< quote per coin: an option's forward, a future's mark; positive
  double strike = 0;   ///< options only
  double vol = 0;      ///< fraction; options only
  YearFraction to_expiry = YearFraction::from_years(0);
  double gamma_weight = 0;  ///< size of its gamma in any one unit, not negative: how much its vol counts
};

/// A book of holdings at a few moves of the underlying within one standard deviation of one hour.
struct HourMove {
  /// In standard deviations of one hour. The middle one is no move.
  static constexpr std::array<double, 5> kMoves{-1, -0.5, 0, 0.5, 1};
  static constexpr std::size_t kDown = 0;
  static constexpr std::size_t kNow = 2;
  static constexpr std::size_t kUp = 4;

  double hour_sigma = 0;  ///< fraction of the price; 0 when there is nothing to take it from
  std::array<double, kMoves.size()> delta_coins{};
  /// Of the options alone, coins of delta per dollar: in dollars a future has none.
  std::array<double, kMoves.size()> gamma_per_usd{};
  double gross_gamma_per_usd = 0;  ///< sum of sizes without sign, at no move

  /// Takes in the same moves of other holdings.
  void add(const HourMove& other);
  /// The largest net gamma, whatever its sign, over the moves.
  [[nodiscard]] double largest_gamma() const;
};

/// Standard deviation of one hour from the options that are held: their vols weighted by gamma_weight, times the root of one hour
/// in years. 0 without gamma.
[[nodiscard]] double implied_hour_sigma(std::span<const MovedHolding> holdings);

/// Reprices every option at every move, vols and time fixed; the dollars of an inverse future become fewer coins as the price
/// rises. Deltas in the given view, without equity. Holdings past their expiry add nothing. O(holdings).
[[nodiscard]] HourMove hour_move(std::span<const MovedHolding> holdings, double hour_sigma, DeltaView view);

}  // namespace hedgewatch
