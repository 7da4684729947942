#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/binance_listing.hpp"

namespace hedgewatch::simulator {

/// The venue's hosts, which this server tells apart by the beginning of the path.
enum class BinanceHost : std::uint8_t {
  Derivatives,  ///< fstream: USD-margined futures and options
  Coin,         ///< dstream, below /coin
  Spot,         ///< stream, below /spot
  SpotCalls     ///< ws-api of spot, below /spot/ws-api: requests, and the account's events
};

/// Each stream of derivatives belongs to one path of its host. Asked for on another it is acknowledged, and silent.
enum class BinanceRoute : std::uint8_t { Any, Public, Market, Private };

/// What a websocket was opened at.
struct BinanceEndpoint {
  BinanceHost host = BinanceHost::Derivatives;
  BinanceRoute route = BinanceRoute::Any;
  bool combined = false;                  ///< payloads come with the name of their stream
  std::vector<std::string> streams = {};  ///< subscribed by the URL
};
/// `/public/stream?streams=a/b`, `/private/ws/KEY`, `/private/ws?listenKey=KEY`, `/coin/market/ws`, `/spot/stream`,
/// `/spot/ws-api/v3`. Derivatives without a route, the form that was retired, are served and carry nothing; coin-margined ones
/// carry all there.
[[nodiscard]] std::optional<BinanceEndpoint> parse_binance_endpoint(std::string_view target);

enum class BinanceStreamKind : std::uint8_t { BookTicker, Depth, BestLevels, MarkPrice, Trades, OptionMarks, PairIndex, Indices };

/// A stream's name taken apart.
struct BinanceStream {
  BinanceStreamKind kind = BinanceStreamKind::BookTicker;
  BinanceRoute route = BinanceRoute::Public;
  std::size_t subject = 0;      ///< instrument of the listing; of chains and indices the coin
  std::size_t levels = 0;       ///< BestLevels
  std::uint64_t steps = 1;      ///< told every so many steps of the market
  std::string_view event = {};  ///< Trades: aggTrade or trade
};
/// Nothing for a name that the host does not know or that is not offered here.
[[nodiscard]] std::optional<BinanceStream> parse_binance_stream(BinanceHost host, std::string_view name,
                                                                const BinanceListing& listing);
/// Whether a connection at this endpoint gets the stream.
[[nodiscard]] bool carries(const BinanceEndpoint& endpoint, const BinanceStream& stream);

}  // namespace hedgewatch::simulator
