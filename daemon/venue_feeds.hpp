#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/config.hpp"
#include "core/instrument/instrument_pattern.hpp"
#include "daemon/credentials.hpp"
#include "daemon/setup.hpp"
#include "feeds/session/feed_statistics.hpp"
#include "feeds/session/stream_dialect.hpp"
#include "feeds/session/stream_session.hpp"
#include "feeds/session/venue_session.hpp"
#include "feeds/symbol_table.hpp"
#include "feeds/transport/feed_connection.hpp"

namespace hedgewatch {

/// What a connection is made from. References outlive the session.
struct FeedRequest {
  const ConnectionPlan& plan;
  const VenueConfig& venue;
  const AccountConfig* account;  ///< nothing for market data
  AccountSecrets secrets;        ///< the account's
  ConnectionId connection;
  std::vector<InstrumentPattern> watch;  ///< the venue's, with the instruments that are named elsewhere
  std::uint64_t seed;
  SymbolTable& symbols;  ///< made by make_symbols for the same venue
  FeedStatistics& statistics;
};

/// A session and where its socket and its calls go.
struct Feed {
  std::unique_ptr<VenueSession> session;
  WebsocketEndpoint endpoint;
  CallEndpoint calls;
};

[[nodiscard]] std::unique_ptr<SymbolTable> make_symbols(Venue venue);

/// Throws std::runtime_error when the account's key cannot be used at all.
[[nodiscard]] Feed make_feed(FeedRequest request);

// One file a venue: daemon/venues.
[[nodiscard]] Feed make_deribit_feed(FeedRequest request);
[[nodiscard]] Feed make_binance_feed(FeedRequest request);
[[nodiscard]] Feed make_okx_feed(FeedRequest request);
[[nodiscard]] Feed make_bybit_feed(FeedRequest request);

/// What the stream sessions of all venues have in common.
[[nodiscard]] StreamSessionOptions stream_options(const FeedRequest& request);

}  // namespace hedgewatch
