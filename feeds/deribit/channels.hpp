#pragma once

#include <cstdint>
#include <string_view>

namespace hedgewatch::deribit {

/// What a channel's messages are.
enum class Channel : std::uint8_t {
  None,
  Ticker,
  Quote,
  Book,
  Trades,
  MarkPrice,
  PriceIndex,
  Perpetual,
  InstrumentState,
  InstrumentCreation,
  PlatformState,
  Portfolio,
  Changes,
  UserTrades,
  UserLock,
  MmpTrigger,
  Liquidation,
  Ignored
};

struct ChannelKind {
  Channel channel = Channel::None;
  std::string_view label;
};

/// By the channel's name; Channel::None when nobody knows it.
[[nodiscard]] ChannelKind channel_kind(std::string_view name);

/// The part of a channel's name between its first two points: perpetual.BTC-PERPETUAL.100ms.
[[nodiscard]] std::string_view second_part(std::string_view channel);

}  // namespace hedgewatch::deribit
