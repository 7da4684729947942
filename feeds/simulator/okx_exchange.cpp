#include "feeds/simulator/okx_exchange.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "feeds/session/signing.hpp"
#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kStepsPerSecond = 10;
constexpr seconds kFundingPushInterval{30};
constexpr seconds kOpenInterestInterval{3};
/// A book that does not change says so after this.
constexpr seconds kKeepAlive{60};

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string text_field(const simdjson::dom::element& element, std::string_view key) {
  std::string_view value;
  return element.at_key(key).get(value) == simdjson::SUCCESS ? std::string{value} : std::string{};
}

/// `{"updateInterval":"2000"}` inside a text. Nothing: it does not say, or not so that the venue would take it.
std::optional<milliseconds> update_interval(std::string_view extra) {
  constexpr std::string_view kKey = "\"updateInterval\"";
  const std::size_t key = extra.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  const std::size_t digits = extra.find_first_of("0123456789", key + kKey.size());
  if (digits == std::string_view::npos) return std::nullopt;
  std::int64_t count = -1;
  std::from_chars(extra.data() + digits, extra.data() + extra.size(), count);
  for (const std::int64_t allowed : {0, 2'000, 3'000, 4'000})
    if (count == allowed) return milliseconds{count};
  return std::nullopt;
}

enum class Field : std::uint8_t { None, Instrument, Family, Type, Currency };

}  // namespace

OkxExchange::OkxExchange(OkxExchangeConfig config)
    : config_{std::move(config)},
      paced_{config_.market},
      market_{paced_.market()},
      account_{config_.account, market_},
      text_{market_, config_.seed, config_.vary_key_order},
      random_{config_.seed ^ 0x0CC5} {
  name_new_instruments();
}

void OkxExchange::name_new_instruments() {
  for (std::size_t i = names_.size(); i < market_.instruments().size(); ++i) {
    names_.push_back(text_.name(market_.instruments()[i]));
    by_name_[names_.back()] = i;
  }
}

std::string OkxExchange::description() const {
  return "a market of " + std::to_string(market_.instruments().size()) + " instruments from seed " +
         std::to_string(market_.configuration().seed) + ", an account with " + std::to_string(account_.positions().size()) +
         " positions";
}

bool OkxExchange::serves_websocket(std::string_view target) const {
  const std::string_view path = target.substr(0, target.find('?'));
  return path == "/ws/v5/public" || path == "/ws/v5/private" || path == "/ws/v5/business";
}

ClientId OkxExchange::open(std::string_view target, MonoTime now, std::vector<Outgoing>& /*out*/) {
  const ClientId id{next_client_++};
  Client& client = clients_[id];
  const std::string_view path = target.substr(0, target.find('?'));
  client.door = path.ends_with("private") ? Door::Private : path.ends_with("business") ? Door::Business : Door::Public;
  client.connection = "5im" + std::to_string(100'000 + static_cast<std::uint32_t>(id));
  client.last_frame = client.hour_began = now;
  return id;
}

void OkxExchange::closed(ClientId client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  while (!found->second.subscriptions.empty()) drop_subscription(client, std::string{*found->second.subscriptions.begin()});
  clients_.erase(found);
  faults_.forget(client);
}

void OkxExchange::drop_subscription(ClientId id, const std::string& name) {
  clients_.at(id).subscriptions.erase(name);
  const auto topic = topics_.find(name);
  if (topic == topics_.end()) return;
  std::erase_if(topic->second.subscribers, [&](const Subscriber& subscriber) { return subscriber.client == id; });
  if (topic->second.subscribers.empty()) topics_.erase(topic);
}

std::optional<std::size_t> OkxExchange::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? market_.find(name) : std::optional{found->second};
}

std::optional<std::size_t> OkxExchange::underlying_of(std::string_view family) const {
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u)
    if (text_.family(u) == family) return u;
  return std::nullopt;
}

std::optional<double> OkxExchange::index_price(std::string_view pair) const {
  if (pair == "USDT-USD") return tether_usd_;
  if (pair == "USDC-USD") return circle_usd_;
  if (const auto underlying = underlying_of(pair)) return market_.underlyings()[*underlying].index_usd;
  const std::size_t dash = std::min(pair.find('-'), pair.size());
  const auto underlying = underlying_of(std::string{pair.substr(0, dash)} + "-USD");
  if (!underlying) return std::nullopt;
  if (pair.substr(dash) == "-USDT") return market_.underlyings()[*underlying].index_usd / tether_usd_;
  if (pair.substr(dash) == "-USDC") return market_.underlyings()[*underlying].index_usd / circle_usd_;
  return std::nullopt;
}

std::vector<std::size_t> OkxExchange::all_underlyings() const {
  std::vector<std::size_t> all(market_.underlyings().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

const ApiKey* OkxExchange::key_of(std::string_view id) const {
  const auto found = std::find_if(config_.keys.begin(), config_.keys.end(), [&](const ApiKey& key) { return key.client_id == id; });
  return found == config_.keys.end() ? nullptr : &*found;
}

// ---- what a client asks for

void OkxExchange::refuse(ClientId id, const Refusal& refusal, std::string_view request) {
  JsonObject text;
  if (!request.empty()) text.text("id", request);
  text.text("event", "error").text("code", refusal.code).text("msg", refusal.message).text("connId", clients_.at(id).connection);
  produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = text.str()});
}

void OkxExchange::cut(ClientId id, std::string reason) {
  Client& client = clients_.at(id);
  if (std::exchange(client.closing, true)) return;
  produced_.push_back({.client = id, .kind = FrameClass::Reply, .close = true, .reason = std::move(reason)});
}

void OkxExchange::handle(ClientId id, std::string_view text, MonoTime now, std::vector<Outgoing>& out) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.closing) return;
  Client& client = found->second;
  client.last_frame = now;
  if (text == "ping") {
    produced_.push_back({.client = id, .kind = FrameClass::Heartbeat, .text = "pong"});
    faults_.pass(produced_, now, out);
    return;
  }
  if (now - client.hour_began >= std::chrono::hours{1}) {
    client.hour_began = now;
    client.operations = 0;
  }
  ++client.operations;
  simdjson::dom::element request;
  simdjson::dom::array arguments;
  const bool is_object = parser_.parse(text.data(), text.size()).get(request) == simdjson::SUCCESS && request.is_object();
  const std::string request_id = is_object ? text_field(request, "id") : std::string{};
  const std::string operation = is_object ? text_field(request, "op") : std::string{};
  if (text.size() > kMostRequestBytes) {
    cut(id, "1009 request too long");
  } else if (!is_object) {
    refuse(id, {"60012", "Illegal request: the text is no JSON object"}, {});
  } else if (faults_.active(FaultKind::Maintenance, now)) {
    refuse(id, {"63999", "Login failed due to internal error. Please try again later."}, request_id);
  } else if (std::exchange(client.refuse_next, false) || faults_.active(FaultKind::RateLimit, now) ||
             client.operations > config_.most_operations) {
    refuse(id, {"60014", "Requests too frequent"}, request_id);
  } else if (request.at_key("args").get(arguments) != simdjson::SUCCESS || arguments.size() == 0) {
    refuse(id, {"60013", "Invalid args"}, request_id);
  } else if (operation == "login") {
    login(id, arguments, request_id, now);
  } else if (operation == "subscribe") {
    subscribe(id, arguments, request_id, now);
  } else if (operation == "unsubscribe") {
    unsubscribe(id, arguments, request_id);
  } else {
    refuse(id, {"60012", "Illegal request: " + std::string{text.substr(0, 200)}}, request_id);
  }
  faults_.pass(produced_, now, out);
}

void OkxExchange::login(ClientId id, const simdjson::dom::array& arguments, std::string_view request, MonoTime now) {
  Client& client = clients_.at(id);
  const simdjson::dom::element given = arguments.at(0).value();
  const auto failed = [&](std::string_view code, std::string message) {
    refuse(id, {code, std::move(message)}, request);
    cut(id, "4001 login failed");
  };
  if (client.door == Door::Public) return refuse(id, {"60018", "Wrong URL or channel: login"}, request);
  if (client.key != nullptr) return refuse(id, {"60031", "Multiple logins are not allowed"}, request);
  const ApiKey* key = key_of(text_field(given, "apiKey"));
  if (key == nullptr) return failed("60005", "Invalid apiKey");
  if (!same_text(text_field(given, "passphrase"), key->passphrase)) return failed("60024", "Wrong passphrase");
  const std::string timestamp = text_field(given, "timestamp");
  std::int64_t moment = 0;
  const auto [rest, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), moment);
  if (error != std::errc{} || rest != timestamp.data() + timestamp.size()) return failed("60004", "Invalid timestamp");
  const std::int64_t age = milliseconds_of(paced_.venue_time(now)) / 1'000 - moment;
  if (config_.check_signature_age && std::abs(age) > 30) return failed("60006", "Timestamp request expired");
  if (!same_text(text_field(given, "sign"), hmac_sha256_base64(Secret{key->client_secret}, timestamp + "GET/users/self/verify")))
    return failed("60007", "Invalid sign");
  client.key = key;
  JsonObject text;
  if (!request.empty()) text.text("id", request);
  text.text("event", "login").text("code", "0").text("msg", "").text("connId", client.connection);
  produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = text.str()});
}

Result<OkxExchange::Argument, OkxExchange::Refusal> OkxExchange::argument_of(const simdjson::dom::element& element,
                                                                             const Client& client) const {
  struct Row {
    std::string_view channel;
    Kind kind;
    Field field;
  };
  constexpr std::array kRows{Row{"instruments", Kind::Instruments, Field::Type},
                             Row{"tickers", Kind::Tickers, Field::Instrument},
                             Row{"bbo-tbt", Kind::BestPrices, Field::Instrument},
                             Row{"books", Kind::Book, Field::Instrument},
                             Row{"books5", Kind::BestLevels, Field::Instrument},
                             Row{"trades", Kind::Trades, Field::Instrument},
                             Row{"mark-price", Kind::MarkPrice, Field::Instrument},
                             Row{"index-tickers", Kind::IndexTickers, Field::Instrument},
                             Row{"opt-summary", Kind::OptionSummary, Field::Family},
                             Row{"funding-rate", Kind::FundingRate, Field::Instrument},
                             Row{"open-interest", Kind::OpenInterest, Field::Instrument},
                             Row{"status", Kind::Status, Field::None},
                             Row{"account", Kind::Account, Field::Currency},
                             Row{"positions", Kind::Positions, Field::Type},
                             Row{"balance_and_position", Kind::BalanceAndPosition, Field::None},
                             Row{"account-greeks", Kind::AccountGreeks, Field::Currency},
                             Row{"liquidation-warning", Kind::LiquidationWarning, Field::Type},
                             Row{"orders", Kind::Orders, Field::Type}};
  const std::string channel = text_field(element, "channel");
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) { return one.channel == channel; });
  if (channel == "books-l2-tbt" || channel == "books50-l2-tbt")
    return Refusal{"64003", "Your trading fee tier doesn't meet the requirement to access this channel"};
  Argument argument{.channel = channel};
  if (row != kRows.end()) {
    argument.kind = row->kind;
    constexpr std::array<std::string_view, 5> kFields{"", "instId", "instFamily", "instType", "ccy"};
    argument.field = kFields[static_cast<std::size_t>(row->field)];
    argument.value = argument.field.empty() ? std::string{} : text_field(element, argument.field);
    if (row->field == Field::Currency && argument.value.empty()) argument.field.clear();
  }
  const Refusal wrong{"60018", "Wrong URL or channel:" + channel +
                                   (argument.field.empty() ? "" : "," + argument.field + ":" + argument.value) +
                                   " doesn't exist. Please use the correct URL, channel and parameters referring to API document."};
  if (row == kRows.end()) return wrong;
  if (client.door != (argument.is_private() ? Door::Private : Door::Public)) return wrong;
  if (argument.is_private() && client.key == nullptr) return Refusal{"60011", "Please log in"};
  argument.interval = update_interval(text_field(element, "extraParams"));

  if (argument.kind == Kind::IndexTickers) return index_price(argument.value) ? Result<Argument, Refusal>{argument} : wrong;
  switch (row->field) {
    case Field::None:
      return argument;
    case Field::Currency:
      if (argument.value.empty()) return argument;
      if (const auto underlying = underlying_of(argument.value + "-USD")) {
        argument.index = *underlying;
        return argument;
      }
      return wrong;
    case Field::Type: {
      // There are no spot pairs here, but a channel that would tell of them.
      const bool known = argument.value == "SWAP" || argument.value == "FUTURES" || argument.value == "OPTION" ||
                         (argument.kind == Kind::Instruments && argument.value == "SPOT") ||
                         (argument.is_private() && (argument.value == "ANY" || argument.value == "MARGIN"));
      return known ? Result<Argument, Refusal>{argument} : wrong;
    }
    case Field::Family: {
      if (argument.value.empty() && !text_field(element, "uly").empty())
        return Refusal{"64000", "Subscription parameter uly is unavailable anymore, please replace uly with instFamily"};
      const auto underlying = underlying_of(argument.value);
      if (!underlying) return wrong;
      argument.index = *underlying;
      return argument;
    }
    case Field::Instrument:
      break;
  }
  const auto named = by_name_.find(argument.value);
  if (named == by_name_.end() || market_.instruments()[named->second].state != ListingState::Open) return wrong;
  argument.index = named->second;
  if (argument.kind == Kind::FundingRate && market_.instruments()[argument.index].kind != ContractKind::Perpetual) return wrong;
  return argument;
}

void OkxExchange::subscribe(ClientId id, const simdjson::dom::array& arguments, std::string_view request, MonoTime now) {
  Client& client = clients_.at(id);
  std::vector<Argument> accepted;
  for (const simdjson::dom::element element : arguments) {
    auto parsed = argument_of(element, client);
    if (parsed.ok() && faults_.active(FaultKind::RefusedChannel, now, parsed.value().name()))
      parsed = Refusal{"60018", "Wrong URL or channel:" + parsed.value().name() + " doesn't exist."};
    if (!parsed.ok()) {
      refuse(id, parsed.error(), request);
      continue;
    }
    Argument argument = std::move(parsed).value();
    JsonObject arg;
    arg.text("channel", argument.channel);
    if (!argument.field.empty()) arg.text(argument.field, argument.value);
    JsonObject text;
    if (!request.empty()) text.text("id", request);
    text.text("event", "subscribe").raw("arg", arg.str()).text("connId", client.connection);
    produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = text.str()});
    accepted.push_back(std::move(argument));
  }
  for (Argument& argument : accepted) {
    // A second subscription changes nothing: no new snapshot.
    if (!client.subscriptions.insert(argument.name()).second) continue;
    const milliseconds interval = argument.interval.value_or(config_.account_interval);
    for (const Message& message : present(argument, now))
      produced_.push_back({.client = id, .kind = message.kind, .channel = argument.name(), .text = frame(argument, message)});
    Topic& topic = topics_[argument.name()];
    if (topic.subscribers.empty()) topic.last_sent = now;
    topic.subscribers.push_back({.client = id, .interval = interval, .due = now + interval});
    topic.argument = std::move(argument);
  }
}

void OkxExchange::unsubscribe(ClientId id, const simdjson::dom::array& arguments, std::string_view request) {
  Client& client = clients_.at(id);
  for (const simdjson::dom::element element : arguments) {
    const std::string channel = text_field(element, "channel");
    JsonObject arg;
    arg.text("channel", channel);
    std::string name = channel;
    for (const std::string_view field : {"instId", "instFamily", "instType", "ccy"})
      if (const std::string value = text_field(element, field); !value.empty()) {
        arg.text(field, value);
        name.append(":").append(value);
      }
    if (client.subscriptions.contains(name)) drop_subscription(id, name);
    JsonObject text;
    if (!request.empty()) text.text("id", request);
    text.text("event", "unsubscribe").raw("arg", arg.str()).text("connId", client.connection);
    produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = text.str()});
  }
}

// ---- what is told

std::string OkxExchange::frame(const Argument& argument, const Message& message) {
  JsonObject arg;
  arg.text("channel", argument.channel);
  if (!argument.field.empty()) arg.text(argument.field, argument.value);
  if (argument.is_private()) arg.text("uid", kOkxUserId);
  JsonObject text;
  text.raw("arg", arg.str());
  if (!message.action.empty()) text.text("action", message.action);
  if (!message.event_type.empty()) text.text("eventType", message.event_type);
  if (message.page > 0) text.integer("curPage", message.page).boolean("lastPage", message.last_page);
  text.raw("data", json_array(message.rows));
  return text.str(config_.vary_key_order && random_.chance(0.2) ? random_.index(5) : 0);
}

void OkxExchange::send(Topic& topic, const Message& message, MonoTime now) {
  const std::string text = frame(topic.argument, message);
  topic.last_sent = now;
  for (const Subscriber& subscriber : topic.subscribers) {
    const auto client = clients_.find(subscriber.client);
    if (client == clients_.end() || client->second.closing) continue;
    produced_.push_back({.client = subscriber.client, .kind = message.kind, .channel = topic.argument.name(), .text = text});
  }
}

std::vector<OkxExchange::Message> OkxExchange::statement(std::vector<std::string> rows) const {
  std::vector<Message> pages;
  const std::size_t most = std::max<std::size_t>(config_.positions_per_page, 1);
  for (std::size_t at = 0; at == 0 || at < rows.size(); at += most) {
    Message page{.event_type = "snapshot", .page = static_cast<int>(pages.size()) + 1, .kind = FrameClass::Account};
    for (std::size_t i = at; i < std::min(rows.size(), at + most); ++i) page.rows.push_back(std::move(rows[i]));
    page.last_page = at + most >= rows.size();
    pages.push_back(std::move(page));
  }
  return pages;
}

std::vector<OkxExchange::Message> OkxExchange::present(const Argument& argument, MonoTime now) {
  const auto& instruments = market_.instruments();
  const auto market = [](std::string row) { return std::vector<Message>{{.rows = {std::move(row)}}}; };
  switch (argument.kind) {
    case Kind::Tickers:
      return market(text_.ticker(instruments[argument.index]));
    case Kind::BestPrices:
      return market(text_.best_prices(instruments[argument.index]));
    case Kind::Book:
      return {{.rows = {text_.book(instruments[argument.index], kBookDepth, -1)},
               .action = "snapshot",
               .kind = FrameClass::BookSnapshot}};
    case Kind::BestLevels:
      return market(text_.book(instruments[argument.index], 5, std::nullopt));
    case Kind::MarkPrice:
      return market(text_.mark_price(instruments[argument.index]));
    case Kind::IndexTickers:
      return market(text_.index(argument.value, index_price(argument.value).value_or(0)));
    case Kind::OptionSummary: {
      Message all;
      for (const MarketInstrument& instrument : instruments)
        if (instrument.underlying == argument.index && is_option(instrument) && instrument.state == ListingState::Open)
          all.rows.push_back(text_.option_summary(instrument));
      return {std::move(all)};
    }
    case Kind::FundingRate:
      return market(text_.funding_rate(instruments[argument.index]));
    case Kind::OpenInterest:
      return market(text_.open_interest(instruments[argument.index]));
    case Kind::Status:
      if (!faults_.active(FaultKind::Maintenance, now)) return {};
      return {{.rows = {text_.status("ongoing")}, .kind = FrameClass::Platform}};
    case Kind::Account: {
      const bool one = !argument.value.empty();
      return {{.rows = {text_.account(account_, one ? std::vector{argument.index} : all_underlyings())},
               .event_type = "snapshot",
               .page = 1,
               .kind = FrameClass::Account}};
    }
    case Kind::Positions: {
      std::vector<std::string> rows;
      for (const auto& [index, held] : account_.positions())
        if (argument.value == "ANY" || argument.value == OkxText::type(instruments[index]))
          rows.push_back(text_.position(index, held));
      return statement(std::move(rows));
    }
    case Kind::BalanceAndPosition: {
      std::vector<std::size_t> held;
      for (const auto& [index, position] : account_.positions()) held.push_back(index);
      return {{.rows = {text_.balance_and_position("snapshot", account_, held, all_underlyings())}, .kind = FrameClass::Account}};
    }
    case Kind::AccountGreeks: {
      Message all{.kind = FrameClass::Account};
      for (const std::size_t u : all_underlyings())
        if (argument.value.empty() || u == argument.index) all.rows.push_back(text_.greeks(account_, u));
      return {std::move(all)};
    }
    case Kind::Instruments:
    case Kind::Trades:
    case Kind::LiquidationWarning:
    case Kind::Orders:
      break;
  }
  return {};
}

template <class Make>
void OkxExchange::tell(std::string_view channel, std::string_view value, MonoTime now, Make&& make) {
  std::string name{channel};
  if (!value.empty()) name.append(":").append(value);
  if (const auto topic = topics_.find(name); topic != topics_.end()) send(topic->second, make(), now);
}

void OkxExchange::tell_markets(const MarketChanges& changes, MonoTime now) {
  const auto& instruments = market_.instruments();
  const auto row = [](std::string text, FrameClass kind = FrameClass::Market) {
    return Message{.rows = {std::move(text)}, .kind = kind};
  };
  name_new_instruments();
  for (const std::size_t index : changes.states)
    tell("instruments", OkxText::type(instruments[index]), now,
         [&] { return row(text_.instrument(instruments[index]), FrameClass::Platform); });
  for (const MarketTrade& trade : changes.trades)
    tell("trades", names_[trade.instrument], now, [&] { return row(text_.trade(trade)); });
  for (const BookChange& change : changes.books) {
    const MarketInstrument& instrument = instruments[change.instrument];
    const std::string& name = names_[change.instrument];
    if (change.top_changed) tell("bbo-tbt", name, now, [&] { return row(text_.best_prices(instrument)); });
    tell("books", name, now,
         [&] { return Message{.rows = {text_.book_change(change)}, .action = "update", .kind = FrameClass::BookChange}; });
    tell("books5", name, now, [&] { return row(text_.book(instrument, 5, std::nullopt)); });
  }
  std::vector<Message> summaries(market_.underlyings().size());
  for (const std::size_t index : changes.marked) {
    const MarketInstrument& instrument = instruments[index];
    tell("mark-price", names_[index], now, [&] { return row(text_.mark_price(instrument)); });
    tell("tickers", names_[index], now, [&] { return row(text_.ticker(instrument)); });
    if (is_option(instrument) && topics_.contains("opt-summary:" + text_.family(instrument.underlying)))
      summaries[instrument.underlying].rows.push_back(text_.option_summary(instrument));
  }
  for (std::size_t u = 0; u < summaries.size(); ++u)
    if (!summaries[u].rows.empty()) tell("opt-summary", text_.family(u), now, [&] { return std::move(summaries[u]); });
}

void OkxExchange::tell_indices(MonoTime now) {
  const bool second = steps_ % kStepsPerSecond == 0;
  if (second) {
    tether_usd_ += (0.9996 - tether_usd_) * 0.02 + 0.00001 * random_.normal();
    circle_usd_ += (0.9999 - circle_usd_) * 0.02 + 0.000004 * random_.normal();
  }
  for (auto& [name, topic] : topics_) {
    if (topic.argument.kind != Kind::IndexTickers) continue;
    // An index of coins moves with every step, one of a stablecoin about once a second.
    const bool stable = topic.argument.value.starts_with("USD");
    if (stable && !second) continue;
    send(topic, {.rows = {text_.index(topic.argument.value, index_price(topic.argument.value).value_or(0))}}, now);
  }
}

void OkxExchange::tell_account(const MarketChanges& changes, MonoTime now) {
  std::vector<std::size_t> traded;
  std::vector<std::size_t> coins;
  const auto note = [](std::vector<std::size_t>& list, std::size_t one) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
  };
  const auto row = [](std::string text, std::string_view event_type = {}) {
    return Message{.rows = {std::move(text)}, .event_type = event_type, .kind = FrameClass::Account};
  };
  for (const AccountFill& fill : fills_) {
    const MarketInstrument& instrument = market_.instruments()[fill.trade.instrument];
    note(traded, fill.trade.instrument);
    note(coins, instrument.underlying);
    for (const std::string_view type : {std::string_view{"ANY"}, OkxText::type(instrument)})
      tell("orders", type, now, [&] { return row(text_.order(fill)); });
  }
  if (!traded.empty())
    tell("balance_and_position", {}, now, [&] { return row(text_.balance_and_position("filled", account_, traded, coins)); });
  if (!changes.expired.empty())
    tell("balance_and_position", {}, now,
         [&] { return row(text_.balance_and_position("delivered", account_, changes.expired, all_underlyings())); });
  // What expires without a trade is not told as an event: it is missing from the next statement.
  for (const std::size_t index : traded) {
    const auto held = account_.positions().find(index);
    for (const std::string_view type : {std::string_view{"ANY"}, OkxText::type(market_.instruments()[index])})
      tell("positions", type, now, [&] {
        return row(held == account_.positions().end() ? text_.closed_position(index) : text_.position(index, held->second),
                   "event_update");
      });
  }
  if (coins.empty()) return;
  tell("account", {}, now, [&] { return row(text_.account(account_, coins), "event_update"); });
  tell("account-greeks", {}, now, [&] {
    Message changed{.kind = FrameClass::Account};
    for (const std::size_t u : coins) changed.rows.push_back(text_.greeks(account_, u));
    return changed;
  });
}

void OkxExchange::on_step(const MarketChanges& changes, MonoTime now) {
  ++steps_;
  account_.step(market_, changes, fills_);
  tell_indices(now);
  tell_markets(changes, now);
  tell_account(changes, now);
}

void OkxExchange::repeat(MonoTime now) {
  for (auto& [name, topic] : topics_) {
    const Kind kind = topic.argument.kind;
    const auto quiet = now - topic.last_sent;
    if (kind == Kind::Book && quiet >= kKeepAlive)
      send(topic,
           {.rows = {text_.book_unchanged(market_.instruments()[topic.argument.index])},
            .action = "update",
            .kind = FrameClass::BookChange},
           now);
    const bool due = (kind == Kind::FundingRate && quiet >= kFundingPushInterval) ||
                     (kind == Kind::OpenInterest && quiet >= kOpenInterestInterval) ||
                     ((kind == Kind::BestPrices || kind == Kind::IndexTickers) && quiet >= kKeepAlive);
    if (due)
      for (const Message& message : present(topic.argument, now)) send(topic, message, now);
    if (kind != Kind::Account && kind != Kind::Positions && kind != Kind::AccountGreeks) continue;
    std::vector<Message> whole;
    for (Subscriber& subscriber : topic.subscribers) {
      if (subscriber.interval == milliseconds{0} || now < subscriber.due) continue;
      subscriber.due = now + subscriber.interval;
      const auto client = clients_.find(subscriber.client);
      if (client == clients_.end() || client->second.closing) continue;
      if (whole.empty()) whole = present(topic.argument, now);
      for (const Message& message : whole)
        produced_.push_back(
            {.client = subscriber.client, .kind = message.kind, .channel = name, .text = frame(topic.argument, message)});
    }
  }
}

void OkxExchange::take_turns(MonoTime now) {
  const auto forced = [&](std::string_view cause) {
    for (const auto& line : account_.positions()) {
      const std::size_t index = line.first;
      const AccountPosition& held = line.second;
      if (market_.instruments()[index].kind != ContractKind::Perpetual) continue;
      tell("liquidation-warning", "ANY", now,
           [&] { return Message{.rows = {text_.liquidation_warning(index, held)}, .kind = FrameClass::Account}; });
      tell("balance_and_position", {}, now, [&] {
        return Message{.rows = {text_.balance_and_position(cause, account_, {index}, {})}, .kind = FrameClass::Account};
      });
      return;
    }
  };
  for (const FaultInjector::Turn& turn : faults_.turns(now)) {
    switch (turn.kind) {
      case FaultKind::Disconnect:
        for (auto& [id, client] : clients_) cut(id, "drill");
        break;
      case FaultKind::RateLimit:
        for (auto& [id, client] : clients_) client.refuse_next = true;
        refuse_next_call_ = true;
        break;
      case FaultKind::TokenExpiry:
        for (auto& [id, client] : clients_)
          if (client.key != nullptr) cut(id, "4007 key changed or deleted");
        break;
      case FaultKind::Maintenance:
        tell("status", {}, now,
             [&] { return Message{.rows = {text_.status(turn.begins ? "ongoing" : "completed")}, .kind = FrameClass::Platform}; });
        break;
      case FaultKind::Upgrade:
        for (auto& [id, client] : clients_) {
          if (client.closing) continue;
          if (!turn.begins) {
            if (client.told_to_leave) cut(id, "service upgrade");
            continue;
          }
          client.told_to_leave = true;
          produced_.push_back(
              {.client = id,
               .kind = FrameClass::Platform,
               .text = JsonObject{}
                           .text("event", "notice")
                           .text("code", "64008")
                           .text("msg", "The connection will soon be closed for a service upgrade. Please reconnect.")
                           .text("connId", client.connection)
                           .str()});
        }
        break;
      case FaultKind::Liquidation:
        forced("liquidation");
        break;
      case FaultKind::AutoDeleveraging:
        forced("adl");
        break;
      default:
        break;
    }
  }
}

void OkxExchange::cut_idle(MonoTime now) {
  for (auto& [id, client] : clients_)
    if (!client.closing && now - client.last_frame >= config_.idle_limit) cut(id, "4004 No data received in 30s.");
}

void OkxExchange::poll(MonoTime now, std::size_t /*most*/, std::vector<Outgoing>& out) {
  take_turns(now);
  const std::size_t before = produced_.size();
  paced_.advance(now, [&](const MarketChanges& changes) { on_step(changes, now); });
  repeat(now);
  // While the venue is being maintained, it speaks of nothing else.
  if (faults_.active(FaultKind::Maintenance, now)) produced_.resize(before);
  const std::size_t sent = out.size();
  faults_.pass(produced_, now, out);
  for (std::size_t i = sent; i < out.size(); ++i)
    if (const auto client = clients_.find(out[i].client); client != clients_.end()) client->second.last_frame = now;
  cut_idle(now);
  faults_.pass(produced_, now, out);
}

}  // namespace hedgewatch::simulator
