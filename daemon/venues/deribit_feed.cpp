#include <chrono>
#include <utility>

#include "daemon/venue_feeds.hpp"
#include "feeds/deribit/session.hpp"

namespace hedgewatch {

Feed make_deribit_feed(FeedRequest request) {
  const VenueConfig& venue = request.venue;
  DeribitSessionOptions options;
  options.connection = request.connection;
  options.endpoint = venue.production ? DeribitEndpoint::Production : DeribitEndpoint::TestNetwork;
  options.currencies = venue.currencies;
  options.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(venue.heartbeat_interval);
  options.silence_limit = venue.silence_limit;
  options.max_lag = venue.max_lag;
  options.seed = request.seed;
  if (request.account == nullptr) {
    options.role = DeribitRole::MarketData;
    options.watch = std::move(request.watch);
    options.books = venue.books;
  } else {
    options.role = DeribitRole::Account;
    options.account = AccountId{static_cast<std::uint16_t>(*request.plan.account)};
    options.credential = deribit::Credential{request.account->client_id, std::move(request.secrets.secret)};
    options.login = request.account->auth == AuthMethod::ClientSignature ? DeribitLogin::Signature : DeribitLogin::Secret;
    options.allow_trading_scope = request.account->allow_trading_scope;
  }
  Feed feed;
  feed.session =
      std::make_unique<DeribitSession>(std::move(options), static_cast<deribit::Symbols&>(request.symbols), request.statistics);
  feed.endpoint = {.host = venue.endpoint.host, .port = venue.endpoint.port, .path = venue.endpoint.path};
  return feed;
}

}  // namespace hedgewatch
