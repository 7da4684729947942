#include "feeds/deribit/decoder.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace hedgewatch::deribit {

namespace {

constexpr std::uint64_t k(std::string_view key) { return key_prefix(key); }

DecodeFault fault_of(JsonFault fault) {
  switch (fault) {
    case JsonFault::Truncated:
      return DecodeFault::Truncated;
    case JsonFault::WrongType:
      return DecodeFault::WrongType;
    case JsonFault::BadNumber:
      return DecodeFault::BadNumber;
    case JsonFault::NotJson:
    case JsonFault::None:
      break;
  }
  return DecodeFault::NotJson;
}

enum class Channel : std::uint8_t {
  None,
  Ticker,
  Quote,
  Book,
  Trades,
  MarkPrice,
  PriceIndex,
  Perpetual,
  InstrumentState,
  InstrumentCreation,
  PlatformState,
  Portfolio,
  Changes,
  UserTrades,
  UserLock,
  MmpTrigger,
  Liquidation,
  Ignored
};

struct ChannelKind {
  Channel channel = Channel::None;
  std::string_view label;
};

/// What a name starts with, up to a point or its end. The busiest first.
struct ChannelRow {
  std::string_view head;
  Channel channel;
  std::string_view label;
};
constexpr std::array kChannels{
    ChannelRow{"ticker", Channel::Ticker, "ticker"}, ChannelRow{"book", Channel::Book, "book"},
    ChannelRow{"quote", Channel::Quote, "quote"}, ChannelRow{"deribit_price_index", Channel::PriceIndex, "deribit_price_index"},
    ChannelRow{"markprice.options", Channel::MarkPrice, "markprice.options"}, ChannelRow{"trades", Channel::Trades, "trades"},
    ChannelRow{"perpetual", Channel::Perpetual, "perpetual"}, ChannelRow{"user.changes", Channel::Changes, "user.changes"},
    ChannelRow{"user.portfolio", Channel::Portfolio, "user.portfolio"},
    ChannelRow{"user.trades", Channel::UserTrades, "user.trades"}, ChannelRow{"user.lock", Channel::UserLock, "user.lock"},
    ChannelRow{"user.mmp_trigger", Channel::MmpTrigger, "user.mmp_trigger"},
    ChannelRow{"user.liquidation", Channel::Liquidation, "user.liquidation"},
    ChannelRow{"instrument.state", Channel::InstrumentState, "instrument.state"},
    ChannelRow{"instrument.creation", Channel::InstrumentCreation, "instrument.creation"},
    ChannelRow{"platform_state.public_methods_state", Channel::Ignored, "platform_state.public_methods_state"},
    ChannelRow{"platform_state", Channel::PlatformState, "platform_state"},
    // Understood, and of no use to a risk figure.
    ChannelRow{"incremental_ticker", Channel::Ignored, "incremental_ticker"},  // partial; the full ticker is subscribed instead
    ChannelRow{"deribit_price_statistics", Channel::Ignored, "deribit_price_statistics"},
    ChannelRow{"deribit_price_ranking", Channel::Ignored, "deribit_price_ranking"},
    ChannelRow{"deribit_volatility_index", Channel::Ignored, "deribit_volatility_index"},
    ChannelRow{"estimated_expiration_price", Channel::Ignored, "estimated_expiration_price"},
    ChannelRow{"chart", Channel::Ignored, "chart"}, ChannelRow{"announcements", Channel::Ignored, "announcements"},
    ChannelRow{"block_trade_confirmations", Channel::Ignored, "block_trade_confirmations"},
    ChannelRow{"block_rfq", Channel::Ignored, "block_rfq"}, ChannelRow{"rfq", Channel::Ignored, "rfq"},
    ChannelRow{"user.orders", Channel::Ignored, "user.orders"},
    ChannelRow{"user.combo_trades", Channel::Ignored, "user.combo_trades"},
    ChannelRow{"user.access_log", Channel::Ignored, "user.access_log"}};

ChannelKind channel_kind(std::string_view name) {
  for (const ChannelRow& row : kChannels)
    if (name.starts_with(row.head) && (name.size() == row.head.size() || name[row.head.size()] == '.'))
      return {row.channel, row.label};
  return {};
}

/// The part of a channel's name between its first two points: perpetual.BTC-PERPETUAL.100ms.
std::string_view second_part(std::string_view channel) {
  const std::size_t point = channel.find('.');
  if (point == std::string_view::npos) return {};
  const std::string_view rest = channel.substr(point + 1);
  return rest.substr(0, rest.find('.'));
}

/// A price or size as it stands in the frame.
struct Exact {
  std::int64_t raw = 0;
  bool named = false;    ///< its key was there, if only with null
  bool given = false;    ///< it had a value
  bool refused = false;  ///< a number, but none that can be held exactly
};

double positive_or_absent(double value) { return value > 0 ? value : kAbsent; }

std::optional<InstrumentPhase> phase_from(std::string_view word) {
  struct Row {
    std::string_view word;
    InstrumentPhase phase;
  };
  // The words of today, then those from before 2026.
  constexpr std::array kRows{Row{"open", InstrumentPhase::Open},          Row{"settlement", InstrumentPhase::Settling},
                             Row{"delivered", InstrumentPhase::Expired},  Row{"inactive", InstrumentPhase::Halted},
                             Row{"locked", InstrumentPhase::Halted},      Row{"halted", InstrumentPhase::Halted},
                             Row{"archivized", InstrumentPhase::Expired}, Row{"created", InstrumentPhase::Halted},
                             Row{"started", InstrumentPhase::Open},       Row{"settled", InstrumentPhase::Settling},
                             Row{"closed", InstrumentPhase::Expired},     Row{"terminated", InstrumentPhase::Expired}};
  for (const Row& row : kRows)
    if (row.word == word) return row.phase;
  return std::nullopt;
}

std::optional<AssetCode> asset_from(std::string_view text) {
  std::array<char, AssetCode::kCapacity> upper{};
  if (text.empty() || text.size() > upper.size()) return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool lower = c >= 'a' && c <= 'z';
    if (!lower && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) return std::nullopt;
    upper[at] = lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return AssetCode::from({upper.data(), text.size()});
}

}  // namespace

/// The decoding of one frame: where its values go until they are complete, and the first fault.
struct Decoder::Work {
  Work(Decoder& owner, MonoTime received_at, EventBatch& batch)
      : decoder{owner},
        in{owner.reader_},
        detail{owner.detail_},
        symbols{owner.symbols_},
        out{batch},
        events_before{batch.size()},
        symbols_before{owner.symbols_.size()} {
    header.received = received_at;
    header.connection = owner.options_.connection;
    header.venue = Venue::Deribit;
  }

  Decoder& decoder;
  JsonReader& in;
  FrameDetail& detail;
  Symbols& symbols;
  EventBatch& out;
  std::size_t events_before;
  std::size_t symbols_before;
  EventHeader header;
  std::optional<DecodeError> error;
  ChannelKind kind;
  /// Set where a frame turned out to be of no use after all.
  std::string_view ignored;

  // ---- faults

  bool fail(DecodeFault fault, std::string_view field) {
    if (!error) error = DecodeError{fault, kind.label, field};
    return false;
  }
  bool fail_reading(std::string_view field) { return fail(fault_of(in.fault()), field); }

  Result<Decoded, DecodeError> finish(FrameKind frame_kind) {
    if (error) {
      out.truncate(events_before);
      symbols.truncate(symbols_before);
      return *error;
    }
    if (!ignored.empty()) return Decoded{FrameKind::Ignored, ignored};
    return Decoded{frame_kind, kind.label};
  }

  template <class Body>
  bool push(const Body& body) {
    if (out.push(header, body)) return true;
    return fail(DecodeFault::BatchFull, "");
  }

  // ---- fields; null leaves what was there

  bool number(std::string_view field, double& into) {
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto value = decimal.to_double();
    if (!value) return fail(DecodeFault::BadNumber, field);
    into = *value;
    return true;
  }
  bool exact(std::string_view field, Exact& into) {
    into.named = true;
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto raw = decimal.to_nano();
    into.given = true;
    into.refused = !raw;
    into.raw = raw.value_or(0);
    return true;
  }
  bool identity(std::string_view field, std::optional<std::uint64_t>& into) {
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto value = decimal.to_unsigned();
    if (!value) return fail(DecodeFault::BadNumber, field);
    into = *value;
    return true;
  }
  /// Milliseconds; a time that nanoseconds cannot hold is refused.
  bool time(std::string_view field, VenueTime& into) {
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto milliseconds = decimal.to_signed();
    if (!milliseconds) return fail(DecodeFault::BadNumber, field);
    const auto moment = venue_time_from_milliseconds(*milliseconds);
    if (!moment) return fail(DecodeFault::BadValue, field);
    into = *moment;
    return true;
  }
  bool text(std::string_view field, std::string_view& into) {
    if (in.skip_null()) return true;
    return in.string(into) || fail_reading(field);
  }
  bool flag(std::string_view field, std::optional<bool>& into) {
    if (in.skip_null()) return true;
    bool value = false;
    if (!in.boolean(value)) return fail_reading(field);
    into = value;
    return true;
  }
  bool skip() { return in.skip() || fail_reading(""); }

  template <class OnField>
  bool object(std::string_view field, OnField&& on_field) {
    return in.object(on_field) || fail_reading(field);
  }
  template <class OnItem>
  bool array(std::string_view field, OnItem&& on_item) {
    return in.array(on_item) || fail_reading(field);
  }

  // ---- instruments

  void note_unknown(std::string_view name) {
    auto& names = decoder.unknown_names_;
    const std::size_t known_names = detail.unknown.size();
    if (known_names == names.size() || std::find(detail.unknown.begin(), detail.unknown.end(), name) != detail.unknown.end())
      return;
    names[known_names] = name;
    detail.unknown = {names.data(), known_names + 1};
  }

  /// The id; on request one that the name implies. Nothing: not known (it is noted) or a combo (it is not).
  std::optional<InstrumentId> known(std::string_view name) {
    if (const auto id = symbols.find(name)) return id;
    if (is_combo_name(name)) return std::nullopt;
    if (decoder.options_.unknown == UnknownInstrument::Imply) {
      if (const auto contract = contract_from_name(name)) {
        const auto id = symbols.add(*contract);
        if (!id) {
          fail(DecodeFault::BatchFull, "instrument_name");
          return std::nullopt;
        }
        const EventHeader before = header;
        header.instrument = *id;
        header.exchange_time = kNoVenueTime;
        push(InstrumentListed{*contract});
        header = before;
        return id;
      }
    }
    note_unknown(name);
    return std::nullopt;
  }

  /// For channels of a single instrument: an unknown one is an error, a combo is ignored. True: header.instrument is set.
  bool single(std::string_view name) {
    if (name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
    const auto id = known(name);
    if (!id) {
      if (error) return false;
      if (is_combo_name(name)) {
        ignored = "combo";
        return false;
      }
      ++detail.unknown_rows;
      return fail(DecodeFault::UnknownInstrument, "instrument_name");
    }
    header.instrument = *id;
    detail.instrument = *id;
    return true;
  }

  /// For rows of a list. False: leave the row out, or stop when there is an error.
  bool in_list(std::string_view name) {
    if (name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
    const auto id = known(name);
    if (!id) {
      if (!error) ++(is_combo_name(name) ? detail.left_out_rows : detail.unknown_rows);
      return false;
    }
    header.instrument = *id;
    return true;
  }

  /// A list that said nothing about any instrument we know was not understood.
  bool close_list() {
    if (error) return false;
    if (detail.rows == 0 || out.size() != events_before) return true;
    if (detail.unknown_rows != 0) return fail(DecodeFault::UnknownInstrument, "instrument_name");
    if (detail.left_out_rows != 0) ignored = "combo";
    return true;
  }

  bool timed() { return header.exchange_time != kNoVenueTime || fail(DecodeFault::MissingField, "timestamp"); }

  // ---- quotes

  /// 0.0, null or absent is an empty side. Nothing is pushed when a number cannot be held: half a quote would be a wrong one.
  bool push_quote(const Exact& bid, const Exact& bid_size, const Exact& ask, const Exact& ask_size) {
    if (!bid.named && !ask.named) return true;
    if (bid.raw < 0) return fail(DecodeFault::BadValue, "best_bid_price");
    if (ask.raw < 0) return fail(DecodeFault::BadValue, "best_ask_price");
    if (bid_size.raw < 0) return fail(DecodeFault::BadValue, "best_bid_amount");
    if (ask_size.raw < 0) return fail(DecodeFault::BadValue, "best_ask_amount");
    const int refused = int{bid.refused} + int{ask.refused} + int{bid_size.refused} + int{ask_size.refused};
    if (refused != 0) {
      detail.refused_fields += static_cast<std::uint32_t>(refused);
      return true;
    }
    Quote quote;
    if (bid.raw > 0 && bid_size.raw > 0) {
      quote.bid = Price::from_raw(bid.raw);
      quote.bid_size = Size::from_raw(bid_size.raw);
    }
    if (ask.raw > 0 && ask_size.raw > 0) {
      quote.ask = Price::from_raw(ask.raw);
      quote.ask_size = Size::from_raw(ask_size.raw);
    }
    return push(quote);
  }

  bool quote() {
    std::string_view name;
    Exact bid;
    Exact ask;
    Exact bid_size;
    Exact ask_size;
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("instrument_name"):
              if (key.is("instrument_name")) return text("instrument_name", name);
              break;
            case k("timestamp"):
              if (key.is("timestamp")) return time("timestamp", header.exchange_time);
              break;
            case k("best_bid"):
              if (key.is("best_bid_price")) return exact("best_bid_price", bid);
              if (key.is("best_bid_amount")) return exact("best_bid_amount", bid_size);
              break;
            case k("best_ask"):
              if (key.is("best_ask_price")) return exact("best_ask_price", ask);
              if (key.is("best_ask_amount")) return exact("best_ask_amount", ask_size);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (!single(name)) return false;
    if (!bid.named && !ask.named) return fail(DecodeFault::MissingField, "best_bid_price");
    return timed() && push_quote(bid, bid_size, ask, ask_size);
  }

  bool greeks(VenueGreeks& into) {
    return object("greeks", [&](JsonKey key) {
      switch (key.prefix()) {
        case k("delta"):
          return number("greeks.delta", into.delta);
        case k("gamma"):
          return number("greeks.gamma", into.gamma);
        case k("vega"):
          return number("greeks.vega", into.vega);
        case k("theta"):
          return number("greeks.theta", into.theta);
        case k("rho"):
          return number("greeks.rho", into.rho);
        default:
          return skip();
      }
    });
  }

  bool ticker() {
    std::string_view name;
    Exact bid;
    Exact ask;
    Exact bid_size;
    Exact ask_size;
    Mark mark;
    double vol_percent = kAbsent;
    VenueGreeks published;
    Funding funding;
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("instrument_name"):
              if (key.is("instrument_name")) return text("instrument_name", name);
              break;
            case k("timestamp"):
              if (key.is("timestamp")) return time("timestamp", header.exchange_time);
              break;
            case k("best_bid"):
              if (key.is("best_bid_price")) return exact("best_bid_price", bid);
              if (key.is("best_bid_amount")) return exact("best_bid_amount", bid_size);
              break;
            case k("best_ask"):
              if (key.is("best_ask_price")) return exact("best_ask_price", ask);
              if (key.is("best_ask_amount")) return exact("best_ask_amount", ask_size);
              break;
            case k("mark_price"):
              if (key.is("mark_price")) return number("mark_price", mark.price);
              break;
            case k("mark_iv"):
              return number("mark_iv", vol_percent);
            case k("underlying_price"):
              if (key.is("underlying_price")) return number("underlying_price", mark.forward);
              break;
            case k("index_price"):
              if (key.is("index_price")) return number("index_price", mark.index);
              break;
            case k("interest_rate"):
              if (key.is("interest_rate")) return number("interest_rate", mark.rate);
              break;
            case k("current_funding"):
              if (key.is("current_funding")) return number("current_funding", funding.current_rate_8h);
              break;
            case k("funding_8h"):
              if (key.is("funding_8h")) return number("funding_8h", funding.average_rate_8h);
              break;
            case k("greeks"):
              return in.skip_null() || greeks(published);
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (!single(name) || !timed()) return false;
    if (mark.price < 0) return fail(DecodeFault::BadValue, "mark_price");
    const ContractKind contract_kind = symbols.contract(header.instrument).kind;
    mark.forward = positive_or_absent(mark.forward);
    mark.index = positive_or_absent(mark.index);
    if (contract_kind == ContractKind::Option) {
      // A far option's mark may truly be 0; a vol never is.
      if (vol_percent > 0) mark.vol = Vol::from_percent(vol_percent).fraction();
    } else {
      mark.price = positive_or_absent(mark.price);
    }
    if (!push_quote(bid, bid_size, ask, ask_size)) return false;
    if ((is_present(mark.price) || is_present(mark.vol) || is_present(mark.forward) || is_present(mark.index)) && !push(mark))
      return false;
    const bool has_greeks = is_present(published.delta) || is_present(published.gamma) || is_present(published.vega) ||
                            is_present(published.theta) || is_present(published.rho);
    if (has_greeks && contract_kind == ContractKind::Option && !push(published)) return false;
    const bool funded = is_present(funding.current_rate_8h) || is_present(funding.average_rate_8h);
    return !funded || contract_kind != ContractKind::Perpetual || push(funding);
  }

  // ---- books

  struct BookShape {
    bool with_action = false;
    bool without_action = false;
  };

  bool level(Side side, BookShape& shape) {
    std::size_t place = 0;
    bool acts = false;
    bool removes = false;
    Exact price;
    Exact size;
    const std::string_view list = side == Side::Buy ? "bids" : "asks";
    const bool complete = array(list, [&] {
      if (place == 0 && !acts && in.peek() == '"') {
        std::string_view action;
        if (!in.string(action)) return fail_reading(list);
        removes = action == "delete";
        if (!removes && action != "new" && action != "change") return fail(DecodeFault::UnknownWord, list);
        shape.with_action = acts = true;
        return true;
      }
      switch (place++) {
        case 0:
          return exact(list, price);
        case 1:
          return exact(list, size);
        default:
          return skip();
      }
    });
    if (!complete) return false;
    if (place < 2 || !price.given || !size.given) return fail(DecodeFault::MissingField, list);
    // Unlike a quote, a level that is left out would make the book wrong until the next snapshot.
    if (price.refused || size.refused) return fail(DecodeFault::BadNumber, list);
    if (price.raw <= 0 || size.raw < 0) return fail(DecodeFault::BadValue, list);
    return push(BookLevel{Price::from_raw(price.raw), removes ? Size{} : Size::from_raw(size.raw), side});
  }

  bool levels(Side side, BookShape& shape) {
    return array(side == Side::Buy ? "bids" : "asks", [&] {
      const bool action_before = shape.with_action;
      shape.with_action = false;
      if (!level(side, shape)) return false;
      if (!shape.with_action) shape.without_action = true;
      shape.with_action = shape.with_action || action_before;
      return true;
    });
  }

  bool book() {
    std::string_view name;
    std::string_view type;
    std::optional<std::uint64_t> change_id;
    std::optional<std::uint64_t> previous;
    BookShape shape;
    bool has_bids = false;
    bool has_asks = false;
    const std::size_t first = out.size();
    // The levels may come before the name and time that belong to them: these are filled in at the end.
    if (!push(BookBegin{})) return false;
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("instrument_name"):
              if (key.is("instrument_name")) return text("instrument_name", name);
              break;
            case k("timestamp"):
              if (key.is("timestamp")) return time("timestamp", header.exchange_time);
              break;
            case k("type"):
              return text("type", type);
            case k("change_id"):
              if (key.is("change_id")) return identity("change_id", change_id);
              break;
            case k("prev_change_id"):
              if (key.is("prev_change_id")) return identity("prev_change_id", previous);
              break;
            case k("bids"):
              has_bids = true;
              return levels(Side::Buy, shape);
            case k("asks"):
              has_asks = true;
              return levels(Side::Sell, shape);
            default:
              break;
          }
          return skip();
        }))
      return false;
    const std::size_t behind = out.size();
    if (!single(name)) {
      if (!error) out.truncate(first);
      return false;
    }
    if (!timed()) return false;
    if (!has_bids) return fail(DecodeFault::MissingField, "bids");
    if (!has_asks) return fail(DecodeFault::MissingField, "asks");
    if (!change_id) return fail(DecodeFault::MissingField, "change_id");
    if (type.empty()) {
      detail.book = BookForm::Grouped;
      if (shape.with_action) return fail(DecodeFault::MissingField, "type");
    } else {
      if (type != "snapshot" && type != "change") return fail(DecodeFault::UnknownWord, "type");
      if (shape.without_action) return fail(DecodeFault::WrongType, "bids");
      detail.book = type == "snapshot" ? BookForm::Snapshot : BookForm::Change;
      if (detail.book == BookForm::Change && !previous) return fail(DecodeFault::MissingField, "prev_change_id");
    }
    detail.change_id = *change_id;
    detail.previous_change_id = previous.value_or(0);
    if (!push(BookEnd{*change_id})) return false;
    const auto events = out.events();
    events[first].body = BookBegin{detail.book != BookForm::Change};
    for (std::size_t at = first; at < events.size(); ++at) events[at].header = header;
    // An instrument listed from its name alone must come before the book that speaks of it.
    if (behind + 1 != events.size())
      std::rotate(events.begin() + static_cast<std::ptrdiff_t>(first), events.begin() + static_cast<std::ptrdiff_t>(behind),
                  events.begin() + static_cast<std::ptrdiff_t>(events.size() - 1));
    return true;
  }

  // ---- trades

  struct TradeRow {
    std::string_view name;
    std::string_view direction;
    std::string_view fee_currency;
    Exact price;
    Exact amount;
    double fee = kAbsent;
    std::optional<std::uint64_t> sequence;
    VenueTime time = kNoVenueTime;
    bool liquidation = false;
  };

  bool trade_row(TradeRow& row) {
    return object("data", [&](JsonKey key) {
      switch (key.prefix()) {
        case k("instrument_name"):
          if (key.is("instrument_name")) return text("instrument_name", row.name);
          break;
        case k("timestamp"):
          if (key.is("timestamp")) return time("timestamp", row.time);
          break;
        case k("direction"):
          if (key.is("direction")) return text("direction", row.direction);
          break;
        case k("price"):
          return exact("price", row.price);
        case k("amount"):
          return exact("amount", row.amount);
        case k("trade_seq"):
          if (key.is("trade_seq")) return identity("trade_seq", row.sequence);
          break;
        case k("fee"):
          return number("fee", row.fee);
        case k("fee_currency"):
          if (key.is("fee_currency")) return text("fee_currency", row.fee_currency);
          break;
        case k("liquidation"):
          if (key.is("liquidation")) {
            std::string_view who;
            if (!text("liquidation", who)) return false;
            row.liquidation = !who.empty() && who != "none";
            return true;
          }
          break;
        default:
          break;
      }
      return skip();
    });
  }

  bool side_from(std::string_view word, Side& into) {
    if (word.empty()) return fail(DecodeFault::MissingField, "direction");
    if (word != "buy" && word != "sell") return fail(DecodeFault::UnknownWord, "direction");
    into = word == "buy" ? Side::Buy : Side::Sell;
    return true;
  }

  bool complete(const TradeRow& row) {
    if (!row.price.given) return fail(DecodeFault::MissingField, "price");
    if (!row.amount.given) return fail(DecodeFault::MissingField, "amount");
    if (row.amount.raw < 0) return fail(DecodeFault::BadValue, "amount");
    if (row.price.raw < 0) return fail(DecodeFault::BadValue, "price");
    if (row.time == kNoVenueTime) return fail(DecodeFault::MissingField, "timestamp");
    return true;
  }

  bool trades() {
    return array("data",
                 [&] {
                   TradeRow row;
                   if (!trade_row(row)) return false;
                   ++detail.rows;
                   if (!in_list(row.name)) return !error.has_value();
                   Trade trade;
                   if (!complete(row) || !side_from(row.direction, trade.aggressor)) return false;
                   if (row.price.refused || row.amount.refused) {
                     ++detail.refused_fields;
                     return true;
                   }
                   trade.price = Price::from_raw(row.price.raw);
                   trade.size = Size::from_raw(row.amount.raw);
                   trade.sequence = row.sequence.value_or(0);
                   header.exchange_time = row.time;
                   return push(trade);
                 }) &&
           (detail.refused_fields != 0 || close_list());
  }

  bool fills(std::string_view field, VenueTime& newest) {
    return array(field, [&] {
      TradeRow row;
      if (!trade_row(row)) return false;
      ++detail.rows;
      if (!in_list(row.name)) return !error.has_value();
      Fill fill;
      if (!complete(row) || !side_from(row.direction, fill.side)) return false;
      // An account's fill is never left out: the session asks for the positions again.
      if (row.price.refused) return fail(DecodeFault::BadNumber, "price");
      if (row.amount.refused) return fail(DecodeFault::BadNumber, "amount");
      fill.price = Price::from_raw(row.price.raw);
      fill.size = Size::from_raw(row.amount.raw);
      fill.fee = row.fee;
      fill.sequence = row.sequence.value_or(0);
      fill.liquidation = row.liquidation;
      if (!row.fee_currency.empty()) {
        const auto asset = asset_from(row.fee_currency);
        if (!asset) return fail(DecodeFault::NameTooLong, "fee_currency");
        fill.fee_asset = *asset;
      }
      header.exchange_time = row.time;
      newest = std::max(newest, row.time);
      return push(fill);
    });
  }

  // ---- marks and indices

  bool mark_prices() {
    return array("data",
                 [&] {
                   std::string_view name;
                   Mark mark;
                   double fraction = kAbsent;
                   header.exchange_time = kNoVenueTime;
                   if (!object("data", [&](JsonKey key) {
                         switch (key.prefix()) {
                           case k("instrument_name"):
                             if (key.is("instrument_name")) return text("instrument_name", name);
                             break;
                           case k("timestamp"):
                             if (key.is("timestamp")) return time("timestamp", header.exchange_time);
                             break;
                           case k("mark_price"):
                             if (key.is("mark_price")) return number("mark_price", mark.price);
                             break;
                           case k("iv"):
                             return number("iv", fraction);
                           default:
                             break;
                         }
                         return skip();
                       }))
                     return false;
                   ++detail.rows;
                   if (!in_list(name)) return !error.has_value();
                   if (!timed()) return false;
                   if (mark.price < 0) return fail(DecodeFault::BadValue, "mark_price");
                   // A fraction here, a percentage in tickers.
                   if (fraction > 0) mark.vol = Vol::from_fraction(fraction).fraction();
                   if (!is_present(mark.price) && !is_present(mark.vol)) return fail(DecodeFault::MissingField, "mark_price");
                   return push(mark);
                 }) &&
           close_list();
  }

  bool price_index() {
    std::string_view name;
    IndexPrice index;
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("index_name"):
              if (key.is("index_name")) return text("index_name", name);
              break;
            case k("price"):
              return number("price", index.price);
            case k("timestamp"):
              if (key.is("timestamp")) return time("timestamp", header.exchange_time);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (name.empty()) return fail(DecodeFault::MissingField, "index_name");
    const std::size_t underscore = name.find('_');
    if (underscore == std::string_view::npos) return fail(DecodeFault::BadValue, "index_name");
    const auto base = asset_from(name.substr(0, underscore));
    const auto quote_asset = asset_from(name.substr(underscore + 1));
    if (!base || !quote_asset) return fail(DecodeFault::NameTooLong, "index_name");
    if (!is_present(index.price)) return fail(DecodeFault::MissingField, "price");
    if (!(index.price > 0)) return fail(DecodeFault::BadValue, "price");
    index.base = *base;
    index.quote = *quote_asset;
    return timed() && push(index);
  }

  bool perpetual() {
    Funding funding;
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("interest"):
              return number("interest", funding.current_rate_8h);
            case k("timestamp"):
              if (key.is("timestamp")) return time("timestamp", header.exchange_time);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (!single(second_part(detail.channel_name))) return false;
    if (!is_present(funding.current_rate_8h)) return fail(DecodeFault::MissingField, "interest");
    return timed() && push(funding);
  }

  // ---- states

  bool instrument_state() {
    std::string_view state;
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("instrument_name"):
              if (key.is("instrument_name")) return text("instrument_name", detail.state_instrument);
              break;
            case k("state"):
              return text("state", state);
            case k("timestamp"):
              if (key.is("timestamp")) return time("timestamp", header.exchange_time);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (state.empty()) return fail(DecodeFault::MissingField, "state");
    if (!timed()) return false;
    const auto phase = phase_from(state);
    if (!phase) {
      // New words are to be expected: they say nothing that is acted on.
      ignored = "instrument.state with a new word";
      return false;
    }
    detail.tradable = *phase == InstrumentPhase::Open;
    if (detail.state_instrument.empty()) return fail(DecodeFault::MissingField, "instrument_name");
    const auto id = known(detail.state_instrument);
    if (!id) {
      if (error) return false;
      // Somebody has to ask for its definition; until then there is nothing to tell the engine.
      ++detail.unknown_rows;
      ignored = is_combo_name(detail.state_instrument) ? "combo" : "instrument.state of an unlisted instrument";
      return false;
    }
    header.instrument = *id;
    detail.instrument = *id;
    return push(InstrumentStateChanged{*phase});
  }

  bool platform_state() {
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("price_index"):
              if (key.is("price_index")) return text("price_index", detail.locked_index);
              break;
            case k("locked"):
              return flag("locked", detail.locked);
            case k("maintenance"):
              if (key.is("maintenance")) return flag("maintenance", detail.maintenance);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (!detail.locked && !detail.maintenance) return fail(DecodeFault::MissingField, "locked");
    return push(PlatformState{detail.locked.value_or(false), detail.maintenance.value_or(false)});
  }

  // ---- instruments

  struct Listing {
    std::string_view name, kind, type, future_type, option_type, base, quote, counter, settlement, period;
    double strike = kAbsent;
    double contract_size = kAbsent;
    double lot = kAbsent;
    std::optional<std::int64_t> expiry_ms;
  };

  bool listing_fields(Listing& row) {
    return object("result", [&](JsonKey key) {
      switch (key.prefix()) {
        case k("instrument_name"):
          if (key.is("instrument_name")) return text("instrument_name", row.name);
          if (key.is("instrument_type")) return text("instrument_type", row.type);
          break;
        case k("kind"):
          return text("kind", row.kind);
        case k("future_type"):
          if (key.is("future_type")) return text("future_type", row.future_type);
          break;
        case k("option_type"):
          if (key.is("option_type")) return text("option_type", row.option_type);
          break;
        case k("base_currency"):
          if (key.is("base_currency")) return text("base_currency", row.base);
          break;
        case k("quote_currency"):
          if (key.is("quote_currency")) return text("quote_currency", row.quote);
          break;
        case k("counter_currency"):
          if (key.is("counter_currency")) return text("counter_currency", row.counter);
          break;
        case k("settlement_currency"):
          if (key.is("settlement_currency")) return text("settlement_currency", row.settlement);
          if (key.is("settlement_period")) return text("settlement_period", row.period);
          break;
        case k("strike"):
          return number("strike", row.strike);
        case k("contract_size"):
          if (key.is("contract_size")) return number("contract_size", row.contract_size);
          break;
        case k("min_trade_amount"):
          if (key.is("min_trade_amount")) return number("min_trade_amount", row.lot);
          break;
        case k("expiration_timestamp"):
          if (key.is("expiration_timestamp")) {
            if (in.skip_null()) return true;
            Decimal decimal;
            if (!in.number(decimal)) return fail_reading("expiration_timestamp");
            row.expiry_ms = decimal.to_signed();
            return row.expiry_ms.has_value() || fail(DecodeFault::BadNumber, "expiration_timestamp");
          }
          break;
        default:
          break;
      }
      return skip();
    });
  }

  static bool is_combo_kind(std::string_view kind) { return kind == "future_combo" || kind == "option_combo"; }

  bool contract_from(const Listing& row, Contract& contract) {
    if (row.name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
    const auto name = InstrumentName::from(row.name);
    if (!name) return fail(DecodeFault::NameTooLong, "instrument_name");
    contract.name = *name;
    if (row.kind == "option") {
      contract.kind = ContractKind::Option;
    } else if (row.kind == "spot") {
      contract.kind = ContractKind::Spot;
    } else if (row.kind == "future") {
      contract.kind = row.period == "perpetual" ? ContractKind::Perpetual : ContractKind::Future;
    } else {
      return fail(row.kind.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "kind");
    }

    const auto base = asset_from(row.base);
    if (!base) return fail(row.base.empty() ? DecodeFault::MissingField : DecodeFault::NameTooLong, "base_currency");
    contract.base = *base;
    if (row.quote.empty()) return fail(DecodeFault::MissingField, "quote_currency");

    // Listings from before 2022 lack instrument_type: an option quoted in its own coin and a future quoted in dollars are inverse.
    const std::string_view type = row.type.empty() ? row.future_type : row.type;
    if (!type.empty() && type != "reversed" && type != "linear" && contract.kind != ContractKind::Spot)
      return fail(DecodeFault::UnknownWord, "instrument_type");
    bool inverse = type == "reversed";
    if (type.empty()) inverse = contract.kind == ContractKind::Option ? row.quote == row.base : row.quote == "USD";
    if (contract.kind == ContractKind::Spot) inverse = false;
    contract.style = inverse ? PayoffStyle::Inverse : PayoffStyle::Linear;
    contract.size_unit = inverse && contract.kind != ContractKind::Option ? SizeUnit::Quote : SizeUnit::Base;

    // The quote of a coin-quoted option is its coin: what the underlying is priced in is then the counter currency.
    const std::string_view quote = !inverse ? row.quote : row.counter.empty() ? std::string_view{"USD"} : row.counter;
    const auto quote_asset = asset_from(quote);
    if (!quote_asset) return fail(DecodeFault::NameTooLong, "quote_currency");
    contract.quote = *quote_asset;
    const std::string_view settlement = !row.settlement.empty() ? row.settlement : inverse ? row.base : quote;
    const auto settlement_asset = asset_from(settlement);
    if (!settlement_asset) return fail(DecodeFault::NameTooLong, "settlement_currency");
    contract.settlement = *settlement_asset;

    if (contract.kind == ContractKind::Option || contract.kind == ContractKind::Future) {
      if (!row.expiry_ms) return fail(DecodeFault::MissingField, "expiration_timestamp");
      const auto expiry = venue_time_from_milliseconds(*row.expiry_ms);
      if (!expiry) return fail(DecodeFault::BadValue, "expiration_timestamp");
      contract.expiry = *expiry;
    }
    if (contract.kind == ContractKind::Option) {
      if (row.option_type != "call" && row.option_type != "put")
        return fail(row.option_type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "option_type");
      contract.right = row.option_type == "call" ? OptionRight::Call : OptionRight::Put;
      if (!(row.strike > 0)) return fail(is_present(row.strike) ? DecodeFault::BadValue : DecodeFault::MissingField, "strike");
      contract.strike = row.strike;
    }
    contract.contract_size = row.contract_size;
    if (contract.kind == ContractKind::Spot && !is_present(row.contract_size)) contract.contract_size = 1;
    if (!(contract.contract_size > 0))
      return fail(is_present(contract.contract_size) ? DecodeFault::BadValue : DecodeFault::MissingField, "contract_size");
    if (!(row.lot > 0)) return fail(is_present(row.lot) ? DecodeFault::BadValue : DecodeFault::MissingField, "min_trade_amount");
    contract.lot = row.lot;
    return true;
  }

  bool listing() {
    Listing row;
    if (!listing_fields(row)) return false;
    ++detail.rows;
    if (is_combo_kind(row.kind)) {
      ++detail.left_out_rows;
      return true;
    }
    Contract contract;
    if (!contract_from(row, contract)) return false;
    const auto id = symbols.add(contract);
    if (!id) return fail(DecodeFault::BatchFull, "instrument_name");
    header.instrument = *id;
    return push(InstrumentListed{contract});
  }

  bool listings() {
    return array("result", [&] {
      const JsonReader::Position row = in.position();
      if (listing()) return true;
      const DecodeFault fault = error->fault;
      if (fault == DecodeFault::NotJson || fault == DecodeFault::Truncated || fault == DecodeFault::BatchFull) return false;
      // One odd listing must not hide the others.
      error.reset();
      in.forgive();
      in.seek(row);
      ++detail.left_out_rows;
      return skip();
    });
  }

  // ---- accounts

  bool position_row() {
    std::string_view name;
    std::string_view direction;
    Exact size;
    PositionReport report;
    if (!object("positions", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("instrument_name"):
              if (key.is("instrument_name")) return text("instrument_name", name);
              break;
            case k("direction"):
              if (key.is("direction")) return text("direction", direction);
              break;
            case k("size"):
              return exact("size", size);
            case k("average_price"):
              if (key.is("average_price")) return number("average_price", report.average_entry);
              break;
            case k("delta"):
              return number("delta", report.venue_delta_coins);
            case k("realized_profit_loss"):
              if (key.is("realized_profit_loss")) return number("realized_profit_loss", report.realized_pnl);
              break;
            case k("floating_profit_loss"):
              if (key.is("floating_profit_loss")) return number("floating_profit_loss", report.unrealized_pnl);
              break;
            case k("maintenance_margin"):
              if (key.is("maintenance_margin")) return number("maintenance_margin", report.maintenance_margin);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    ++detail.rows;
    if (name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
    if (!size.given) return fail(DecodeFault::MissingField, "size");
    if (size.refused) return fail(DecodeFault::BadNumber, "size");
    const std::int64_t magnitude = size.raw < 0 ? -size.raw : size.raw;
    if (direction == "buy" || direction == "sell") {
      // The size is signed on the wire, but the direction is what is documented.
      report.size = Size::from_raw(direction == "buy" ? magnitude : -magnitude);
    } else if (direction == "zero") {
      if (magnitude != 0) return fail(DecodeFault::BadValue, "size");
    } else {
      return fail(direction.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "direction");
    }
    if (magnitude == 0) report.average_entry = kAbsent;
    if (!in_list(name)) return !error.has_value();
    return push(report);
  }

  bool positions(std::string_view field) {
    return array(field, [&] { return position_row(); });
  }

  /// A position that cannot be told must not look flat: with an unlisted instrument the message counts for nothing.
  bool every_position_known() { return detail.unknown_rows == 0 || fail(DecodeFault::UnknownInstrument, "instrument_name"); }

  bool changes() {
    VenueTime newest = kNoVenueTime;
    bool has_positions = false;
    const std::size_t first = out.size();
    if (!object("data", [&](JsonKey key) {
          switch (key.prefix()) {
            case k("trades"):
              return fills("trades", newest);
            case k("positions"):
              if (key.is("positions")) {
                has_positions = true;
                header.exchange_time = kNoVenueTime;
                return positions("positions");
              }
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    if (!has_positions) return fail(DecodeFault::MissingField, "positions");
    if (!every_position_known()) return false;
    // Positions carry no time of their own; the trades that made them do.
    for (Event& event : out.events().subspan(first))
      if (std::holds_alternative<PositionReport>(event.body)) event.header.exchange_time = newest;
    return true;
  }

  bool summary(std::string_view field) {
    std::string_view currency;
    std::string_view model;
    std::optional<bool> cross;
    AccountSummary row;
    AccountGreeks totals;
    if (!object(field, [&](JsonKey key) {
          switch (key.prefix()) {
            case k("currency"):
              return key.is("currency") ? text("currency", currency) : skip();
            case k("equity"):
              return number("equity", row.equity);
            case k("balance"):
              return number("balance", row.balance);
            case k("margin_balance"):
              if (key.is("margin_balance")) return number("margin_balance", row.margin_balance);
              break;
            case k("margin_model"):
              if (key.is("margin_model")) return text("margin_model", model);
              break;
            case k("initial_margin"):
              if (key.is("initial_margin")) return number("initial_margin", row.initial_margin);
              break;
            case k("maintenance_margin"):
              if (key.is("maintenance_margin")) return number("maintenance_margin", row.maintenance_margin);
              break;
            case k("cross_collateral_enabled"):
              if (key.is("cross_collateral_enabled")) return flag("cross_collateral_enabled", cross);
              break;
            case k("delta_total"):
              if (key.is("delta_total")) return number("delta_total", totals.delta_total);
              break;
            case k("options_delta"):
              if (key.is("options_delta")) return number("options_delta", totals.options_delta);
              if (key.is("options_gamma")) return number("options_gamma", totals.options_gamma);
              if (key.is("options_vega")) return number("options_vega", totals.options_vega);
              if (key.is("options_theta")) return number("options_theta", totals.options_theta);
              break;
            default:
              break;
          }
          return skip();
        }))
      return false;
    ++detail.rows;
    if (currency.empty()) return fail(DecodeFault::MissingField, "currency");
    const auto asset = asset_from(currency);
    if (!asset) return fail(DecodeFault::NameTooLong, "currency");
    if (!is_present(row.equity)) return fail(DecodeFault::MissingField, "equity");
    row.asset = totals.asset = *asset;
    row.cross_collateral = model.empty() ? cross.value_or(false) : model.starts_with("cross");
    if (!push(row)) return false;
    const bool any = is_present(totals.delta_total) || is_present(totals.options_delta) || is_present(totals.options_gamma) ||
                     is_present(totals.options_vega) || is_present(totals.options_theta);
    return !any || push(totals);
  }

  bool summaries() {
    bool listed = false;
    const JsonReader::Position start = in.position();
    // Of all currencies in a list, or of one alone.
    if (!object("result", [&](JsonKey key) {
          if (!key.is("summaries")) return skip();
          listed = true;
          return array("summaries", [&] { return summary("summaries"); });
        }))
      return false;
    if (listed) return true;
    in.seek(start);
    return summary("result");
  }

  bool user_lock() {
    std::optional<bool> locked;
    if (!object("data", [&](JsonKey key) { return key.is("locked") ? flag("locked", locked) : skip(); })) return false;
    if (!locked) return fail(DecodeFault::MissingField, "locked");
    return push(ForcedEvent{ForcedEventKind::AccountLock, *locked});
  }

  bool mmp_trigger() {
    if (!object("data", [&](JsonKey key) { return key.is("timestamp") ? time("timestamp", header.exchange_time) : skip(); }))
      return false;
    return push(ForcedEvent{ForcedEventKind::MarketMakerProtection, true});
  }

  bool liquidation() {
    std::string_view state;
    if (!object("data", [&](JsonKey key) {
          if (key.is("state")) return text("state", state);
          if (key.is("timestamp")) return time("timestamp", header.exchange_time);
          return skip();
        }))
      return false;
    if (state.empty()) return fail(DecodeFault::MissingField, "state");
    ForcedEvent event;
    if (state.starts_with("liquidation") || state.starts_with("close_out_liquidation")) event.kind = ForcedEventKind::Liquidation;
    if (state.starts_with("adl_")) event.kind = ForcedEventKind::AutoDeleveraging;
    event.active = !state.ends_with("_completed");
    return push(event);
  }

  // ---- the frame

  [[nodiscard]] bool of_account() const {
    return kind.channel == Channel::Portfolio || kind.channel == Channel::Changes || kind.channel == Channel::UserTrades ||
           kind.channel == Channel::UserLock || kind.channel == Channel::MmpTrigger || kind.channel == Channel::Liquidation;
  }

  /// False with neither error nor reason never happens; false with a reason only ends the frame.
  bool data() {
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

  /// A reason to ignore the frame is no fault: everything of its data has been read by then.
  bool read_data() { return data() || (!error && !ignored.empty()); }

  bool name_channel(std::string_view name) {
    detail.channel_name = name;
    kind = channel_kind(name);
    detail.label = kind.label;
    return true;
  }

  bool params(std::string_view& type, bool& has_data) {
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

  bool reply_error() {
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

  /// Ours are numbers; another's may be text and matches none.
  bool reply_id() {
    if (in.peek() == '"') return skip();
    std::optional<std::uint64_t> id;
    if (!identity("id", id)) return false;
    detail.has_id = id.has_value();
    detail.id = id.value_or(0);
    return true;
  }

  Result<Decoded, DecodeError> frame() {
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
};

Decoder::Decoder(Symbols& symbols, DecoderOptions options) : symbols_{symbols}, options_{options} {}

Result<Decoded, DecodeError> Decoder::decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  detail_ = {};
  result_ = nullptr;
  Work work{*this, received, out};
  if (!reader_.start(frame)) {
    work.fail_reading("");
    return work.finish(FrameKind::Ignored);
  }
  return work.frame();
}

bool Decoder::go_to_result() {
  if (result_ == nullptr || reader_.fault() != JsonFault::None) return false;
  reader_.seek(result_);
  return true;
}

Result<Decoded, DecodeError> Decoder::decode_instruments(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_instruments";
  if (!go_to_result())
    work.fail(DecodeFault::MissingField, "result");
  else if (reader_.peek() == '[')
    static_cast<void>(work.listings());
  else
    static_cast<void>(work.listing());
  return work.finish(FrameKind::Control);
}

Result<Decoded, DecodeError> Decoder::decode_positions(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_positions";
  work.header.account = options_.account;
  if (detail_.sent_at_us != 0) {
    const auto sent =
        venue_time_from_milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(detail_.sent_at_us / 1000, INT64_MAX)));
    if (sent) work.header.exchange_time = *sent;
  }
  const EventHeader header = work.header;
  if (!go_to_result())
    work.fail(DecodeFault::MissingField, "result");
  else if (work.push(PositionSnapshotBegin{}) && work.positions("result") && work.every_position_known()) {
    work.header = header;
    work.push(PositionSnapshotEnd{});
  }
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_account_summaries(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_account_summaries";
  work.header.account = options_.account;
  if (detail_.sent_at_us != 0) {
    const auto sent =
        venue_time_from_milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(detail_.sent_at_us / 1000, INT64_MAX)));
    if (sent) work.header.exchange_time = *sent;
  }
  if (!go_to_result())
    work.fail(DecodeFault::MissingField, "result");
  else
    static_cast<void>(work.summaries());
  return work.finish(FrameKind::Account);
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
