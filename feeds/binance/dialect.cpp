#include "feeds/binance/dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace hedgewatch::binance {

namespace {

using namespace std::chrono_literals;

enum class CallKind : std::uint32_t {
  BookSnapshot = kBookSnapshotCall,
  Listings,
  FundingInfo,
  ServerTime,
  ListenKey,
  KeepAlive,
  Positions,
  Account,
  Permissions
};
constexpr std::uint32_t number(CallKind kind) { return static_cast<std::uint32_t>(kind); }

/// A connection of an account has no topics to ask for: what it carries hangs on the key in its path. This one stands for it.
constexpr std::string_view kAccountTopic = "account";

/// Marks come each second.
constexpr std::chrono::seconds kMarkSilence{15};
/// A perpetual's quotes and books hardly ever rest that long; those of dated futures and of spot pairs may.
constexpr std::chrono::nanoseconds kQuoteSilence = 60s;
constexpr std::chrono::nanoseconds kQuietSilence = 10min;

/// Below the 24 hours after which the venue cuts.
constexpr std::chrono::hours kLife{23};
/// A key for the private stream lasts for an hour.
constexpr std::chrono::minutes kKeepAlive{25};

std::string_view symbol_of(std::string_view name) {
  return name.ends_with(kSpotSuffix) ? name.substr(0, name.size() - kSpotSuffix.size()) : name;
}

Product product_of(const Contract& contract) {
  if (contract.kind == ContractKind::Spot) return Product::Spot;
  if (contract.kind == ContractKind::Option) return Product::Options;
  return contract.style == PayoffStyle::Inverse ? Product::CoinMargined : Product::UsdMargined;
}

}  // namespace

std::string_view websocket_path(Product product, StreamPath path) {
  if (product == Product::Spot) return path == StreamPath::Private ? "/ws-api/v3" : "/stream";
  if (product == Product::CoinMargined) return path == StreamPath::Private ? "/ws" : "/stream";
  constexpr std::array<std::string_view, 3> kPaths{"/public/stream", "/market/stream", "/private/ws"};
  return kPaths[static_cast<std::size_t>(path)];
}

Dialect::Dialect(DialectOptions options, SymbolTable& symbols)
    : options_{std::move(options)}, decoder_{symbols, options_.product, options_.decoding} {
  // What an account holds has to be known, whatever its coin.
  if (!is_account()) decoder_.list_only(options_.coins);
}

StreamLimits Dialect::limits() const {
  // Ten messages a second are allowed, five of spot, and 1,024 streams, of options 200.
  return {.ping_interval = 10s,
          .life = kLife,
          .topics = options_.product == Product::Options ? std::size_t{200} : std::size_t{1'000},
          .topics_per_request = 100,
          .bytes_per_request = 8'000,
          .requests_at_once = 3,
          .requests_per_second = 2,
          .calls_at_once = 10,
          .calls_per_second = 5};
}

SpliceRule Dialect::splice_rule() const { return is_spot() ? SpliceRule::NextNumber : SpliceRule::NamedPredecessor; }

void Dialect::calls_before_open(std::vector<StreamCall>& calls) {
  if (is_account() && !is_spot()) calls.push_back({.kind = number(CallKind::ListenKey), .about = "listen key"});
}

std::string Dialect::path_suffix() const { return listen_key_.empty() ? std::string{} : "/" + listen_key_; }

std::optional<std::string> Dialect::login(std::uint64_t id, WallTime now) {
  if (!is_account() || !is_spot()) return std::nullopt;
  login_request_ = id;
  // A key that cannot sign is refused by the venue, which says so.
  return spot_account_request(id, options_.credential, now).value_or(spot_ping_request(id));
}

std::string Dialect::ping(std::uint64_t id) {
  return is_account() && is_spot() ? spot_ping_request(id) : subscriptions_request(id);
}

std::string Dialect::subscribe(std::uint64_t id, std::span<const std::string> topics) {
  if (!is_account()) return subscribe_request(id, topics);
  topic_request_ = id;
  return ping(id);
}

std::string Dialect::unsubscribe(std::uint64_t id, std::span<const std::string> topics) {
  return is_account() ? subscribe(id, topics) : unsubscribe_request(id, topics);
}

void Dialect::standing_topics(std::vector<StreamTopic>& topics) {
  if (is_account()) {
    topics.push_back({.name = std::string{kAccountTopic}});
  } else if (options_.path == StreamPath::Market && options_.product == Product::Options) {
    for (const AssetCode coin : options_.coins)
      topics.push_back({.name = option_marks_stream(std::string{coin.view()} + "USDT"), .silence_limit = kMarkSilence});
  } else if (options_.product == Product::CoinMargined) {
    for (const AssetCode coin : options_.coins) topics.push_back({.name = pair_index_stream(std::string{coin.view()} + "USD")});
  }
}

void Dialect::topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) {
  const std::string_view symbol = symbol_of(contract.name.view());
  const bool option = contract.kind == ContractKind::Option;
  // Of an option the chain's stream tells marks and quotes.
  if (option && options_.path == StreamPath::Market)
    topics.push_back({.name = option_marks_stream(std::string{contract.base.view()} + "USDT"), .silence_limit = kMarkSilence});
  if (has_marks() && !option && !is_spot()) topics.push_back({.name = mark_price_stream(symbol), .silence_limit = kMarkSilence});
  if (options_.path != StreamPath::Public || (option && !with_book)) return;
  const std::chrono::nanoseconds silence = option ? 0s : contract.kind == ContractKind::Perpetual ? kQuoteSilence : kQuietSilence;
  topics.push_back({.name = book_ticker_stream(symbol), .silence_limit = silence});
  if (with_book) topics.push_back({.name = depth_stream(symbol), .is_book = true, .silence_limit = silence});
}

bool Dialect::carries(const Contract& contract) const { return product_of(contract) == options_.product; }

Result<Decoded, DecodeError> Dialect::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  const auto decoded = decoder_.decode(frame, received, out);
  detail_ = decoder_.detail();
  if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return decoded;
  const auto id = request_id();
  if (id && id == login_request_) {
    detail_.control = ControlKind::LoggedIn;
    return Decoded{FrameKind::Control, "login"};
  }
  if (id && id == topic_request_) {
    detail_.control = ControlKind::Acknowledged;
    return Decoded{FrameKind::Control, "acknowledgement"};
  }
  return decoded;
}

std::optional<std::uint64_t> Dialect::request_id() const {
  std::uint64_t id = 0;
  const char* const end = detail_.request.data() + detail_.request.size();
  const auto [rest, fault] = std::from_chars(detail_.request.data(), end, id);
  return fault == std::errc{} && rest == end && !detail_.request.empty() ? std::optional{id} : std::nullopt;
}

StreamReaction Dialect::reaction_to(std::int64_t code, std::string_view /*message*/) const {
  switch (code) {
    case -1003:
    case -1008:
    case -1015:
    case 403:  // the firewall
    case 418:  // banned for going on after 429
    case 429:
      return StreamReaction::BackOff;
    case -1016:
    case 503:
      return StreamReaction::Maintenance;
    case -1125:
      return StreamReaction::Login;
    case -1002:
    case -1022:
    case -2014:
    case -2015:
      return StreamReaction::Refused;
    case -1000:
    case -1001:
    case -1006:
    case -1007:
    case -1021:
      return StreamReaction::Retry;
    default:
      return code >= 500 ? StreamReaction::Retry : StreamReaction::Note;
  }
}

void Dialect::forget_connection() {
  login_request_.reset();
  topic_request_.reset();
}

void Dialect::calls_at_open(std::vector<StreamCall>& calls) {
  const auto add = [&](CallKind kind, std::string_view about, std::chrono::nanoseconds every) {
    calls.push_back({.kind = number(kind), .about = std::string{about}, .every = every});
  };
  add(CallKind::ServerTime, "server time", is_account() ? 10min : 1min);
  if (!is_account()) {
    add(CallKind::Listings, "listings", 10min);
    if (has_marks() && (options_.product == Product::UsdMargined || options_.product == Product::CoinMargined))
      add(CallKind::FundingInfo, "funding intervals", 1h);
    return;
  }
  add(CallKind::Permissions, "permissions", 0s);
  if (!is_spot()) {
    add(CallKind::KeepAlive, "listen key", kKeepAlive);
    add(CallKind::Positions, "positions", 20s);
  }
  add(CallKind::Account, "account", is_spot() ? 60s : 20s);
}

void Dialect::calls_to_reconcile(std::vector<StreamCall>& calls) {
  if (!is_account()) return;
  if (!is_spot()) calls.push_back({.kind = number(CallKind::Positions), .about = "positions", .every = 20s});
  calls.push_back({.kind = number(CallKind::Account), .about = "account", .every = is_spot() ? 60s : 20s});
}

void Dialect::calls_to_define(std::string_view /*name*/, std::vector<StreamCall>& calls) {
  // One list has the whole market.
  calls.push_back({.kind = number(CallKind::Listings), .about = "listings"});
}

std::optional<HttpCall> Dialect::request_of(const StreamCall& call, WallTime now) {
  switch (static_cast<CallKind>(call.kind)) {
    case CallKind::BookSnapshot:
      return depth_request(options_.product, symbol_of(call.about));
    case CallKind::Listings:
      return instruments_request(options_.product);
    case CallKind::FundingInfo:
      return funding_info_request(options_.product);
    case CallKind::ServerTime:
      return server_time_request(options_.product);
    case CallKind::ListenKey:
      return listen_key_request(options_.product, HttpVerb::Post, options_.credential);
    case CallKind::KeepAlive:
      return listen_key_request(options_.product, HttpVerb::Put, options_.credential);
    case CallKind::Positions:
      return positions_request(options_.product, options_.credential, now);
    case CallKind::Account:
      return account_request(options_.product, options_.credential, now);
    case CallKind::Permissions: {
      auto request = permissions_request(options_.credential, now);
      if (request) request->host = options_.permissions_host;
      return request;
    }
  }
  return std::nullopt;
}

bool Dialect::states_positions(const StreamCall& call) const { return call.kind == number(CallKind::Positions); }

Result<StreamAnswer, DecodeError> Dialect::read(const StreamCall& call, unsigned status, simdjson::padded_string_view body,
                                                MonoTime received, EventBatch& out) {
  StreamAnswer answer;
  const bool good = status >= 200 && status < 300;
  const auto decoded = decoder_.decode(body, received, out);
  detail_ = decoder_.detail();
  if (!good || (decoded.ok() && detail_.control == ControlKind::Error)) {
    // A firewall's page is no JSON.
    const bool told = decoded.ok() && detail_.control == ControlKind::Error && detail_.code != 0;
    answer.code = told ? detail_.code : status;
    message_ = told ? detail_.message : std::string_view{};
    answer.message = message_;
    return answer;
  }
  if (!decoded.ok()) return decoded.error();
  if (decoded.value().kind != FrameKind::Reply) return DecodeError{DecodeFault::UnknownWord, "reply", {}};

  Result<Decoded, DecodeError> read{Decoded{FrameKind::Reply, {}}};
  switch (static_cast<CallKind>(call.kind)) {
    case CallKind::BookSnapshot:
      read = decoder_.decode_depth(symbol_of(call.about), received, out);
      break;
    case CallKind::Listings:
      read = decoder_.decode_instruments(received, out);
      break;
    case CallKind::FundingInfo:
      read = decoder_.decode_funding_info(received, out);
      break;
    case CallKind::ServerTime: {
      const auto time = decoder_.decode_server_time();
      if (!time.ok()) return time.error();
      answer.venue_time = time.value();
      break;
    }
    case CallKind::ListenKey:
      if (detail_.token.empty()) return DecodeError{DecodeFault::MissingField, "listenKey", "listenKey"};
      listen_key_ = detail_.token;
      break;
    case CallKind::KeepAlive:
      break;
    case CallKind::Positions:
      read = decoder_.decode_positions(received, out);
      break;
    case CallKind::Account:
      read = decoder_.decode_account(received, out);
      break;
    case CallKind::Permissions: {
      const auto may_trade = decoder_.decode_may_trade();
      if (!may_trade.ok()) return may_trade.error();
      answer.key_may_trade = may_trade.value();
      break;
    }
  }
  detail_ = decoder_.detail();
  if (!read.ok()) return read.error();
  return answer;
}

}  // namespace hedgewatch::binance
