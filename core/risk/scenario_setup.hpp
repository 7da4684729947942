#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "core/risk/scenario_grid.hpp"

namespace hedgewatch {

/// Losses that past moves of the underlying would bring to the book of now.
struct ValueAtRiskSetup {
  std::chrono::nanoseconds bar = std::chrono::minutes{5};     ///< length of one return
  std::size_t window = 288;                                   ///< returns that are remembered; at least 20
  std::chrono::nanoseconds horizon = std::chrono::hours{24};  ///< returns are scaled to it by the root of time; at least a bar
  std::vector<double> confidences{0.95, 0.99};                ///< each in (0, 1)
};

/// The scenario figures that are wanted.
struct ScenarioSetup {
  ScenarioShape shape;
  std::size_t options_per_cycle = 512;  ///< how many option prices one cycle of the engine may spend on each of grid and tail
  ValueAtRiskSetup value_at_risk;
};

}  // namespace hedgewatch
