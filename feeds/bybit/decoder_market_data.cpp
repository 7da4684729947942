#include "feeds/bybit/decoder_work.hpp"

namespace hedgewatch::bybit {

namespace {

/// The symbol in a topic: the part behind the last point, since strikes may have a point of their own only behind a dash.
std::string_view symbol_of(std::string_view topic) {
  const std::size_t first = topic.find('.');
  if (first == std::string_view::npos) return {};
  std::string_view rest = topic.substr(first + 1);
  // orderbook.50.BTCUSDT has its depth first.
  const std::size_t second = rest.find('.');
  if (second != std::string_view::npos && rest.find_first_not_of("0123456789") == second) rest.remove_prefix(second + 1);
  return rest;
}

/// A new value where the message named one; named and empty means that there is none now.
void merge(ExactNumber& known, const ExactNumber& fresh) {
  if (fresh.named) known = fresh;
}

}  // namespace

bool Decoder::Work::tickers(std::string_view type) {
  if (decoder.category_ == Category::Spot) return ignore("ticker of a spot pair");
  if (!single(symbol_of(detail.channel_name), suffix(decoder.category_), "symbol")) return false;
  return contract().kind == ContractKind::Option ? option_ticker() : future_ticker(type);
}

bool Decoder::Work::option_ticker() {
  QuoteFields quote;
  Mark mark;
  double vol_fraction = kAbsent;
  VenueGreeks published;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("bidPrice"):
        return field.is("bidPrice") ? exact("bidPrice", quote.bid) : skip();
      case k("bidSize"):
        return exact("bidSize", quote.bid_size);
      case k("askPrice"):
        return field.is("askPrice") ? exact("askPrice", quote.ask) : skip();
      case k("askSize"):
        return exact("askSize", quote.ask_size);
      case k("markPrice"):
        if (field.is("markPrice")) return number("markPrice", mark.price);
        if (field.is("markPriceIv")) return number("markPriceIv", vol_fraction);
        return skip();
      case k("underlyingPrice"):
        return field.is("underlyingPrice") ? number("underlyingPrice", mark.forward) : skip();
      case k("indexPrice"):
        return field.is("indexPrice") ? number("indexPrice", mark.index) : skip();
      case k("delta"):
        return number("delta", published.delta);
      case k("gamma"):
        return number("gamma", published.gamma);
      case k("vega"):
        return number("vega", published.vega);
      case k("theta"):
        return number("theta", published.theta);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (mark.price < 0) return fail(DecodeFault::BadValue, "markPrice");
  if (vol_fraction > 0) mark.vol = Vol::from_fraction(vol_fraction).fraction();
  mark.forward = positive_or_absent(mark.forward);
  mark.index = positive_or_absent(mark.index);
  if ((quote.bid.named || quote.ask.named) && !push_quote(quote)) return false;
  if ((is_present(mark.price) || is_present(mark.vol) || is_present(mark.forward) || is_present(mark.index)) && !push(mark))
    return false;
  // Where there is no vol, zeros stand in the place of Greeks.
  const bool priced = is_present(mark.vol) && is_present(published.delta);
  return !priced || push(published);
}

bool Decoder::Work::future_ticker(std::string_view type) {
  const bool snapshot = type == "snapshot";
  if (!snapshot && type != "delta") return fail(type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "type");
  Ticker merged = snapshot ? Ticker{} : decoder.ticker(header.instrument);
  const auto replace = [&](std::string_view field, double& into) {
    into = kAbsent;
    return number(field, into);
  };
  QuoteFields fresh;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("bid1Price"):
        if (field.is("bid1Price")) return exact("bid1Price", fresh.bid);
        break;
      case k("bid1Size"):
        if (field.is("bid1Size")) return exact("bid1Size", fresh.bid_size);
        break;
      case k("ask1Price"):
        if (field.is("ask1Price")) return exact("ask1Price", fresh.ask);
        break;
      case k("ask1Size"):
        if (field.is("ask1Size")) return exact("ask1Size", fresh.ask_size);
        break;
      case k("markPrice"):
        if (field.is("markPrice")) return replace("markPrice", merged.mark);
        break;
      case k("indexPrice"):
        if (field.is("indexPrice")) return replace("indexPrice", merged.index);
        break;
      case k("fundingRate"):
        if (field.is("fundingRate")) return replace("fundingRate", merged.funding_rate);
        break;
      case k("fundingIntervalHour"):
        if (field.is("fundingIntervalHour")) return replace("fundingIntervalHour", merged.funding_interval_hours);
        break;
      default:
        break;
    }
    return skip();
  });
  if (!read) return false;
  // The bits of a delta stand for what changed; what it does not name is as it was.
  if (!snapshot && !merged.live) return ignore("ticker change before its snapshot");
  merge(merged.quote.bid, fresh.bid);
  merge(merged.quote.bid_size, fresh.bid_size);
  merge(merged.quote.ask, fresh.ask);
  merge(merged.quote.ask_size, fresh.ask_size);
  merged.live = true;
  if (!emit(merged)) return false;
  decoder.ticker(header.instrument) = merged;
  return true;
}

bool Decoder::Work::emit(const Ticker& ticker) {
  if ((ticker.quote.bid.named || ticker.quote.ask.named) && !push_quote(ticker.quote)) return false;
  Mark mark;
  mark.price = positive_or_absent(ticker.mark);
  mark.index = positive_or_absent(ticker.index);
  if ((is_present(mark.price) || is_present(mark.index)) && !push(mark)) return false;
  if (contract().kind != ContractKind::Perpetual || !is_present(ticker.funding_rate)) return true;
  if (!(ticker.funding_interval_hours > 0)) return true;
  Funding funding;
  funding.current_rate_8h = ticker.funding_rate * 8 / ticker.funding_interval_hours;
  return push(funding);
}

bool Decoder::Work::book(const Envelope& outer) {
  std::string_view symbol;
  std::optional<std::uint64_t> update;
  std::optional<std::uint64_t> cross;
  bool has_bids = false;
  bool has_asks = false;
  if (!begin_book()) return false;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("s"):
        return text("s", symbol);
      case k("b"):
        has_bids = true;
        return levels("b", Side::Buy);
      case k("a"):
        has_asks = true;
        return levels("a", Side::Sell);
      case k("u"):
        return identity("u", update);
      case k("seq"):
        return identity("seq", cross);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (!has_bids) return fail(DecodeFault::MissingField, "b");
  if (!has_asks) return fail(DecodeFault::MissingField, "a");
  if (!update) return fail(DecodeFault::MissingField, "u");
  if (outer.type != "snapshot" && outer.type != "delta")
    return fail(outer.type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "type");
  if (!single(symbol, suffix(decoder.category_), "s")) return false;
  if (outer.matched != kNoVenueTime) header.exchange_time = outer.matched;
  // The first level is told whole each time: a quote, that of spot pairs, whose tickers have none.
  if (outer.type == "snapshot" && detail.channel_name.starts_with("orderbook.1.")) return first_level();
  // After a restart of the service the count begins at 1, whatever the type says.
  const bool snapshot = outer.type == "snapshot" || *update == 1;
  detail.cross_sequence = cross.value_or(0);
  if (!snapshot) detail.previous = *update - 1;
  return end_book(snapshot ? BookForm::Snapshot : BookForm::Change, *update);
}

bool Decoder::Work::first_level() {
  QuoteFields quote;
  quote.bid.named = quote.ask.named = true;
  const std::span<Event> events = out.events();
  std::size_t kept = events_before;
  for (std::size_t at = events_before; at < events.size(); ++at) {
    if (const auto* level = std::get_if<BookLevel>(&events[at].body)) {
      const bool bid = level->side == Side::Buy;
      (bid ? quote.bid : quote.ask) = {level->price.raw(), true, true, false};
      (bid ? quote.bid_size : quote.ask_size) = {level->size.raw(), true, true, false};
    }
    // An instrument that was listed from its name alone stays.
    if (std::holds_alternative<InstrumentListed>(events[at].body)) events[kept++] = events[at];
  }
  out.truncate(kept);
  return push_quote(quote);
}

bool Decoder::Work::trades() {
  return array("data",
               [&] {
                 std::string_view symbol;
                 std::string_view side;
                 ExactNumber price;
                 ExactNumber size;
                 std::optional<bool> block;
                 header.exchange_time = kNoVenueTime;
                 const bool read = object("data", [&](JsonKey field) {
                   switch (field.prefix()) {
                     case k("T"):
                       return time("T", header.exchange_time);
                     case k("s"):
                       return text("s", symbol);
                     case k("S"):
                       return text("S", side);
                     case k("v"):
                       return exact("v", size);
                     case k("p"):
                       return exact("p", price);
                     case k("BT"):
                       return flag("BT", block);
                     default:
                       return skip();
                   }
                 });
                 if (!read) return false;
                 ++detail.rows;
                 if (side != "Buy" && side != "Sell")
                   return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "S");
                 if (!timed("T")) return false;
                 if (!in_list(symbol, suffix(decoder.category_), "s")) return !error.has_value();
                 // A block's price was agreed elsewhere and says nothing about the book.
                 if (block.value_or(false)) {
                   ++detail.left_out_rows;
                   return true;
                 }
                 return push_trade(price, size, side == "Buy" ? Side::Buy : Side::Sell, 0);
               }) &&
         (detail.left_out_rows != 0 || detail.refused_fields != 0 || close_list("s"));
}

}  // namespace hedgewatch::bybit
