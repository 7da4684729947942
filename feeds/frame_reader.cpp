#include "feeds/frame_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "feeds/decimal_text.hpp"

namespace hedgewatch {

namespace {

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

}  // namespace

std::optional<AssetCode> asset_code(std::string_view text) {
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

std::optional<std::int64_t> in_size_units(std::int64_t contracts_nano, double contract_size) {
  constexpr std::int64_t kScale = Size::kScale;
  if (contract_size == 1) return contracts_nano;
  if (!(contract_size > 0) || !(contract_size < 1e9)) return std::nullopt;
  // Contract sizes have few digits: the nearest count of 1e-9 is what the venue wrote.
  const std::int64_t unit = std::llround(contract_size * static_cast<double>(kScale));
  const std::int64_t whole = contracts_nano / kScale;
  const std::int64_t rest = contracts_nano % kScale;
  // Of rest times unit: with the whole part of the unit below 1e18, with the rest of it a fraction that must vanish.
  const std::int64_t fraction = rest * (unit % kScale);
  if (fraction % kScale != 0) return std::nullopt;
  std::int64_t product = 0;
  if (__builtin_mul_overflow(whole, unit, &product)) return std::nullopt;
  if (__builtin_add_overflow(product, rest * (unit / kScale) + fraction / kScale, &product)) return std::nullopt;
  return product;
}

FrameReader::FrameReader(Venue venue, SymbolTable& table, FrameScratch& kept, const DecodingOptions& given, ImpliedContract implied,
                         MonoTime received, EventBatch& batch)
    : in{kept.reader},
      scratch{kept},
      detail{kept.detail},
      symbols{table},
      out{batch},
      options{given},
      implied_contract{implied},
      events_before{batch.size()},
      symbols_before{table.size()} {
  header.received = received;
  header.connection = given.connection;
  header.venue = venue;
}

bool FrameReader::fail_reading(std::string_view field) { return fail(fault_of(in.fault()), field); }

Result<Decoded, DecodeError> FrameReader::finish(FrameKind kind) {
  if (error) {
    out.truncate(events_before);
    symbols.truncate(symbols_before);
    return *error;
  }
  if (!ignored.empty()) {
    out.truncate(events_before);
    symbols.truncate(symbols_before);
    return Decoded{FrameKind::Ignored, ignored};
  }
  return Decoded{kind, label};
}

// ---- fields

bool FrameReader::decimal(std::string_view field, Decimal& into, bool& given) {
  given = false;
  if (in.skip_null()) return true;
  if (in.peek() != '"') {
    if (!in.number(into)) return fail_reading(field);
    given = true;
    return true;
  }
  std::string_view written;
  if (!in.string(written)) return fail_reading(field);
  if (written.empty()) return true;
  const auto value = decimal_from(written);
  if (!value) return fail(DecodeFault::BadNumber, field);
  into = *value;
  given = true;
  return true;
}

bool FrameReader::number(std::string_view field, double& into) {
  Decimal value;
  bool given = false;
  if (!decimal(field, value, given)) return false;
  if (!given) return true;
  const auto nearest = value.to_double();
  if (!nearest) return fail(DecodeFault::BadNumber, field);
  into = *nearest;
  return true;
}

bool FrameReader::exact(std::string_view field, ExactNumber& into) {
  into = {};
  into.named = true;
  Decimal value;
  if (!decimal(field, value, into.given)) return false;
  if (!into.given) return true;
  const auto raw = value.to_nano();
  into.refused = !raw;
  into.raw = raw.value_or(0);
  return true;
}

bool FrameReader::identity(std::string_view field, std::optional<std::uint64_t>& into) {
  Decimal value;
  bool given = false;
  if (!decimal(field, value, given)) return false;
  if (!given) return true;
  const auto count = value.to_unsigned();
  if (!count) return fail(DecodeFault::BadNumber, field);
  into = *count;
  return true;
}

bool FrameReader::integer(std::string_view field, std::optional<std::int64_t>& into) {
  Decimal value;
  bool given = false;
  if (!decimal(field, value, given)) return false;
  if (!given) return true;
  const auto count = value.to_signed();
  if (!count) return fail(DecodeFault::BadNumber, field);
  into = *count;
  return true;
}

bool FrameReader::time(std::string_view field, VenueTime& into) {
  std::optional<std::int64_t> milliseconds;
  if (!integer(field, milliseconds)) return false;
  if (!milliseconds || *milliseconds == 0) return true;
  const auto moment = venue_time_from_milliseconds(*milliseconds);
  if (!moment) return fail(DecodeFault::BadValue, field);
  into = *moment;
  return true;
}

bool FrameReader::word(std::string_view field, std::string_view& into) {
  if (in.skip_null()) return true;
  if (in.peek() == '"') return in.string(into) || fail_reading(field);
  Decimal value;
  if (!in.number(value)) return fail_reading(field);
  into = value.token;
  return true;
}

bool FrameReader::flag(std::string_view field, std::optional<bool>& into) {
  if (in.skip_null()) return true;
  bool value = false;
  if (!in.boolean(value)) return fail_reading(field);
  into = value;
  return true;
}

// ---- instruments

void FrameReader::note_unknown(std::string_view wire_name) {
  auto& names = scratch.unknown_names;
  const std::size_t count = detail.unknown.size();
  if (count == names.size() || std::find(detail.unknown.begin(), detail.unknown.end(), wire_name) != detail.unknown.end()) return;
  names[count] = wire_name;
  detail.unknown = {names.data(), count + 1};
}

std::optional<InstrumentId> FrameReader::known(std::string_view wire_name, std::string_view suffix) {
  std::array<char, InstrumentName::kCapacity> buffer{};
  std::string_view full = wire_name;
  if (!suffix.empty()) {
    if (wire_name.size() + suffix.size() > buffer.size()) {
      note_unknown(wire_name);
      return std::nullopt;
    }
    const auto behind = std::copy(wire_name.begin(), wire_name.end(), buffer.begin());
    std::copy(suffix.begin(), suffix.end(), behind);
    full = {buffer.data(), wire_name.size() + suffix.size()};
  }
  if (const auto id = symbols.find(full)) return id;
  if (options.unlisted == UnlistedInstrument::Imply) {
    if (const auto implied = implied_contract(full)) {
      const auto id = symbols.add(*implied);
      if (!id) {
        fail(DecodeFault::BatchFull, "instrument");
        return std::nullopt;
      }
      const EventHeader before = header;
      header.instrument = *id;
      header.exchange_time = kNoVenueTime;
      header.account = kNoAccount;
      push(InstrumentListed{*implied});
      header = before;
      return id;
    }
  }
  note_unknown(wire_name);
  return std::nullopt;
}

bool FrameReader::single(std::string_view wire_name, std::string_view suffix, std::string_view field) {
  if (wire_name.empty()) return fail(DecodeFault::MissingField, field);
  const auto id = known(wire_name, suffix);
  if (!id) {
    if (error) return false;
    ++detail.unknown_rows;
    return fail(DecodeFault::UnknownInstrument, field);
  }
  header.instrument = detail.instrument = *id;
  return true;
}

bool FrameReader::in_list(std::string_view wire_name, std::string_view suffix, std::string_view field) {
  if (wire_name.empty()) return fail(DecodeFault::MissingField, field);
  const auto id = known(wire_name, suffix);
  if (!id) {
    if (!error) ++detail.unknown_rows;
    return false;
  }
  header.instrument = *id;
  return true;
}

bool FrameReader::close_list(std::string_view field) {
  if (error) return false;
  if (detail.rows == 0 || out.size() != events_before || detail.unknown_rows == 0) return true;
  return fail(DecodeFault::UnknownInstrument, field);
}

bool FrameReader::list_contract(const Contract& listed) {
  const auto id = symbols.add(listed);
  if (!id) return fail(DecodeFault::BatchFull, "instrument");
  header.instrument = *id;
  return push(InstrumentListed{listed});
}

bool FrameReader::stamp() {
  for (Event& event : out.events().subspan(events_before))
    if (!std::holds_alternative<InstrumentListed>(event.body)) event.header.exchange_time = header.exchange_time;
  return true;
}

// ---- shapes

bool FrameReader::push_quote(const QuoteFields& quote) {
  if (quote.bid.raw < 0) return fail(DecodeFault::BadValue, "bid");
  if (quote.ask.raw < 0) return fail(DecodeFault::BadValue, "ask");
  if (quote.bid_size.raw < 0) return fail(DecodeFault::BadValue, "bid size");
  if (quote.ask_size.raw < 0) return fail(DecodeFault::BadValue, "ask size");
  auto refused = static_cast<std::uint32_t>(int{quote.bid.refused} + int{quote.bid_size.refused} + int{quote.ask.refused} +
                                            int{quote.ask_size.refused});
  std::int64_t bid_size = quote.bid_size.raw;
  std::int64_t ask_size = quote.ask_size.raw;
  if (const double unit = contract().contract_size; unit != 1) {
    const auto bid_units = in_size_units(bid_size, unit);
    const auto ask_units = in_size_units(ask_size, unit);
    if (!bid_units || !ask_units) ++refused;
    bid_size = bid_units.value_or(0);
    ask_size = ask_units.value_or(0);
  }
  if (refused != 0) {
    detail.refused_fields += refused;
    return true;
  }
  Quote sides;
  if (quote.bid.raw > 0 && bid_size > 0) {
    sides.bid = Price::from_raw(quote.bid.raw);
    sides.bid_size = Size::from_raw(bid_size);
  }
  if (quote.ask.raw > 0 && ask_size > 0) {
    sides.ask = Price::from_raw(quote.ask.raw);
    sides.ask_size = Size::from_raw(ask_size);
  }
  return push(sides);
}

bool FrameReader::size_units(const ExactNumber& contracts, std::string_view field, Size& into) {
  if (!contracts.given) return fail(DecodeFault::MissingField, field);
  if (contracts.refused) return fail(DecodeFault::BadNumber, field);
  const auto units = in_size_units(contracts.raw, contract().contract_size);
  if (!units) return fail(DecodeFault::BadNumber, field);
  into = Size::from_raw(*units);
  return true;
}

bool FrameReader::push_trade(const ExactNumber& price, const ExactNumber& size, Side aggressor, std::uint64_t sequence) {
  if (!price.given) return fail(DecodeFault::MissingField, "price");
  if (!size.given) return fail(DecodeFault::MissingField, "size");
  if (price.raw < 0) return fail(DecodeFault::BadValue, "price");
  if (size.raw < 0) return fail(DecodeFault::BadValue, "size");
  const auto units = in_size_units(size.raw, contract().contract_size);
  if (price.refused || size.refused || !units) {
    ++detail.refused_fields;
    return true;
  }
  return push(Trade{Price::from_raw(price.raw), Size::from_raw(*units), sequence, aggressor});
}

bool FrameReader::push_fill(const ExactNumber& price, const ExactNumber& size, Fill fill) {
  if (!price.given) return fail(DecodeFault::MissingField, "price");
  if (price.refused) return fail(DecodeFault::BadNumber, "price");
  if (price.raw < 0) return fail(DecodeFault::BadValue, "price");
  if (!size_units(size, "size", fill.size)) return false;
  if (fill.size.raw() < 0) return fail(DecodeFault::BadValue, "size");
  fill.price = Price::from_raw(price.raw);
  return push(fill);
}

bool FrameReader::asset(std::string_view code, std::string_view field, AssetCode& into) {
  if (code.empty()) return fail(DecodeFault::MissingField, field);
  const auto known_code = asset_code(code);
  if (!known_code) return fail(DecodeFault::NameTooLong, field);
  into = *known_code;
  return true;
}

bool FrameReader::begin_book() {
  book_at_ = out.size();
  scratch.wire_levels.clear();
  return push(BookBegin{});
}

bool FrameReader::level(std::string_view field, Side side) {
  ExactNumber price;
  ExactNumber size;
  WireLevel wire{{}, {}, side};
  std::size_t place = 0;
  const auto part = [&](ExactNumber& into, std::string_view& written) {
    if (in.peek() != '"') return exact(field, into);
    if (!in.string(written)) return fail_reading(field);
    const auto value = decimal_from(written);
    if (!value) return fail(DecodeFault::BadNumber, field);
    const auto raw = value->to_nano();
    into = {raw.value_or(0), true, true, !raw};
    return true;
  };
  const bool complete = array(field, [&] {
    switch (place++) {
      case 0:
        return part(price, wire.price);
      case 1:
        return part(size, wire.size);
      default:
        return skip();
    }
  });
  if (!complete) return false;
  if (!price.given || !size.given) return fail(DecodeFault::MissingField, field);
  // Unlike a quote, a level that is left out would make the book wrong until the next snapshot.
  if (price.refused || size.refused) return fail(DecodeFault::BadNumber, field);
  if (price.raw <= 0 || size.raw < 0) return fail(DecodeFault::BadValue, field);
  scratch.wire_levels.push_back(wire);
  return push(BookLevel{Price::from_raw(price.raw), Size::from_raw(size.raw), side});
}

bool FrameReader::levels(std::string_view field, Side side) {
  const bool read = array(field, [&] { return level(field, side); });
  behind_levels_ = out.size();
  return read;
}

bool FrameReader::end_book(BookForm form, std::uint64_t sequence) {
  detail.book = form;
  detail.sequence = sequence;
  detail.wire_levels = scratch.wire_levels;
  if (!push(BookEnd{sequence})) return false;
  const double unit = contract().contract_size;
  const auto events = out.events();
  std::size_t behind = book_at_;
  for (std::size_t at = book_at_; at < events.size(); ++at) {
    Event& event = events[at];
    if (auto* begin = std::get_if<BookBegin>(&event.body)) begin->snapshot = form != BookForm::Change;
    if (auto* level = std::get_if<BookLevel>(&event.body)) {
      const auto units = in_size_units(level->size.raw(), unit);
      if (!units) return fail(DecodeFault::BadNumber, "size");
      level->size = Size::from_raw(*units);
    }
    if (std::holds_alternative<InstrumentListed>(event.body)) continue;
    event.header = header;
    behind = at;
  }
  // An instrument listed from its name alone must come before the book that speaks of it.
  std::stable_partition(events.begin() + static_cast<std::ptrdiff_t>(book_at_),
                        events.begin() + static_cast<std::ptrdiff_t>(behind),
                        [](const Event& event) { return std::holds_alternative<InstrumentListed>(event.body); });
  return true;
}

}  // namespace hedgewatch
