#include "feeds/okx/dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "feeds/okx/errors.hpp"
#include "feeds/okx/topics.hpp"

namespace hedgewatch::okx {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

// A channel that the venue repeats, changed or not, is asked for anew after a pause and a half.
constexpr seconds kRepeatedEachMinute{90};
constexpr seconds kRepeatedEachTenSeconds{25};

/// Errors about one topic, not about the request: wrong or unknown channels, and those that are not for everybody.
constexpr std::array<std::int64_t, 7> kAboutOneTopic{60'008, 60'018, 60'028, 64'001, 64'002, 64'003, 64'004};

constexpr std::array<std::string_view, 3> kListedWhole{"SWAP", "FUTURES", "SPOT"};

StreamCall call_of(Dialect::Call kind, std::string about, std::chrono::nanoseconds every) {
  StreamCall call;
  call.kind = kind;
  call.about = std::move(about);
  call.every = every;
  return call;
}

}  // namespace

Dialect::Dialect(DialectOptions options, SymbolTable& symbols)
    : options_{std::move(options)},
      stream_{symbols, {.connection = options_.connection, .account = options_.account}},
      answers_{symbols, {.connection = options_.connection, .account = options_.account}} {}

StreamLimits Dialect::limits() const {
  // 480 requests an hour on one connection: few and large ones. Lists: 20 in two seconds.
  return {.ping_interval = seconds{15},
          .topics_per_request = 300,
          .bytes_per_request = 24'000,
          .requests_at_once = 10,
          .requests_per_second = 1,
          .calls_at_once = 5,
          .calls_per_second = 4};
}

std::optional<std::string> Dialect::login(std::uint64_t /*id*/, WallTime now) {
  if (!is_account() || !options_.credential) return std::nullopt;
  return login_request(*options_.credential, now);
}

std::string Dialect::ping(std::uint64_t /*id*/) { return std::string{kPing}; }

namespace {

std::vector<Subscription> subscriptions_of(std::span<const std::string> topics) {
  std::vector<Subscription> list;
  for (const std::string& topic : topics) list.push_back(subscription_of(topic));
  return list;
}

}  // namespace

std::string Dialect::subscribe(std::uint64_t id, std::span<const std::string> topics) {
  return subscribe_request(std::to_string(id), subscriptions_of(topics));
}

std::string Dialect::unsubscribe(std::uint64_t id, std::span<const std::string> topics) {
  return unsubscribe_request(std::to_string(id), subscriptions_of(topics));
}

void Dialect::standing_topics(std::vector<StreamTopic>& topics) {
  if (is_account()) {
    for (const char* topic :
         {"account", "positions:ANY", "balance_and_position", "account-greeks", "liquidation-warning:ANY", "orders:ANY"})
      topics.push_back({.name = topic});
    return;
  }
  topics.push_back({.name = "status"});
  for (const char* type : {"SWAP", "FUTURES", "OPTION", "SPOT"}) topics.push_back({.name = std::string{"instruments:"} + type});
  for (const std::string& currency : options_.currencies) {
    for (const char* quote : {"-USD", "-USDT"})
      topics.push_back({.name = "index-tickers:" + currency + quote, .silence_limit = kRepeatedEachMinute});
    topics.push_back({.name = "opt-summary:" + currency + "-USD"});
  }
  for (const char* pair : {"USDT-USD", "USDC-USD"})
    topics.push_back({.name = std::string{"index-tickers:"} + pair, .silence_limit = kRepeatedEachMinute});
}

void Dialect::topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) {
  const std::string name{contract.name.view()};
  topics.push_back({.name = "bbo-tbt:" + name, .silence_limit = kRepeatedEachMinute});
  if (with_book) topics.push_back({.name = "books:" + name, .is_book = true, .silence_limit = kRepeatedEachMinute});
  if (contract.kind == ContractKind::Spot) return;
  const std::string pair = std::string{contract.base.view()} + '-' + std::string{contract.quote.view()};
  topics.push_back({.name = "index-tickers:" + pair, .silence_limit = kRepeatedEachMinute});
  if (contract.kind == ContractKind::Option) topics.push_back({.name = "opt-summary:" + pair});
  topics.push_back({.name = "mark-price:" + name, .silence_limit = kRepeatedEachTenSeconds});
  if (contract.kind == ContractKind::Perpetual) topics.push_back({.name = "funding-rate:" + name});
}

Result<Decoded, DecodeError> Dialect::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  newest_ = &stream_;
  return stream_.decode(frame, received, out);
}

std::string_view Dialect::topic() {
  const FrameDetail& detail = stream_.detail();
  topic_.clear();
  if (!detail.channel_name.empty())
    write_topic(topic_, detail.channel_name, detail.argument);
  else if (detail.control == ControlKind::Error)
    topic_in_words(detail.message, topic_);
  return topic_;
}

std::optional<std::uint64_t> Dialect::request_id() const {
  // Where the words do not say which topic, the others of the request must not go with it: what is not acknowledged tells.
  const bool about_one = std::ranges::find(kAboutOneTopic, stream_.detail().code) != kAboutOneTopic.end();
  if (about_one && !acknowledges_one_topic()) return std::nullopt;
  const std::string_view text = stream_.detail().request;
  std::uint64_t id = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return id;
}

bool Dialect::acknowledges_one_topic() const {
  switch (stream_.detail().control) {
    case ControlKind::Subscribed:
    case ControlKind::Unsubscribed:
      return true;
    case ControlKind::Error: {
      std::string ignored;
      return !stream_.detail().channel_name.empty() || topic_in_words(stream_.detail().message, ignored);
    }
    default:
      return false;
  }
}

StreamReaction Dialect::reaction_to(std::int64_t code, std::string_view /*message*/) const { return okx::reaction_to(code); }

std::vector<std::string> Dialect::lists() const {
  std::vector<std::string> lists{kListedWhole.begin(), kListedWhole.end()};
  // Options must be asked for by their family.
  for (const std::string& currency : options_.currencies) lists.push_back("OPTION:" + currency + "-USD");
  return lists;
}

void Dialect::calls_before_open(std::vector<StreamCall>& calls) {
  for (std::string& list : lists())
    if (!listed_.contains(list)) calls.push_back(call_of(Instruments, std::move(list), {}));
}

void Dialect::calls_at_open(std::vector<StreamCall>& calls) {
  calls.push_back(call_of(Time, {}, seconds{10}));
  if (is_account()) {
    calls.push_back(call_of(Configuration, {}, hours{1}));
    calls.push_back(call_of(Balance, {}, seconds{30}));
    calls.push_back(call_of(Positions, {}, seconds{30}));
    return;
  }
  for (std::string& list : lists()) calls.push_back(call_of(Instruments, std::move(list), hours{1}));
}

void Dialect::calls_to_reconcile(std::vector<StreamCall>& calls) {
  calls.push_back(call_of(Balance, {}, seconds{30}));
  calls.push_back(call_of(Positions, {}, seconds{30}));
}

void Dialect::calls_to_define(std::string_view name, std::vector<StreamCall>& calls) {
  // BTC-USD-261225-95000-C: of the lists that are read whole, none has options.
  const std::size_t family_end = name.find('-', name.find('-') + 1);
  if (family_end == std::string_view::npos || !(name.ends_with("-C") || name.ends_with("-P"))) return;
  calls.push_back(call_of(Instruments, "OPTION:" + std::string{name.substr(0, family_end)}, {}));
}

std::optional<HttpCall> Dialect::request_of(const StreamCall& call, WallTime now) {
  const auto signed_call = [&](std::string_view target) -> std::optional<HttpCall> {
    if (!options_.credential) return std::nullopt;
    return signed_request(target, *options_.credential, now, options_.demo);
  };
  switch (call.kind) {
    case Time:
      return HttpCall{.target = "/api/v5/public/time", .headers = {}};
    case Instruments: {
      const std::string_view about = call.about;
      const std::size_t colon = about.find(':');
      return instruments_request(about.substr(0, colon),
                                 colon == std::string_view::npos ? std::string_view{} : about.substr(colon + 1));
    }
    case Configuration:
      return signed_call("/api/v5/account/config");
    case Balance:
      return signed_call("/api/v5/account/balance");
    case Positions:
      return signed_call("/api/v5/account/positions");
    default:
      return std::nullopt;
  }
}

Result<StreamAnswer, DecodeError> Dialect::read(const StreamCall& call, unsigned status, simdjson::padded_string_view body,
                                                MonoTime received, EventBatch& out) {
  constexpr unsigned kOk = 200;
  newest_ = &answers_;
  StreamAnswer answer;
  const auto envelope = answers_.decode(body, received, out);
  if (!envelope.ok() || envelope.value().kind != FrameKind::Reply) {
    // Not the venue's words but a machine's in between.
    if (status != kOk) {
      answer.code = status;
      return answer;
    }
    if (!envelope.ok()) return envelope.error();
    return DecodeError{DecodeFault::MissingField, "reply", "data"};
  }
  answer.code = answers_.detail().code;
  answer.message = answers_.detail().message;
  if (answer.code == 0 && status != kOk) answer.code = status;
  if (answer.code != 0) return answer;

  const auto after = [&](const Result<Decoded, DecodeError>& read) -> Result<StreamAnswer, DecodeError> {
    if (!read.ok()) return read.error();
    return answer;
  };
  switch (call.kind) {
    case Time: {
      const auto time = answers_.read_time();
      if (!time.ok()) return time.error();
      answer.venue_time = time.value();
      return answer;
    }
    case Configuration: {
      const auto permissions = answers_.read_permissions();
      if (!permissions.ok()) return permissions.error();
      answer.key_may_trade = permissions.value() != "read_only";
      return answer;
    }
    case Instruments: {
      const auto listed = answers_.decode_instruments(received, out);
      if (listed.ok()) listed_.insert(call.about);
      return after(listed);
    }
    case Balance:
      return after(answers_.decode_balance(received, out));
    case Positions:
      return after(answers_.decode_positions(received, out));
    default:
      return DecodeError{DecodeFault::UnknownChannel, "reply", ""};
  }
}

}  // namespace hedgewatch::okx
