#include "feeds/binance/decoder.hpp"

#include <algorithm>
#include <array>

#include "feeds/binance/decoder_work.hpp"

namespace hedgewatch::binance {

namespace {

struct KindRow {
  std::string_view word;
  Stream stream;
};
constexpr std::array kEvents{
    KindRow{"bookTicker", Stream::BookTicker}, KindRow{"depthUpdate", Stream::Depth}, KindRow{"markPriceUpdate", Stream::MarkPrice},
    KindRow{"markPrice", Stream::OptionMarks}, KindRow{"indexPrice", Stream::IndexPrices},
    KindRow{"indexPriceUpdate", Stream::PairIndex}, KindRow{"aggTrade", Stream::Trades}, KindRow{"trade", Stream::Trades},
    KindRow{"ACCOUNT_UPDATE", Stream::AccountUpdate}, KindRow{"BALANCE_POSITION_UPDATE", Stream::BalanceAndPosition},
    KindRow{"GREEK_UPDATE", Stream::Greeks}, KindRow{"ORDER_TRADE_UPDATE", Stream::Orders},
    KindRow{"executionReport", Stream::SpotOrders}, KindRow{"outboundAccountPosition", Stream::SpotBalances},
    KindRow{"MARGIN_CALL", Stream::MarginCall}, KindRow{"RISK_LEVEL_CHANGE", Stream::RiskLevel},
    KindRow{"serverShutdown", Stream::Shutdown}, KindRow{"eventStreamTerminated", Stream::StreamEnded},
    // Understood, and of no use to a risk figure.
    KindRow{"kline", Stream::Ignored}, KindRow{"24hrTicker", Stream::Ignored}, KindRow{"24hrMiniTicker", Stream::Ignored},
    KindRow{"forceOrder", Stream::Ignored}, KindRow{"contractInfo", Stream::Ignored}, KindRow{"openInterest", Stream::Ignored},
    KindRow{"optionSymbol", Stream::Ignored}, KindRow{"OPTION_PAIR", Stream::Ignored}, KindRow{"assetIndexUpdate", Stream::Ignored},
    KindRow{"compositeIndex", Stream::Ignored}, KindRow{"tradingSession", Stream::Ignored},
    KindRow{"balanceUpdate", Stream::Ignored},  // outboundAccountPosition follows with the whole
    KindRow{"listStatus", Stream::Ignored}, KindRow{"TRADE_LITE", Stream::Ignored},  // ORDER_TRADE_UPDATE tells the same with fees
    KindRow{"ALGO_UPDATE", Stream::Ignored}, KindRow{"ACCOUNT_CONFIG_UPDATE", Stream::Ignored},
    KindRow{"STRATEGY_UPDATE", Stream::Ignored}, KindRow{"GRID_UPDATE", Stream::Ignored},
    KindRow{"CONDITIONAL_ORDER_TRIGGER_REJECT", Stream::Ignored},
    // From an interface that was closed.
    KindRow{"trade_all", Stream::Ignored}, KindRow{"ticker_all", Stream::Ignored}};

/// What follows the symbol in a stream's name, up to the next @. Digits at the end are not part of it. The busiest first.
constexpr std::array kStreams{KindRow{"bookTicker", Stream::BookTicker}, KindRow{"openInterest", Stream::Ignored},
                              KindRow{"optionOpenInterest", Stream::Ignored},
                              // Made by a recorder from its own requests: not the venue's words.
                              KindRow{"depthSnapshot", Stream::Ignored}};

}  // namespace

StreamKind stream_kind(std::string_view stream) {
  std::size_t at = stream.find('@');
  if (stream.starts_with('!')) at = 0;
  if (at == std::string_view::npos) return {};
  std::string_view word = stream.substr(at + 1);
  if (word == kStreams[0].word) return {kStreams[0].stream, kStreams[0].word};
  word = word.substr(0, word.find('@'));
  if (word == "depth") return {Stream::Depth, "depth"};
  if (word.starts_with("depth") && word.size() > 5 && word[5] >= '0' && word[5] <= '9') return {Stream::BestLevels, "depth levels"};
  for (const KindRow& row : kStreams)
    if (row.word == word) return {row.stream, row.word};
  return {};
}

StreamKind event_kind(std::string_view event) {
  for (const KindRow& row : kEvents)
    if (row.word == event) return {row.stream, row.word};
  // Written in several ways.
  if (event.find("xpired") != std::string_view::npos) return {Stream::KeyExpired, "listenKeyExpired"};
  return {};
}

bool Decoder::Work::error_object() {
  return object("error", [&](JsonKey field) {
    if (field.is("msg")) return text("msg", detail.message);
    if (!field.is("code")) return skip();
    std::optional<std::int64_t> code;
    if (!integer("code", code)) return false;
    detail.code = code.value_or(0);
    return true;
  });
}

bool Decoder::Work::envelope(Envelope& outer) {
  bool update = false;
  bool bid = false;
  bool symbol = false;
  const bool read = object("", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("stream"):
        return text("stream", outer.stream);
      case k("data"):
        outer.data = in.position();
        return skip();
      case k("event"):
        outer.wrapped_event = in.position();
        return skip();
      case k("e"):
        return text("e", outer.event);
      case k("result"):
        outer.has_result = true;
        decoder.result_ = in.position();
        return skip();
      case k("id"):
        outer.has_request = true;
        return word("id", detail.request);
      case k("error"):
        outer.refused = true;
        return in.peek() == '{' ? error_object() : skip();
      case k("code"):
        return integer("code", outer.code);
      case k("msg"):
        return text("msg", detail.message);
      case k("listenKey"):
        return field.is("listenKey") ? text("listenKey", detail.token) : skip();
      case k("u"):
        update = true;
        return skip();
      case k("b"):
        bid = in.peek() == '"';
        return skip();
      case k("s"):
        symbol = true;
        return skip();
      default:
        return skip();
    }
  });
  outer.bare_book_ticker = update && bid && symbol && outer.event.empty();
  return read;
}

bool Decoder::Work::of_account() const {
  switch (kind.stream) {
    case Stream::AccountUpdate:
    case Stream::BalanceAndPosition:
    case Stream::Greeks:
    case Stream::Orders:
    case Stream::SpotOrders:
    case Stream::SpotBalances:
    case Stream::MarginCall:
    case Stream::RiskLevel:
      return true;
    default:
      return false;
  }
}

bool Decoder::Work::about_connection() const {
  return kind.stream == Stream::Shutdown || kind.stream == Stream::KeyExpired || kind.stream == Stream::StreamEnded;
}

Result<Decoded, DecodeError> Decoder::Work::finish_message() {
  return finish(of_account() ? FrameKind::Account : about_connection() ? FrameKind::Control : FrameKind::MarketData);
}

bool Decoder::Work::event_word(std::string_view& word) {
  const JsonReader::Position start = in.position();
  const bool read = object("data", [&](JsonKey field) { return field.is("e") ? text("e", word) : skip(); });
  in.seek(start);
  return read;
}

/// A list, or one event. In a list each row has its own word.
bool Decoder::Work::payload(JsonReader::Position place) {
  in.seek(place);
  const bool listed = in.peek() == '[';
  const StreamKind by_stream = stream_kind(detail.channel_name);
  const bool read = each("data", [&] {
    kind = by_stream;
    if (kind.stream == Stream::None) {
      std::string_view word;
      if (!event_word(word)) return false;
      kind = event_kind(word);
    }
    name(kind.label);
    if (kind.stream == Stream::None) return fail(DecodeFault::UnknownChannel, "e");
    ++detail.rows;
    return message();
  });
  if (!read || !listed) return read;
  return detail.left_out_rows != 0 || detail.refused_fields != 0 || close_list("s");
}

bool Decoder::Work::message() {
  if (of_account()) {
    header.account = decoder.options_.account;
    return message_of_account();
  }
  switch (kind.stream) {
    case Stream::BookTicker:
      return book_ticker();
    case Stream::Depth:
    case Stream::BestLevels:
      return depth();
    case Stream::MarkPrice:
      return mark_price();
    case Stream::OptionMarks:
      return option_mark();
    case Stream::IndexPrices:
      return index_price();
    case Stream::PairIndex:
      return pair_index();
    case Stream::Trades:
      return trade();
    case Stream::Shutdown:
      detail.control = ControlKind::Upgrade;
      return skip();
    case Stream::KeyExpired:
      detail.control = ControlKind::KeyExpired;
      return skip();
    case Stream::StreamEnded:
      detail.control = ControlKind::Dropped;
      return skip();
    default:
      return ignore(kind.label);
  }
}

Result<Decoded, DecodeError> Decoder::Work::frame() {
  const JsonReader::Position start = in.position();
  if (in.peek() == '[') {
    // Streams without a wrapper, or the reply to a request: the first row tells.
    std::string_view word;
    bool rows = false;
    const bool read = array("", [&] {
      if (rows || in.peek() != '{') return skip();
      rows = true;
      const JsonReader::Position row = in.position();
      if (!event_word(word)) return false;
      in.seek(row);
      return skip();
    });
    if (read && !in.at_end()) fail(DecodeFault::NotJson, "");
    if (!read || error) return finish(FrameKind::Ignored);
    if (word.empty()) {
      decoder.result_ = start;
      name("reply");
      return finish(FrameKind::Reply);
    }
    static_cast<void>(payload(start));
    return finish_message();
  }

  Envelope outer;
  if (!envelope(outer)) return finish(FrameKind::Ignored);
  if (!in.at_end()) {
    fail(DecodeFault::NotJson, "");
    return finish(FrameKind::Ignored);
  }
  detail.channel_name = outer.stream;
  if (outer.wrapped_event != nullptr) {
    static_cast<void>(payload(outer.wrapped_event));
    return finish_message();
  }
  if (!outer.event.empty() || outer.bare_book_ticker) {
    if (outer.bare_book_ticker) detail.channel_name = "!bookTicker";
    static_cast<void>(payload(start));
    return finish_message();
  }
  if (!outer.stream.empty()) {
    if (outer.data == nullptr) {
      fail(DecodeFault::MissingField, "data");
      return finish(FrameKind::Ignored);
    }
    static_cast<void>(payload(outer.data));
    return finish_message();
  }
  if (outer.code && !outer.has_result && *outer.code != 200) {
    detail.code = *outer.code;
    outer.refused = true;
  }
  if (outer.refused) {
    name("error");
    detail.control = ControlKind::Error;
    return finish(FrameKind::Control);
  }
  if (outer.has_request && outer.has_result) {
    in.seek(decoder.result_);
    if (in.skip_null()) {
      name("acknowledgement");
      detail.control = ControlKind::Subscribed;
      return finish(FrameKind::Control);
    }
  }
  if (!outer.has_result) decoder.result_ = start;
  name("reply");
  return finish(FrameKind::Reply);
}

Product Decoder::Work::product_of(std::string_view symbol, bool futures) const {
  if (decoder.product_ && (*decoder.product_ == Product::Spot || *decoder.product_ == Product::Options)) return *decoder.product_;
  const Product by_looks = product_of_symbol(symbol);
  if (decoder.product_) return by_looks;
  return by_looks == Product::UsdMargined && !futures ? Product::Spot : by_looks;
}

std::string_view Decoder::Work::symbol_of_stream() {
  const std::string_view symbol = detail.channel_name.substr(0, detail.channel_name.find('@'));
  auto& capitals = decoder.stream_symbol_;
  if (symbol.size() > capitals.size()) return {};
  std::transform(symbol.begin(), symbol.end(), capitals.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return {capitals.data(), symbol.size()};
}

bool Decoder::Work::pair(std::string_view joined, std::string_view field, AssetCode& base, AssetCode& quote) {
  if (joined.empty()) return fail(DecodeFault::MissingField, field);
  const auto split = split_pair(joined);
  if (!split) return fail(DecodeFault::BadValue, field);
  base = split->first;
  quote = split->second;
  return true;
}

Decoder::Decoder(SymbolTable& symbols, std::optional<Product> product, DecodingOptions options)
    : symbols_{symbols}, product_{product}, options_{options} {}

Result<Decoded, DecodeError> Decoder::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  scratch_.detail = {};
  result_ = nullptr;
  Work work{*this, received, out};
  if (layouts_.read(frame)) {
    if (auto decoded = work.book_ticker_by_layout()) return *decoded;
  }
  if (!scratch_.reader.start(frame)) {
    work.fail_reading("");
    return work.finish(FrameKind::Ignored);
  }
  auto decoded = work.frame();
  if (work.kind.stream == Stream::BookTicker && decoded.ok() && decoded.value().kind == FrameKind::MarketData)
    layouts_.learn(frame, kBookTickerPattern, work.has_event_word ? 1 : 0);
  return decoded;
}

}  // namespace hedgewatch::binance
