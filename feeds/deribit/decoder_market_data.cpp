#include "feeds/deribit/decoder_work.hpp"

#include <cstddef>

namespace hedgewatch::deribit {

namespace {

double positive_or_absent(double value) { return value > 0 ? value : kAbsent; }

}  // namespace

bool Decoder::Work::push_quote(const Exact& bid, const Exact& bid_size, const Exact& ask, const Exact& ask_size) {
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

bool Decoder::Work::quote() {
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

bool Decoder::Work::greeks(VenueGreeks& into) {
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

bool Decoder::Work::ticker() {
  std::string_view name;
  Exact bid;
  Exact ask;
  Exact bid_size;
  Exact ask_size;
  Mark mark;
  double vol_percent = kAbsent;
  VenueGreeks published;
  Funding funding;
  InstrumentDelivered delivered;
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
          case k("delivery_price"):
            if (key.is("delivery_price")) return number("delivery_price", delivered.price);
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
  const VenueTime expiry = symbols.contract(header.instrument).expiry;
  if (delivered.price > 0 && expiry != kNoVenueTime && header.exchange_time >= expiry && !push(delivered)) return false;
  const bool funded = is_present(funding.current_rate_8h) || is_present(funding.average_rate_8h);
  return !funded || contract_kind != ContractKind::Perpetual || push(funding);
}

bool Decoder::Work::mark_prices() {
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

bool Decoder::Work::price_index() {
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

bool Decoder::Work::perpetual() {
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

}  // namespace hedgewatch::deribit
