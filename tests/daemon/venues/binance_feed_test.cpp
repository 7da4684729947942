#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "daemon/commands/simulate_command.hpp"
#include "daemon/venue_feeds.hpp"
#include "feeds/simulator/simulated_exchange.hpp"

using namespace hedgewatch;

namespace {

/// Where a part's socket and calls go, as `HOST:PORT/PATH CALLS_HOST:PORT/PATH`.
std::string addresses(const VenueConfig& venue, std::string_view part, const AccountConfig* account = nullptr) {
  ConnectionPlan plan{.name = "binance", .venue = 0, .part = std::string{part}, .account = {}};
  if (account != nullptr) plan.account = 0;
  const auto symbols = make_symbols(Venue::Binance);
  FeedStatistics statistics;
  const Feed feed = make_feed({.plan = plan,
                               .venue = venue,
                               .account = account,
                               .secrets = {Secret{"a-secret"}, Secret{}},
                               .connection = ConnectionId{0},
                               .watch = {},
                               .seed = 1,
                               .symbols = *symbols,
                               .statistics = statistics});
  REQUIRE(feed.session != nullptr);
  return feed.endpoint.host + ":" + std::to_string(feed.endpoint.port) + feed.endpoint.path + " " + feed.calls.host + ":" +
         std::to_string(feed.calls.port) + feed.calls.path;
}

VenueConfig binance() {
  VenueConfig venue;
  venue.kind = Venue::Binance;
  venue.currencies = {"BTC"};
  return venue;
}

}  // namespace

TEST_SUITE("daemon/venues/binance_feed") {
  TEST_CASE("each market has hosts of its own, each stream of derivatives its path") {
    VenueConfig venue = binance();
    AccountConfig account;
    account.name = "main";
    account.venue = Venue::Binance;
    CHECK(addresses(venue, "spot") == "stream.binance.com:443/stream api.binance.com:443");
    CHECK(addresses(venue, "usd_margined_public") == "fstream.binance.com:443/public/stream fapi.binance.com:443");
    CHECK(addresses(venue, "usd_margined_market") == "fstream.binance.com:443/market/stream fapi.binance.com:443");
    CHECK(addresses(venue, "coin_margined") == "dstream.binance.com:443/stream dapi.binance.com:443");
    CHECK(addresses(venue, "options_market") == "fstream.binance.com:443/market/stream eapi.binance.com:443");
    CHECK(addresses(venue, "options", &account) == "fstream.binance.com:443/private/ws eapi.binance.com:443");
    CHECK(addresses(venue, "coin_margined", &account) == "dstream.binance.com:443/ws dapi.binance.com:443");
    CHECK(addresses(venue, "spot", &account) == "ws-api.binance.com:443/ws-api/v3 api.binance.com:443");
    venue.production = false;
    CHECK(addresses(venue, "spot") == "stream.testnet.binance.vision:443/stream testnet.binance.vision:443");
    CHECK(addresses(venue, "usd_margined_public") == "fstream.binancefuture.com:443/public/stream testnet.binancefuture.com:443");
    CHECK_THROWS_AS(addresses(venue, "margin"), std::runtime_error);
  }

  TEST_CASE("where one host stands for all, the markets are told apart by the beginning of the path") {
    VenueConfig venue = binance();
    venue.production = false;
    venue.endpoint.host = venue.rest_endpoint.host = "localhost";
    venue.endpoint.port = 8443;
    venue.endpoint.path = "/x";
    venue.rest_endpoint.port = 8444;
    venue.rest_endpoint.path.clear();
    CHECK(addresses(venue, "spot") == "localhost:8443/x/spot/stream localhost:8444");
    CHECK(addresses(venue, "coin_margined") == "localhost:8443/x/coin/stream localhost:8444");
    CHECK(addresses(venue, "usd_margined_market") == "localhost:8443/x/market/stream localhost:8444");
  }

  TEST_CASE("a simulated Binance serves the addresses of each of its markets") {
    SimulateOptions options;
    options.venue = "binance";
    options.strikes_per_side = 1;
    const auto exchange = make_simulated_exchange(options, MonoTime{}, WallTime{std::chrono::seconds{1'772'625'600}});
    REQUIRE(exchange.ok());
    for (const char* target :
         {"/public/stream", "/market/ws", "/private/ws/KEY", "/spot/stream", "/spot/ws-api/v3", "/coin/stream"})
      CHECK(exchange.value()->serves_websocket(target));
    CHECK_FALSE(exchange.value()->serves_websocket("/elsewhere"));
    CHECK(exchange.value()->answer({.verb = "GET", .target = "/fapi/v1/time"}, MonoTime{}).status == 200);
  }
}
