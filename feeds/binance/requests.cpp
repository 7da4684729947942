#include "feeds/binance/requests.hpp"

#include <algorithm>
#include <array>

#include "feeds/session/signing.hpp"

namespace hedgewatch::binance {

namespace {

std::string stream(std::string_view symbol, std::string_view kind) {
  std::string name{symbol};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name.append(kind);
}

std::string request(std::string_view method, std::uint64_t id, std::span<const std::string> streams) {
  std::string text = R"({"method":)";
  append_json_string(text, method);
  text += R"(,"params":[)";
  for (const std::string& name : streams) {
    if (text.back() != '[') text += ',';
    append_json_string(text, name);
  }
  return text + R"(],"id":)" + std::to_string(id) + "}";
}

/// Nothing when the secret is a key in PEM that cannot sign.
std::optional<std::string> signature_of(std::string_view payload, const Secret& secret) {
  if (is_private_key(secret)) return ed25519_base64(secret, payload);
  return hmac_sha256_hex(secret, payload);
}

/// Spot, USD-margined, coin-margined, options.
struct Paths {
  std::string_view exchange_info, depth, positions, account, time, listen_key;
};
constexpr std::array kPaths{Paths{"/api/v3/exchangeInfo", "/api/v3/depth", "", "/api/v3/account", "/api/v3/time", ""},
                            Paths{"/fapi/v1/exchangeInfo", "/fapi/v1/depth", "/fapi/v3/positionRisk", "/fapi/v3/account",
                                  "/fapi/v1/time", "/fapi/v1/listenKey"},
                            Paths{"/dapi/v1/exchangeInfo", "/dapi/v1/depth", "/dapi/v1/positionRisk", "/dapi/v1/account",
                                  "/dapi/v1/time", "/dapi/v1/listenKey"},
                            Paths{"/eapi/v1/exchangeInfo", "/eapi/v1/depth", "/eapi/v1/position", "/eapi/v1/marginAccount",
                                  "/eapi/v1/time", "/eapi/v1/listenKey"}};
const Paths& paths(Product product) { return kPaths[static_cast<std::size_t>(product)]; }

struct PathRow {
  std::string_view kind;
  StreamPath futures;
  std::optional<StreamPath> options;
};
constexpr std::array kStreamPaths{PathRow{"bookTicker", StreamPath::Public, StreamPath::Public},
                                  PathRow{"depth", StreamPath::Public, StreamPath::Public},
                                  PathRow{"markPrice", StreamPath::Market, std::nullopt},
                                  PathRow{"aggTrade", StreamPath::Market, std::nullopt},
                                  PathRow{"forceOrder", StreamPath::Market, std::nullopt},
                                  PathRow{"contractInfo", StreamPath::Market, std::nullopt},
                                  PathRow{"optionTrade", StreamPath::Public, StreamPath::Public},
                                  PathRow{"optionTicker", StreamPath::Public, StreamPath::Public},
                                  PathRow{"optionMarkPrice", StreamPath::Market, StreamPath::Market},
                                  PathRow{"index", StreamPath::Market, StreamPath::Market},
                                  PathRow{"optionOpenInterest", StreamPath::Market, StreamPath::Market},
                                  PathRow{"optionSymbol", StreamPath::Market, StreamPath::Market}};

}  // namespace

std::string_view text(StreamPath path) {
  constexpr std::array<std::string_view, 3> kTexts{"/public", "/market", "/private"};
  return kTexts[static_cast<std::size_t>(path)];
}

std::optional<StreamPath> path_of(Product product, std::string_view name) {
  if (product == Product::Spot) return std::nullopt;
  std::string_view kind = name;
  if (name.starts_with('!')) {
    kind = name.substr(1);
  } else {
    const std::size_t at = name.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    kind = name.substr(at + 1);
  }
  kind = kind.substr(0, kind.find('@'));
  if (kind.starts_with("depth")) kind = kind.substr(0, 5);
  for (const PathRow& row : kStreamPaths)
    if (row.kind == kind) return product == Product::Options ? row.options : row.futures;
  return std::nullopt;
}

std::string book_ticker_stream(std::string_view symbol) { return stream(symbol, "@bookTicker"); }
std::string depth_stream(std::string_view symbol) { return stream(symbol, "@depth@100ms"); }
std::string mark_price_stream(std::string_view symbol) { return stream(symbol, "@markPrice@1s"); }
std::string aggregate_trade_stream(std::string_view symbol) { return stream(symbol, "@aggTrade"); }
std::string pair_index_stream(std::string_view pair) { return stream(pair, "@indexPrice@1s"); }
std::string option_marks_stream(std::string_view underlying) { return stream(underlying, "@optionMarkPrice"); }

std::size_t streams_in_one_call(std::span<const std::string> streams) {
  constexpr std::size_t kMost = 100;
  return std::min(streams.size(), kMost);
}

std::string subscribe_request(std::uint64_t id, std::span<const std::string> streams) { return request("SUBSCRIBE", id, streams); }
std::string unsubscribe_request(std::uint64_t id, std::span<const std::string> streams) {
  return request("UNSUBSCRIBE", id, streams);
}

std::string subscriptions_request(std::uint64_t id) { return R"({"method":"LIST_SUBSCRIPTIONS","id":)" + std::to_string(id) + "}"; }

std::string spot_ping_request(std::uint64_t id) { return R"({"id":)" + std::to_string(id) + R"(,"method":"ping"})"; }

std::optional<std::string> spot_account_request(std::uint64_t id, const Credential& credential, WallTime now) {
  const std::string time = std::to_string(nanoseconds_of(now) / 1'000'000);
  // Parameters in the order of their names.
  const auto signature = signature_of("apiKey=" + credential.key + "&recvWindow=5000&timestamp=" + time, credential.secret);
  if (!signature) return std::nullopt;
  std::string text = R"({"id":)" + std::to_string(id) + R"(,"method":"userDataStream.subscribe.signature","params":{"apiKey":)";
  append_json_string(text, credential.key);
  text.append(R"(,"recvWindow":5000,"timestamp":)").append(time).append(R"(,"signature":)");
  append_json_string(text, *signature);
  return text + "}}";
}

HttpCall instruments_request(Product product) {
  HttpCall request{std::string{paths(product).exchange_info}, {}};
  // Spot lists some thousand pairs, most of them closed, each with every kind of account that may trade it.
  if (product == Product::Spot) request.target += "?symbolStatus=TRADING&showPermissionSets=false";
  return request;
}

HttpCall depth_request(Product product, std::string_view symbol) {
  HttpCall request{std::string{paths(product).depth}, {}};
  request.target.append("?symbol=").append(symbol).append("&limit=1000");
  return request;
}

HttpCall funding_info_request(Product product) {
  return {product == Product::CoinMargined ? "/dapi/v1/fundingInfo" : "/fapi/v1/fundingInfo", {}};
}

HttpCall server_time_request(Product product) { return {std::string{paths(product).time}, {}}; }

std::optional<HttpCall> permissions_request(const Credential& credential, WallTime now) {
  return signed_request("/sapi/v1/account/apiRestrictions", "", credential, now);
}

HttpCall listen_key_request(Product product, HttpVerb verb, const Credential& credential) {
  HttpCall request{std::string{paths(product).listen_key}, {}, verb};
  request.headers.emplace_back("X-MBX-APIKEY", credential.key);
  return request;
}

std::optional<HttpCall> signed_request(std::string_view path, std::string_view query, const Credential& credential, WallTime now) {
  std::string payload{query};
  if (!payload.empty()) payload += '&';
  payload += "recvWindow=5000&timestamp=" + std::to_string(nanoseconds_of(now) / 1'000'000);
  const auto signature = signature_of(payload, credential.secret);
  if (!signature) return std::nullopt;
  HttpCall request;
  request.target.append(path).append("?").append(payload).append("&signature=").append(percent_encoded(*signature));
  request.headers.emplace_back("X-MBX-APIKEY", credential.key);
  return request;
}

std::optional<HttpCall> positions_request(Product product, const Credential& credential, WallTime now) {
  if (product == Product::Spot) return std::nullopt;
  return signed_request(paths(product).positions, "", credential, now);
}

std::optional<HttpCall> account_request(Product product, const Credential& credential, WallTime now) {
  return signed_request(paths(product).account, "", credential, now);
}

}  // namespace hedgewatch::binance
