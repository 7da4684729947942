#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hedgewatch::simulator {

enum class ChannelKind {
  Ticker,
  Book,         ///< incremental
  GroupedBook,  ///< full top levels
  Quote,
  Trades,
  MarkPriceOptions,
  PriceIndex,
  PriceStatistics,
  VolatilityIndex,
  Perpetual,
  InstrumentState,
  PlatformState,
  UserChanges,
  UserTrades,
  UserOrders,
  UserPortfolio,
  UserLock,
  UserLiquidation
};

enum class Interval { None, Raw, HundredMilliseconds, Aggregated };

/// A channel name taken apart, in Deribit's grammar.
struct Channel {
  ChannelKind kind = ChannelKind::Ticker;
  Interval interval = Interval::None;
  std::string subject = {};    ///< instrument, index, or for channels by kind the currency; empty where there is none
  std::string contracts = {};  ///< future, option, spot, any ... for channels by kind; else empty
  std::string group = {};      ///< grouped books: none, 1, 2, 5 ...
  int depth = 0;               ///< grouped books

  [[nodiscard]] bool is_private() const { return kind >= ChannelKind::UserChanges; }
  /// The name without its interval (the aggregated book excepted, which is its own chain): what a message is addressed to.
  [[nodiscard]] std::string topic() const;
};

/// Nothing for a name that is not in the grammar.
[[nodiscard]] std::optional<Channel> parse_channel(std::string_view name);

}  // namespace hedgewatch::simulator
