#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/venue_feeds.hpp"
#include "feeds/binance/dialect.hpp"

namespace hedgewatch {

namespace {

/// Of an option's book, which may rest.
constexpr std::chrono::minutes kBinanceOptionBookSilence{10};

struct BinanceHosts {
  std::string_view streams, calls, account;
};

BinanceHosts binance_hosts(binance::Product product, bool production) {
  switch (product) {
    case binance::Product::Spot:
      if (production) return {"stream.binance.com", "api.binance.com", "ws-api.binance.com"};
      return {"stream.testnet.binance.vision", "testnet.binance.vision", "ws-api.testnet.binance.vision"};
    case binance::Product::UsdMargined:
      if (production) return {"fstream.binance.com", "fapi.binance.com", "fstream.binance.com"};
      break;
    case binance::Product::CoinMargined:
      if (production) return {"dstream.binance.com", "dapi.binance.com", "dstream.binance.com"};
      return {"dstream.binancefuture.com", "testnet.binancefuture.com", "dstream.binancefuture.com"};
    case binance::Product::Options:
      if (production) return {"fstream.binance.com", "eapi.binance.com", "fstream.binance.com"};
      break;
  }
  return {"fstream.binancefuture.com", "testnet.binancefuture.com", "fstream.binancefuture.com"};
}

/// Where one host stands for all, the venue's hosts are told apart by these, before the paths of their streams.
std::string_view binance_prefix(binance::Product product) {
  if (product == binance::Product::Spot) return "/spot";
  return product == binance::Product::CoinMargined ? "/coin" : "";
}

struct BinancePart {
  std::string_view name;
  binance::Product product;
  binance::StreamPath path;
};
constexpr std::array kBinanceParts{BinancePart{"spot", binance::Product::Spot, binance::StreamPath::Public},
                                   BinancePart{"usd_margined_public", binance::Product::UsdMargined, binance::StreamPath::Public},
                                   BinancePart{"usd_margined_market", binance::Product::UsdMargined, binance::StreamPath::Market},
                                   BinancePart{"usd_margined", binance::Product::UsdMargined, binance::StreamPath::Private},
                                   BinancePart{"coin_margined", binance::Product::CoinMargined, binance::StreamPath::Public},
                                   BinancePart{"options_public", binance::Product::Options, binance::StreamPath::Public},
                                   BinancePart{"options_market", binance::Product::Options, binance::StreamPath::Market},
                                   BinancePart{"options", binance::Product::Options, binance::StreamPath::Private}};

}  // namespace

Feed make_binance_feed(FeedRequest request) {
  const VenueConfig& venue = request.venue;
  BinancePart part{};
  for (const BinancePart& known : kBinanceParts)
    if (known.name == request.plan.part) part = known;
  if (part.name.empty()) throw std::runtime_error("binance: no market is called " + request.plan.part);
  if (request.account != nullptr) part.path = binance::StreamPath::Private;

  StreamSessionOptions session = stream_options(request);
  binance::DialectOptions options;
  options.product = part.product;
  options.path = part.path;
  options.decoding = {.connection = request.connection, .account = session.account};
  for (const std::string& coin : venue.currencies) {
    options.coins.push_back(*AssetCode::from(coin));
    // A coin's perpetual and its spot pair are followed, held or not: they say what it is worth.
    if (part.product == binance::Product::Spot)
      session.watch.push_back({Venue::Binance, coin + "USDT" + std::string{binance::kSpotSuffix}});
    if (part.product == binance::Product::UsdMargined) session.watch.push_back({Venue::Binance, coin + "USDT"});
    if (part.product == binance::Product::CoinMargined) session.watch.push_back({Venue::Binance, coin + "USD_PERP"});
  }
  if (part.product == binance::Product::Options && part.path == binance::StreamPath::Public)
    session.market_data_silence_limit = kBinanceOptionBookSilence;
  if (request.account != nullptr) options.credential = {request.account->client_id, std::move(request.secrets.secret)};

  Feed feed;
  const std::string path{binance::websocket_path(part.product, part.path)};
  if (venue.endpoint.host.empty()) {
    const BinanceHosts hosts = binance_hosts(part.product, venue.production);
    feed.endpoint = {
        .host = std::string{part.path == binance::StreamPath::Private ? hosts.account : hosts.streams}, .port = 443, .path = path};
    feed.calls = {.host = std::string{hosts.calls}};
    if (venue.production && part.product != binance::Product::Spot) options.permissions_host = "api.binance.com";
  } else {
    feed.endpoint = {.host = venue.endpoint.host,
                     .port = venue.endpoint.port,
                     .path = venue.endpoint.path + std::string{binance_prefix(part.product)} + path};
    feed.calls = {.host = venue.rest_endpoint.host, .port = venue.rest_endpoint.port, .path = venue.rest_endpoint.path};
  }
  feed.session =
      std::make_unique<StreamSession>(std::move(session), std::make_unique<binance::Dialect>(std::move(options), request.symbols),
                                      request.symbols, request.statistics);
  return feed;
}

}  // namespace hedgewatch
