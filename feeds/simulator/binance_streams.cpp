#include "feeds/simulator/binance_streams.hpp"

#include <algorithm>
#include <array>

namespace hedgewatch::simulator {
namespace {

constexpr std::uint64_t kBinanceStepsPerSecond = 10;

bool take(std::string_view& text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

/// Names of streams are in lower case, symbols in capitals.
std::optional<std::string> symbol_of(std::string_view name) {
  std::string symbol{name};
  for (char& letter : symbol) {
    if (letter >= 'A' && letter <= 'Z') return std::nullopt;
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return symbol;
}

std::vector<std::string> stream_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('/'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    if (take(field, name) && take(field, "=")) return field;
  }
  return std::nullopt;
}

BinanceProduct product_of(BinanceHost host, std::string_view symbol) {
  switch (host) {
    case BinanceHost::Spot:
    case BinanceHost::SpotCalls:
      return BinanceProduct::Spot;
    case BinanceHost::Coin:
      return BinanceProduct::CoinMargined;
    case BinanceHost::Derivatives:
      break;
  }
  return symbol.find('-') != std::string_view::npos ? BinanceProduct::Options : BinanceProduct::UsdMargined;
}

}  // namespace

std::optional<BinanceEndpoint> parse_binance_endpoint(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  const std::string_view query = mark < target.size() ? target.substr(mark + 1) : std::string_view{};
  BinanceEndpoint endpoint;
  if (path == "/spot/ws-api/v3") {
    endpoint.host = BinanceHost::SpotCalls;
    return endpoint;
  }
  if (take(path, "/spot")) {
    endpoint.host = BinanceHost::Spot;
  } else {
    if (take(path, "/coin")) endpoint.host = BinanceHost::Coin;
    if (take(path, "/public")) {
      endpoint.route = BinanceRoute::Public;
    } else if (take(path, "/market")) {
      endpoint.route = BinanceRoute::Market;
    } else if (take(path, "/private")) {
      endpoint.route = BinanceRoute::Private;
    }
  }
  if (path == "/stream") {
    endpoint.combined = true;
    if (const auto streams = query_value(query, "streams")) endpoint.streams = stream_list(*streams);
    return endpoint;
  }
  if (!take(path, "/ws")) return std::nullopt;
  if (const auto key = query_value(query, "listenKey")) endpoint.streams.emplace_back(*key);
  if (path.empty()) return endpoint;
  if (path.front() != '/') return std::nullopt;
  for (std::string& stream : stream_list(path)) endpoint.streams.push_back(std::move(stream));
  return endpoint;
}

std::optional<BinanceStream> parse_binance_stream(BinanceHost host, std::string_view name, const BinanceListing& listing) {
  const bool derivatives = host == BinanceHost::Derivatives;
  if (derivatives && name == "!index@arr")
    return BinanceStream{.kind = BinanceStreamKind::Indices, .route = BinanceRoute::Market, .steps = kBinanceStepsPerSecond};
  const std::size_t at = name.find('@');
  if (at == std::string_view::npos || host == BinanceHost::SpotCalls) return std::nullopt;
  const auto symbol = symbol_of(name.substr(0, at));
  if (!symbol) return std::nullopt;
  const std::string_view kind = name.substr(at + 1);
  const BinanceProduct product = product_of(host, *symbol);

  if (const auto coin = listing.underlying_of(*symbol)) {
    if (derivatives && kind == "optionMarkPrice")
      return BinanceStream{
          .kind = BinanceStreamKind::OptionMarks, .route = BinanceRoute::Market, .subject = *coin, .steps = kBinanceStepsPerSecond};
    if (host == BinanceHost::Coin && (kind == "indexPrice@1s" || kind == "indexPrice"))
      return BinanceStream{.kind = BinanceStreamKind::PairIndex,
                           .route = BinanceRoute::Market,
                           .subject = *coin,
                           .steps = kBinanceStepsPerSecond * (kind == "indexPrice" ? 3 : 1)};
  }
  const auto instrument = listing.find(product, *symbol);
  if (!instrument || !listing.is_open(*instrument)) return std::nullopt;
  BinanceStream stream{.subject = *instrument};
  if (kind == "bookTicker") return stream;
  if (kind == "depth@100ms") {
    stream.kind = BinanceStreamKind::Depth;
    return stream;
  }
  for (const auto& [text, levels] : {std::pair{"depth5@100ms", 5}, std::pair{"depth10@100ms", 10}, std::pair{"depth20@100ms", 20}})
    if (kind == text) {
      stream.kind = BinanceStreamKind::BestLevels;
      stream.levels = static_cast<std::size_t>(levels);
      return stream;
    }
  const bool future = product == BinanceProduct::UsdMargined || product == BinanceProduct::CoinMargined;
  if (future && (kind == "markPrice@1s" || kind == "markPrice")) {
    stream.kind = BinanceStreamKind::MarkPrice;
    stream.route = BinanceRoute::Market;
    stream.steps = kBinanceStepsPerSecond * (kind == "markPrice" ? 3 : 1);
    return stream;
  }
  stream.kind = BinanceStreamKind::Trades;
  if (kind == "aggTrade" && product != BinanceProduct::Options) {
    stream.route = BinanceRoute::Market;
    stream.event = "aggTrade";
    return stream;
  }
  if ((kind == "optionTrade" && product == BinanceProduct::Options) || (kind == "trade" && product == BinanceProduct::Spot)) {
    stream.event = "trade";
    return stream;
  }
  return std::nullopt;
}

bool carries(const BinanceEndpoint& endpoint, const BinanceStream& stream) {
  if (endpoint.host == BinanceHost::Spot) return true;
  if (endpoint.host == BinanceHost::Coin && endpoint.route == BinanceRoute::Any) return true;
  return endpoint.route == stream.route;
}

}  // namespace hedgewatch::simulator
