#include <algorithm>
#include <array>
#include <charconv>

#include <openssl/crypto.h>

#include "feeds/session/signing.hpp"
#include "feeds/simulator/binance_exchange.hpp"
#include "feeds/simulator/control_requests.hpp"
#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/market_drills.hpp"

// The calls of BinanceExchange.

namespace hedgewatch::simulator {
namespace {

HttpReply error(int status, int code, std::string_view message) {
  return {status, JsonObject{}.integer("code", code).text("msg", message).str()};
}
HttpReply bad_symbol() { return error(400, -1121, "Invalid symbol."); }

std::string query_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(&text[i] + 1, &text[i] + 3, code, 16).ptr == &text[i] + 3) {
      decoded += static_cast<char>(code);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

void add_parameters(std::string_view text, std::vector<std::pair<std::string, std::string>>& parameters) {
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    const std::size_t equals = std::min(field.find('='), field.size());
    if (equals > 0)
      parameters.emplace_back(query_decoded(field.substr(0, equals)),
                              equals < field.size() ? query_decoded(field.substr(equals + 1)) : std::string{});
  }
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc{} && rest == text.data() + text.size() && !text.empty() ? std::optional{value} : std::nullopt;
}

bool same_signature(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// `/fapi/v1/depth` into the family's product and `depth`; versions are not told apart.
struct Route {
  BinanceProduct product = BinanceProduct::Spot;
  std::string_view name;
};
std::optional<Route> route_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, BinanceProduct>, 4> kFamilies{
      std::pair{std::string_view{"/api/v"}, BinanceProduct::Spot},
      std::pair{std::string_view{"/fapi/v"}, BinanceProduct::UsdMargined},
      std::pair{std::string_view{"/dapi/v"}, BinanceProduct::CoinMargined},
      std::pair{std::string_view{"/eapi/v"}, BinanceProduct::Options}};
  for (const auto& [beginning, product] : kFamilies) {
    if (!path.starts_with(beginning) || path.size() < beginning.size() + 2 || path[beginning.size() + 1] != '/') continue;
    return Route{product, path.substr(beginning.size() + 2)};
  }
  return std::nullopt;
}

double weight_of(std::string_view name, BinanceProduct product, std::int64_t levels) {
  if (name == "depth") return levels <= 50 ? 2 : levels <= 100 ? 5 : levels <= 500 ? 10 : 20;
  if (name == "account" && product == BinanceProduct::Spot) return 20;
  if (name == "exchangeInfo" && product == BinanceProduct::Spot) return 20;
  if (name == "account" || name == "positionRisk" || name == "position" || name == "mark") return 5;
  if (name == "marginAccount") return 3;
  return 1;
}

}  // namespace

std::string BinanceExchange::Call::parameter(std::string_view name) const {
  for (const auto& [known, value] : parameters)
    if (known == name) return value;
  return {};
}

const ApiKey* BinanceExchange::key_of(std::string_view client_id) const {
  const auto found =
      std::find_if(config_.keys.begin(), config_.keys.end(), [&](const ApiKey& key) { return key.client_id == client_id; });
  return found == config_.keys.end() ? nullptr : &*found;
}

/// Nothing: the call is rightly signed, and in time.
std::optional<HttpReply> BinanceExchange::refused_signature(const Call& call) const {
  if (call.key.empty()) return error(401, -2014, "API-key format invalid.");
  const ApiKey* key = key_of(call.key);
  if (key == nullptr) return error(401, -2015, "Invalid API-key, IP, or permissions for action.");
  const auto timestamp = integer(call.parameter("timestamp"));
  if (!timestamp) return error(400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
  const std::string window_text = call.parameter("recvWindow");
  const auto window = window_text.empty() ? std::optional<std::int64_t>{5'000} : integer(window_text);
  if (!window || *window < 0 || *window > 60'000) return error(400, -1131, "recvWindow must be less than 60000");
  const std::int64_t server = milliseconds_of(paced_.venue_time(call.now));
  if (config_.check_timestamps && (*timestamp >= server + 1'000 || server - *timestamp > *window))
    return error(400, -1021, "Timestamp for this request is outside of the recvWindow.");
  // The signature stands last, and covers all before it.
  const std::string payload = std::string{call.query}.append(call.body);
  constexpr std::string_view kField = "&signature=";
  const std::size_t at = payload.rfind(kField);
  if (at == std::string::npos || payload.find('&', at + 1) != std::string::npos)
    return error(400, -1022, "Signature for this request is not valid.");
  const std::string given = query_decoded(std::string_view{payload}.substr(at + kField.size()));
  const std::string_view covered = std::string_view{payload}.substr(0, at);
  const Secret secret{key->client_secret};
  // An Ed25519 signature of a message is always the same: the venue, which has the public key alone, would verify it.
  const auto right = is_private_key(secret) ? ed25519_base64(secret, covered) : std::optional{hmac_sha256_hex(secret, covered)};
  if (!right || !same_signature(*right, is_private_key(secret) ? given : lower_case(given)))
    return error(400, -1022, "Signature for this request is not valid.");
  return std::nullopt;
}

std::optional<HttpReply> BinanceExchange::over_limit(const Call& call, BinanceProduct product) {
  if (std::exchange(refuse_next_call_, false) || faults_.active(FaultKind::RateLimit, call.now))
    return error(429, -1003, "Too many requests.");
  if (!config_.rate_limits) return std::nullopt;
  // Both families of futures share a pool.
  Pool& pool = pools_[product == BinanceProduct::Spot ? 0 : product == BinanceProduct::Options ? 2 : 1];
  if (call.now - pool.minute >= std::chrono::minutes{1}) {
    pool.minute = call.now;
    pool.used = 0;
  }
  const auto levels = integer(call.parameter("limit")).value_or(500);
  pool.used += weight_of(route_of(call.path).value_or(Route{}).name, product, levels);
  if (pool.used <= pool.limit) return std::nullopt;
  return error(429, -1003, "Too many requests; current limit is used up.");
}

HttpReply BinanceExchange::answer(const HttpQuestion& question, MonoTime now) {
  const std::size_t mark = std::min(question.target.find('?'), question.target.size());
  Call call{.verb = question.verb,
            .path = question.target.substr(0, mark),
            .query = mark < question.target.size() ? question.target.substr(mark + 1) : std::string_view{},
            .body = question.body,
            .key = question.header("X-MBX-APIKEY"),
            .parameters = {},
            .now = now};
  if (call.path.starts_with("/control/")) {
    ControlState state{.clients = clients_.size(), .subscriptions = 0, .venue_time = paced_.venue_time(now)};
    for (const auto& [id, client] : clients_) state.subscriptions += client.streams.size();
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
      for (const BinanceProduct product : {BinanceProduct::UsdMargined, BinanceProduct::Options, BinanceProduct::CoinMargined})
        if (const auto found = listing_.find(product, name)) return listing_.instruments()[*found].source;
      return std::nullopt;
    };
    return answer_control(
        question.verb, call.path.substr(9), question.body, now, state, faults_,
        [&](std::string_view name, const Params& params) { return drill_market(paced_.market(), name, params, find); });
  }
  if (question.body.size() + question.target.size() > kMostRequestBytes) return error(414, -1105, "The request is too long.");
  add_parameters(call.query, call.parameters);
  add_parameters(call.body, call.parameters);
  return this->call(call);
}

HttpReply BinanceExchange::call(Call& call) {
  if (faults_.active(FaultKind::Maintenance, call.now)) return error(503, -1016, "This service is no longer available.");
  if (call.path == "/sapi/v1/account/apiRestrictions") {
    if (const auto refused = over_limit(call, BinanceProduct::Spot)) return *refused;
    return signed_call(call, BinanceProduct::Spot, "apiRestrictions");
  }
  const auto route = route_of(call.path);
  if (!route) return {404, R"({"error":"there is /api, /fapi, /dapi, /eapi, and /control/faults"})"};
  if (const auto refused = over_limit(call, route->product)) return *refused;
  if (route->name == "listenKey") return listen_key(call, route->product);
  if (call.verb != "GET") return error(405, -1106, "The method is not allowed.");
  constexpr std::array<std::string_view, 4> kSigned{"account", "marginAccount", "positionRisk", "position"};
  if (std::find(kSigned.begin(), kSigned.end(), route->name) != kSigned.end())
    return signed_call(call, route->product, route->name);
  return public_call(call, route->product, route->name);
}

HttpReply BinanceExchange::public_call(const Call& call, BinanceProduct product, std::string_view name) {
  const bool futures = product == BinanceProduct::UsdMargined || product == BinanceProduct::CoinMargined;
  if (name == "ping") return {200, "{}"};
  if (name == "time") return {200, JsonObject{}.integer("serverTime", milliseconds_of(paced_.venue_time(call.now))).str()};
  if (name == "exchangeInfo") return {200, text_.exchange_info(product)};
  // Every perpetual pays each eight hours, which is not said.
  if (name == "fundingInfo" && futures) return {200, "[]"};
  if (name == "mark" && product == BinanceProduct::Options) return {200, text_.option_mark_list()};
  if (name == "index" && product == BinanceProduct::Options) {
    const auto coin = listing_.underlying_of(call.parameter("underlying"));
    if (!coin) return bad_symbol();
    return {200, JsonObject{}
                     .integer("time", text_.now_ms())
                     .text("indexPrice", std::to_string(market().underlyings()[*coin].index_usd))
                     .str()};
  }
  if (name == "depth" || name == "ticker/bookTicker" || (name == "premiumIndex" && futures)) {
    const auto instrument = listing_.find(product, call.parameter("symbol"));
    if (!instrument || !listing_.is_open(*instrument)) return bad_symbol();
    if (name == "ticker/bookTicker") return {200, text_.best_quote(*instrument)};
    if (name == "premiumIndex") return {200, text_.premium_index(*instrument)};
    const std::string limit = call.parameter("limit");
    const auto levels = limit.empty() ? std::optional<std::int64_t>{500} : integer(limit);
    if (!levels || *levels < 1 || *levels > 5'000) return error(400, -1130, "Data sent for parameter 'limit' is not valid.");
    return {200, text_.depth(*instrument, static_cast<std::size_t>(*levels))};
  }
  return {404, R"({"error":"there is no such call"})"};
}

HttpReply BinanceExchange::signed_call(const Call& call, BinanceProduct product, std::string_view name) {
  if (const auto refused = refused_signature(call)) return *refused;
  if (name == "apiRestrictions") {
    const bool trades = key_of(call.key)->read_write;
    return {200, JsonObject{}
                     .boolean("ipRestrict", false)
                     .integer("createTime", 1'700'000'000'000)
                     .boolean("enableReading", true)
                     .boolean("enableWithdrawals", false)
                     .boolean("enableInternalTransfer", false)
                     .boolean("enableMargin", false)
                     .boolean("enableFutures", trades)
                     .boolean("permitsUniversalTransfer", false)
                     .boolean("enableVanillaOptions", trades)
                     .boolean("enableSpotAndMarginTrading", trades)
                     .str()};
  }
  const bool options = product == BinanceProduct::Options;
  if (name == (options ? "marginAccount" : "account")) return {200, text_.account(product)};
  if (product != BinanceProduct::Spot && name == (options ? "position" : "positionRisk")) return {200, text_.positions(product)};
  return {404, R"({"error":"there is no such call"})"};
}

/// Needs the key alone, no signature. One for each key and family.
HttpReply BinanceExchange::listen_key(const Call& call, BinanceProduct product) {
  // Spot's was removed in February 2026.
  if (product == BinanceProduct::Spot) return error(410, -1000, "This endpoint is removed.");
  if (call.key.empty()) return error(401, -2014, "API-key format invalid.");
  const ApiKey* key = key_of(call.key);
  if (key == nullptr) return error(401, -2015, "Invalid API-key, IP, or permissions for action.");
  const auto held = std::find_if(listen_keys_.begin(), listen_keys_.end(), [&](const auto& line) {
    return line.second.product == product && line.second.owner == key->client_id && call.now < line.second.ends;
  });
  if (call.verb == "DELETE") {
    if (held != listen_keys_.end()) listen_keys_.erase(held);
    return {200, "{}"};
  }
  if (held != listen_keys_.end()) held->second.ends = call.now + config_.listen_key_life;
  if (call.verb == "PUT") {
    if (held == listen_keys_.end()) return error(400, -1125, "This listenKey does not exist.");
    return {200, "{}"};
  }
  if (call.verb != "POST") return error(405, -1106, "The method is not allowed.");
  std::string name;
  if (held != listen_keys_.end()) {
    name = held->first;
  } else {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (int i = 0; i < 64; ++i) name += kLetters[random_.index(kLetters.size())];
    listen_keys_.emplace(name, ListenKey{.product = product, .owner = key->client_id, .ends = call.now + config_.listen_key_life});
  }
  JsonObject text;
  text.text("listenKey", name);
  if (product == BinanceProduct::Options) {
    const auto left = std::chrono::floor<std::chrono::milliseconds>(listen_keys_.at(name).ends - call.now);
    text.integer("expiration", milliseconds_of(paced_.venue_time(call.now)) + left.count());
  }
  return {200, text.str()};
}

}  // namespace hedgewatch::simulator
