#include <openssl/crypto.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "feeds/session/signing.hpp"
#include "feeds/simulator/control_requests.hpp"
#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/market_drills.hpp"
#include "feeds/simulator/okx_exchange.hpp"

namespace hedgewatch::simulator {
namespace {

/// A query's value; the venue's own need no percent signs.
std::string_view okx_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
  }
  return {};
}

HttpReply okx_rows(const std::vector<std::string>& rows) {
  return {200, JsonObject{}.text("code", "0").text("msg", "").raw("data", json_array(rows)).str()};
}

HttpReply okx_error(int status, std::string_view code, std::string_view message) {
  return {status, JsonObject{}.text("code", code).text("msg", message).raw("data", "[]").str()};
}

/// 2027-01-29T14:56:07.089Z in milliseconds since the epoch.
std::optional<std::int64_t> iso_milliseconds(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year{number(0, 4)}, std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  if (!date.ok()) return std::nullopt;
  const auto moment = std::chrono::sys_days{date} + std::chrono::hours{number(11, 2)} + std::chrono::minutes{number(14, 2)} +
                      std::chrono::seconds{number(17, 2)} + std::chrono::milliseconds{number(20, 3)};
  return std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::optional<OkxExchange::Refusal> OkxExchange::signature_fault(const HttpQuestion& question, MonoTime now,
                                                                 const ApiKey*& key) const {
  const std::string_view name = question.header("OK-ACCESS-KEY");
  if (name.empty()) return Refusal{"50103", "Request header \"OK-ACCESS-KEY\" can't be empty."};
  key = key_of(name);
  if (key == nullptr) return Refusal{"50119", "API key doesn't exist."};
  if (config_.demo && question.header("x-simulated-trading") != "1")
    return Refusal{"50101", "APIKey does not match current environment."};
  if (!equal_in_constant_time(question.header("OK-ACCESS-PASSPHRASE"), key->passphrase))
    return Refusal{"50105", "Request header \"OK-ACCESS-PASSPHRASE\" incorrect."};
  const std::string_view written = question.header("OK-ACCESS-TIMESTAMP");
  const auto moment = iso_milliseconds(written);
  if (!moment) return Refusal{"50112", "Invalid OK-ACCESS-TIMESTAMP"};
  if (config_.check_signature_age && std::abs(milliseconds_of(paced_.venue_time(now)) - *moment) > 30'000)
    return Refusal{"50102", "Timestamp request expired"};
  std::string message{written};
  message.append(question.verb).append(question.target).append(question.body);
  if (!equal_in_constant_time(question.header("OK-ACCESS-SIGN"), hmac_sha256_base64(Secret{key->client_secret}, message)))
    return Refusal{"50113", "Invalid Sign"};
  return std::nullopt;
}

HttpReply OkxExchange::answer(const HttpQuestion& question, MonoTime now) {
  constexpr std::string_view kControl = "/control/";
  if (question.target.starts_with(kControl)) {
    ControlState state{.clients = clients_.size(), .venue_time = paced_.venue_time(now)};
    for (const auto& [id, client] : clients_) state.subscriptions += client.subscriptions.size();
    return answer_control(question.verb, question.target.substr(kControl.size()), question.body, now, state, faults_,
                          [&](std::string_view name, const Params& params) {
                            return drill_market(market_, name, params, [this](std::string_view one) { return find(one); });
                          });
  }
  if (faults_.active(FaultKind::Maintenance, now))
    return okx_error(503, "50001", "Service temporarily unavailable. Try again later");
  if (std::exchange(refuse_next_call_, false) || faults_.active(FaultKind::RateLimit, now))
    return okx_error(429, "50011", "Too Many Requests");
  return call(question, now);
}

HttpReply OkxExchange::call(const HttpQuestion& question, MonoTime now) {
  const std::size_t mark = std::min(question.target.find('?'), question.target.size());
  std::string_view path = question.target.substr(0, mark);
  const std::string_view query = mark < question.target.size() ? question.target.substr(mark + 1) : std::string_view{};
  constexpr std::string_view kPrefix = "/api/v5/";
  if (!path.starts_with(kPrefix) || question.verb != "GET") return okx_error(404, "404", "Not Found");
  path.remove_prefix(kPrefix.size());
  if (!path.starts_with("account/")) return public_call(path, query, now);
  const ApiKey* key = nullptr;
  if (const auto fault = signature_fault(question, now, key)) return okx_error(401, fault->code, fault->message);
  return account_call(path, query, *key);
}

HttpReply OkxExchange::by_instrument(std::string_view query, const std::function<std::string(const MarketInstrument&)>& row) const {
  const std::string_view type = okx_parameter(query, "instType");
  const std::string_view family = okx_parameter(query, "instFamily");
  const std::string_view name = okx_parameter(query, "instId");
  if (!name.empty() && !by_name_.contains(name)) return okx_error(200, "51001", "Instrument ID doesn't exist.");
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < market_.instruments().size(); ++i) {
    const MarketInstrument& instrument = market_.instruments()[i];
    if (instrument.state == ListingState::Delivered || (!type.empty() && type != OkxText::type(instrument))) continue;
    if ((!family.empty() && family != text_.family(instrument.underlying)) || (!name.empty() && name != names_[i])) continue;
    rows.push_back(row(instrument));
  }
  return okx_rows(rows);
}

HttpReply OkxExchange::instruments(std::string_view query) {
  const std::string_view type = okx_parameter(query, "instType");
  if (type.empty()) return okx_error(400, "50014", "Parameter instType can not be empty.");
  if (type == "OPTION" && okx_parameter(query, "instFamily").empty())
    return okx_error(400, "50014", "Parameter instFamily can not be empty.");
  if (type == "SPOT" || type == "MARGIN") return okx_rows({});
  if (type != "SWAP" && type != "FUTURES" && type != "OPTION") return okx_error(400, "51000", "Parameter instType error");
  return by_instrument(query, [this](const MarketInstrument& one) { return text_.instrument(one); });
}

HttpReply OkxExchange::option_summary(std::string_view query) {
  const auto underlying = underlying_of(okx_parameter(query, "instFamily"));
  if (!underlying) return okx_error(400, "51000", "Parameter instFamily error");
  std::vector<std::string> rows;
  for (const MarketInstrument& one : market_.instruments())
    if (one.underlying == *underlying && is_option(one) && one.state == ListingState::Open)
      rows.push_back(text_.option_summary(one));
  return okx_rows(rows);
}

HttpReply OkxExchange::public_call(std::string_view path, std::string_view query, MonoTime now) {
  const auto named = [&]() -> const MarketInstrument* {
    const auto found = by_name_.find(okx_parameter(query, "instId"));
    return found == by_name_.end() ? nullptr : &market_.instruments()[found->second];
  };
  if (path == "public/time")
    return okx_rows({JsonObject{}.text("ts", std::to_string(milliseconds_of(paced_.venue_time(now)))).str()});
  if (path == "public/instruments") return instruments(query);
  if (path == "public/underlying") {
    std::vector<std::string> names;
    for (const std::size_t u : all_underlyings()) names.push_back(json_string(text_.family(u)));
    return okx_rows({json_array(names)});
  }
  if (path == "public/opt-summary") return option_summary(query);
  if (path == "public/mark-price")
    return by_instrument(query, [this](const MarketInstrument& one) { return text_.mark_price(one); });
  if (path == "public/open-interest")
    return by_instrument(query, [this](const MarketInstrument& one) { return text_.open_interest(one); });
  if (path == "market/tickers" || path == "market/ticker")
    return by_instrument(query, [this](const MarketInstrument& one) { return text_.ticker(one); });
  if (path == "market/index-tickers") {
    const std::string_view pair = okx_parameter(query, "instId");
    const auto price = index_price(pair);
    if (!price) return okx_error(200, "51001", "Instrument ID doesn't exist.");
    return okx_rows({text_.index(pair, *price)});
  }
  if (path == "system/status") {
    if (!faults_.active(FaultKind::Maintenance, now)) return okx_rows({});
    return okx_rows({text_.status("ongoing")});
  }
  if (path == "market/books" || path == "public/funding-rate") {
    const MarketInstrument* instrument = named();
    if (instrument == nullptr) return okx_error(200, "51001", "Instrument ID doesn't exist.");
    if (path == "public/funding-rate") {
      if (instrument->kind != ContractKind::Perpetual) return okx_error(400, "51000", "Parameter instId error");
      return okx_rows({text_.funding_rate(*instrument)});
    }
    std::size_t depth = 1;
    const std::string_view size = okx_parameter(query, "sz");
    std::from_chars(size.data(), size.data() + size.size(), depth);
    return okx_rows({text_.book(*instrument, std::min(depth, kBookDepth), std::nullopt)});
  }
  return okx_error(404, "404", "Not Found");
}

HttpReply OkxExchange::account_call(std::string_view path, std::string_view query, const ApiKey& key) {
  if (path == "account/instruments") return instruments(query);
  if (path == "account/config")
    return okx_rows({JsonObject{}
                         .text("uid", kOkxUserId)
                         .text("mainUid", kOkxUserId)
                         .text("acctLv", "2")
                         .text("posMode", "net_mode")
                         .text("greeksType", "BS")
                         .text("level", "Lv1")
                         .text("perm", key.read_write ? "read_only,trade" : "read_only")
                         .text("liquidationGear", "3")
                         .text("settleCcy", "")
                         .raw("settleCcyList", "[]")
                         .text("stgyType", "0")
                         .text("label", key.client_id)
                         .text("ip", "")
                         .str()});
  if (path == "account/balance") return okx_rows({text_.account(account_, all_underlyings())});
  if (path == "account/positions") {
    const std::string_view type = okx_parameter(query, "instType");
    const std::string_view name = okx_parameter(query, "instId");
    std::vector<std::string> rows;
    for (const auto& [index, held] : account_.positions())
      if ((type.empty() || type == OkxText::type(market_.instruments()[index])) && (name.empty() || name == names_[index]))
        rows.push_back(text_.position(index, held));
    return okx_rows(rows);
  }
  if (path == "account/greeks") {
    std::vector<std::string> rows;
    for (const std::size_t u : all_underlyings()) rows.push_back(text_.greeks(account_, u));
    return okx_rows(rows);
  }
  return okx_error(404, "404", "Not Found");
}

}  // namespace hedgewatch::simulator
