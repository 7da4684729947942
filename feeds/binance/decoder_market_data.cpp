#include <array>
#include <chrono>
#include <cmath>

#include "feeds/binance/decoder_work.hpp"

namespace hedgewatch::binance {

namespace {

enum BookTickerField : std::uint8_t { kStream, kSymbol, kBid, kBidSize, kAsk, kAskSize, kTime, kUpdate };

constexpr std::array kBookTickerFields{
    LayoutField{"stream", kStream, ValueType::Text},  LayoutField{"data.e", kFixedField},
    LayoutField{"data.s", kSymbol, ValueType::Text},  LayoutField{"data.b", kBid, ValueType::Nano},
    LayoutField{"data.B", kBidSize, ValueType::Nano}, LayoutField{"data.a", kAsk, ValueType::Nano},
    LayoutField{"data.A", kAskSize, ValueType::Nano}, LayoutField{"data.T", kTime, ValueType::Whole},
    LayoutField{"data.u", kUpdate, ValueType::Whole}};

}  // namespace

const MessagePattern kBookTickerPattern{kBookTickerFields, "data."};

struct Decoder::Work::BookTicker {
  std::string_view symbol;
  QuoteFields quote;
  std::optional<std::uint64_t> update;
};

/// Spot's has no event word and no time: it is known by its stream, and stamped by whoever received it.
bool Decoder::Work::book_ticker() {
  BookTicker ticker;
  std::string_view word;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("e"):
        return text("e", word);
      case k("s"):
        return text("s", ticker.symbol);
      case k("b"):
        return exact("b", ticker.quote.bid);
      case k("B"):
        return exact("B", ticker.quote.bid_size);
      case k("a"):
        return exact("a", ticker.quote.ask);
      case k("A"):
        return exact("A", ticker.quote.ask_size);
      case k("T"):
        return time("T", header.exchange_time);
      case k("u"):
        return identity("u", ticker.update);
      default:
        return skip();
    }
  });
  has_event_word = !word.empty();
  return read && push_book_ticker(ticker);
}

std::optional<Result<Decoded, DecodeError>> Decoder::Work::book_ticker_by_layout() {
  const FrameLayouts& values = decoder.layouts_;
  const auto exact_value = [&](BookTickerField field) {
    const ValueForm form = values.form(field);
    return ExactNumber{values.count(field), form != ValueForm::Absent, form >= ValueForm::Given, form == ValueForm::Refused};
  };
  const StreamKind by_stream = stream_kind(values.text(kStream));
  if (by_stream.stream != Stream::BookTicker) return std::nullopt;
  VenueTime sent = kNoVenueTime;
  if (values.count(kTime) != 0) {
    const auto moment = venue_time_from_milliseconds(values.count(kTime));
    if (!moment) return std::nullopt;
    sent = *moment;
  }
  if (values.form(kTime) == ValueForm::Refused || values.form(kUpdate) == ValueForm::Refused || values.count(kUpdate) < 0)
    return std::nullopt;
  BookTicker ticker{values.text(kSymbol), {exact_value(kBid), exact_value(kBidSize), exact_value(kAsk), exact_value(kAskSize)}, {}};
  if (values.form(kUpdate) == ValueForm::Given) ticker.update = static_cast<std::uint64_t>(values.count(kUpdate));
  detail.channel_name = values.text(kStream);
  detail.rows = 1;
  kind = by_stream;
  name(kind.label);
  has_event_word = values.kind() != 0;
  header.exchange_time = sent;
  static_cast<void>(push_book_ticker(ticker));
  return finish(FrameKind::MarketData);
}

bool Decoder::Work::push_book_ticker(const BookTicker& ticker) {
  const QuoteFields& quote = ticker.quote;
  if (!quote.bid.named || !quote.ask.named) return fail(DecodeFault::MissingField, quote.bid.named ? "a" : "b");
  if (!single(ticker.symbol, suffix_of(ticker.symbol, has_event_word), "s")) return false;
  if (contract().kind != ContractKind::Spot && !timed("T")) return false;
  detail.sequence = ticker.update.value_or(0);
  return push_quote(quote);
}

bool Decoder::Work::depth() {
  std::string_view symbol;
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;
  std::optional<std::int64_t> previous;
  VenueTime sent = kNoVenueTime;
  bool has_bids = false;
  bool has_asks = false;
  bool of_futures = false;
  header.exchange_time = kNoVenueTime;
  if (!begin_book()) return false;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("s"):
        return text("s", symbol);
      case k("E"):
        return time("E", sent);
      case k("T"):
        of_futures = true;
        return time("T", header.exchange_time);
      case k("U"):
        return identity("U", first);
      case k("u"):
        return identity("u", last);
      case k("pu"):
        of_futures = true;
        return integer("pu", previous);
      case k("lastUpdateId"):
        return field.is("lastUpdateId") ? identity("lastUpdateId", last) : skip();
      case k("b"):
      case k("bids"):
        has_bids = true;
        return levels("bids", Side::Buy);
      case k("a"):
      case k("asks"):
        has_asks = true;
        return levels("asks", Side::Sell);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (!has_bids || !has_asks) return fail(DecodeFault::MissingField, has_bids ? "asks" : "bids");
  if (!last) return fail(DecodeFault::MissingField, "u");
  const bool whole = kind.stream == Stream::BestLevels;
  if (symbol.empty() && whole) symbol = symbol_of_stream();
  if (!single(symbol, suffix_of(symbol, of_futures), "s")) return false;
  if (header.exchange_time == kNoVenueTime) header.exchange_time = sent;
  if (whole) return end_book(BookForm::Whole, *last);
  if (!timed("E")) return false;
  if (!first) return fail(DecodeFault::MissingField, "U");
  if (*first > *last) return fail(DecodeFault::BadValue, "U");
  detail.first_sequence = *first;
  if (previous && *previous >= 0) detail.previous = static_cast<std::uint64_t>(*previous);
  // Without its predecessor's number a change of a futures book could not be joined to anything.
  if (contract().kind != ContractKind::Spot && !previous) return fail(DecodeFault::MissingField, "pu");
  return end_book(BookForm::Change, *last);
}

bool Decoder::Work::mark_price() {
  std::string_view symbol;
  double rate = kAbsent;
  Mark mark;
  VenueTime due = kNoVenueTime;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("s"):
        return text("s", symbol);
      case k("E"):
        return time("E", header.exchange_time);
      case k("p"):
        return number("p", mark.price);
      case k("i"):
        return number("i", mark.index);
      case k("r"):
        return number("r", rate);
      case k("T"):
        return time("T", due);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (!in_list(symbol, suffix_of(symbol, true), "s")) return !error.has_value();
  if (!timed("E")) return false;
  mark.price = positive_or_absent(mark.price);
  mark.index = positive_or_absent(mark.index);
  if (!is_present(mark.price)) return fail(DecodeFault::MissingField, "p");
  detail.instrument = header.instrument;
  if (!push(mark)) return false;
  // Of delivery contracts the rate is "" or 0 and the time 0: they have none.
  if (contract().kind != ContractKind::Perpetual || !is_present(rate) || due == kNoVenueTime) return true;
  if (!decoder.funding_known_ && decoder.options_.unlisted == UnlistedInstrument::Refuse) return true;
  const std::size_t at = count_of(header.instrument);
  const double special = at < decoder.funding_hours_.size() ? decoder.funding_hours_[at] : 0;
  Funding funding;
  funding.current_rate_8h = special > 0 ? rate * 8 / special : rate;
  return push(funding);
}

/// The venue prices on its index with a rate of its own: the forward that this makes is the option's forward here.
bool Decoder::Work::option_mark() {
  std::string_view symbol;
  double vol_fraction = kAbsent;
  QuoteFields quote;
  Mark mark;
  VenueGreeks published;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("s"):
        return text("s", symbol);
      case k("E"):
        return time("E", header.exchange_time);
      case k("mp"):
        return number("mp", mark.price);
      case k("i"):
        return number("i", mark.index);
      case k("vo"):
        return number("vo", vol_fraction);
      case k("rf"):
        return number("rf", mark.rate);
      case k("bo"):
        return exact("bo", quote.bid);
      case k("bq"):
        return exact("bq", quote.bid_size);
      case k("ao"):
        return exact("ao", quote.ask);
      case k("aq"):
        return exact("aq", quote.ask_size);
      case k("d"):
        return number("d", published.delta);
      case k("g"):
        return number("g", published.gamma);
      case k("v"):
        return number("v", published.vega);
      case k("t"):
        return number("t", published.theta);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (!in_list(symbol, {}, "s")) return !error.has_value();
  if (contract().kind != ContractKind::Option) return fail(DecodeFault::BadValue, "s");
  if (!timed("E")) return false;
  if (mark.price < 0) return fail(DecodeFault::BadValue, "mp");
  // -1.0 stands for no vol.
  if (vol_fraction > 0) mark.vol = Vol::from_fraction(vol_fraction).fraction();
  mark.index = positive_or_absent(mark.index);
  if (is_present(mark.index) && is_present(mark.rate)) {
    const auto left = contract().expiry - header.exchange_time;
    const double years = YearFraction::from_nanoseconds(static_cast<double>(left.count())).years();
    const double forward = mark.index * std::exp(mark.rate * years);
    if (years > 0 && std::isfinite(forward)) mark.forward = forward;
  }
  if ((quote.bid.named || quote.ask.named) && !push_quote(quote)) return false;
  if (!push(mark)) return false;
  return !is_present(mark.vol) || !is_present(published.delta) || push(published);
}

bool Decoder::Work::index_price() {
  std::string_view symbol;
  IndexPrice index;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    if (field.is("s")) return text("s", symbol);
    if (field.is("p")) return number("p", index.price);
    if (field.is("E")) return time("E", header.exchange_time);
    return skip();
  });
  if (!read || !pair(symbol, "s", index.base, index.quote)) return false;
  if (!(index.price > 0)) return fail(is_present(index.price) ? DecodeFault::BadValue : DecodeFault::MissingField, "p");
  return timed("E") && push(index);
}

/// Of coin-margined pairs, where the letter for the pair is another one.
bool Decoder::Work::pair_index() {
  std::string_view symbol;
  IndexPrice index;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    if (field.is("i")) return text("i", symbol);
    if (field.is("p")) return number("p", index.price);
    if (field.is("E")) return time("E", header.exchange_time);
    return skip();
  });
  if (!read || !pair(symbol, "i", index.base, index.quote)) return false;
  if (!(index.price > 0)) return fail(is_present(index.price) ? DecodeFault::BadValue : DecodeFault::MissingField, "p");
  return timed("E") && push(index);
}

bool Decoder::Work::trade() {
  std::string_view symbol;
  std::string_view type;
  ExactNumber price;
  ExactNumber size;
  std::optional<bool> buyer_is_maker;
  bool of_spot = false;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("s"):
        return text("s", symbol);
      case k("p"):
        return exact("p", price);
      case k("q"):
        return exact("q", size);
      case k("T"):
        return time("T", header.exchange_time);
      case k("X"):
        return text("X", type);
      case k("m"):
        return flag("m", buyer_is_maker);
      case k("M"):
        of_spot = true;
        return skip();
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (!buyer_is_maker) return fail(DecodeFault::MissingField, "m");
  if (!single(symbol, suffix_of(symbol, !of_spot), "s") || !timed("T")) return false;
  // Blocks, transfers to the insurance fund and forced closings did not meet the book.
  if (!type.empty() && type != "MARKET") return ignore("trade outside the book");
  return push_trade(price, size, *buyer_is_maker ? Side::Sell : Side::Buy, 0);
}

}  // namespace hedgewatch::binance
