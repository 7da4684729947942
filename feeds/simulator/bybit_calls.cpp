#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "feeds/session/signing.hpp"
#include "feeds/simulator/bybit_exchange.hpp"
#include "feeds/simulator/control_requests.hpp"
#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/market_drills.hpp"

namespace hedgewatch::simulator {
namespace {

using bybit::Category;

constexpr int kBadParameter = 10001;
constexpr int kOutsideWindow = 10002;
constexpr int kBadKey = 10003;
constexpr int kBadSignature = 10004;
constexpr int kTooManyVisits = 10006;
constexpr int kServerError = 10016;
constexpr int kNoSuchPath = 10017;

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(&text[i] + 1, &text[i] + 3, code, 16).ptr == &text[i] + 3) {
      result += static_cast<char>(code);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::int64_t number_or(std::string_view text, std::int64_t otherwise) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

std::string levels_reply(const std::vector<BookLevel>& side, std::size_t depth) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < std::min(depth, side.size()); ++i)
    rows.push_back(json_array({json_string(decimal_text(side[i].price)), json_string(decimal_text(side[i].amount))}));
  return json_array(rows);
}

/// A cursor is opaque and comes already escaped; clients send it as it is or escape it once more.
constexpr std::string_view kCursor = "first=";

}  // namespace

struct BybitExchange::Query {
  std::vector<std::pair<std::string, std::string>> fields;

  explicit Query(std::string_view text) {
    while (!text.empty()) {
      const std::string_view pair = text.substr(0, text.find('&'));
      text.remove_prefix(std::min(pair.size() + 1, text.size()));
      const std::size_t equals = std::min(pair.find('='), pair.size());
      fields.emplace_back(pair.substr(0, equals), percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
    }
  }
  [[nodiscard]] std::string_view operator[](std::string_view name) const {
    for (const auto& [key, value] : fields)
      if (key == name) return value;
    return {};
  }
};

HttpReply BybitExchange::call_reply(int code, std::string_view message, std::string_view result, MonoTime now) const {
  return {200, JsonObject{}
                   .integer("retCode", code)
                   .text("retMsg", message)
                   .raw("result", result)
                   .raw("retExtInfo", "{}")
                   .integer("time", nanoseconds_of(paced_.venue_time(now)) / 1'000'000)
                   .str()};
}

HttpReply BybitExchange::page(std::string_view category, const std::vector<std::string>& rows, const Query& query,
                              std::size_t usual, std::size_t most, MonoTime now) const {
  const std::int64_t limit = number_or(query["limit"], static_cast<std::int64_t>(usual));
  if (limit < 1 || limit > static_cast<std::int64_t>(most)) return call_reply(kBadParameter, "params error: limit", "{}", now);
  std::size_t first = 0;
  if (const std::string cursor = percent_decoded(query["cursor"]); !cursor.empty()) {
    const std::int64_t place = cursor.starts_with(kCursor) ? number_or(std::string_view{cursor}.substr(kCursor.size()), -1) : -1;
    if (place < 0) return call_reply(kBadParameter, "params error: cursor", "{}", now);
    first = static_cast<std::size_t>(place);
  }
  std::vector<std::string> part;
  std::size_t next = first;
  for (; next < rows.size() && part.size() < static_cast<std::size_t>(limit); ++next) part.push_back(rows[next]);
  JsonObject result;
  result.text("category", category).raw("list", json_array(part));
  result.text("nextPageCursor", next < rows.size() ? "first%3D" + std::to_string(next) : "");
  return call_reply(0, "OK", result.str(), now);
}

HttpReply BybitExchange::instruments(const Query& query, MonoTime now) const {
  const auto category = bybit::category_from(query["category"]);
  if (!category) return call_reply(kBadParameter, "params error: category", "{}", now);
  // Without a coin the list of options is bitcoin's alone.
  const std::string_view coin = query["baseCoin"].empty() && *category == Category::Option ? "BTC" : query["baseCoin"];
  std::vector<std::string> rows;
  const auto add = [&](Category of) {
    for (const BybitProduct& product : text_.listed(of)) {
      if (!coin.empty() && text_.underlying(product).config.currency != coin) continue;
      if (!query["symbol"].empty() && text_.symbol(product) != query["symbol"]) continue;
      rows.push_back(text_.listing(product));
    }
  };
  add(*category);
  // A filter by coin brings contracts of both kinds.
  if (!query["baseCoin"].empty() && *category == Category::Linear) add(Category::Inverse);
  if (!query["baseCoin"].empty() && *category == Category::Inverse) add(Category::Linear);
  return page(query["category"], rows, query, 500, 1'000, now);
}

HttpReply BybitExchange::tickers(const Query& query, MonoTime now) const {
  const auto category = bybit::category_from(query["category"]);
  if (!category) return call_reply(kBadParameter, "params error: category", "{}", now);
  if (*category == Category::Option && query["baseCoin"].empty() && query["symbol"].empty())
    return call_reply(kBadParameter, "params error: baseCoin", "{}", now);
  std::vector<std::string> rows;
  for (const BybitProduct& product : text_.listed(*category)) {
    if (!query["baseCoin"].empty() && text_.underlying(product).config.currency != query["baseCoin"]) continue;
    if (!query["symbol"].empty() && text_.symbol(product) != query["symbol"]) continue;
    rows.push_back(fields_text(text_.ticker_reply(product)));
  }
  return call_reply(0, "OK", JsonObject{}.text("category", query["category"]).raw("list", json_array(rows)).str(), now);
}

HttpReply BybitExchange::order_book(const Query& query, MonoTime now) const {
  const auto category = bybit::category_from(query["category"]);
  const auto product = category ? text_.find(*category, query["symbol"]) : std::nullopt;
  if (!product) return call_reply(kBadParameter, "params error: symbol invalid", "{}", now);
  const SpotBook book = text_.book(*product);
  const auto depth = static_cast<std::size_t>(std::clamp<std::int64_t>(number_or(query["limit"], 25), 1, 1'000));
  const std::int64_t at = nanoseconds_of(time()) / 1'000'000;
  // The update is that of the deepest stream and joins no other.
  return call_reply(0, "OK",
                    JsonObject{}
                        .text("s", text_.symbol(*product))
                        .raw("b", levels_reply(book.bids, depth))
                        .raw("a", levels_reply(book.asks, depth))
                        .integer("ts", at)
                        .integer("u", text_.instrument(*product).change_id)
                        .integer("seq", static_cast<std::int64_t>(sequence_))
                        .integer("cts", at)
                        .str(),
                    now);
}

HttpReply BybitExchange::system_status(MonoTime now) const {
  std::vector<std::string> rows;
  if (dark_) rows.push_back(JsonObject{}.text("id", "drill").text("title", "maintenance").text("state", "ongoing").str());
  return call_reply(0, "OK", JsonObject{}.raw("list", json_array(rows)).str(), now);
}

HttpReply BybitExchange::public_call(std::string_view path, const Query& query, MonoTime now) {
  if (path == "/v5/market/time") {
    const std::int64_t nanoseconds = nanoseconds_of(paced_.venue_time(now));
    return call_reply(
        0, "OK",
        fields_text({{"timeSecond", std::to_string(nanoseconds / 1'000'000'000)}, {"timeNano", std::to_string(nanoseconds)}}), now);
  }
  if (path == "/v5/market/instruments-info") return instruments(query, now);
  if (path == "/v5/market/tickers") return tickers(query, now);
  if (path == "/v5/market/orderbook") return order_book(query, now);
  return call_reply(kNoSuchPath, "Route not found.", "{}", now);
}

std::optional<BybitExchange::CallFault> BybitExchange::signature_fault(const HttpQuestion& question, std::string_view query,
                                                                       MonoTime now, const ApiKey*& key) const {
  const std::string_view key_id = question.header("X-BAPI-API-KEY");
  const std::string_view stamp = question.header("X-BAPI-TIMESTAMP");
  const std::string_view window = question.header("X-BAPI-RECV-WINDOW");
  key = key_of(key_id);
  if (key == nullptr) return CallFault{kBadKey, "API key is invalid."};
  const std::int64_t at = number_or(stamp, 0);
  const std::int64_t venue = nanoseconds_of(paced_.venue_time(now)) / 1'000'000;
  const std::int64_t allowed = number_or(window.empty() ? "5000" : window, -1);
  if (config_.check_timestamps && !(venue - allowed <= at && at < venue + 1'000))
    return CallFault{kOutsideWindow, "invalid request, please check your server timestamp or recv_window param. req_timestamp[" +
                                         std::string{stamp} + "],server_timestamp[" + std::to_string(venue) + "]"};
  std::string origin{stamp};
  origin.append(key_id).append(window).append(query);
  // As on the real wire, the message holds the key.
  if (question.header("X-BAPI-SIGN") != hmac_sha256_hex(Secret{key->client_secret}, origin))
    return CallFault{kBadSignature, "error sign! origin_string[" + origin + "]"};
  return std::nullopt;
}

HttpReply BybitExchange::positions(const Query& query, MonoTime now) const {
  const auto category = bybit::category_from(query["category"]);
  if (!category || *category == Category::Spot) return call_reply(kBadParameter, "params error: category", "{}", now);
  if (*category == Category::Linear && query["symbol"].empty() && query["settleCoin"].empty())
    return call_reply(kBadParameter, "params error: symbol or settleCoin is required", "{}", now);
  std::vector<std::string> rows;
  for (const auto& [index, line] : account_.positions()) {
    const BybitProduct product = text_.held(index);
    if (product.category != *category) continue;
    if (!query["symbol"].empty() && text_.symbol(product) != query["symbol"]) continue;
    if (!query["settleCoin"].empty() && query["settleCoin"] != "USDT") continue;
    if (!query["baseCoin"].empty() && text_.underlying(product).config.currency != query["baseCoin"]) continue;
    rows.push_back(text_.position(product, line, "Normal", sequence_, false));
  }
  // With a symbol the venue answers with a row also where nothing is held.
  if (const auto product = text_.find(*category, query["symbol"]); rows.empty() && product)
    rows.push_back(text_.position(*product, {}, "Normal", sequence_, false));
  return page(query["category"], rows, query, 20, 200, now);
}

HttpReply BybitExchange::query_key(const ApiKey& key, MonoTime now) const {
  return call_reply(0, "",
                    JsonObject{}
                        .text("id", "1")
                        .text("note", "simulated")
                        .text("apiKey", key.client_id)
                        .integer("readOnly", key.read_write ? 0 : 1)
                        .raw("permissions", R"({"ContractTrade":["Order","Position"],"Options":["OptionsTrade"],"Wallet":[]})")
                        .raw("ips", R"(["*"])")
                        .integer("type", 1)
                        .integer("deadlineDay", 80)
                        .text("expiredAt", "2027-06-01T00:00:00Z")
                        .integer("uta", 1)
                        .str(),
                    now);
}

HttpReply BybitExchange::account_call(std::string_view path, const Query& query, const ApiKey& key, MonoTime now) {
  if (path == "/v5/user/query-api") return query_key(key, now);
  if (path == "/v5/account/info")
    return call_reply(0, "OK",
                      JsonObject{}
                          .integer("unifiedMarginStatus", 5)
                          .text("marginMode", "REGULAR_MARGIN")
                          .text("spotHedgingStatus", "OFF")
                          .text("updatedTime", std::to_string(nanoseconds_of(time()) / 1'000'000))
                          .str(),
                      now);
  if (path == "/v5/account/wallet-balance") {
    if (query["accountType"] != "UNIFIED") return call_reply(kBadParameter, "accountType only support UNIFIED.", "{}", now);
    return call_reply(0, "OK", JsonObject{}.raw("list", json_array({text_.wallet(account_)})).str(), now);
  }
  if (path == "/v5/position/list") return positions(query, now);
  if (path == "/v5/asset/coin-greeks") {
    std::vector<std::string> rows;
    for (std::size_t u = 0; u < market_.underlyings().size(); ++u)
      if (query["baseCoin"].empty() || query["baseCoin"] == market_.underlyings()[u].config.currency)
        rows.push_back(text_.greeks(account_, u));
    return call_reply(0, "OK", JsonObject{}.raw("list", json_array(rows)).str(), now);
  }
  return call_reply(kNoSuchPath, "Route not found.", "{}", now);
}

HttpReply BybitExchange::answer(const HttpQuestion& question, MonoTime now) {
  const std::size_t mark = std::min(question.target.find('?'), question.target.size());
  const std::string_view path = question.target.substr(0, mark);
  const std::string_view text = question.target.substr(std::min(mark + 1, question.target.size()));
  if (path.starts_with("/control/")) {
    std::size_t subscriptions = 0;
    for (const auto& [id, client] : clients_) subscriptions += client.topics.size();
    return answer_control(question.verb, path.substr(9), question.body, now,
                          {.clients = clients_.size(), .subscriptions = subscriptions, .venue_time = paced_.venue_time(now)},
                          faults_, [&](std::string_view name, const Params& params) {
                            return drill_market(market_, name, params, [&](std::string_view symbol) -> std::optional<std::size_t> {
                              for (const Category category : {Category::Linear, Category::Option})
                                if (const auto product = text_.find(category, symbol)) return product->instrument;
                              return market_.find(symbol);
                            });
                          });
  }
  if (path == "/v5/system/status") return system_status(now);
  if (dark_) return call_reply(kServerError, "Service is not available during maintenance.", "{}", now);
  if (std::exchange(refuse_next_call_, false))
    return call_reply(kTooManyVisits, "Too many visits. Exceeded the API Rate Limit.", "{}", now);
  const Query query{text};
  if (path.starts_with("/v5/market/")) return public_call(path, query, now);
  constexpr std::array<std::string_view, 4> kSigned{"/v5/user/", "/v5/account/", "/v5/position/", "/v5/asset/"};
  if (std::none_of(kSigned.begin(), kSigned.end(), [&](std::string_view head) { return path.starts_with(head); }))
    return {404, R"({"error":"there is /v5/market, /v5/account, /v5/position, /v5/asset, /v5/user and /control"})"};
  const ApiKey* key = nullptr;
  if (const auto fault = signature_fault(question, text, now, key)) return call_reply(fault->code, fault->message, "{}", now);
  return account_call(path, query, *key, now);
}

}  // namespace hedgewatch::simulator
