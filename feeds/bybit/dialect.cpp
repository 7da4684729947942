#include "feeds/bybit/dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace hedgewatch::bybit {

namespace {

using std::chrono::seconds;

enum Call : std::uint32_t { kInstruments = kBookSnapshotCall + 1, kStatus, kKey, kPositions, kWallet, kGreeks };

constexpr auto kListingInterval = seconds{60};
constexpr auto kStatusInterval = seconds{30};
constexpr auto kWalletInterval = seconds{2};
constexpr auto kPositionsInterval = seconds{10};
constexpr auto kGreeksInterval = seconds{10};

/// Some room for the venue's limit of 21,000 characters in all topics of a connection.
constexpr std::size_t kMostOptionTopics = 600;
constexpr std::size_t kMostTopics = 800;

/// Futures tell what changed, at least the mark of something that trades; subscribed anew, they tell all.
constexpr auto kTickerSilence = seconds{60};
/// Longer than two listings are apart: an option that has expired is dropped before its silence says anything.
constexpr auto kOptionSilence = seconds{75};
/// The first level is repeated every three seconds.
constexpr auto kFirstLevelSilence = seconds{20};
constexpr auto kBookSilence = seconds{60};

/// The account's positions are stated market by market; together they are the whole.
struct PositionList {
  Category category;
  std::string_view settlement;
};
constexpr std::array kPositionLists{PositionList{Category::Linear, "USDT"}, PositionList{Category::Linear, "USDC"},
                                    PositionList{Category::Inverse, ""}, PositionList{Category::Option, ""}};

constexpr std::int64_t kBadSignature = 10'004;
/// What the venue says where its service is started anew; here also for maintenance that it has announced.
constexpr std::int64_t kServiceRestarts = 10'019;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Which of the lists a page belongs to, and the venue's own cursor in it: "2|first%3D200".
struct PositionPage {
  std::size_t list = 0;
  std::string_view cursor;
};
PositionPage position_page(std::string_view page) {
  const std::size_t bar = page.find('|');
  if (bar == std::string_view::npos) return {};
  return {static_cast<std::size_t>(number_in(page.substr(0, bar)).value_or(0)) % kPositionLists.size(), page.substr(bar + 1)};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

Dialect::Dialect(DialectOptions options, SymbolTable& symbols)
    : options_{std::move(options)},
      symbols_{symbols},
      // An account may hold what is not discovered, an option of another coin: its name tells what it is, and it must not look
      // flat.
      decoder_{symbols,
               options_.category,
               {.connection = options_.connection,
                .account = options_.account,
                .unlisted = options_.credential ? UnlistedInstrument::Imply : UnlistedInstrument::Refuse}} {}

StreamLimits Dialect::limits() const {
  const bool option = options_.category == Category::Option && !options_.credential;
  StreamLimits limits;
  limits.topics = option ? kMostOptionTopics : kMostTopics;
  // One topic that is none refuses its whole request, but for options, where each is answered for itself.
  limits.topics_per_request = option ? 50 : 1;
  limits.requests_at_once = 50;
  limits.requests_per_second = 20;
  return limits;
}

void Dialect::calls_before_open(std::vector<StreamCall>& calls) {
  if (options_.credential) calls.push_back({.kind = kKey, .about = "user/query-api"});
}

std::optional<std::string> Dialect::login(std::uint64_t id, WallTime now) {
  if (!options_.credential) return std::nullopt;
  return auth_request(std::to_string(id), *options_.credential, now);
}

std::string Dialect::ping(std::uint64_t id) { return ping_request(std::to_string(id)); }

void Dialect::remember(std::uint64_t id, std::span<const std::string> topics) {
  constexpr std::size_t kMostAsked = 256;
  if (options_.category != Category::Option || options_.credential) return;
  if (asked_.size() == kMostAsked) asked_.pop_front();
  asked_.push_back({id, {topics.begin(), topics.end()}});
}

std::optional<std::uint64_t> Dialect::asked_for(std::string_view topic) {
  const auto found = std::ranges::find_if(
      asked_, [&](const Asked& asked) { return std::ranges::find(asked.topics, topic) != asked.topics.end(); });
  if (found == asked_.end()) return std::nullopt;
  const std::uint64_t id = found->id;
  asked_.erase(found);
  return id;
}

std::string Dialect::subscribe(std::uint64_t id, std::span<const std::string> topics) {
  remember(id, topics);
  return subscribe_request(std::to_string(id), topics);
}

std::string Dialect::unsubscribe(std::uint64_t id, std::span<const std::string> topics) {
  remember(id, topics);
  return unsubscribe_request(std::to_string(id), topics);
}

void Dialect::standing_topics(std::vector<StreamTopic>& topics) {
  if (!options_.credential) return;
  for (const char* topic : {"position", "wallet", "execution", "greeks"}) topics.push_back({.name = topic});
}

bool Dialect::carries(const Contract& contract) const {
  switch (contract.kind) {
    case ContractKind::Option:
      return options_.category == Category::Option;
    case ContractKind::Spot:
      return options_.category == Category::Spot;
    default:
      return options_.category == (contract.style == PayoffStyle::Inverse ? Category::Inverse : Category::Linear);
  }
}

void Dialect::topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) {
  std::string_view symbol = contract.name.view();
  const bool option = contract.kind == ContractKind::Option;
  if (contract.kind == ContractKind::Spot) {
    // A spot pair's ticker has no quotes.
    symbol.remove_suffix(kSpotSuffix.size());
    topics.push_back({.name = first_level_topic(symbol), .silence_limit = kFirstLevelSilence});
  } else {
    topics.push_back({.name = ticker_topic(symbol), .silence_limit = option ? kOptionSilence : kTickerSilence});
  }
  if (!with_book) return;
  const bool busy = contract.kind == ContractKind::Perpetual || contract.kind == ContractKind::Spot;
  topics.push_back({.name = book_topic(options_.category, symbol),
                    .is_book = true,
                    .silence_limit = busy ? std::chrono::nanoseconds{kBookSilence} : std::chrono::nanoseconds{0}});
}

Result<Decoded, DecodeError> Dialect::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  auto decoded = decoder_.decode(frame, received, out);
  const FrameDetail& said = decoder_.detail();
  request_ = number_in(said.request);
  const auto named = decoder_.accepted_topics().empty() ? decoder_.refused_topics() : decoder_.accepted_topics();
  if (!request_ && !named.empty()) request_ = asked_for(named.front());
  return decoded;
}

void Dialect::refused_topics(std::vector<std::string_view>& topics) const {
  const auto refused = decoder_.refused_topics();
  topics.insert(topics.end(), refused.begin(), refused.end());
}

StreamReaction Dialect::reaction_to(std::int64_t code, std::string_view message) const {
  switch (code) {
    case 403:
    case 429:
    case 10'006:
    case 10'018:
    case 10'429:
      return StreamReaction::BackOff;
    case -1:
    case 500:
    case 502:
    case 503:
    case 504:
    case 10'000:
    case 10'002:
    case 10'016:
      return StreamReaction::Retry;
    case kServiceRestarts:
      return StreamReaction::Maintenance;
    case 401:
    case 10'003:
    case kBadSignature:
    case 10'005:
    case 10'007:
    case 10'008:
    case 10'009:
    case 10'010:
    case 10'024:
    case 10'027:
    case 10'028:
    case 33'004:
    case 100'028:
      return StreamReaction::Refused;
    default:
      break;
  }
  // Sockets give no codes.
  if (contains(message, "oo many visits")) return StreamReaction::BackOff;
  if (contains(message, "restarting")) return StreamReaction::Maintenance;
  if (contains(message, "auth first") || contains(message, "request expired")) return StreamReaction::Login;
  if (contains(message, "API key is invalid") || contains(message, "key is expired")) return StreamReaction::Refused;
  return StreamReaction::Note;
}

void Dialect::forget_connection() {
  decoder_.forget_tickers();
  asked_.clear();
  request_.reset();
}

void Dialect::calls_at_open(std::vector<StreamCall>& calls) {
  const auto list = [&](Category category, std::string_view coin) {
    calls.push_back({.kind = kInstruments,
                     .about = std::string{word(category)}.append(coin.empty() ? "" : ":").append(coin),
                     .every = kListingInterval});
  };
  const auto of_each_coin = [&](Category category) {
    for (const std::string& coin : options_.coins) list(category, coin);
  };
  if (!options_.credential) {
    // Spot pairs are not to be had by coin.
    if (options_.category == Category::Spot)
      list(Category::Spot, {});
    else
      of_each_coin(options_.category);
  } else {
    // What is held has to be known, whatever its coin.
    list(Category::Linear, {});
    list(Category::Inverse, {});
    of_each_coin(Category::Option);
    calls_to_reconcile(calls);
    calls.push_back({.kind = kGreeks, .about = "asset/coin-greeks", .every = kGreeksInterval});
  }
  calls.push_back({.kind = kStatus, .about = "system/status", .every = kStatusInterval});
}

void Dialect::calls_to_reconcile(std::vector<StreamCall>& calls) {
  if (!options_.credential) return;
  calls.push_back({.kind = kPositions, .about = "position/list", .every = kPositionsInterval});
  calls.push_back({.kind = kWallet, .about = "account/wallet-balance", .every = kWalletInterval});
}

void Dialect::calls_to_define(std::string_view name, std::vector<StreamCall>& calls) {
  // BTC-25DEC26-95000-C-USDT: the other markets are listed whole.
  if (!strike_of(name)) return;
  calls.push_back(
      {.kind = kInstruments, .about = std::string{word(Category::Option)} + ':' + std::string{name.substr(0, name.find('-'))}});
}

std::optional<HttpCall> Dialect::request_of(const StreamCall& call, WallTime now) {
  if (call.kind == kStatus) return status_request();
  if (call.kind == kInstruments) {
    const std::string_view about = call.about;
    const std::size_t colon = std::min(about.find(':'), about.size());
    const auto category = category_from(about.substr(0, colon));
    if (!category) return std::nullopt;
    return instruments_request(*category, about.substr(std::min(colon + 1, about.size())), call.page);
  }
  if (!options_.credential) return std::nullopt;
  switch (call.kind) {
    case kKey:
      return key_request(*options_.credential, now);
    case kPositions: {
      const PositionPage page = position_page(call.page);
      const PositionList& list = kPositionLists[page.list];
      return positions_request(list.category, list.settlement, page.cursor, *options_.credential, now);
    }
    case kWallet:
      return wallet_request(*options_.credential, now);
    case kGreeks:
      return greeks_request(*options_.credential, now);
    default:
      return std::nullopt;
  }
}

bool Dialect::states_positions(const StreamCall& call) const { return call.kind == kPositions; }

/// Other coins' listings are of no use here, though their names stay known.
void Dialect::keep_discovered(std::size_t before, EventBatch& out) const {
  if (options_.credential) return;
  const auto events = out.events().subspan(before);
  const auto unwanted = std::ranges::remove_if(events, [&](const Event& event) {
    const auto* listed = std::get_if<InstrumentListed>(&event.body);
    return listed != nullptr && std::ranges::find(options_.coins, listed->contract.base.view()) == options_.coins.end();
  });
  out.truncate(out.size() - unwanted.size());
}

/// The venue leaves what has expired out of its lists and says no more.
void Dialect::tell_expired(EventBatch& out, MonoTime received) {
  const VenueTime now = decoder_.reply_time();
  if (options_.credential || now == kNoVenueTime) return;
  for (std::size_t position = 0; position < symbols_.size(); ++position) {
    const InstrumentId id = symbols_.id_at(position);
    const Contract& contract = symbols_.contract(id);
    const bool expires = contract.kind == ContractKind::Option || contract.kind == ContractKind::Future;
    if (!expires || !carries(contract) || contract.expiry > now || expired_.contains(id)) continue;
    EventHeader header;
    header.exchange_time = now;
    header.received = received;
    header.instrument = id;
    header.connection = options_.connection;
    header.venue = Venue::Bybit;
    if (out.push(header, InstrumentStateChanged{InstrumentPhase::Expired})) expired_.insert(id);
  }
}

Result<bool, DecodeError> Dialect::read_positions(const StreamCall& call, MonoTime received, EventBatch& out) {
  const PositionPage page = position_page(call.page);
  const StatementPart part{.first = call.page.empty(), .last = page.list + 1 == kPositionLists.size()};
  if (part.first) statement_began_ = decoder_.reply_time();
  const auto read = decoder_.decode_positions(received, part, out);
  if (!read.ok()) return read.error();
  const std::string_view cursor = decoder_.detail().next_page;
  if (!cursor.empty()) {
    next_page_ = std::to_string(page.list).append("|").append(cursor);
  } else if (!part.last) {
    next_page_ = std::to_string(page.list + 1) + "|";
  }
  // Reports that came after the first page may be newer than any row: the whole is as old as that page.
  if (next_page_.empty() && !out.empty()) out.events().back().header.exchange_time = statement_began_;
  return true;
}

Result<bool, DecodeError> Dialect::read_list(const StreamCall& call, MonoTime received, EventBatch& out, StreamAnswer& answer) {
  const auto done = [](const Result<Decoded, DecodeError>& read) -> Result<bool, DecodeError> {
    if (!read.ok()) return read.error();
    return true;
  };
  switch (call.kind) {
    case kInstruments: {
      const std::size_t before = out.size();
      const auto read = decoder_.decode_instruments(received, out);
      next_page_ = decoder_.detail().next_page;
      if (!read.ok()) return read.error();
      keep_discovered(before, out);
      if (next_page_.empty()) tell_expired(out, received);
      return true;
    }
    case kPositions:
      return read_positions(call, received, out);
    case kWallet:
      return done(decoder_.decode_wallet(received, out));
    case kGreeks:
      return done(decoder_.decode_greeks(received, out));
    case kKey: {
      const auto read_only = decoder_.decode_read_only(received, out);
      if (!read_only.ok()) return read_only.error();
      answer.key_may_trade = !read_only.value();
      return true;
    }
    case kStatus: {
      const auto ongoing = decoder_.decode_maintenance(received, out);
      if (!ongoing.ok()) return ongoing.error();
      if (ongoing.value()) {
        answer.code = kServiceRestarts;
        answer.message = "maintenance is going on";
      }
      return true;
    }
    default:
      return DecodeError{DecodeFault::UnknownChannel, "call", ""};
  }
}

Result<StreamAnswer, DecodeError> Dialect::read(const StreamCall& call, unsigned status, simdjson::padded_string_view body,
                                                MonoTime received, EventBatch& out) {
  StreamAnswer answer;
  const auto decoded = decoder_.decode(body, received, out);
  if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) {
    if (status != 200) {
      answer.code = status;
      return answer;
    }
    if (!decoded.ok()) return decoded.error();
    return DecodeError{DecodeFault::MissingField, "call", "result"};
  }
  if (decoder_.reply_time() != kNoVenueTime) answer.venue_time = decoder_.reply_time();
  if (const FrameDetail& said = decoder_.detail(); said.code != 0) {
    answer.code = said.code;
    // The venue's words for a wrong signature hold the key.
    answer.message = said.code == kBadSignature ? "the signature is wrong" : said.message;
    return answer;
  }
  next_page_.clear();
  const auto read = read_list(call, received, out, answer);
  if (!read.ok()) return read.error();
  answer.next_page = next_page_;
  return answer;
}

}  // namespace hedgewatch::bybit
