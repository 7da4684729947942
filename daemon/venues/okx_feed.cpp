#include <utility>

#include "daemon/venue_feeds.hpp"
#include "feeds/okx/dialect.hpp"

namespace hedgewatch {

namespace {

constexpr std::uint16_t kOkxSocketPort = 8443;

}  // namespace

Feed make_okx_feed(FeedRequest request) {
  const VenueConfig& venue = request.venue;
  okx::DialectOptions options;
  options.connection = request.connection;
  options.currencies = venue.currencies;
  options.demo = !venue.production;
  StreamSessionOptions session = stream_options(request);
  options.account = session.account;
  if (request.account != nullptr)
    options.credential =
        okx::Credential{request.account->client_id, std::move(request.secrets.secret), std::move(request.secrets.passphrase)};
  Feed feed;
  feed.endpoint = {.host = venue.endpoint.host, .port = venue.endpoint.port, .path = venue.endpoint.path};
  feed.calls = {.host = venue.rest_endpoint.host, .port = venue.rest_endpoint.port, .path = venue.rest_endpoint.path};
  if (venue.endpoint.host.empty()) {
    // Calls of demo trading go to the same host, with a header.
    feed.endpoint = {.host = venue.production ? "ws.okx.com" : "wspap.okx.com", .port = kOkxSocketPort, .path = {}};
    feed.calls = {.host = "openapi.okx.com"};
  }
  feed.session = std::make_unique<StreamSession>(
      std::move(session), std::make_unique<okx::Dialect>(std::move(options), request.symbols), request.symbols, request.statistics);
  return feed;
}

}  // namespace hedgewatch
