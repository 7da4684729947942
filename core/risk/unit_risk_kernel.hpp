#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/pricing/lane_columns.hpp"
#include "core/pricing/option_batch.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

/// A position as the sums of a book take it: its size, and where its instrument's unit risk stands. Size 0: not counted.
struct HeldUnits {
  double size = 0;  ///< signed, in the contract's SizeUnit
  std::uint32_t unit = 0;
};

/// The unit risks of the options in one lane group of priced columns, to the bit what ValuationBatch gives each of them. `forward`
/// is the forward of all, `coin` holds 1 for each lane whose option settles in coin, else 0. Lanes without a bit in `wanted` stay
/// as they are in `out`. Bit i of the answer: lane i has a price.
std::uint32_t unit_risks(const GreekColumns& greeks, std::size_t first, double forward, std::span<const double> coin,
                         std::uint32_t wanted, std::span<UnitRisk, kLaneGroup> out, KernelTarget target = best_kernel_target());

/// Sizes times unit risks, added up in the order given. Books stay at sticky strikes, so smile_delta_coins is not among the sums:
/// 0.
[[nodiscard]] UnitRisk sum_units(std::span<const HeldUnits> held, std::span<const UnitRisk> units);

}  // namespace hedgewatch
