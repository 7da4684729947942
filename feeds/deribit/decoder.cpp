#include "feeds/deribit/decoder.hpp"

#include "feeds/deribit/decoder_work.hpp"

namespace hedgewatch::deribit {

bool Decoder::Work::data() {
  if (of_account()) header.account = decoder.options_.account;
  switch (kind.channel) {
    case Channel::Ticker:
      return ticker();
    case Channel::Quote:
      return quote();
    case Channel::Book:
      return book();
    case Channel::Trades:
      return trades();
    case Channel::MarkPrice:
      return mark_prices();
    case Channel::PriceIndex:
      return price_index();
    case Channel::Perpetual:
      return perpetual();
    case Channel::InstrumentState:
      return instrument_state();
    case Channel::InstrumentCreation:
      return listing();
    case Channel::PlatformState:
      return platform_state();
    case Channel::Portfolio:
      return summary("data");
    case Channel::Changes:
      return changes();
    case Channel::UserTrades: {
      VenueTime newest = kNoVenueTime;
      return fills("data", newest) && close_list();
    }
    case Channel::UserLock:
      return user_lock();
    case Channel::MmpTrigger:
      return mmp_trigger();
    case Channel::Liquidation:
      return liquidation();
    case Channel::Ignored:
      ignored = kind.label;
      return skip();
    case Channel::None:
      break;
  }
  return fail(DecodeFault::UnknownChannel, "channel");
}

bool Decoder::Work::params(std::string_view& type, bool& has_data) {
  JsonReader::Position waiting = nullptr;
  if (!object("params", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("channel"): {
            if (!detail.channel_name.empty()) return fail(DecodeFault::BadValue, "channel");
            std::string_view name;
            return text("channel", name) && name_channel(name);
          }
          case k("data"):
            if (has_data) return fail(DecodeFault::BadValue, "data");
            has_data = true;
            if (!detail.channel_name.empty()) return read_data();
            waiting = in.position();
            return skip();
          case k("type"):
            return text("type", type);
          default:
            return skip();
        }
      }))
    return false;
  if (waiting == nullptr || detail.channel_name.empty()) return true;
  const JsonReader::Position behind = in.position();
  in.seek(waiting);
  if (!read_data()) return false;
  in.seek(behind);
  return true;
}

bool Decoder::Work::reply_error() {
  detail.has_error = true;
  return object("error", [&](JsonKey key) {
    if (key.is("message")) return text("error.message", detail.error_message);
    if (!key.is("code")) return skip();
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading("error.code");
    const auto code = decimal.to_signed();
    if (!code) return fail(DecodeFault::BadNumber, "error.code");
    detail.error_code = *code;
    return true;
  });
}

bool Decoder::Work::reply_id() {
  if (in.peek() == '"') return skip();
  std::optional<std::uint64_t> id;
  if (!identity("id", id)) return false;
  detail.has_id = id.has_value();
  detail.id = id.value_or(0);
  return true;
}

Result<Decoded, DecodeError> Decoder::Work::frame() {
  std::string_view method;
  std::string_view type;
  bool has_params = false;
  bool has_data = false;
  const bool complete = object("", [&](JsonKey key) {
    switch (key.prefix()) {
      case k("method"):
        return text("method", method);
      case k("params"):
        if (has_params) return fail(DecodeFault::BadValue, "params");
        has_params = true;
        if (in.peek() != '{') return skip();
        return params(type, has_data);
      case k("id"):
        return reply_id();
      case k("result"):
        detail.has_result = true;
        decoder.result_ = in.position();
        return skip();
      case k("error"):
        return in.skip_null() || reply_error();
      case k("testnet"):
        return flag("testnet", detail.testnet);
      case k("usOut"): {
        std::optional<std::uint64_t> sent;
        if (!identity("usOut", sent)) return false;
        detail.sent_at_us = sent.value_or(0);
        return true;
      }
      default:
        return skip();
    }
  });
  if (!complete) return finish(FrameKind::Ignored);
  if (!in.at_end()) fail(DecodeFault::NotJson, "");

  if (method.empty()) {
    if (!detail.has_result && !detail.has_error) fail(DecodeFault::MissingField, "method");
    kind.label = "reply";
    return finish(FrameKind::Reply);
  }
  if (method == "heartbeat") {
    kind.label = "heartbeat";
    if (type.empty()) fail(DecodeFault::MissingField, "type");
    detail.test_request = type == "test_request";
    if (!detail.test_request && type != "heartbeat") fail(DecodeFault::UnknownWord, "type");
    return finish(FrameKind::Control);
  }
  if (method != "subscription") {
    fail(DecodeFault::UnknownWord, "method");
  } else if (!has_params) {
    fail(DecodeFault::MissingField, "params");
  } else if (detail.channel_name.empty()) {
    fail(DecodeFault::MissingField, "channel");
  } else if (!has_data) {
    fail(DecodeFault::MissingField, "data");
  }
  if (!ignored.empty()) out.truncate(events_before);
  const bool control = kind.channel == Channel::InstrumentState || kind.channel == Channel::InstrumentCreation ||
                       kind.channel == Channel::PlatformState;
  return finish(of_account() ? FrameKind::Account : control ? FrameKind::Control : FrameKind::MarketData);
}

Decoder::Decoder(Symbols& symbols, DecoderOptions options) : symbols_{symbols}, options_{options} {}

Result<Decoded, DecodeError> Decoder::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  detail_ = {};
  result_ = nullptr;
  Work work{*this, received, out};
  if (layouts_.read(frame)) {
    if (auto decoded = work.ticker_by_layout()) return *decoded;
  }
  if (!reader_.start(frame)) {
    work.fail_reading("");
    return work.finish(FrameKind::Ignored);
  }
  auto decoded = work.frame();
  if (work.kind.channel == Channel::Ticker && decoded.ok() && decoded.value().kind == FrameKind::MarketData)
    layouts_.learn(frame, kTickerPattern, 0);
  return decoded;
}

bool Decoder::go_to_result() {
  if (result_ == nullptr || reader_.fault() != JsonFault::None) return false;
  reader_.seek(result_);
  return true;
}

Result<AuthReply, DecodeError> Decoder::decode_auth() {
  EventBatch none{0};
  Work work{*this, MonoTime{}, none};
  work.kind.label = "auth";
  AuthReply reply;
  std::optional<std::uint64_t> expires_in;
  if (!go_to_result()) return DecodeError{DecodeFault::MissingField, "auth", "result"};
  const bool complete = work.object("result", [&](JsonKey key) {
    if (key.is("access_token")) return work.text("access_token", reply.access_token);
    if (key.is("refresh_token")) return work.text("refresh_token", reply.refresh_token);
    if (key.is("scope")) return work.text("scope", reply.scope);
    if (key.is("expires_in")) return work.identity("expires_in", expires_in);
    return work.skip();
  });
  if (!complete) return *work.error;
  if (reply.access_token.empty()) return DecodeError{DecodeFault::MissingField, "auth", "access_token"};
  if (!expires_in) return DecodeError{DecodeFault::MissingField, "auth", "expires_in"};
  reply.expires_in_seconds = *expires_in;
  return reply;
}

}  // namespace hedgewatch::deribit
