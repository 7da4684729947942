#include "feeds/deribit/decoder_work.hpp"

#include <array>
#include <cstddef>

namespace hedgewatch::deribit {

namespace {

double positive_or_absent(double value) { return value > 0 ? value : kAbsent; }

enum TickerField : std::uint8_t {
  kChannel,
  kName,
  kTime,
  kBid,
  kBidSize,
  kAsk,
  kAskSize,
  kMarkPrice,
  kVol,
  kForward,
  kIndex,
  kRate,
  kDelta,
  kGamma,
  kVega,
  kTheta,
  kRho,
  kCurrentFunding,
  kAverageFunding,
  kDelivered
};

constexpr std::array kTickerFields{LayoutField{"jsonrpc", kFixedField},
                                   LayoutField{"method", kFixedField},
                                   LayoutField{"params.channel", kChannel, ValueType::Text},
                                   LayoutField{"params.data.instrument_name", kName, ValueType::Text},
                                   LayoutField{"params.data.timestamp", kTime, ValueType::Whole},
                                   LayoutField{"params.data.best_bid_price", kBid, ValueType::Nano},
                                   LayoutField{"params.data.best_bid_amount", kBidSize, ValueType::Nano},
                                   LayoutField{"params.data.best_ask_price", kAsk, ValueType::Nano},
                                   LayoutField{"params.data.best_ask_amount", kAskSize, ValueType::Nano},
                                   LayoutField{"params.data.mark_price", kMarkPrice, ValueType::Real},
                                   LayoutField{"params.data.mark_iv", kVol, ValueType::Real},
                                   LayoutField{"params.data.underlying_price", kForward, ValueType::Real},
                                   LayoutField{"params.data.index_price", kIndex, ValueType::Real},
                                   LayoutField{"params.data.interest_rate", kRate, ValueType::Real},
                                   LayoutField{"params.data.greeks", kFixedField},  // null
                                   LayoutField{"params.data.greeks.delta", kDelta, ValueType::Real},
                                   LayoutField{"params.data.greeks.gamma", kGamma, ValueType::Real},
                                   LayoutField{"params.data.greeks.vega", kVega, ValueType::Real},
                                   LayoutField{"params.data.greeks.theta", kTheta, ValueType::Real},
                                   LayoutField{"params.data.greeks.rho", kRho, ValueType::Real},
                                   LayoutField{"params.data.current_funding", kCurrentFunding, ValueType::Real},
                                   LayoutField{"params.data.funding_8h", kAverageFunding, ValueType::Real},
                                   LayoutField{"params.data.delivery_price", kDelivered, ValueType::Real}};

}  // namespace

const MessagePattern kTickerPattern{kTickerFields, "params.data."};

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

struct Decoder::Work::Ticker {
  std::string_view name;
  VenueTime time = kNoVenueTime;
  Exact bid;
  Exact ask;
  Exact bid_size;
  Exact ask_size;
  Mark mark;
  double vol_percent = kAbsent;
  VenueGreeks greeks;
  Funding funding;
  InstrumentDelivered delivered;
};

bool Decoder::Work::ticker() {
  Ticker ticker;
  if (!object("data", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("instrument_name"):
            if (key.is("instrument_name")) return text("instrument_name", ticker.name);
            break;
          case k("timestamp"):
            if (key.is("timestamp")) return time("timestamp", ticker.time);
            break;
          case k("best_bid"):
            if (key.is("best_bid_price")) return exact("best_bid_price", ticker.bid);
            if (key.is("best_bid_amount")) return exact("best_bid_amount", ticker.bid_size);
            break;
          case k("best_ask"):
            if (key.is("best_ask_price")) return exact("best_ask_price", ticker.ask);
            if (key.is("best_ask_amount")) return exact("best_ask_amount", ticker.ask_size);
            break;
          case k("mark_price"):
            if (key.is("mark_price")) return number("mark_price", ticker.mark.price);
            break;
          case k("mark_iv"):
            return number("mark_iv", ticker.vol_percent);
          case k("underlying_price"):
            if (key.is("underlying_price")) return number("underlying_price", ticker.mark.forward);
            break;
          case k("index_price"):
            if (key.is("index_price")) return number("index_price", ticker.mark.index);
            break;
          case k("interest_rate"):
            if (key.is("interest_rate")) return number("interest_rate", ticker.mark.rate);
            break;
          case k("current_funding"):
            if (key.is("current_funding")) return number("current_funding", ticker.funding.current_rate_8h);
            break;
          case k("funding_8h"):
            if (key.is("funding_8h")) return number("funding_8h", ticker.funding.average_rate_8h);
            break;
          case k("delivery_price"):
            if (key.is("delivery_price")) return number("delivery_price", ticker.delivered.price);
            break;
          case k("greeks"):
            return in.skip_null() || greeks(ticker.greeks);
          default:
            break;
        }
        return skip();
      }))
    return false;
  return push_ticker(ticker);
}

std::optional<Result<Decoded, DecodeError>> Decoder::Work::ticker_by_layout() {
  const FrameLayouts& values = decoder.layouts_;
  const auto exact = [&](TickerField field) {
    const ValueForm form = values.form(field);
    return Exact{values.count(field), form != ValueForm::Absent, form >= ValueForm::Given, form == ValueForm::Refused};
  };
  const ChannelKind by_name = channel_kind(values.text(kChannel));
  if (by_name.channel != Channel::Ticker || values.form(kTime) != ValueForm::Given) return std::nullopt;
  const auto moment = venue_time_from_milliseconds(values.count(kTime));
  if (!moment) return std::nullopt;
  const Ticker ticker{
      .name = values.text(kName),
      .time = *moment,
      .bid = exact(kBid),
      .ask = exact(kAsk),
      .bid_size = exact(kBidSize),
      .ask_size = exact(kAskSize),
      .mark = {values.real(kMarkPrice), kAbsent, values.real(kForward), values.real(kIndex), values.real(kRate)},
      .vol_percent = values.real(kVol),
      .greeks = {values.real(kDelta), values.real(kGamma), values.real(kVega), values.real(kTheta), values.real(kRho)},
      .funding = {values.real(kCurrentFunding), values.real(kAverageFunding)},
      .delivered = {values.real(kDelivered)}};
  detail.channel_name = values.text(kChannel);
  kind = by_name;
  detail.label = kind.label;
  static_cast<void>(push_ticker(ticker));
  if (!ignored.empty()) out.truncate(events_before);
  return finish(FrameKind::MarketData);
}

bool Decoder::Work::push_ticker(const Ticker& ticker) {
  header.exchange_time = ticker.time;
  if (!single(ticker.name) || !timed()) return false;
  Mark mark = ticker.mark;
  if (mark.price < 0) return fail(DecodeFault::BadValue, "mark_price");
  const ContractKind contract_kind = symbols.contract(header.instrument).kind;
  mark.forward = positive_or_absent(mark.forward);
  mark.index = positive_or_absent(mark.index);
  if (contract_kind == ContractKind::Option) {
    // A far option's mark may truly be 0; a vol never is.
    if (ticker.vol_percent > 0) mark.vol = Vol::from_percent(ticker.vol_percent).fraction();
  } else {
    mark.price = positive_or_absent(mark.price);
  }
  if (!push_quote(ticker.bid, ticker.bid_size, ticker.ask, ticker.ask_size)) return false;
  if ((is_present(mark.price) || is_present(mark.vol) || is_present(mark.forward) || is_present(mark.index)) && !push(mark))
    return false;
  const bool has_greeks = is_present(ticker.greeks.delta) || is_present(ticker.greeks.gamma) || is_present(ticker.greeks.vega) ||
                          is_present(ticker.greeks.theta) || is_present(ticker.greeks.rho);
  if (has_greeks && contract_kind == ContractKind::Option && !push(ticker.greeks)) return false;
  const VenueTime expiry = symbols.contract(header.instrument).expiry;
  if (ticker.delivered.price > 0 && expiry != kNoVenueTime && header.exchange_time >= expiry && !push(ticker.delivered))
    return false;
  const bool funded = is_present(ticker.funding.current_rate_8h) || is_present(ticker.funding.average_rate_8h);
  return !funded || contract_kind != ContractKind::Perpetual || push(ticker.funding);
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
