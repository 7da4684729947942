#include "feeds/simulator/deribit_exchange.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "feeds/simulator/control_requests.hpp"
#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

using std::chrono::seconds;

constexpr int kTooManyRequests = 10028;
constexpr int kMaintenance = 11051;
constexpr int kInvalidCredentials = 13004;
constexpr int kUnauthorized = 13009;
constexpr int kScopeExceeded = 13403;
constexpr int kRawNeedsLogin = 13778;

RpcError unauthorized(std::string_view reason) {
  return {kUnauthorized, "unauthorized", JsonObject{}.text("reason", reason).str()};
}

std::int64_t microseconds_of(VenueTime time) { return nanoseconds_of(time) / 1'000; }

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), digest.data(), &length);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

/// `a=1&b=BTC` as a JSON object of texts, percent signs decoded.
std::string query_as_json(std::string_view query) {
  const auto decoded = [](std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      unsigned code = 0;
      if (text[i] == '%' && i + 2 < text.size() && std::from_chars(&text[i] + 1, &text[i] + 3, code, 16).ptr == &text[i] + 3) {
        result += static_cast<char>(code);
        i += 2;
      } else {
        result += text[i] == '+' ? ' ' : text[i];
      }
    }
    return result;
  };
  JsonObject object;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (equals > 0 && pair.find_first_of("\"\\") == std::string_view::npos)
      object.text(decoded(pair.substr(0, equals)), equals < pair.size() ? decoded(pair.substr(equals + 1)) : "");
  }
  return object.str();
}

/// The id as it was written, so that a text stays a text. Nothing when it is neither text nor integer.
std::optional<std::string> id_of(const simdjson::dom::object& request) {
  std::int64_t number = 0;
  if (request.at_key("id").get(number) == simdjson::SUCCESS) return std::to_string(number);
  std::string_view text;
  if (request.at_key("id").get(text) == simdjson::SUCCESS) return json_string(text);
  return std::nullopt;
}

FrameClass class_of(const Channel& channel) {
  if (channel.is_private()) return FrameClass::Account;
  if (channel.kind == ChannelKind::PlatformState || channel.kind == ChannelKind::InstrumentState) return FrameClass::Platform;
  return FrameClass::Market;
}

/// Two arrays joined, for channels whose data is a list.
std::string joined(std::string earlier, std::string_view later) {
  if (earlier.size() < 2 || earlier.front() != '[' || later.size() < 2 || later.front() != '[') return std::string{later};
  if (later.size() == 2) return earlier;
  earlier.back() = ',';
  if (earlier.size() == 2) earlier.pop_back();
  earlier.append(later.substr(1));
  return earlier;
}

}  // namespace

bool DeribitExchange::CreditPool::take(double cost, MonoTime now) {
  if (last != MonoTime{})
    credits = std::min(capacity, credits + refill_per_second * std::chrono::duration<double>(now - last).count());
  last = now;
  if (!(credits >= cost)) return false;
  credits -= cost;
  return true;
}

DeribitExchange::DeribitExchange(DeribitExchangeConfig config, std::unique_ptr<VenueContent> content)
    : config_{std::move(config)}, content_{std::move(content)}, random_{config_.seed ^ 0x5EED} {}

ClientId DeribitExchange::open(MonoTime now) {
  const ClientId id{next_client_++};
  clients_[id].last_request = now;
  return id;
}

void DeribitExchange::closed(ClientId client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  while (!found->second.subscriptions.empty()) drop_subscription(client, std::string{found->second.subscriptions.begin()->first});
  clients_.erase(found);
  faults_.forget(client);
}

void DeribitExchange::drop_subscription(ClientId id, const std::string& name) {
  Client& client = clients_.at(id);
  const auto subscription = client.subscriptions.find(name);
  if (subscription == client.subscriptions.end()) return;
  const auto topic = topics_.find(subscription->second.topic());
  if (topic != topics_.end()) {
    std::erase_if(topic->second,
                  [&](const Subscriber& subscriber) { return subscriber.client == id && subscriber.channel == name; });
    if (topic->second.empty()) topics_.erase(topic);
  }
  client.subscriptions.erase(subscription);
}

std::string DeribitExchange::reply_text(std::string_view id, const RpcReply& reply, MonoTime now) {
  const std::int64_t in = microseconds_of(content_->venue_time(now));
  const std::int64_t took = 40 + static_cast<std::int64_t>(random_.index(300));
  JsonObject text;
  text.text("jsonrpc", "2.0");
  if (!id.empty()) text.raw("id", id);
  if (reply.ok()) {
    text.raw("result", reply.value());
  } else {
    JsonObject error;
    error.integer("code", reply.error().code).text("message", reply.error().message);
    if (!reply.error().data.empty()) error.raw("data", reply.error().data);
    text.raw("error", error.str());
  }
  text.integer("usIn", in).integer("usOut", in + took).integer("usDiff", took).boolean("testnet", config_.testnet);
  return text.str(config_.vary_key_order && random_.chance(0.25) ? random_.index(7) : 0);
}

std::string DeribitExchange::notification_text(const Subscriber& subscriber, std::string_view data) {
  JsonObject params;
  params.text("channel", subscriber.channel).raw("data", data);
  if (!subscriber.label.empty()) params.text("label", subscriber.label);
  const bool rotate = config_.vary_key_order && random_.chance(0.2);
  JsonObject text;
  text.text("jsonrpc", "2.0").text("method", "subscription").raw("params", params.str(rotate ? 1 : 0));
  return text.str(rotate ? random_.index(3) : 0);
}

void DeribitExchange::handle(ClientId id, std::string_view text, MonoTime now, std::vector<Outgoing>& out) {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.closing) return;
  Client& client = found->second;
  client.last_request = now;
  std::vector<Outgoing> first;
  const auto answer = [&](std::string_view request_id, const RpcReply& reply) {
    produced_.push_back({.client = id, .kind = FrameClass::Reply, .text = reply_text(request_id, reply, now)});
    if (!reply.ok() && reply.error().code == kTooManyRequests) {
      client.closing = true;
      produced_.push_back({.client = id, .kind = FrameClass::Reply, .close = true, .reason = "too_many_requests"});
    }
  };
  simdjson::dom::object request;
  std::string_view method;
  if (text.size() > kMostRequestBytes) {
    answer({}, RpcError{-32600, "Request entity too large", {}});
  } else if (parser_.parse(text.data(), text.size()).get(request) != simdjson::SUCCESS) {
    answer({}, RpcError{-32700, "Parse error", {}});
  } else if (const auto request_id = id_of(request); !request_id) {
    answer({}, RpcError{-32600, "Invalid Request", JsonObject{}.text("reason", "id is required").str()});
  } else if (request.at_key("method").get(method) != simdjson::SUCCESS) {
    answer(*request_id, RpcError{-32600, "Invalid Request", JsonObject{}.text("reason", "method is required").str()});
  } else {
    simdjson::dom::object params;
    const bool has_params = request.at_key("params").get(params) == simdjson::SUCCESS;
    Call current{.client = id,
                 .token = live_token(client, now),
                 .method = method,
                 .params = has_params ? Params{params} : Params{},
                 .now = now,
                 .first = &first};
    answer(*request_id, call(current));
  }
  std::move(first.begin(), first.end(), std::back_inserter(produced_));
  faults_.pass(produced_, now, out);
}

const DeribitExchange::Token* DeribitExchange::live_token(const Client& client, MonoTime now) const {
  return client.token && now < client.token->ends ? &*client.token : nullptr;
}

bool DeribitExchange::affordable(std::string_view method, bool authenticated, MonoTime now) {
  if (!config_.rate_limits) return true;
  Pools& pools = authenticated ? authenticated_ : anonymous_;
  if (method.ends_with("/subscribe")) return pools.subscribe.take(3'000, now);
  if (method == "public/get_instruments") return pools.instruments.take(10'000, now);
  return pools.general.take(500, now);
}

RpcReply DeribitExchange::call(Call& call) {
  if (faults_.active(FaultKind::Maintenance, call.now)) return RpcError{kMaintenance, "system_maintenance", {}};
  const bool refused = call.client && clients_.at(*call.client).refuse_next;
  if (refused || !affordable(call.method, call.token != nullptr, call.now))
    return RpcError{kTooManyRequests, "too_many_requests", {}};
  const std::string_view method = call.method;
  if (method == "public/auth") return auth(call);
  if (method == "public/hello" || method == "public/test") {
    if (call.client) clients_.at(*call.client).test_due.reset();
    return JsonObject{}.text("version", "1.2.99").str();
  }
  if (method == "public/get_time") return std::to_string(milliseconds_of(content_->venue_time(call.now)));
  if (method == "public/status") return JsonObject{}.text("locked", "false").raw("locked_indices", "[]").str();
  if (method == "public/set_heartbeat") return set_heartbeat(call);
  if (method == "public/disable_heartbeat") {
    if (call.client) {
      clients_.at(*call.client).heartbeat.reset();
      clients_.at(*call.client).test_due.reset();
    }
    return std::string{"\"ok\""};
  }
  const bool is_private = method.starts_with("private/");
  if (is_private) {
    // A token sent along counts as much as the connection's own; both end.
    const auto sent = call.params.text("access_token");
    if (call.token == nullptr) return unauthorized(call.client && clients_.at(*call.client).token ? "token expired" : "no token");
    if (sent && *sent != call.token->access) return unauthorized("unknown token");
  }
  if (method == "public/subscribe") return subscribe(call, false);
  if (method == "private/subscribe") return subscribe(call, true);
  if (method == "public/unsubscribe" || method == "private/unsubscribe") return unsubscribe(call, false);
  if (method == "public/unsubscribe_all" || method == "private/unsubscribe_all") return unsubscribe(call, true);
  if (method == "private/logout") {
    if (call.client) clients_.at(*call.client).token.reset();
    return std::string{"\"ok\""};
  }
  if (is_private) {
    const Scope& scope = call.token->scope;
    const bool about_trades = method == "private/get_positions" || method == "private/get_position" ||
                              method.find("trades") != std::string_view::npos || method.find("orders") != std::string_view::npos;
    if ((about_trades ? scope.trade : scope.account) == Access::None)
      return RpcError{kScopeExceeded, "scope_exceeded",
                      JsonObject{}.text("reason", about_trades ? "trade:read" : "account:read").str()};
  }
  if (auto reply = content_->answer(method, call.params, call.now)) return std::move(*reply);
  return RpcError{-32601, "Method not found", {}};
}

const ApiKey* DeribitExchange::key_of(std::string_view client_id) const {
  const auto found =
      std::find_if(config_.keys.begin(), config_.keys.end(), [&](const ApiKey& key) { return key.client_id == client_id; });
  return found == config_.keys.end() ? nullptr : &*found;
}

RpcReply DeribitExchange::auth(Call& call) {
  const RpcError refused{kInvalidCredentials, "invalid_credentials", {}};
  const auto grant = call.params.text("grant_type");
  if (!grant) return invalid_params("grant_type", "is missing");
  const ApiKey* key = nullptr;
  std::optional<Scope> kept;
  if (*grant == "refresh_token") {
    const auto refresh = call.params.text("refresh_token");
    if (!refresh) return invalid_params("refresh_token", "is missing");
    const auto holds = [&](const Token& token) { return same_secret(token.refresh, *refresh); };
    for (const auto& [id, client] : clients_)
      if (client.token && holds(*client.token)) {
        key = key_of(client.token->client_id);
        kept = client.token->scope;
      }
    for (const Token& token : http_tokens_)
      if (holds(token)) {
        key = key_of(token.client_id);
        kept = token.scope;
      }
    if (key == nullptr) return refused;
  } else {
    const auto client_id = call.params.text("client_id");
    if (!client_id) return invalid_params("client_id", "is missing");
    key = key_of(*client_id);
    if (key == nullptr) return refused;
    if (*grant == "client_credentials") {
      const auto secret = call.params.text("client_secret");
      if (!secret) return invalid_params("client_secret", "is missing");
      if (!same_secret(*secret, key->client_secret)) return refused;
    } else if (*grant == "client_signature") {
      const auto timestamp = call.params.integer("timestamp");
      const auto signature = call.params.text("signature");
      if (!timestamp) return invalid_params("timestamp", "is missing");
      if (!signature) return invalid_params("signature", "is missing");
      const std::string message =
          std::to_string(*timestamp) + "\n" + call.params.text("nonce").value_or("") + "\n" + call.params.text("data").value_or("");
      if (!same_secret(*signature, hmac_sha256_hex(key->client_secret, message))) return refused;
      const std::int64_t age = milliseconds_of(content_->venue_time(call.now)) - *timestamp;
      if (config_.check_signature_age && std::abs(age) > 60'000) return refused;
    } else {
      return invalid_params("grant_type", "must be client_credentials, client_signature or refresh_token");
    }
  }
  Scope scope;
  const Access most = key->read_write ? Access::ReadWrite : Access::Read;
  if (kept) {
    scope = *kept;
  } else {
    const auto asked = call.params.text("scope");
    scope.session = "connection";
    if (!asked) scope.account = scope.trade = scope.wallet = scope.block_trade = most;
    for (const std::string_view word : words(asked ? *asked : std::string_view{})) {
      if (word.starts_with("session:") && word.size() > 8) scope.session = word;
      const std::size_t colon = word.find(':');
      if (colon == std::string_view::npos) continue;
      const std::string_view level = word.substr(colon + 1);
      const Access granted = std::min(most, level == "read_write" ? Access::ReadWrite
                                            : level == "read"     ? Access::Read
                                                                  : Access::None);
      const std::string_view area = word.substr(0, colon);
      if (area == "account") scope.account = granted;
      if (area == "trade") scope.trade = granted;
      if (area == "wallet") scope.wallet = granted;
      if (area == "block_trade") scope.block_trade = granted;
    }
  }
  return issue(call, *key, std::move(scope));
}

std::string DeribitExchange::issue(Call& call, const ApiKey& key, Scope scope) {
  const std::string stem = std::to_string(milliseconds_of(content_->venue_time(call.now))) + "." + std::to_string(next_token_++) +
                           "-" + std::to_string(random_.next());
  Token token{.access = stem + ".access",
              .refresh = stem + ".refresh",
              .scope = std::move(scope),
              .ends = call.now + config_.token_lifetime,
              .client_id = key.client_id};
  const auto word = [](Access access) {
    return access == Access::ReadWrite ? "read_write" : access == Access::Read ? "read" : "none";
  };
  const std::string granted = token.scope.session + " account:" + word(token.scope.account) + " trade:" + word(token.scope.trade) +
                              " wallet:" + word(token.scope.wallet) + " block_trade:" + word(token.scope.block_trade) +
                              " mainaccount";
  std::string reply = JsonObject{}
                          .text("access_token", token.access)
                          .text("refresh_token", token.refresh)
                          .text("token_type", "bearer")
                          .integer("expires_in", config_.token_lifetime.count())
                          .text("scope", granted)
                          .raw("enabled_features", "[]")
                          .text("sid", stem)
                          .str(config_.vary_key_order ? random_.index(7) : 0);
  if (call.client) {
    clients_.at(*call.client).token = std::move(token);
  } else {
    constexpr std::size_t kMostHttpTokens = 16;
    if (http_tokens_.size() >= kMostHttpTokens) http_tokens_.erase(http_tokens_.begin());
    http_tokens_.push_back(std::move(token));
  }
  return reply;
}

RpcReply DeribitExchange::set_heartbeat(Call& call) {
  const auto interval = call.params.integer("interval");
  if (!interval) return invalid_params("interval");
  if (*interval < 10 || *interval > 3'600) return invalid_params("interval", "value too low");
  if (!call.client) return RpcError{-32600, "Invalid Request", JsonObject{}.text("reason", "needs a websocket").str()};
  Client& client = clients_.at(*call.client);
  client.heartbeat = seconds{*interval};
  client.next_heartbeat = call.now + *client.heartbeat;
  client.test_due.reset();
  return std::string{"\"ok\""};
}

RpcReply DeribitExchange::subscribe(Call& call, bool is_private) {
  if (!call.client) return RpcError{-32600, "Invalid Request", JsonObject{}.text("reason", "needs a websocket").str()};
  const auto channels = call.params.texts("channels");
  if (!channels) return invalid_params("channels");
  if (channels->size() > kMostChannelsPerCall) return invalid_params("channels", "too many channels");
  Client& client = clients_.at(*call.client);
  std::vector<std::pair<std::string, Channel>> accepted;
  for (const std::string& name : *channels) {
    auto channel = parse_channel(name);
    if (!channel || !content_->offers(*channel) || (channel->is_private() && !is_private)) continue;
    if (channel->interval == Interval::Raw && !channel->is_private() && call.token == nullptr)
      return RpcError{kRawNeedsLogin, "raw_subscriptions_not_available_for_unauthorized", {}};
    if (channel->is_private()) {
      const bool portfolio = channel->kind == ChannelKind::UserPortfolio;
      const Scope& scope = call.token->scope;
      if (scope.trade == Access::None && !(portfolio && scope.account != Access::None)) continue;
    }
    if (faults_.active(FaultKind::RefusedChannel, call.now, name)) continue;
    accepted.emplace_back(name, std::move(*channel));
  }
  std::vector<std::string> names;
  for (auto& [name, channel] : accepted) {
    names.push_back(json_string(name));
    // A second subscription changes nothing: no new snapshot.
    if (client.subscriptions.contains(name)) continue;
    Subscriber subscriber{.client = *call.client,
                          .channel = name,
                          .label = call.params.text("label").value_or(""),
                          .interval = channel.interval,
                          .kind = class_of(channel),
                          .pending = {}};
    std::vector<Notification> first;
    content_->on_subscribed(channel, call.now, first);
    for (const Notification& notification : first)
      call.first->push_back({.client = *call.client,
                             .kind = notification.kind,
                             .channel = name,
                             .text = notification_text(subscriber, notification.data)});
    topics_[channel.topic()].push_back(std::move(subscriber));
    client.subscriptions.emplace(std::move(name), std::move(channel));
  }
  // The venue answers in an order of its own.
  std::reverse(names.begin(), names.end());
  return json_array(names);
}

RpcReply DeribitExchange::unsubscribe(Call& call, bool all) {
  if (!call.client) return RpcError{-32600, "Invalid Request", JsonObject{}.text("reason", "needs a websocket").str()};
  Client& client = clients_.at(*call.client);
  if (all) {
    while (!client.subscriptions.empty()) drop_subscription(*call.client, std::string{client.subscriptions.begin()->first});
    return std::string{"\"ok\""};
  }
  const auto channels = call.params.texts("channels");
  if (!channels) return invalid_params("channels");
  std::vector<std::string> names;
  for (const std::string& name : *channels) {
    if (!client.subscriptions.contains(name)) continue;
    drop_subscription(*call.client, name);
    names.push_back(json_string(name));
  }
  return json_array(names);
}

bool DeribitExchange::may_receive(ClientId id, FrameClass kind, MonoTime now) const {
  const auto found = clients_.find(id);
  if (found == clients_.end() || found->second.closing) return false;
  return kind != FrameClass::Account || live_token(found->second, now) != nullptr;
}

void DeribitExchange::publish(const Notification& notification, MonoTime now, std::vector<Outgoing>& out) {
  const auto topic = topics_.find(notification.topic);
  if (topic == topics_.end()) return;
  for (Subscriber& subscriber : topic->second) {
    if (!may_receive(subscriber.client, notification.kind, now)) continue;
    const bool conflated = subscriber.interval == Interval::Aggregated && notification.kind != FrameClass::BookChange &&
                           notification.kind != FrameClass::BookSnapshot;
    if (conflated) {
      subscriber.pending = joined(std::move(subscriber.pending), notification.data);
      continue;
    }
    out.push_back({.client = subscriber.client,
                   .kind = notification.kind,
                   .channel = subscriber.channel,
                   .text = notification_text(subscriber, notification.data)});
  }
}

void DeribitExchange::flush_aggregated(MonoTime now, std::vector<Outgoing>& out) {
  if (now < next_flush_) return;
  next_flush_ = now + seconds{1};
  for (auto& [topic, subscribers] : topics_)
    for (Subscriber& subscriber : subscribers) {
      if (subscriber.pending.empty()) continue;
      const std::string data = std::exchange(subscriber.pending, {});
      if (!may_receive(subscriber.client, subscriber.kind, now)) continue;
      out.push_back({.client = subscriber.client,
                     .kind = subscriber.kind,
                     .channel = subscriber.channel,
                     .text = notification_text(subscriber, data)});
    }
}

void DeribitExchange::beat(MonoTime now, std::vector<Outgoing>& out) {
  for (auto& [id, client] : clients_) {
    if (client.closing || !client.heartbeat) continue;
    if (client.test_due && now >= *client.test_due) {
      client.closing = true;
      out.push_back({.client = id, .kind = FrameClass::Heartbeat, .close = true, .reason = "test_request was not answered"});
      continue;
    }
    if (now < client.next_heartbeat) continue;
    // Proof of life is asked for when nothing was heard for a whole interval.
    const bool ask = now - client.last_request >= *client.heartbeat && !client.test_due;
    client.next_heartbeat = now + *client.heartbeat;
    if (ask) client.test_due = now + *client.heartbeat;
    out.push_back({.client = id,
                   .kind = FrameClass::Heartbeat,
                   .text = JsonObject{}
                               .text("jsonrpc", "2.0")
                               .text("method", "heartbeat")
                               .raw("params", JsonObject{}.text("type", ask ? "test_request" : "heartbeat").str())
                               .str(config_.vary_key_order ? random_.index(3) : 0)});
  }
}

void DeribitExchange::take_turns(MonoTime now, std::vector<Outgoing>& out) {
  const auto announce = [&](std::string topic, std::string data, FrameClass kind) {
    publish({std::move(topic), std::move(data), kind}, now, out);
  };
  const auto forced = [&](std::string_view state) {
    announce("user.liquidation",
             JsonObject{}
                 .text("state", state)
                 .integer("user_id", 4'711)
                 .integer("timestamp", milliseconds_of(content_->venue_time(now)))
                 .str(),
             FrameClass::Account);
  };
  for (const FaultInjector::Turn& turn : faults_.turns(now)) {
    switch (turn.kind) {
      case FaultKind::RateLimit:
        for (auto& [id, client] : clients_) client.refuse_next = true;
        break;
      case FaultKind::Disconnect:
        for (auto& [id, client] : clients_) {
          if (client.closing) continue;
          client.closing = true;
          out.push_back({.client = id, .kind = FrameClass::Reply, .close = true, .reason = "drill"});
        }
        break;
      case FaultKind::Maintenance:
        announce("platform_state", JsonObject{}.boolean("maintenance", turn.begins).str(), FrameClass::Platform);
        break;
      case FaultKind::MarketLock:
        announce(
            "platform_state",
            JsonObject{}.text("price_index", turn.target.empty() ? "btc_usd" : turn.target).boolean("locked", turn.begins).str(),
            FrameClass::Platform);
        break;
      case FaultKind::Lock:
        announce("user.lock", JsonObject{}.boolean("locked", turn.begins).text("currency", "ALL").str(), FrameClass::Account);
        break;
      case FaultKind::Liquidation:
        forced("liquidation_started");
        forced("liquidation_completed");
        break;
      case FaultKind::AutoDeleveraging:
        forced("adl_transfer");
        break;
      case FaultKind::TokenExpiry:
        for (auto& [id, client] : clients_)
          if (client.token) client.token->ends = now;
        http_tokens_.clear();
        break;
      default:
        break;
    }
  }
}

void DeribitExchange::poll(MonoTime now, std::size_t most, std::vector<Outgoing>& out) {
  take_turns(now, produced_);
  beat(now, produced_);
  const bool dark = faults_.active(FaultKind::Maintenance, now);
  notifications_.clear();
  content_->poll(
      now, most, [&](const std::string& topic) { return topics_.contains(topic); }, notifications_);
  for (const Notification& notification : notifications_)
    if (!dark || notification.kind == FrameClass::Platform) publish(notification, now, produced_);
  flush_aggregated(now, produced_);
  faults_.pass(produced_, now, out);
}

const DeribitExchange::Token* DeribitExchange::token_of_header(std::string_view authorization, std::string_view verb,
                                                               std::string_view target, std::string_view body, MonoTime now) {
  if (authorization.starts_with("Bearer ")) {
    const std::string_view sent = authorization.substr(7);
    for (const Token& token : http_tokens_)
      if (same_secret(token.access, sent) && now < token.ends) return &token;
    for (const auto& [id, client] : clients_)
      if (const Token* token = live_token(client, now); token != nullptr && same_secret(token->access, sent)) return token;
    return nullptr;
  }
  constexpr std::string_view kSigned = "deri-hmac-sha256 ";
  if (!authorization.starts_with(kSigned)) return nullptr;
  std::map<std::string_view, std::string_view> fields;
  for (std::string_view rest = authorization.substr(kSigned.size()); !rest.empty();) {
    const std::string_view field = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    const std::size_t equals = std::min(field.find('='), field.size());
    fields[field.substr(0, equals)] = equals < field.size() ? field.substr(equals + 1) : std::string_view{};
  }
  const ApiKey* key = key_of(fields["id"]);
  if (key == nullptr) return nullptr;
  const std::string message = std::string{fields["ts"]} + "\n" + std::string{fields["nonce"]} + "\n" + std::string{verb} + "\n" +
                              std::string{target} + "\n" + std::string{body} + "\n";
  if (!same_secret(fields["sig"], hmac_sha256_hex(key->client_secret, message))) return nullptr;
  const Access most = key->read_write ? Access::ReadWrite : Access::Read;
  header_token_ = std::make_unique<Token>();
  header_token_->scope = {most, most, most, most, "connection"};
  header_token_->client_id = key->client_id;
  return header_token_.get();
}

HttpReply DeribitExchange::handle_http(std::string_view verb, std::string_view target, std::string_view authorization,
                                       std::string_view body, MonoTime now) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  const std::string_view query = mark < target.size() ? target.substr(mark + 1) : std::string_view{};
  if (path.starts_with("/control/")) return control(verb, path.substr(9), body, now);
  constexpr std::string_view kPrefix = "/api/v2";
  if (!path.starts_with(kPrefix)) return {404, R"({"error":"there is /api/v2/<method>, /ws/api/v2 and /control/faults"})"};
  path.remove_prefix(kPrefix.size());
  if (path.starts_with('/')) path.remove_prefix(1);

  std::string request_text;
  std::string method{path};
  std::string id;
  simdjson::dom::object params;
  Params parsed;
  if (verb == "POST") {
    simdjson::dom::object request;
    request_text = body;
    if (body.size() > kMostRequestBytes || parser_.parse(request_text).get(request) != simdjson::SUCCESS)
      return {400, reply_text({}, RpcError{-32700, "Parse error", {}}, now)};
    id = id_of(request).value_or("");
    std::string_view named;
    if (request.at_key("method").get(named) == simdjson::SUCCESS) method = named;
    if (request.at_key("params").get(params) == simdjson::SUCCESS) parsed = Params{params};
  } else {
    request_text = query_as_json(query);
    if (parser_.parse(request_text).get(params) == simdjson::SUCCESS) parsed = Params{params};
  }
  Call current{.client = {},
               .token = token_of_header(authorization, verb, target, body, now),
               .method = method,
               .params = parsed,
               .now = now,
               .first = nullptr};
  const RpcReply reply = call(current);
  int status = 200;
  if (!reply.ok()) {
    const int code = reply.error().code;
    status = code == kUnauthorized || code == kInvalidCredentials ? 401
             : code == kScopeExceeded                             ? 403
             : code == kTooManyRequests                           ? 429
             : code == kMaintenance                               ? 503
                                                                  : 400;
  }
  return {status, reply_text(id, reply, now)};
}

HttpReply DeribitExchange::control(std::string_view verb, std::string_view path, std::string_view body, MonoTime now) {
  ControlState state{.clients = clients_.size(), .venue_time = content_->venue_time(now)};
  for (const auto& [id, client] : clients_) state.subscriptions += client.subscriptions.size();
  return answer_control(verb, path, body, now, state, faults_,
                        [&](std::string_view name, const Params& params) { return content_->drill(name, params, now); });
}

}  // namespace hedgewatch::simulator
