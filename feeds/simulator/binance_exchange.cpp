#include "feeds/simulator/binance_exchange.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

/// A change of the options' account is told at once, and all of it so often while there are positions.
constexpr std::uint64_t kStepsPerOptionsAccount = 100;
constexpr int kInvalidRequest = 2;
constexpr int kInvalidJson = 3;

/// The id as it was written; `null` when it is neither text nor number.
std::string written_id_of(const simdjson::dom::object& request) {
  std::int64_t number = 0;
  if (request.at_key("id").get(number) == simdjson::SUCCESS) return std::to_string(number);
  std::string_view text;
  if (request.at_key("id").get(text) == simdjson::SUCCESS) return json_string(text);
  return "null";
}

std::string refusal(int code, std::string_view message, std::string_view id) {
  return JsonObject{}.raw("error", JsonObject{}.integer("code", code).text("msg", message).str()).raw("id", id).str();
}

std::string_view word(BinanceProduct product) {
  return product == BinanceProduct::Options ? "eapi" : product == BinanceProduct::CoinMargined ? "dapi" : "fapi";
}

}  // namespace

BinanceExchange::BinanceExchange(BinanceExchangeConfig config)
    : config_{std::move(config)},
      paced_{config_.market},
      listing_{paced_.market()},
      account_{config_.account, paced_.market()},
      text_{paced_.market(), listing_, account_},
      random_{config_.market.seed ^ 0xB17A},
      pools_{Pool{.limit = 6'000}, Pool{.limit = 2'400}, Pool{.limit = 2'400}} {}

std::string BinanceExchange::description() const {
  return "a market of " + std::to_string(listing_.instruments().size()) + " instruments from seed " +
         std::to_string(config_.market.seed) + ", an account with " + std::to_string(account_.positions().size()) + " positions";
}

bool BinanceExchange::serves_websocket(std::string_view target) const { return parse_binance_endpoint(target).has_value(); }

ClientId BinanceExchange::open(std::string_view target, MonoTime now, std::vector<Outgoing>& /*out*/) {
  const ClientId id{next_client_++};
  Client& client = clients_[id];
  client.endpoint = parse_binance_endpoint(target).value_or(BinanceEndpoint{});
  client.opened = client.window = now;
  for (const std::string& stream : client.endpoint.streams) subscribe(id, client, stream, now);
  return id;
}

void BinanceExchange::closed(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const auto streams = found->second.streams;
  for (const std::string& stream : streams) unsubscribe(id, found->second, stream);
  clients_.erase(found);
  faults_.forget(id);
}

void BinanceExchange::subscribe(ClientId id, Client& client, const std::string& stream, MonoTime now) {
  if (client.streams.size() >= kMostStreams || !client.streams.insert(stream).second) return;
  // What is refused, misspelt or asked for on another path is acknowledged all the same.
  if (faults_.active(FaultKind::RefusedChannel, now, stream)) return;
  const auto parsed = parse_binance_stream(client.endpoint.host, stream, listing_);
  if (!parsed || !carries(client.endpoint, *parsed)) return;
  const auto [topic, is_new] = topics_.try_emplace({client.endpoint.host, stream}, Topic{*parsed, {}});
  topic->second.clients.push_back(id);
  const BinanceStreamKind kind = parsed->kind;
  if (kind == BinanceStreamKind::BookTicker || kind == BinanceStreamKind::Depth || kind == BinanceStreamKind::BestLevels)
    static_cast<void>(listing_.book(parsed->subject));
}

void BinanceExchange::unsubscribe(ClientId id, Client& client, const std::string& stream) {
  client.streams.erase(stream);
  const auto topic = topics_.find({client.endpoint.host, stream});
  if (topic == topics_.end()) return;
  std::erase(topic->second.clients, id);
  if (topic->second.clients.empty()) topics_.erase(topic);
}

void BinanceExchange::cut(ClientId id, Client& client, std::string reason) {
  if (std::exchange(client.closing, true)) return;
  produced_.push_back({.client = id, .kind = FrameClass::Reply, .close = true, .reason = std::move(reason)});
}

void BinanceExchange::handle(ClientId id, std::string_view text, MonoTime now, std::vector<Outgoing>& out) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.closing) return;
  Client& client = found->second;
  if (now - client.window >= std::chrono::seconds{1}) {
    client.window = now;
    client.messages = 0;
  }
  const int most = client.endpoint.host == BinanceHost::Spot ? 5 : 10;
  if (client.refuse_next || (config_.rate_limits && ++client.messages > most)) {
    cut(id, client, "too many messages");
  } else {
    produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = request(id, client, text, now)});
  }
  faults_.pass(produced_, now, out);
}

std::string BinanceExchange::request(ClientId id, Client& client, std::string_view text, MonoTime now) {
  simdjson::dom::object object;
  if (text.size() > kMostRequestBytes || parser_.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS)
    return refusal(kInvalidJson, "Invalid JSON", "null");
  const std::string request_id = written_id_of(object);
  std::string_view method;
  if (object.at_key("method").get(method) != simdjson::SUCCESS)
    return refusal(kInvalidRequest, "Invalid request: method must be a text", request_id);
  if (client.endpoint.host == BinanceHost::SpotCalls) return spot_call(client, method, request_id, now);
  if (method == "LIST_SUBSCRIPTIONS") {
    std::vector<std::string> names;
    for (const std::string& stream : client.streams) names.push_back(json_string(stream));
    return JsonObject{}.raw("result", json_array(names)).raw("id", request_id).str();
  }
  if (method != "SUBSCRIBE" && method != "UNSUBSCRIBE")
    return refusal(kInvalidRequest, "Invalid request: unknown variant", request_id);
  simdjson::dom::array params;
  if (object.at_key("params").get(params) != simdjson::SUCCESS)
    return refusal(kInvalidRequest, "Invalid request: params must be a list", request_id);
  std::vector<std::string> streams;
  for (const simdjson::dom::element element : params) {
    std::string_view name;
    if (element.get(name) != simdjson::SUCCESS)
      return refusal(kInvalidRequest, "Invalid request: a stream must be a text", request_id);
    streams.emplace_back(name);
  }
  if (method == "SUBSCRIBE" && client.streams.size() + streams.size() > kMostStreams)
    return refusal(kInvalidRequest, "Invalid request: too many streams", request_id);
  for (const std::string& stream : streams) {
    if (method == "SUBSCRIBE") {
      subscribe(id, client, stream, now);
    } else {
      unsubscribe(id, client, stream);
    }
  }
  return JsonObject{}.raw("result", "null").raw("id", request_id).str();
}

/// `parser_` still holds the request.
std::string BinanceExchange::spot_call(Client& client, std::string_view method, std::string_view id, MonoTime now) {
  const auto answered = [&](int status, std::string_view name, std::string_view json) {
    return JsonObject{}.raw("id", id).integer("status", status).raw(name, json).raw("rateLimits", "[]").str();
  };
  const auto refused = [&](const HttpReply& reply) { return answered(reply.status, "error", reply.body); };
  if (method == "ping") return answered(200, "result", "{}");
  if (method == "time") return answered(200, "result", JsonObject{}.integer("serverTime", text_.now_ms()).str());
  if (method != "userDataStream.subscribe.signature") return answered(400, "error", R"({"code":-1100,"msg":"Unknown method"})");
  // Signed like a call whose parameters stand in the order of their names.
  std::map<std::string, std::string> parameters;
  simdjson::dom::object params;
  if (parser_.doc.root().at_key("params").get(params) == simdjson::SUCCESS)
    for (const auto& [name, value] : params) {
      std::string_view text;
      std::int64_t number = 0;
      if (value.get(text) == simdjson::SUCCESS) parameters[std::string{name}] = text;
      if (value.get(number) == simdjson::SUCCESS) parameters[std::string{name}] = std::to_string(number);
    }
  std::string query;
  for (const auto& [name, value] : parameters)
    if (name != "signature") query.append(query.empty() ? "" : "&").append(name).append("=").append(value);
  query += "&signature=" + parameters["signature"];
  Call call{.verb = "GET", .path = {}, .query = query, .body = {}, .key = parameters["apiKey"], .parameters = {}, .now = now};
  for (const auto& [name, value] : parameters) call.parameters.emplace_back(name, value);
  if (const auto refusal = refused_signature(call)) return refused(*refusal);
  client.spot_account = true;
  return answered(200, "result", R"({"subscriptionId":0})");
}

void BinanceExchange::tell(const TopicKey& key, const Topic& topic, const std::string& data, FrameClass kind) {
  for (const ClientId id : topic.clients) {
    const auto found = clients_.find(id);
    if (found == clients_.end() || found->second.closing) continue;
    produced_.push_back(
        {.client = id,
         .kind = kind,
         .channel = key.second,
         .text = found->second.endpoint.combined ? JsonObject{}.text("stream", key.second).raw("data", data).str() : data});
  }
}

void BinanceExchange::tell_markets(const MarketChanges& changes) {
  for (const auto& [key, topic] : topics_) {
    const BinanceStream& stream = topic.stream;
    switch (stream.kind) {
      case BinanceStreamKind::BookTicker:
      case BinanceStreamKind::Depth:
      case BinanceStreamKind::BestLevels: {
        const BinanceBook& book = listing_.book(stream.subject);
        if (!listing_.changed(book)) break;
        if (stream.kind == BinanceStreamKind::Depth)
          tell(key, topic, text_.depth_change(stream.subject), FrameClass::BookChange);
        else if (stream.kind == BinanceStreamKind::BestLevels)
          tell(key, topic, text_.best_levels(stream.subject, stream.levels), FrameClass::Market);
        else if (book.top_changed)
          tell(key, topic, text_.book_ticker(stream.subject), FrameClass::Market);
        break;
      }
      case BinanceStreamKind::MarkPrice:
        if (steps_ % stream.steps == 0 && listing_.is_open(stream.subject))
          tell(key, topic, text_.mark_price(stream.subject), FrameClass::Market);
        break;
      case BinanceStreamKind::Trades:
        for (const MarketTrade& trade : changes.trades)
          if (trade.instrument == listing_.instruments()[stream.subject].source)
            tell(key, topic, text_.trade(stream.subject, trade, stream.event), FrameClass::Market);
        break;
      case BinanceStreamKind::OptionMarks:
        if (steps_ % stream.steps == 0) tell(key, topic, text_.option_marks(stream.subject), FrameClass::Market);
        break;
      case BinanceStreamKind::PairIndex:
        if (steps_ % stream.steps == 0) tell(key, topic, text_.pair_index(stream.subject), FrameClass::Market);
        break;
      case BinanceStreamKind::Indices:
        if (steps_ % stream.steps == 0) tell(key, topic, text_.indices(), FrameClass::Market);
        break;
    }
  }
}

void BinanceExchange::tell_account_of(BinanceProduct product, std::string_view event, const std::string& data) {
  for (const auto& [name, key] : listen_keys_) {
    if (key.product != product) continue;
    for (const auto& [id, client] : clients_) {
      const bool private_route = client.endpoint.route == BinanceRoute::Private ||
                                 (client.endpoint.host == BinanceHost::Coin && client.endpoint.route == BinanceRoute::Any);
      if (client.closing || !private_route || !client.streams.contains(name)) continue;
      produced_.push_back({.client = id,
                           .kind = FrameClass::Account,
                           .channel = std::string{word(product)}.append(".").append(event),
                           .text = client.endpoint.combined ? JsonObject{}.text("stream", name).raw("data", data).str() : data});
    }
  }
}

void BinanceExchange::tell_account() {
  if (listen_keys_.empty()) return;
  std::vector<std::size_t> futures;
  std::vector<std::size_t> options;
  for (const LinearFill& fill : account_changes_.fills)
    (text_.of_options(fill.instrument) ? options : futures).push_back(fill.instrument);
  for (const std::size_t source : account_changes_.delivered) (text_.of_options(source) ? options : futures).push_back(source);
  for (std::vector<std::size_t>* sources : {&futures, &options}) {
    std::sort(sources->begin(), sources->end());
    sources->erase(std::unique(sources->begin(), sources->end()), sources->end());
  }
  if (!futures.empty()) tell_account_of(BinanceProduct::UsdMargined, "ACCOUNT_UPDATE", text_.account_update("ORDER", futures));
  // Funding of a cross margined position names the purse alone.
  if (!account_changes_.funding.empty())
    tell_account_of(BinanceProduct::UsdMargined, "ACCOUNT_UPDATE", text_.account_update("FUNDING_FEE", {}));
  for (const LinearFill& fill : account_changes_.fills) {
    const bool option = text_.of_options(fill.instrument);
    std::string client_id = "web_" + std::to_string(fill.trade_id);
    if (!option && !forced_client_id_.empty()) client_id = std::exchange(forced_client_id_, {});
    tell_account_of(option ? BinanceProduct::Options : BinanceProduct::UsdMargined, "ORDER_TRADE_UPDATE",
                    text_.order_update(fill, client_id));
  }
  if (!options.empty()) tell_account_of(BinanceProduct::Options, "BALANCE_POSITION_UPDATE", text_.options_position_update(options));
  if (!options.empty() || steps_ % kStepsPerOptionsAccount == 0) {
    tell_account_of(BinanceProduct::Options, "ACCOUNT_UPDATE", text_.options_account_update());
    tell_account_of(BinanceProduct::Options, "GREEK_UPDATE", text_.options_greeks());
  }
}

void BinanceExchange::announce_shutdown(ClientId id, Client& client) {
  // Derivatives are cut without a word.
  const bool spot = client.endpoint.host == BinanceHost::Spot || client.endpoint.host == BinanceHost::SpotCalls;
  if (!spot || client.closing || std::exchange(client.told, true)) return;
  const std::string event = JsonObject{}.text("e", "serverShutdown").integer("E", text_.now_ms()).str();
  produced_.push_back({.client = id,
                       .kind = FrameClass::Platform,
                       .text = client.endpoint.host == BinanceHost::SpotCalls ? JsonObject{}.raw("event", event).str() : event});
}

void BinanceExchange::force_close(std::string_view client_id) {
  forced_client_id_ = client_id;
  for (std::size_t u = 0; u < market().underlyings().size(); ++u) {
    const std::size_t source = market().perpetual_of(u);
    const auto held = account_.positions().find(source);
    if (held == account_.positions().end()) continue;
    // A tenth of what is held, in the market's dollars.
    const double dollars = std::abs(held->second.size_coins) * market().instruments()[source].mark_price / 10;
    const double contract = market().instruments()[source].contract_size;
    paced_.market().submit(source, held->second.size_coins < 0, std::max(1.0, std::round(dollars / contract)) * contract);
    return;
  }
}

void BinanceExchange::take_turns(MonoTime now) {
  for (const FaultInjector::Turn& turn : faults_.turns(now)) {
    switch (turn.kind) {
      case FaultKind::RateLimit:
        refuse_next_call_ = true;
        for (auto& [id, client] : clients_) client.refuse_next = true;
        break;
      case FaultKind::Disconnect:
        for (auto& [id, client] : clients_) cut(id, client, "drill");
        break;
      case FaultKind::Upgrade:
        for (auto& [id, client] : clients_) {
          if (turn.begins)
            announce_shutdown(id, client);
          else
            cut(id, client, "server shutdown");
        }
        break;
      case FaultKind::Maintenance:
        if (turn.begins)
          for (auto& [id, client] : clients_) announce_shutdown(id, client);
        break;
      case FaultKind::Liquidation:
        tell_account_of(BinanceProduct::UsdMargined, "MARGIN_CALL", text_.margin_call());
        force_close("autoclose-4711");
        break;
      case FaultKind::AutoDeleveraging:
        force_close("adl_autoclose");
        break;
      case FaultKind::Lock:
        tell_account_of(BinanceProduct::Options, "RISK_LEVEL_CHANGE", text_.risk_level(turn.begins ? "REDUCE_ONLY" : "NORMAL"));
        break;
      case FaultKind::TokenExpiry:
        for (auto& [name, key] : listen_keys_) {
          key.ends = now;
          // The notice is not promised: streams that die without a word are the classic failure.
          key.told = turn.target != "silent";
        }
        break;
      default:
        break;
    }
  }
}

void BinanceExchange::end_of_life(MonoTime now) {
  for (auto& [id, client] : clients_) {
    const auto age = now - client.opened;
    if (age >= config_.connection_life - config_.shutdown_notice) announce_shutdown(id, client);
    if (age >= config_.connection_life) cut(id, client, "a day is over");
  }
}

void BinanceExchange::end_keys(MonoTime now) {
  for (auto key = listen_keys_.begin(); key != listen_keys_.end();) {
    if (now < key->second.ends) {
      ++key;
      continue;
    }
    if (key->second.told)
      tell_account_of(key->second.product, "listenKeyExpired",
                      JsonObject{}.text("e", "listenKeyExpired").integer("E", text_.now_ms()).text("listenKey", key->first).str());
    key = listen_keys_.erase(key);
  }
}

void BinanceExchange::poll(MonoTime now, std::size_t /*most*/, std::vector<Outgoing>& out) {
  take_turns(now);
  end_of_life(now);
  end_keys(now);
  const bool dark = faults_.active(FaultKind::Maintenance, now);
  paced_.advance(now, [&](const MarketChanges& changes) {
    ++steps_;
    account_.step(paced_.market(), changes, account_changes_);
    listing_.step();
    if (dark) return;
    tell_markets(changes);
    tell_account();
  });
  faults_.pass(produced_, now, out);
}

}  // namespace hedgewatch::simulator
