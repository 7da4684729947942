#include "feeds/deribit/channels.hpp"

#include <array>
#include <cstddef>

namespace hedgewatch::deribit {

namespace {

/// What a name starts with, up to a point or its end. The busiest first.
struct ChannelRow {
  std::string_view head;
  Channel channel;
  std::string_view label;
};
constexpr std::array kChannels{
    ChannelRow{"ticker", Channel::Ticker, "ticker"}, ChannelRow{"book", Channel::Book, "book"},
    ChannelRow{"quote", Channel::Quote, "quote"}, ChannelRow{"deribit_price_index", Channel::PriceIndex, "deribit_price_index"},
    ChannelRow{"markprice.options", Channel::MarkPrice, "markprice.options"}, ChannelRow{"trades", Channel::Trades, "trades"},
    ChannelRow{"perpetual", Channel::Perpetual, "perpetual"}, ChannelRow{"user.changes", Channel::Changes, "user.changes"},
    ChannelRow{"user.portfolio", Channel::Portfolio, "user.portfolio"},
    ChannelRow{"user.trades", Channel::UserTrades, "user.trades"}, ChannelRow{"user.lock", Channel::UserLock, "user.lock"},
    ChannelRow{"user.mmp_trigger", Channel::MmpTrigger, "user.mmp_trigger"},
    ChannelRow{"user.liquidation", Channel::Liquidation, "user.liquidation"},
    ChannelRow{"instrument.state", Channel::InstrumentState, "instrument.state"},
    ChannelRow{"instrument.creation", Channel::InstrumentCreation, "instrument.creation"},
    ChannelRow{"platform_state.public_methods_state", Channel::Ignored, "platform_state.public_methods_state"},
    ChannelRow{"platform_state", Channel::PlatformState, "platform_state"},
    // Understood, and of no use to a risk figure.
    ChannelRow{"incremental_ticker", Channel::Ignored, "incremental_ticker"},  // partial; the full ticker is subscribed instead
    ChannelRow{"deribit_price_statistics", Channel::Ignored, "deribit_price_statistics"},
    ChannelRow{"deribit_price_ranking", Channel::Ignored, "deribit_price_ranking"},
    ChannelRow{"deribit_volatility_index", Channel::Ignored, "deribit_volatility_index"},
    ChannelRow{"estimated_expiration_price", Channel::Ignored, "estimated_expiration_price"},
    ChannelRow{"chart", Channel::Ignored, "chart"}, ChannelRow{"announcements", Channel::Ignored, "announcements"},
    ChannelRow{"block_trade_confirmations", Channel::Ignored, "block_trade_confirmations"},
    ChannelRow{"block_rfq", Channel::Ignored, "block_rfq"}, ChannelRow{"rfq", Channel::Ignored, "rfq"},
    ChannelRow{"user.orders", Channel::Ignored, "user.orders"},
    ChannelRow{"user.combo_trades", Channel::Ignored, "user.combo_trades"},
    ChannelRow{"user.access_log", Channel::Ignored, "user.access_log"}};

}  // namespace

ChannelKind channel_kind(std::string_view name) {
  // The busiest: its length is a constant here.
  if (name.starts_with("ticker.")) return {kChannels[0].channel, kChannels[0].label};
  for (const ChannelRow& row : kChannels)
    if (name.starts_with(row.head) && (name.size() == row.head.size() || name[row.head.size()] == '.'))
      return {row.channel, row.label};
  return {};
}

std::string_view second_part(std::string_view channel) {
  const std::size_t point = channel.find('.');
  if (point == std::string_view::npos) return {};
  const std::string_view rest = channel.substr(point + 1);
  return rest.substr(0, rest.find('.'));
}

}  // namespace hedgewatch::deribit
