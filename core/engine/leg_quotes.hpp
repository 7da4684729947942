#pragma once

#include <cstdint>
#include <optional>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// The best prices of one instrument, as far as they may be believed.
struct LegQuote {
  double mid = 0;
  double half_spread = 0;
  Quality quality = Quality::unknown(FigureReason::NeverReceived);
};

/// From the order book where it is followed and whole, else from the newest quote. Unknown when neither has both sides, uncrossed.
[[nodiscard]] LegQuote leg_quote(const DeskView& view, InstrumentSlot slot);

/// The configured book that an account's position in an instrument belongs to; nothing: the reported rest.
[[nodiscard]] std::optional<std::uint32_t> book_of_position(const EngineSetup& setup, AccountId account, const Contract& contract,
                                                            Venue venue);

/// Dollars that one unit of an asset is worth at the venue's index. USDC and USDT of which the venue has never told a price are
/// taken at par, unless the setup says otherwise.
[[nodiscard]] Estimate dollars_of_asset(const DeskView& view, Venue venue, const AssetCode& asset);

}  // namespace hedgewatch
