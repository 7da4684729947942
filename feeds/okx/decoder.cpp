#include "feeds/okx/decoder.hpp"

#include <array>

#include "feeds/okx/decoder_work.hpp"

namespace hedgewatch::okx {

namespace {

struct ChannelRow {
  std::string_view name;
  Channel channel;
};
constexpr std::array kChannels{
    ChannelRow{"bbo-tbt", Channel::BestPrices}, ChannelRow{"books", Channel::Book}, ChannelRow{"books-l2-tbt", Channel::Book},
    ChannelRow{"books50-l2-tbt", Channel::Book}, ChannelRow{"books5", Channel::BestLevels}, ChannelRow{"tickers", Channel::Tickers},
    ChannelRow{"trades", Channel::Trades}, ChannelRow{"mark-price", Channel::MarkPrice},
    ChannelRow{"index-tickers", Channel::IndexTickers}, ChannelRow{"opt-summary", Channel::OptionSummary},
    ChannelRow{"funding-rate", Channel::FundingRate}, ChannelRow{"instruments", Channel::Instruments},
    ChannelRow{"status", Channel::Status}, ChannelRow{"account", Channel::Account}, ChannelRow{"positions", Channel::Positions},
    ChannelRow{"balance_and_position", Channel::BalanceAndPosition}, ChannelRow{"account-greeks", Channel::AccountGreeks},
    ChannelRow{"liquidation-warning", Channel::LiquidationWarning}, ChannelRow{"orders", Channel::Orders},
    // Understood, and of no use to a risk figure.
    ChannelRow{"trades-all", Channel::Ignored}, ChannelRow{"open-interest", Channel::Ignored},
    ChannelRow{"price-limit", Channel::Ignored}, ChannelRow{"estimated-price", Channel::Ignored},
    ChannelRow{"adl-warning", Channel::Ignored}, ChannelRow{"liquidation-orders", Channel::Ignored},
    ChannelRow{"liquidations", Channel::Ignored}, ChannelRow{"orders-algo", Channel::Ignored},
    ChannelRow{"algo-advance", Channel::Ignored}, ChannelRow{"fills", Channel::Ignored}, ChannelRow{"books-elp", Channel::Ignored}};

/// Whole families by what they start with.
constexpr std::array<std::string_view, 4> kIgnoredFamilies{"candle", "mark-price-candle", "index-candle", "sprd-"};

bool is_text(simdjson::padded_string_view frame, std::string_view word) {
  return std::string_view{frame.data(), frame.size()} == word;
}

}  // namespace

ChannelKind channel_kind(std::string_view channel) {
  for (const ChannelRow& row : kChannels)
    if (row.name == channel) return {row.channel, row.name};
  for (const std::string_view family : kIgnoredFamilies)
    if (channel.starts_with(family)) return {Channel::Ignored, family};
  return {};
}

bool Decoder::Work::argument(Envelope& outer) {
  outer.has_argument = true;
  return object("arg", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("channel"):
        return text("channel", detail.channel_name);
      case k("instId"):
        return text("instId", outer.instrument);
      case k("instType"):
        return field.is("instType") ? text("instType", outer.instrument_type) : skip();
      case k("instFamily"):
        return field.is("instFamily") ? text("instFamily", detail.argument) : skip();
      default:
        return skip();
    }
  });
}

bool Decoder::Work::envelope(Envelope& outer) {
  return object("", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("arg"):
        return argument(outer);
      case k("action"):
        return text("action", outer.action);
      case k("data"):
        outer.data = decoder.result_ = in.position();
        return skip();
      case k("event"):
        return text("event", outer.event);
      case k("eventType"):
        return field.is("eventType") ? text("eventType", outer.event_type) : skip();
      case k("curPage"):
        return integer("curPage", outer.page);
      case k("lastPage"):
        return field.is("lastPage") ? flag("lastPage", detail.last_page) : skip();
      case k("id"):
        return word("id", detail.request);
      case k("msg"):
        return text("msg", detail.message);
      case k("code"): {
        std::optional<std::int64_t> code;
        if (!integer("code", code)) return false;
        detail.code = code.value_or(0);
        return true;
      }
      default:
        return skip();
    }
  });
}

bool Decoder::Work::of_account() const {
  switch (kind.channel) {
    case Channel::Account:
    case Channel::Positions:
    case Channel::BalanceAndPosition:
    case Channel::AccountGreeks:
    case Channel::LiquidationWarning:
    case Channel::Orders:
      return true;
    default:
      return false;
  }
}

Result<Decoded, DecodeError> Decoder::Work::frame() {
  Envelope outer;
  if (!envelope(outer)) return finish(FrameKind::Ignored);
  if (!in.at_end()) {
    fail(DecodeFault::NotJson, "");
    return finish(FrameKind::Ignored);
  }
  if (!outer.instrument.empty()) detail.argument = outer.instrument;
  if (detail.argument.empty()) detail.argument = outer.instrument_type;
  if (!outer.event.empty()) {
    static_cast<void>(control(outer));
    return finish(FrameKind::Control);
  }
  if (outer.has_argument) {
    static_cast<void>(notification(outer));
    const bool platform = kind.channel == Channel::Instruments || kind.channel == Channel::Status;
    return finish(of_account() ? FrameKind::Account : platform ? FrameKind::Control : FrameKind::MarketData);
  }
  if (outer.data == nullptr) fail(DecodeFault::MissingField, "data");
  name("reply");
  return finish(FrameKind::Reply);
}

bool Decoder::Work::control(const Envelope& outer) {
  name("event");
  if (outer.event == "subscribe")
    detail.control = ControlKind::Subscribed;
  else if (outer.event == "unsubscribe")
    detail.control = ControlKind::Unsubscribed;
  else if (outer.event == "login")
    detail.control = detail.code == 0 ? ControlKind::LoggedIn : ControlKind::Error;
  else if (outer.event == "error")
    detail.control = ControlKind::Error;
  else if (outer.event == "notice")
    detail.control = ControlKind::Upgrade;
  else if (outer.event == "channel-conn-count-error")
    detail.control = ControlKind::Dropped;
  else if (outer.event == "channel-conn-count")
    detail.control = ControlKind::Acknowledged;
  else
    return ignore("event with a new word");
  return true;
}

bool Decoder::Work::notification(const Envelope& outer) {
  if (detail.channel_name.empty()) return fail(DecodeFault::MissingField, "channel");
  kind = channel_kind(detail.channel_name);
  name(kind.label);
  if (kind.channel == Channel::None) return fail(DecodeFault::UnknownChannel, "channel");
  if (kind.channel == Channel::Ignored) return ignore(kind.label);
  if (outer.data == nullptr) return fail(DecodeFault::MissingField, "data");
  if (of_account()) header.account = decoder.options_.account;
  in.seek(outer.data);
  switch (kind.channel) {
    case Channel::BestPrices:
      return best_prices(outer);
    case Channel::Book:
    case Channel::BestLevels:
      return book(outer);
    case Channel::Tickers:
      return tickers();
    case Channel::Trades:
      return trades();
    case Channel::MarkPrice:
      return mark_prices();
    case Channel::IndexTickers:
      return index_tickers();
    case Channel::OptionSummary:
      return option_summary();
    case Channel::FundingRate:
      return funding_rates();
    case Channel::Instruments:
      return listings();
    case Channel::Status:
      return status();
    case Channel::Account:
      return account();
    case Channel::Positions:
      return positions(outer);
    case Channel::BalanceAndPosition:
      return balance_and_position();
    case Channel::AccountGreeks:
      return account_greeks();
    case Channel::LiquidationWarning:
      return liquidation_warnings();
    case Channel::Orders:
      return orders();
    case Channel::None:
    case Channel::Ignored:
      break;
  }
  return false;
}

bool Decoder::Work::status() {
  return array("data", [&] {
    std::string_view state;
    const bool read = object("data", [&](JsonKey field) {
      if (field.is("state")) return text("state", state);
      if (field.is("ts")) return time("ts", header.exchange_time);
      return skip();
    });
    if (!read) return false;
    if (state.empty()) return fail(DecodeFault::MissingField, "state");
    // What is only planned or called off changes nothing now; new words are to be expected.
    if (state == "ongoing") return push(PlatformState{false, true});
    return state != "completed" || push(PlatformState{});
  });
}

Decoder::Decoder(SymbolTable& symbols, DecodingOptions options) : symbols_{symbols}, options_{options} {}

Result<Decoded, DecodeError> Decoder::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  scratch_.detail = {};
  result_ = nullptr;
  if (is_text(frame, "pong") || is_text(frame, "ping")) {
    scratch_.detail.control = frame.data()[1] == 'o' ? ControlKind::Pong : ControlKind::Ping;
    scratch_.detail.label = frame.data()[1] == 'o' ? "pong" : "ping";
    return Decoded{FrameKind::Control, scratch_.detail.label};
  }
  Work work{*this, received, out};
  if (!scratch_.reader.start(frame)) {
    work.fail_reading("");
    return work.finish(FrameKind::Ignored);
  }
  return work.frame();
}

namespace {

template <class Work>
bool go_to(Work& work, JsonReader::Position result) {
  if (result == nullptr || work.in.fault() != JsonFault::None) return work.fail(DecodeFault::MissingField, "data");
  if (work.detail.code != 0) return work.fail(DecodeFault::BadValue, "code");
  work.in.seek(result);
  return true;
}

}  // namespace

Result<Decoded, DecodeError> Decoder::decode_instruments(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("public/instruments");
  static_cast<void>(go_to(work, result_) && work.listings());
  return work.finish(FrameKind::Control);
}

Result<Decoded, DecodeError> Decoder::decode_positions(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("account/positions");
  work.header.account = options_.account;
  const EventHeader header = work.header;
  legs_.clear();
  if (go_to(work, result_) && work.push(PositionSnapshotBegin{}) && work.position_rows()) {
    work.header = header;
    work.push(PositionSnapshotEnd{});
  }
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_balance(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("account/balance");
  work.header.account = options_.account;
  static_cast<void>(go_to(work, result_) && work.account());
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_option_summary(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("public/opt-summary");
  static_cast<void>(go_to(work, result_) && work.option_summary());
  return work.finish(FrameKind::MarketData);
}

Result<VenueTime, DecodeError> Decoder::read_time() {
  EventBatch none{1};
  Work work{*this, MonoTime{}, none};
  work.name("public/time");
  VenueTime answered = kNoVenueTime;
  const auto row = [&] {
    return work.object("data", [&](JsonKey field) { return field.is("ts") ? work.time("ts", answered) : work.skip(); });
  };
  if (go_to(work, result_) && work.array("data", row) && answered == kNoVenueTime) work.fail(DecodeFault::MissingField, "ts");
  if (work.error) return *work.error;
  return answered;
}

Result<std::string_view, DecodeError> Decoder::read_permissions() {
  EventBatch none{1};
  Work work{*this, MonoTime{}, none};
  work.name("account/config");
  std::string_view permissions;
  const auto row = [&] {
    return work.object("data", [&](JsonKey field) { return field.is("perm") ? work.text("perm", permissions) : work.skip(); });
  };
  if (go_to(work, result_) && work.array("data", row) && permissions.empty()) work.fail(DecodeFault::MissingField, "perm");
  if (work.error) return *work.error;
  return permissions;
}

}  // namespace hedgewatch::okx
