#include "feeds/simulator/bybit_exchange.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "feeds/session/signing.hpp"
#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

using bybit::Category;

constexpr auto kBestLevelRepeat = std::chrono::seconds{3};
constexpr std::string_view kHandlerNotFound = "error:handler not found,topic:";

std::int64_t milliseconds_count(VenueTime time) { return nanoseconds_of(time) / 1'000'000; }

/// What stands between the points of a topic.
std::string_view part(std::string_view& rest) {
  const std::size_t point = std::min(rest.find('.'), rest.size());
  const std::string_view first = rest.substr(0, point);
  rest.remove_prefix(std::min(point + 1, rest.size()));
  return first;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string levels_text(const std::vector<LevelChange>& levels) {
  std::string text{"["};
  for (const LevelChange& level : levels) {
    if (text.size() > 1) text += ',';
    text.append("[\"").append(decimal_text(level.price)).append("\",\"").append(decimal_text(level.amount)).append("\"]");
  }
  return text + ']';
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

BybitExchange::BybitExchange(BybitExchangeConfig config)
    : config_{std::move(config)},
      paced_{config_.market},
      market_{paced_.market()},
      account_{config_.account, market_},
      text_{market_},
      random_{config_.seed ^ 0xB1B1},
      greeks_told_{market_.now()} {}

std::string BybitExchange::description() const {
  return "Bybit: a market of " + std::to_string(market_.instruments().size()) + " instruments from seed " +
         std::to_string(market_.configuration().seed) + ", an account in USDT with " + std::to_string(account_.positions().size()) +
         " positions";
}

namespace {

/// Behind which path a connection stands; the query is about how long an account's connection may live.
constexpr std::array<std::string_view, 6> kDoors{"/v5/public/spot",   "/v5/public/linear", "/v5/public/inverse",
                                                 "/v5/public/option", "/v5/private",       "/v5/public/misc/status"};

std::optional<std::size_t> door_number(std::string_view target) {
  const auto found = std::find(kDoors.begin(), kDoors.end(), target.substr(0, target.find('?')));
  if (found == kDoors.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kDoors.begin());
}

}  // namespace

bool BybitExchange::serves_websocket(std::string_view target) const { return door_number(target).has_value(); }

ClientId BybitExchange::open(std::string_view target, MonoTime now, std::vector<Outgoing>& /*out*/) {
  const ClientId id{next_client_++};
  clients_[id] = {
      .door = static_cast<Door>(door_number(target).value_or(1)),
      .connection = "c" + std::to_string(static_cast<std::uint32_t>(id)) + "-" + std::to_string(random_.index(1'000'000)),
      .last_request = now};
  return id;
}

void BybitExchange::closed(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  while (!found->second.topics.empty()) leave(id, std::string{found->second.topics.back()});
  clients_.erase(found);
  faults_.forget(id);
}

void BybitExchange::reply(ClientId id, std::string text) {
  produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = std::move(text)});
}

void BybitExchange::acknowledge(ClientId id, std::string_view operation, std::string_view request, bool success,
                                std::string_view message) {
  JsonObject text;
  text.boolean("success", success).text("ret_msg", message).text("conn_id", clients_.at(id).connection);
  if (!request.empty()) text.text("req_id", request);
  reply(id, text.text("op", operation).str());
}

void BybitExchange::cut(ClientId id, std::string reason) {
  Client& client = clients_.at(id);
  if (client.closing) return;
  client.closing = true;
  produced_.push_back({.client = id, .kind = FrameClass::Reply, .close = true, .reason = std::move(reason)});
}

const ApiKey* BybitExchange::key_of(std::string_view id) const {
  const auto found = std::find_if(config_.keys.begin(), config_.keys.end(), [&](const ApiKey& key) { return key.client_id == id; });
  return found == config_.keys.end() ? nullptr : &*found;
}

void BybitExchange::handle(ClientId id, std::string_view text, MonoTime now, std::vector<Outgoing>& out) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.closing) return;
  Client& client = found->second;
  client.last_request = now;
  simdjson::dom::object request;
  std::string_view operation;
  std::string_view request_id;
  simdjson::dom::array arguments;
  if (parser_.parse(text.data(), text.size()).get(request) != simdjson::SUCCESS ||
      request.at_key("op").get(operation) != simdjson::SUCCESS) {
    acknowledge(id, "", "", false, "Invalid request");
    return faults_.pass(produced_, now, out);
  }
  if (request.at_key("req_id").get(request_id) != simdjson::SUCCESS) request_id = {};
  const bool listed = request.at_key("args").get(arguments) == simdjson::SUCCESS;
  std::vector<std::string> names;
  bool all_text = listed;
  if (listed)
    for (const simdjson::dom::element element : arguments) {
      std::string_view name;
      if (element.get(name) != simdjson::SUCCESS) all_text = false;
      names.emplace_back(name);
    }
  if (client.refuse_next) {
    acknowledge(id, operation, request_id, false, "Too many visits!");
    cut(id, "too many visits");
  } else if (operation == "ping") {
    ping(id, request_id, now);
  } else if (dark_) {
    acknowledge(id, operation, request_id, false, "Service is restarting");
  } else if (operation == "auth") {
    login(id, arguments, request_id, now);
  } else if ((operation == "subscribe" || operation == "unsubscribe") && !all_text) {
    acknowledge(id, operation, request_id, false, "Params Error");
  } else if (operation == "subscribe") {
    subscribe(id, names, request_id, now);
  } else if (operation == "unsubscribe") {
    unsubscribe(id, names, request_id);
  } else {
    acknowledge(id, operation, request_id, false, "unknown op");
  }
  faults_.pass(produced_, now, out);
}

void BybitExchange::ping(ClientId id, std::string_view request, MonoTime now) {
  const Client& client = clients_.at(id);
  const std::string at = "[\"" + std::to_string(milliseconds_count(paced_.venue_time(now))) + "\"]";
  JsonObject text;
  // Three answers: that of the markets in coins and dollars still says ping.
  if (client.door == Door::Option) return reply(id, text.raw("args", at).text("op", "pong").str());
  if (client.door != Door::Private) return acknowledge(id, "ping", request, true, "pong");
  if (!request.empty()) text.text("req_id", request);
  reply(id, text.text("op", "pong").raw("args", at).text("conn_id", client.connection).str());
}

void BybitExchange::login(ClientId id, const simdjson::dom::array& arguments, std::string_view request, MonoTime now) {
  Client& client = clients_.at(id);
  const auto refuse = [&](std::string_view why) { acknowledge(id, "auth", request, false, why); };
  if (client.door != Door::Private) return refuse("Request path error");
  std::string_view key_id;
  std::string_view signature;
  std::int64_t expires = 0;
  if (arguments.size() != 3 || arguments.at(0).get(key_id) != simdjson::SUCCESS ||
      arguments.at(2).get(signature) != simdjson::SUCCESS)
    return refuse("Params Error");
  if (arguments.at(1).get(expires) != simdjson::SUCCESS) {
    std::string_view written;
    const auto number = arguments.at(1).get(written) == simdjson::SUCCESS ? whole_number<std::int64_t>(written) : std::nullopt;
    if (!number) return refuse("Params Error");
    expires = *number;
  }
  const ApiKey* key = key_of(key_id);
  if (key == nullptr) return refuse("API key is invalid.");
  if (config_.check_timestamps && expires <= milliseconds_count(paced_.venue_time(now))) return refuse("Params Error");
  if (signature != hmac_sha256_hex(Secret{key->client_secret}, "GET/realtime" + std::to_string(expires)))
    return refuse("Params Error");
  client.key = key;
  JsonObject text;
  text.boolean("success", true).text("ret_msg", "").text("op", "auth");
  if (!request.empty()) text.text("req_id", request);
  reply(id, text.text("conn_id", client.connection).str());
}

std::optional<BybitExchange::Topic> BybitExchange::topic_of(Door door, std::string_view name) const {
  std::optional<Topic> topic;
  if (door == Door::Private) {
    topic = account_topic(name);
  } else if (door == Door::Status) {
    if (name == "system.status") topic = Topic{.kind = Kind::Status};
  } else {
    topic = market_topic(door, name);
  }
  if (!topic) return std::nullopt;
  topic->door = door;
  topic->name = name;
  return topic;
}

std::optional<BybitExchange::Topic> BybitExchange::account_topic(std::string_view name) const {
  constexpr std::array<std::pair<std::string_view, Kind>, 5> kTopics{{{"position", Kind::Position},
                                                                      {"wallet", Kind::Wallet},
                                                                      {"execution", Kind::Execution},
                                                                      {"greeks", Kind::Greeks},
                                                                      {"order", Kind::Order}}};
  std::string_view rest = name;
  const std::string_view head = part(rest);
  const auto row = std::find_if(kTopics.begin(), kTopics.end(), [&](const auto& one) { return one.first == head; });
  if (row == kTopics.end()) return std::nullopt;
  Topic topic{.kind = row->second};
  if (rest.empty()) return topic;
  topic.only = bybit::category_from(rest);
  const bool by_category = topic.kind == Kind::Position || topic.kind == Kind::Execution || topic.kind == Kind::Order;
  return by_category && topic.only ? std::optional{topic} : std::nullopt;
}

std::optional<BybitExchange::Topic> BybitExchange::market_topic(Door door, std::string_view name) const {
  const auto category = static_cast<Category>(door);
  const bool option = category == Category::Option;
  std::string_view rest = name;
  const std::string_view head = part(rest);
  Topic topic;
  if (head == "orderbook") {
    const auto depth = whole_number<std::size_t>(part(rest));
    constexpr std::array<std::size_t, 4> kDepths{1, 50, 200, 1000};
    topic.kind = Kind::Book;
    topic.depth = depth.value_or(0);
    if (option && topic.depth != 25 && topic.depth != 100) {
      topic.kind = Kind::Silent;
    } else if (!option && std::find(kDepths.begin(), kDepths.end(), topic.depth) == kDepths.end()) {
      return std::nullopt;
    }
  } else if (head == "tickers") {
    topic.kind = Kind::Ticker;
  } else if (head == "publicTrade") {
    topic.kind = Kind::Trades;
    if (option) {
      for (std::size_t u = 0; u < market_.underlyings().size(); ++u)
        if (market_.underlyings()[u].config.currency == rest) {
          topic.underlying = u;
          return topic;
        }
      return std::nullopt;
    }
  } else if (head != "kline" && head != "allLiquidation" && head != "priceLimit") {
    return std::nullopt;
  }
  topic.product = text_.find(category, topic.kind == Kind::Silent ? rest.substr(rest.rfind('.') + 1) : rest);
  if (!topic.product) return std::nullopt;
  if (text_.instrument(*topic.product).state == ListingState::Delivered) return std::nullopt;
  return topic;
}

void BybitExchange::subscribe(ClientId id, const std::vector<std::string>& names, std::string_view request, MonoTime now) {
  Client& client = clients_.at(id);
  const auto refuse = [&](std::string_view why) { acknowledge(id, "subscribe", request, false, why); };
  if (client.door == Door::Private && client.key == nullptr) return refuse("Request needs auth first");
  if (client.door == Door::Spot && names.size() > kMostSpotArguments) return refuse("args size >10");
  std::size_t characters = 0;
  for (const std::string& name : client.topics) characters += name.size();
  for (const std::string& name : names) characters += name.size();
  if (client.door != Door::Private && characters > kMostArgumentCharacters) return refuse("args length over limit");
  if (client.door == Door::Option && client.topics.size() + names.size() > kMostOptionArguments)
    return refuse("args count over limit");
  for (const std::string_view head : {"position", "execution", "order"}) {
    const bool all_in_one = has(names, head);
    const bool categorised = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.size() > head.size() && name.starts_with(head) && name[head.size()] == '.';
    });
    if (client.door == Door::Private && all_in_one && categorised)
      return refuse("error:all-in-one topic and categorised topic can not be in the same request");
  }
  std::vector<Topic> wanted;
  std::vector<std::string> failed;
  for (const std::string& name : names) {
    auto topic = topic_of(client.door, name);
    if (!topic || faults_.active(FaultKind::RefusedChannel, now, name)) {
      // One topic that is none refuses the whole request; the option socket tells topic by topic.
      if (client.door != Door::Option) return refuse(std::string{kHandlerNotFound} + name);
      failed.push_back(json_string(name));
    } else if (has(client.topics, name)) {
      if (client.door != Door::Option) return refuse("error:already subscribed,topic:" + name);
      failed.push_back(json_string(name));
    } else {
      wanted.push_back(std::move(*topic));
    }
  }
  if (client.door == Door::Option) {
    std::vector<std::string> succeeded;
    for (const Topic& topic : wanted) succeeded.push_back(json_string(topic.name));
    JsonObject text;
    text.boolean("success", true).text("conn_id", client.connection);
    text.raw("data", JsonObject{}.raw("failTopics", json_array(failed)).raw("successTopics", json_array(succeeded)).str());
    reply(id, text.text("type", "COMMAND_RESP").str());
  } else {
    acknowledge(id, "subscribe", request, true, client.door == Door::Spot ? "subscribe" : "");
  }
  for (const Topic& topic : wanted) join(id, topic);
}

void BybitExchange::join(ClientId id, const Topic& topic) {
  clients_.at(id).topics.push_back(topic.name);
  const auto key = std::pair{topic.door, topic.name};
  const auto [place, is_new] = topics_.try_emplace(key, topic);
  Topic& joined = place->second;
  if (is_new && joined.kind == Kind::Book) {
    joined.book = text_.book(*joined.product);
    joined.update = next_update_ += 1 + static_cast<std::int64_t>(random_.index(5'000));
  }
  if (is_new && joined.kind == Kind::Ticker) joined.ticker = text_.ticker(*joined.product);
  if (is_new) joined.told = time();
  joined.subscribers.push_back(id);
  send_first(id, joined);
}

void BybitExchange::unsubscribe(ClientId id, const std::vector<std::string>& names, std::string_view request) {
  for (const std::string& name : names) leave(id, name);
  if (clients_.at(id).door != Door::Option) return acknowledge(id, "unsubscribe", request, true, "");
  std::vector<std::string> left;
  for (const std::string& name : names) left.push_back(json_string(name));
  JsonObject text;
  text.boolean("success", true).text("conn_id", clients_.at(id).connection);
  text.raw("data", JsonObject{}.raw("failTopics", "[]").raw("successTopics", json_array(left)).str());
  reply(id, text.text("type", "COMMAND_RESP").str());
}

void BybitExchange::leave(ClientId id, const std::string& name) {
  Client& client = clients_.at(id);
  std::erase(client.topics, name);
  const auto topic = topics_.find({client.door, name});
  if (topic == topics_.end()) return;
  std::erase(topic->second.subscribers, id);
  if (topic->second.subscribers.empty()) topics_.erase(topic);
}

std::string BybitExchange::frame_text(const Topic& topic, const Frame& frame) {
  const std::int64_t at = milliseconds_count(time());
  const std::size_t rotation = config_.vary_key_order ? random_.index(4) : 0;
  JsonObject text;
  if (frame.type.empty()) {
    text.text("id", "e" + std::to_string(sequence_)).text("topic", topic.name).integer("creationTime", at);
    return text.raw("data", frame.data).str(rotation);
  }
  text.text("topic", topic.name).text("type", frame.type).integer("ts", at).raw("data", frame.data);
  if (frame.is_book) text.integer("cts", at);
  if (topic.kind == Kind::Ticker) text.integer("cs", static_cast<std::int64_t>(sequence_));
  return text.str(rotation);
}

void BybitExchange::send_to(ClientId client, const Topic& topic, const Frame& frame) {
  produced_.push_back({.client = client, .kind = frame.kind, .channel = topic.name, .text = frame_text(topic, frame)});
}

void BybitExchange::send(Topic& topic, const Frame& frame) {
  topic.told = time();
  const std::string text = frame_text(topic, frame);
  for (const ClientId client : topic.subscribers)
    produced_.push_back({.client = client, .kind = frame.kind, .channel = topic.name, .text = text});
}

std::vector<LevelChange> BybitExchange::whole(const std::vector<BookLevel>& side, std::size_t depth) const {
  std::vector<LevelChange> levels;
  for (std::size_t i = 0; i < std::min(depth, side.size()); ++i)
    levels.push_back({LevelAction::New, side[i].price, side[i].amount});
  return levels;
}

std::string BybitExchange::book_data(const Topic& topic, const std::vector<LevelChange>& bids,
                                     const std::vector<LevelChange>& asks) {
  return JsonObject{}
      .text("s", text_.symbol(*topic.product))
      .raw("b", levels_text(bids))
      .raw("a", levels_text(asks))
      .integer("u", topic.update)
      .integer("seq", static_cast<std::int64_t>(++sequence_))
      .str();
}

/// Market data begins with a snapshot; an account's topics are silent until something happens.
void BybitExchange::send_first(ClientId client, Topic& topic) {
  if (topic.kind == Kind::Book)
    send_to(client, topic,
            {.type = "snapshot",
             .data = book_data(topic, whole(topic.book.bids, topic.depth), whole(topic.book.asks, topic.depth)),
             .kind = FrameClass::BookSnapshot,
             .is_book = true});
  if (topic.kind == Kind::Ticker) send_to(client, topic, {.type = "snapshot", .data = fields_text(topic.ticker)});
}

void BybitExchange::tell_ticker(Topic& topic) {
  BybitFields now = text_.ticker(*topic.product);
  const BybitFields changed = changed_fields(topic.ticker, now);
  const bool whole_each_time = topic.door == Door::Option || topic.door == Door::Spot;
  if (changed.size() == 1 && !whole_each_time) return;
  topic.ticker = std::move(now);
  ++sequence_;
  send(topic, {.type = whole_each_time ? "snapshot" : "delta", .data = fields_text(whole_each_time ? topic.ticker : changed)});
}

void BybitExchange::tell_book(Topic& topic) {
  SpotBook now = text_.book(*topic.product);
  if (topic.depth == 1) {
    // Whole each time, and again every three seconds when nothing changed.
    const auto best = [](const std::vector<BookLevel>& side) { return side.empty() ? BookLevel{} : side.front(); };
    const bool same = best(now.bids) == best(topic.book.bids) && best(now.asks) == best(topic.book.asks);
    if (same && time() - topic.told < kBestLevelRepeat) return;
    topic.book = std::move(now);
    if (!same) ++topic.update;
    return send(topic, {.type = "snapshot",
                        .data = book_data(topic, whole(topic.book.bids, 1), whole(topic.book.asks, 1)),
                        .kind = FrameClass::BookSnapshot,
                        .is_book = true});
  }
  const std::vector<LevelChange> bids = level_changes(topic.book.bids, now.bids);
  const std::vector<LevelChange> asks = level_changes(topic.book.asks, now.asks);
  if (bids.empty() && asks.empty()) return;
  topic.book = std::move(now);
  ++topic.update;
  send(topic, {.type = "delta", .data = book_data(topic, bids, asks), .kind = FrameClass::BookChange, .is_book = true});
}

void BybitExchange::tell_trades(Topic& topic, const MarketChanges& changes) {
  std::vector<std::string> rows;
  for (const MarketTrade& trade : changes.trades) {
    const MarketInstrument& instrument = market_.instruments()[trade.instrument];
    const bool wanted = topic.product ? topic.product->instrument == trade.instrument
                                      : is_option(instrument) && instrument.underlying == topic.underlying;
    if (!wanted || topic.door == Door::Spot) continue;
    const BybitProduct product = topic.product.value_or(BybitProduct{Category::Option, trade.instrument});
    if (auto row = text_.trade(product, trade, sequence_ + 1)) rows.push_back(std::move(*row));
  }
  if (rows.empty()) return;
  ++sequence_;
  send(topic, {.type = "snapshot", .data = json_array(rows)});
}

void BybitExchange::tell_market(Topic& topic, const MarketChanges& changes) {
  if (topic.kind == Kind::Trades) return tell_trades(topic, changes);
  if (topic.kind != Kind::Ticker && topic.kind != Kind::Book) return;
  if (text_.instrument(*topic.product).state == ListingState::Delivered) return;
  const bool touched = topic.door == Door::Spot || touched_[topic.product->instrument] != 0;
  const bool repeats = topic.kind == Kind::Book && topic.depth == 1;
  if (!touched && !repeats) return;
  if (topic.kind == Kind::Ticker) tell_ticker(topic);
  if (topic.kind == Kind::Book) tell_book(topic);
}

void BybitExchange::tell_account(Topic& topic) {
  std::vector<std::string> rows;
  const auto wanted = [&](std::size_t instrument) { return !topic.only || *topic.only == text_.held(instrument).category; };
  if (topic.kind == Kind::Execution) {
    for (const LinearFill& fill : account_changes_.fills)
      if (wanted(fill.instrument)) rows.push_back(text_.execution(fill, ++sequence_));
    for (const LinearFunding& funding : account_changes_.funding)
      if (wanted(funding.instrument)) rows.push_back(text_.funding(funding, ++sequence_));
    for (const std::size_t index : account_changes_.delivered)
      if (const LinearPosition* line = account_.last_of(index); line != nullptr && wanted(index))
        rows.push_back(text_.delivery(index, *line, ++sequence_));
  }
  if (topic.kind == Kind::Wallet && account_changes_.any()) rows.push_back(text_.wallet(account_));
  if (topic.kind == Kind::Greeks && (account_changes_.any() || time() - greeks_told_ >= config_.greeks_interval))
    for (std::size_t u = 0; u < market_.underlyings().size(); ++u) rows.push_back(text_.greeks(account_, u));
  if (rows.empty()) return;
  ++sequence_;
  send(topic, {.data = json_array(rows), .kind = FrameClass::Account});
}

void BybitExchange::tell_positions(std::string_view status, const std::vector<std::size_t>& instruments) {
  for (auto& [key, topic] : topics_) {
    if (topic.kind != Kind::Position) continue;
    std::vector<std::string> rows;
    for (const std::size_t index : instruments) {
      const BybitProduct product = text_.held(index);
      const LinearPosition* line = account_.last_of(index);
      if (line == nullptr || (topic.only && *topic.only != product.category)) continue;
      rows.push_back(text_.position(product, *line, status, ++sequence_, true));
    }
    if (!rows.empty()) send(topic, {.data = json_array(rows), .kind = FrameClass::Account});
  }
}

void BybitExchange::tell_status(std::string_view state) {
  const std::string at = std::to_string(milliseconds_count(time()));
  const std::string row = JsonObject{}
                              .text("id", "drill")
                              .text("title", "maintenance")
                              .text("state", state)
                              .text("begin", at)
                              .text("end", "")
                              .text("href", "")
                              .raw("serviceTypes", "[4,5]")
                              .raw("product", "[1,2,3]")
                              .raw("uidSuffix", "[]")
                              .integer("maintainType", 2)
                              .integer("env", 1)
                              .str();
  for (auto& [key, topic] : topics_)
    if (topic.kind == Kind::Status) send(topic, {.type = "snapshot", .data = json_array({row}), .kind = FrameClass::Platform});
}

void BybitExchange::on_step(const MarketChanges& changes, MonoTime /*now*/) {
  account_.step(market_, changes, account_changes_);
  if (dark_) return;
  touched_.assign(market_.instruments().size(), 0);
  for (const std::size_t index : changes.marked) touched_[index] = 1;
  for (const BookChange& change : changes.books) touched_[change.instrument] = 1;
  for (auto& [key, topic] : topics_)
    if (topic.door != Door::Private) tell_market(topic, changes);
  std::vector<std::size_t> changed;
  const auto note = [&](std::size_t index) {
    if (std::find(changed.begin(), changed.end(), index) == changed.end()) changed.push_back(index);
  };
  for (const LinearFill& fill : account_changes_.fills) note(fill.instrument);
  for (const LinearFunding& funding : account_changes_.funding) note(funding.instrument);
  for (const std::size_t index : account_changes_.delivered) note(index);
  // Positions first: the sums that follow are theirs.
  tell_positions("Normal", changed);
  for (auto& [key, topic] : topics_)
    if (topic.door == Door::Private && topic.kind != Kind::Position) tell_account(topic);
  if (account_changes_.any() || time() - greeks_told_ >= config_.greeks_interval) greeks_told_ = time();
}

/// After a restart of the service every book counts from 1, and every ticker is whole again.
void BybitExchange::start_anew() {
  for (auto& [key, topic] : topics_) {
    if (topic.kind == Kind::Book) {
      topic.book = text_.book(*topic.product);
      topic.update = 1;
    }
    if (topic.kind == Kind::Ticker) topic.ticker = text_.ticker(*topic.product);
    for (const ClientId client : topic.subscribers) send_first(client, topic);
  }
}

void BybitExchange::take_turns(MonoTime now) {
  const auto forced = [&](std::string_view status) {
    const auto line = account_.positions().begin();
    if (line == account_.positions().end()) return;
    tell_positions(status, {line->first});
    tell_positions("Normal", {line->first});
  };
  for (const FaultInjector::Turn& turn : faults_.turns(now)) {
    switch (turn.kind) {
      case FaultKind::RateLimit:
        refuse_next_call_ = true;
        for (auto& [id, client] : clients_) client.refuse_next = true;
        break;
      case FaultKind::Disconnect:
        for (auto& [id, client] : clients_) cut(id, "drill");
        break;
      case FaultKind::Maintenance:
        tell_status(turn.begins ? "ongoing" : "completed");
        dark_ = turn.begins;
        if (!turn.begins) start_anew();
        break;
      case FaultKind::Liquidation:
        forced("Liq");
        break;
      case FaultKind::AutoDeleveraging:
        forced("Adl");
        break;
      case FaultKind::TokenExpiry:
        for (auto& [id, client] : clients_) {
          if (client.key == nullptr) continue;
          client.key = nullptr;
          cut(id, "login expired");
        }
        break;
      default:
        break;
    }
  }
}

void BybitExchange::cut_silent(MonoTime now) {
  for (auto& [id, client] : clients_)
    if (now - client.last_request >= config_.ping_limit) cut(id, "no ping");
}

void BybitExchange::poll(MonoTime now, std::size_t /*most*/, std::vector<Outgoing>& out) {
  take_turns(now);
  cut_silent(now);
  paced_.advance(now, [&](const MarketChanges& changes) { on_step(changes, now); });
  std::erase_if(produced_, [&](const Outgoing& frame) {
    const auto client = clients_.find(frame.client);
    return !frame.close && frame.kind != FrameClass::Reply && client != clients_.end() && client->second.closing;
  });
  faults_.pass(produced_, now, out);
}

}  // namespace hedgewatch::simulator
