#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/pricing/lane_columns.hpp"
#include "core/pricing/option_batch.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

/// Unit risks of options as columns, one lane each, in the order of UnitRisk's members. Allocates when made, never later.
class UnitColumns {
 public:
  static constexpr std::size_t kColumns = sizeof(UnitRisk) / sizeof(double);
  /// Those that the sums of a book have: all but smile_delta_coins.
  static constexpr std::size_t kSummed = kColumns - 1;

  UnitColumns() = default;
  /// Every unit risk starts as 0.
  explicit UnitColumns(std::size_t lanes) : cells_{kColumns, lanes, 0} {}

  [[nodiscard]] UnitRisk at(std::size_t lane) const {
    std::array<double, kColumns> members{};
    for (std::size_t column = 0; column < kColumns; ++column) members[column] = cells_.data(column)[lane];
    return std::bit_cast<UnitRisk>(members);
  }
  void set(std::size_t lane, const UnitRisk& unit) {
    const auto members = std::bit_cast<std::array<double, kColumns>>(unit);
    for (std::size_t column = 0; column < kColumns; ++column) cells_.data(column)[lane] = members[column];
  }
  [[nodiscard]] double delta_black_scholes_coins(std::size_t lane) const { return cells_.data(0)[lane]; }

  /// The first column; the others follow at a distance of stride().
  [[nodiscard]] double* data() { return cells_.data(0); }
  [[nodiscard]] const double* data() const { return cells_.data(0); }
  [[nodiscard]] std::size_t stride() const { return cells_.stride(); }

 private:
  LaneColumns cells_;
};

/// The unit risks of options whose Greeks stand in the first lanes of priced columns, `wanted.size()` lane groups of them, to the
/// bit what ValuationBatch gives each, into the lanes of `out` from `first` on, a multiple of kLaneGroup. `forward` is the forward
/// of all, `coin` holds 1 for each lane of `out` whose option settles in coin, else 0. Lanes without a bit in their group's word of
/// `wanted` stay as they are. Bit i of a word of `priced`, one a group too: its lane i has a price.
void unit_risks(const GreekColumns& greeks, double forward, const LaneColumns& coin, std::span<const std::uint16_t> wanted,
                UnitColumns& out, std::size_t first, std::span<std::uint16_t> priced, KernelTarget target = best_kernel_target());

/// Positions in options as the sums of a book take them: the lane groups in which it has any, each once, and the size held in each
/// of their lanes, kLaneGroup a group, signed, in the contract's SizeUnit; 0: not counted, whatever stands in the lane.
struct HeldLanes {
  std::span<const std::uint32_t> groups;
  const double* sizes = nullptr;  ///< on the boundary of a cache line
};

/// Sizes times unit risks. Added up lane by lane in the order of the groups and then over the lanes of a group, the same way for
/// each target. Books stay at sticky strikes, so smile_delta_coins is not among the sums: 0.
[[nodiscard]] UnitRisk sum_units(const UnitColumns& units, const HeldLanes& held, KernelTarget target = best_kernel_target());

/// What positions in options add to a hedge.
struct HedgeLanesSum {
  double delta_net = 0;  ///< coins, in the view that was asked for
  double delta_gross = 0;
  double gamma_net = 0;  ///< coins per percent
  double gamma_gross = 0;
  double vega_net = 0;  ///< dollars per vol point
  double vega_gross = 0;
};

/// The same with the part of each position that counts, parallel to the sizes. `net_transaction`: deltas are those, not
/// Black-Scholes ones.
[[nodiscard]] HedgeLanesSum sum_hedge_lanes(const UnitColumns& units, const HeldLanes& held, const double* shares,
                                            bool net_transaction, KernelTarget target = best_kernel_target());

}  // namespace hedgewatch
