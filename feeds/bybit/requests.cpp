#include "feeds/bybit/requests.hpp"

#include "feeds/session/signing.hpp"

namespace hedgewatch::bybit {

namespace {

constexpr std::string_view kReceiveWindow = "5000";
/// Of the 200 that a page may have; the venue's own default is 20.
constexpr std::string_view kPositionsPerPage = "200";
constexpr std::string_view kInstrumentsPerPage = "1000";

std::string begin(std::string_view id, std::string_view operation) {
  std::string text = R"({"req_id":)";
  append_json_string(text, id);
  text += R"(,"op":)";
  append_json_string(text, operation);
  return text;
}

std::string topics_request(std::string_view id, std::string_view operation, std::span<const std::string> topics) {
  std::string text = begin(id, operation);
  text += R"(,"args":[)";
  for (const std::string& topic : topics) {
    if (text.back() != '[') text += ',';
    append_json_string(text, topic);
  }
  return text + "]}";
}

std::int64_t milliseconds(WallTime now) { return nanoseconds_of(now) / 1'000'000; }

void add(std::string& query, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(value);
}

}  // namespace

std::string auth_request(std::string_view id, const Credential& credential, WallTime now) {
  const std::string expires = std::to_string(milliseconds(now) + kLoginMilliseconds);
  std::string text = begin(id, "auth");
  text += R"(,"args":[)";
  append_json_string(text, credential.key);
  text += ',' + expires + ',';
  append_json_string(text, hmac_sha256_hex(credential.secret, "GET/realtime" + expires));
  return text + "]}";
}

std::string ping_request(std::string_view id) { return begin(id, "ping") + "}"; }

std::string subscribe_request(std::string_view id, std::span<const std::string> topics) {
  return topics_request(id, "subscribe", topics);
}

std::string unsubscribe_request(std::string_view id, std::span<const std::string> topics) {
  return topics_request(id, "unsubscribe", topics);
}

std::string ticker_topic(std::string_view symbol) { return std::string{"tickers."}.append(symbol); }

std::string first_level_topic(std::string_view symbol) { return std::string{"orderbook.1."}.append(symbol); }

std::string book_topic(Category category, std::string_view symbol) {
  return std::string{category == Category::Option ? "orderbook.25." : "orderbook.50."}.append(symbol);
}

std::string trade_topic(std::string_view what) { return std::string{"publicTrade."}.append(what); }

HttpCall instruments_request(Category category, std::string_view coin, std::string_view cursor) {
  std::string query;
  add(query, "category", word(category));
  add(query, "baseCoin", coin);
  add(query, "limit", kInstrumentsPerPage);
  add(query, "cursor", cursor);
  return {"/v5/market/instruments-info?" + query, {}};
}

HttpCall signed_request(std::string_view path, std::string_view query, const Credential& credential, WallTime now) {
  const std::string timestamp = std::to_string(milliseconds(now));
  std::string message = timestamp + credential.key;
  message.append(kReceiveWindow).append(query);
  HttpCall request;
  request.target.append(path);
  if (!query.empty()) request.target.append("?").append(query);
  request.headers = {{"X-BAPI-API-KEY", credential.key},
                     {"X-BAPI-TIMESTAMP", timestamp},
                     {"X-BAPI-RECV-WINDOW", std::string{kReceiveWindow}},
                     {"X-BAPI-SIGN", hmac_sha256_hex(credential.secret, message)}};
  return request;
}

HttpCall positions_request(Category category, std::string_view settle_coin, std::string_view cursor, const Credential& credential,
                           WallTime now) {
  std::string query;
  add(query, "category", word(category));
  add(query, "settleCoin", settle_coin);
  add(query, "limit", kPositionsPerPage);
  add(query, "cursor", cursor);
  return signed_request("/v5/position/list", query, credential, now);
}

HttpCall key_request(const Credential& credential, WallTime now) {
  return signed_request("/v5/user/query-api", {}, credential, now);
}

HttpCall greeks_request(const Credential& credential, WallTime now) {
  return signed_request("/v5/asset/coin-greeks", {}, credential, now);
}

HttpCall status_request() {
  HttpCall request;
  request.target = "/v5/system/status";
  return request;
}

HttpCall wallet_request(const Credential& credential, WallTime now) {
  return signed_request("/v5/account/wallet-balance", "accountType=UNIFIED", credential, now);
}

}  // namespace hedgewatch::bybit
