#include "daemon/venue_feeds.hpp"

#include <utility>

#include "feeds/deribit/symbols.hpp"

namespace hedgewatch {

std::unique_ptr<SymbolTable> make_symbols(Venue venue) {
  if (venue == Venue::Deribit) return std::make_unique<deribit::Symbols>();
  return std::make_unique<SymbolTable>(venue);
}

Feed make_feed(FeedRequest request) {
  switch (request.venue.kind) {
    case Venue::Deribit:
      return make_deribit_feed(std::move(request));
    case Venue::Binance:
      return make_binance_feed(std::move(request));
    case Venue::Okx:
      return make_okx_feed(std::move(request));
    case Venue::Bybit:
      return make_bybit_feed(std::move(request));
  }
  return {};
}

StreamSessionOptions stream_options(const FeedRequest& request) {
  StreamSessionOptions options;
  options.connection = request.connection;
  if (request.plan.account) options.account = AccountId{static_cast<std::uint16_t>(*request.plan.account)};
  options.watch = request.watch;
  options.books = request.venue.books;
  options.allow_trading_scope = request.account != nullptr && request.account->allow_trading_scope;
  options.ping_interval = request.venue.heartbeat_interval;
  options.silence_limit = request.venue.silence_limit;
  options.max_lag = request.venue.max_lag;
  options.seed = request.seed;
  return options;
}

}  // namespace hedgewatch
