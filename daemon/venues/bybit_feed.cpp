#include <stdexcept>
#include <string>
#include <utility>

#include "daemon/venue_feeds.hpp"
#include "feeds/bybit/dialect.hpp"
#include "feeds/session/signing.hpp"

namespace hedgewatch {

Feed make_bybit_feed(FeedRequest request) {
  const VenueConfig& venue = request.venue;
  bybit::DialectOptions options;
  options.coins = venue.currencies;
  options.connection = request.connection;
  std::string path = "/v5/private";
  if (request.account != nullptr) {
    options.account = AccountId{static_cast<std::uint16_t>(*request.plan.account)};
    if (is_private_key(request.secrets.secret))
      throw std::runtime_error("account " + request.account->name +
                               ": Bybit's signatures here need the key's secret, not a private key");
    options.credential = bybit::Credential{request.account->client_id, std::move(request.secrets.secret)};
  } else {
    const auto category = bybit::category_from(request.plan.part);
    if (!category) throw std::runtime_error("Bybit has no market called " + request.plan.part);
    options.category = *category;
    path = "/v5/public/" + request.plan.part;
  }
  Feed feed;
  StreamSessionOptions session = stream_options(request);
  feed.session =
      std::make_unique<StreamSession>(std::move(session), std::make_unique<bybit::Dialect>(std::move(options), request.symbols),
                                      request.symbols, request.statistics);
  if (!venue.endpoint.host.empty()) {
    feed.endpoint = {.host = venue.endpoint.host, .port = venue.endpoint.port, .path = venue.endpoint.path + path};
    feed.calls = {.host = venue.rest_endpoint.host, .port = venue.rest_endpoint.port, .path = venue.rest_endpoint.path};
  } else {
    feed.endpoint = {.host = venue.production ? "stream.bybit.com" : "stream-testnet.bybit.com", .path = path};
    feed.calls = {.host = venue.production ? "api.bybit.com" : "api-testnet.bybit.com"};
  }
  return feed;
}

}  // namespace hedgewatch
