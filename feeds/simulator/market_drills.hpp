#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "feeds/simulator/synthetic_market.hpp"
#include "feeds/simulator/venue_content.hpp"

namespace hedgewatch::simulator {

/// The market's index of an instrument by the venue's own name for it.
using InstrumentFinder = std::function<std::optional<std::size_t>(std::string_view name)>;

/// Drills of a seeded market: `trade` (a taker's order of the account, in dollars of a future or coins of an option), `index` and
/// `vol` (a move by a ratio). An index is named btc_usd or BTC-USD. Nothing: no such drill.
[[nodiscard]] std::optional<RpcReply> drill_market(SyntheticMarket& market, std::string_view name, const Params& params,
                                                   const InstrumentFinder& find);

}  // namespace hedgewatch::simulator
