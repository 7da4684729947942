#pragma once

#include <cstdint>

#include "core/engine/desk_monitor.hpp"
#include "core/risk/scenario_grid.hpp"

namespace hedgewatch {

/// The holdings of one book in one underlying: places in the portfolio's holdings.
struct ExposureHoldings {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
[[nodiscard]] ExposureHoldings holdings_of_exposure(const Desk& desk, std::uint32_t exposure);

/// A holding as a grid takes it, with the quality of what repricing it needs.
struct SeenPosition {
  ScenarioPosition position{};
  double delta_usd = 0;              ///< dollars gained by a move of 100 %, to first order: size, delta and forward
  double gamma_usd_per_percent = 0;  ///< of the holding
  Quality quality{};
  bool counts = false;  ///< false: flat, expired or unknown, there is nothing to reprice
};
[[nodiscard]] SeenPosition seen_position(const DeskView& view, std::uint32_t holding);
/// The same of any position in an instrument that the desk looks at; `size_quality` is how far the size may be believed.
[[nodiscard]] SeenPosition seen_position(const DeskView& view, InstrumentSlot slot, double size, const Quality& size_quality);

/// How far a book's figures in dollars may be believed at this moment, whatever was repriced before.
[[nodiscard]] Quality quality_now(const DeskView& view, std::uint32_t exposure);

}  // namespace hedgewatch
