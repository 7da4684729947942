#pragma once

#include <cstdint>
#include <span>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// Dollars of equity that the venues state for these accounts together, at their indices. What is owned of an asset without a
/// price is left out, so that a share of the equity is never judged too small; unknown where nothing has one, or an account owes
/// in such an asset.
[[nodiscard]] Estimate equity_usd(const DeskView& view, std::span<const std::uint16_t> accounts);

}  // namespace hedgewatch
