#include "feeds/bybit/decoder.hpp"

#include <array>

#include "feeds/bybit/decoder_work.hpp"

namespace hedgewatch::bybit {

namespace {

/// What a topic starts with, up to a point or its end. The longer of two that fit stands first.
struct TopicRow {
  std::string_view head;
  Topic topic;
};
constexpr std::array kTopics{
    TopicRow{"orderbook.rpi", Topic::Ignored},  // retail orders, which we could not meet
    TopicRow{"orderbook.full", Topic::Ignored}, TopicRow{"orderbook", Topic::Book}, TopicRow{"tickers", Topic::Tickers},
    TopicRow{"publicTrade", Topic::Trades}, TopicRow{"position", Topic::Position}, TopicRow{"wallet", Topic::Wallet},
    TopicRow{"execution.fast", Topic::Ignored},  // repeats `execution` without its fees
    TopicRow{"execution", Topic::Execution}, TopicRow{"greeks", Topic::Greeks},
    // Understood, and of no use to a risk figure.
    TopicRow{"kline", Topic::Ignored}, TopicRow{"allLiquidation", Topic::Ignored}, TopicRow{"liquidation", Topic::Ignored},
    TopicRow{"priceLimit", Topic::Ignored}, TopicRow{"insurance", Topic::Ignored}, TopicRow{"adlAlert", Topic::Ignored},
    TopicRow{"order", Topic::Ignored}, TopicRow{"strategy", Topic::Ignored}, TopicRow{"dcp", Topic::Ignored},
    TopicRow{"system.status", Topic::Ignored}};

}  // namespace

TopicKind topic_kind(std::string_view topic) {
  for (const TopicRow& row : kTopics)
    if (topic.starts_with(row.head) && (topic.size() == row.head.size() || topic[row.head.size()] == '.'))
      return {row.topic, row.head};
  return {};
}

bool Decoder::Work::envelope(Envelope& envelope) {
  return object("", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("topic"):
        return text("topic", detail.channel_name);
      case k("type"):
        return text("type", envelope.type);
      case k("ts"):
        return time("ts", envelope.sent);
      case k("cts"):
        return time("cts", envelope.matched);
      case k("creationTime"):
        return field.is("creationTime") ? time("creationTime", envelope.sent) : skip();
      case k("time"):
        return time("time", envelope.sent);
      case k("data"):
        envelope.data = in.position();
        return skip();
      case k("result"):
        envelope.has_result = true;
        decoder.result_ = in.position();
        return skip();
      case k("category"):
        return field.is("category") ? text("category", decoder.reply_category_) : skip();
      case k("op"):
        return text("op", envelope.operation);
      case k("success"):
        return flag("success", envelope.success);
      case k("ret_msg"):
        return text("ret_msg", envelope.message);
      case k("retMsg"):
        return text("retMsg", envelope.message);
      case k("req_id"):
        return text("req_id", envelope.request);
      case k("reqId"):
        return text("reqId", envelope.request);
      case k("retCode"):
        return integer("retCode", envelope.code);
      default:
        return skip();
    }
  });
}

Result<Decoded, DecodeError> Decoder::Work::frame() {
  Envelope outer;
  if (!envelope(outer)) return finish(FrameKind::Ignored);
  if (!in.at_end()) {
    fail(DecodeFault::NotJson, "");
    return finish(FrameKind::Ignored);
  }
  detail.code = outer.code.value_or(0);
  detail.message = outer.message;
  detail.request = outer.request;
  if (!detail.channel_name.empty()) {
    static_cast<void>(notification(outer));
    const bool account = topic.topic == Topic::Position || topic.topic == Topic::Wallet || topic.topic == Topic::Execution ||
                         topic.topic == Topic::Greeks;
    return finish(account ? FrameKind::Account : FrameKind::MarketData);
  }
  if (outer.has_result) {
    name("reply");
    decoder.reply_time_ = outer.sent;
    return finish(FrameKind::Reply);
  }
  static_cast<void>(control(outer));
  return finish(FrameKind::Control);
}

bool Decoder::Work::notification(const Envelope& outer) {
  topic = topic_kind(detail.channel_name);
  name(topic.label);
  if (topic.topic == Topic::None) return fail(DecodeFault::UnknownChannel, "topic");
  if (topic.topic == Topic::Ignored) return ignore(topic.label);
  if (outer.data == nullptr) return fail(DecodeFault::MissingField, "data");
  if (outer.sent == kNoVenueTime) return fail(DecodeFault::MissingField, "ts");
  header.exchange_time = outer.sent;
  in.seek(outer.data);
  switch (topic.topic) {
    case Topic::Tickers:
      return tickers(outer.type);
    case Topic::Book:
      return book(outer);
    case Topic::Trades:
      return trades();
    case Topic::Position:
      header.account = decoder.options_.account;
      return positions();
    case Topic::Wallet:
      header.account = decoder.options_.account;
      return array("data", [&] { return wallet_account(); });
    case Topic::Execution:
      header.account = decoder.options_.account;
      return executions();
    case Topic::Greeks:
      header.account = decoder.options_.account;
      return greeks();
    case Topic::None:
    case Topic::Ignored:
      break;
  }
  return false;
}

/// Three forms of pong, and acknowledgements with and without their request's name.
bool Decoder::Work::control(const Envelope& outer) {
  name("control");
  if (outer.operation == "pong" || outer.message == "pong") {
    detail.control = ControlKind::Pong;
    return name("pong");
  }
  if (outer.type == "COMMAND_RESP") {
    if (outer.data == nullptr) return fail(DecodeFault::MissingField, "data");
    in.seek(outer.data);
    return option_acknowledgement();
  }
  if (outer.operation.empty()) return fail(DecodeFault::MissingField, "op");
  // What is subscribed already is as good as subscribed now.
  const bool good = outer.success.value_or(outer.code.has_value() && *outer.code == 0) ||
                    outer.message.find("already subscribed") != std::string_view::npos;
  if (outer.operation == "subscribe" || outer.operation == "unsubscribe" || outer.operation == "auth") {
    name(outer.operation == "auth" ? "auth" : outer.operation == "subscribe" ? "subscribe" : "unsubscribe");
    if (!outer.success && !outer.code) return ignore("request");
    detail.control = !good                            ? ControlKind::Error
                     : outer.operation == "auth"      ? ControlKind::LoggedIn
                     : outer.operation == "subscribe" ? ControlKind::Subscribed
                                                      : ControlKind::Unsubscribed;
    return true;
  }
  if (outer.success.has_value() && !good) {
    // A limit may refuse any request, a ping too.
    detail.control = ControlKind::Error;
    return name("refusal");
  }
  return ignore("operation of no use here");
}

/// An error where nothing was accepted; else what was refused stands beside it.
bool Decoder::Work::option_acknowledgement() {
  name("subscribe");
  const auto collect = [&](std::string_view field, std::vector<std::string_view>& topics) {
    return array(field, [&] {
      std::string_view listed;
      if (!text(field, listed)) return false;
      topics.push_back(listed);
      return true;
    });
  };
  const bool read = object("data", [&](JsonKey field) {
    if (field.is("failTopics")) return collect("failTopics", decoder.refused_);
    if (field.is("successTopics")) return collect("successTopics", decoder.accepted_);
    return skip();
  });
  if (!read) return false;
  const bool nothing = decoder.accepted_.empty() && !decoder.refused_.empty();
  detail.control = nothing ? ControlKind::Error : ControlKind::Subscribed;
  if (!decoder.refused_.empty()) detail.message = decoder.refused_.front();
  return true;
}

std::optional<Category> Decoder::Work::category_of(std::string_view row) {
  const std::string_view given = row.empty() ? decoder.reply_category_ : row;
  if (given.empty()) return decoder.category_;
  const auto category = category_from(given);
  if (!category) fail(DecodeFault::UnknownWord, "category");
  return category;
}

Decoder::Decoder(SymbolTable& symbols, Category category, DecodingOptions options)
    : symbols_{symbols}, category_{category}, options_{options} {}

Decoder::Ticker& Decoder::ticker(InstrumentId id) {
  if (tickers_.size() <= count_of(id)) tickers_.resize(count_of(id) + 1);
  return tickers_[count_of(id)];
}

Result<Decoded, DecodeError> Decoder::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  scratch_.detail = {};
  result_ = nullptr;
  reply_category_ = {};
  reply_time_ = kNoVenueTime;
  accepted_.clear();
  refused_.clear();
  Work work{*this, received, out};
  if (!scratch_.reader.start(frame)) {
    work.fail_reading("");
    return work.finish(FrameKind::Ignored);
  }
  return work.frame();
}

namespace {

/// Finds result.list. False with a fault when there is none.
template <class Work, class OnList>
bool result_list(Work& work, JsonReader::Position result, std::string_view& category, OnList&& on_list) {
  if (result == nullptr || work.in.fault() != JsonFault::None) return work.fail(DecodeFault::MissingField, "result");
  if (work.detail.code != 0) return work.fail(DecodeFault::BadValue, "retCode");
  work.in.seek(result);
  JsonReader::Position list = nullptr;
  const bool read = work.object("result", [&](JsonKey field) {
    if (field.is("category")) return work.text("category", category);
    if (field.is("nextPageCursor")) return work.text("nextPageCursor", work.detail.next_page);
    if (!field.is("list")) return work.skip();
    list = work.in.position();
    return work.skip();
  });
  if (!read) return false;
  if (list == nullptr) return work.fail(DecodeFault::MissingField, "list");
  work.in.seek(list);
  return on_list();
}

}  // namespace

Result<Decoded, DecodeError> Decoder::decode_instruments(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("instruments-info");
  static_cast<void>(result_list(work, result_, reply_category_, [&] { return work.listings(); }));
  return work.finish(FrameKind::Control);
}

Result<Decoded, DecodeError> Decoder::decode_positions(MonoTime received, StatementPart part, EventBatch& out) {
  Work work{*this, received, out};
  work.name("position/list");
  work.header.account = options_.account;
  work.header.exchange_time = reply_time_;
  const EventHeader header = work.header;
  if (part.first) legs_.clear();
  static_cast<void>(result_list(work, result_, reply_category_, [&] {
    if (part.first && !work.push(PositionSnapshotBegin{})) return false;
    if (!work.positions()) return false;
    work.header = header;
    return !part.last || !work.detail.next_page.empty() || work.push(PositionSnapshotEnd{});
  }));
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_wallet(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("wallet-balance");
  work.header.account = options_.account;
  work.header.exchange_time = reply_time_;
  static_cast<void>(
      result_list(work, result_, reply_category_, [&] { return work.array("list", [&] { return work.wallet_account(); }); }));
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_greeks(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("coin-greeks");
  work.header.account = options_.account;
  work.header.exchange_time = reply_time_;
  static_cast<void>(result_list(work, result_, reply_category_, [&] { return work.greeks(); }));
  return work.finish(FrameKind::Account);
}

Result<bool, DecodeError> Decoder::decode_read_only(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("query-api");
  std::optional<std::int64_t> read_only;
  if (result_ == nullptr || scratch_.detail.code != 0) return DecodeError{DecodeFault::MissingField, work.label, "result"};
  work.in.seek(result_);
  const bool read = work.object(
      "result", [&](JsonKey field) { return field.is("readOnly") ? work.integer("readOnly", read_only) : work.skip(); });
  if (!read) return *work.error;
  if (!read_only) return DecodeError{DecodeFault::MissingField, work.label, "readOnly"};
  return *read_only == 1;
}

Result<bool, DecodeError> Decoder::decode_maintenance(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("system-status");
  bool ongoing = false;
  const bool read = result_list(work, result_, reply_category_, [&] {
    return work.array("list", [&] {
      std::string_view state;
      bool says_what = false;
      bool concerns = false;
      const bool row = work.object("list", [&](JsonKey field) {
        if (field.is("state")) return work.text("state", state);
        if (!field.is("serviceTypes") || work.in.peek() != '[') return work.skip();
        return work.array("serviceTypes", [&] {
          constexpr std::int64_t kPrivateStreams = 4;
          constexpr std::int64_t kMarketData = 5;
          std::optional<std::int64_t> service;
          says_what = true;
          if (!work.integer("serviceTypes", service)) return false;
          concerns = concerns || service == kPrivateStreams || service == kMarketData;
          return true;
        });
      });
      if (row && state == "ongoing" && (concerns || !says_what)) ongoing = true;
      return row;
    });
  });
  if (!read) return *work.error;
  return ongoing;
}

}  // namespace hedgewatch::bybit
