#include <chrono>

#include "feeds/okx/decoder_work.hpp"

namespace hedgewatch::okx {

/// Only the first of the levels; an empty list is an empty side.
bool Decoder::Work::top_level(std::string_view field, ExactNumber& price, ExactNumber& size) {
  bool first = true;
  price.named = true;
  return array(field, [&] {
    if (!first) return skip();
    first = false;
    std::size_t place = 0;
    return array(field, [&] {
      switch (place++) {
        case 0:
          return exact(field, price);
        case 1:
          return exact(field, size);
        default:
          return skip();
      }
    });
  });
}

bool Decoder::Work::best_prices(const Envelope& outer) {
  if (!single(outer.instrument, {}, "instId")) return false;
  return array("data", [&] {
    QuoteFields quote;
    std::optional<std::uint64_t> sequence;
    header.exchange_time = kNoVenueTime;
    const bool read = object("data", [&](JsonKey field) {
      if (field.is("asks")) return top_level("asks", quote.ask, quote.ask_size);
      if (field.is("bids")) return top_level("bids", quote.bid, quote.bid_size);
      if (field.is("ts")) return time("ts", header.exchange_time);
      if (field.is("seqId")) return identity("seqId", sequence);
      return skip();
    });
    if (!read) return false;
    ++detail.rows;
    if (!quote.bid.named || !quote.ask.named) return fail(DecodeFault::MissingField, quote.bid.named ? "asks" : "bids");
    detail.sequence = sequence.value_or(0);
    return timed("ts") && push_quote(quote);
  });
}

bool Decoder::Work::book(const Envelope& outer) {
  const bool chained = kind.channel == Channel::Book;
  if (chained && outer.action != "snapshot" && outer.action != "update")
    return fail(outer.action.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "action");
  return array("data", [&] {
    std::optional<std::int64_t> sequence;
    std::optional<std::int64_t> previous;
    std::optional<std::int64_t> checksum;
    bool has_bids = false;
    bool has_asks = false;
    // A frame is about one book; a second row would have to be another frame to its chain.
    if (detail.rows != 0) return fail(DecodeFault::BadValue, "data");
    ++detail.rows;
    if (!begin_book()) return false;
    const bool read = object("data", [&](JsonKey field) {
      switch (field.prefix()) {
        case k("asks"):
          has_asks = true;
          return levels("asks", Side::Sell);
        case k("bids"):
          has_bids = true;
          return levels("bids", Side::Buy);
        case k("ts"):
          return time("ts", header.exchange_time);
        case k("checksum"):
          return field.is("checksum") ? integer("checksum", checksum) : skip();
        case k("seqId"):
          return integer("seqId", sequence);
        case k("prevSeqId"):
          return field.is("prevSeqId") ? integer("prevSeqId", previous) : skip();
        default:
          return skip();
      }
    });
    if (!read) return false;
    if (!has_asks || !has_bids) return fail(DecodeFault::MissingField, has_asks ? "bids" : "asks");
    if (!single(outer.instrument, {}, "instId") || !timed("ts")) return false;
    // Recordings from before 2023 have no sequence ids, only checksums.
    if (sequence.value_or(0) < 0) return fail(DecodeFault::BadValue, "seqId");
    if (checksum && (*checksum < INT32_MIN || *checksum > INT32_MAX)) return fail(DecodeFault::BadValue, "checksum");
    detail.checksum = static_cast<std::int32_t>(checksum.value_or(0));
    if (!chained) return end_book(BookForm::Whole, static_cast<std::uint64_t>(sequence.value_or(0)));
    const bool snapshot = outer.action == "snapshot";
    // -1 stands before the first.
    if (!snapshot && previous && *previous >= 0) detail.previous = static_cast<std::uint64_t>(*previous);
    if (!snapshot && sequence && !detail.previous) return fail(DecodeFault::MissingField, "prevSeqId");
    return end_book(snapshot ? BookForm::Snapshot : BookForm::Change, static_cast<std::uint64_t>(sequence.value_or(0)));
  });
}

bool Decoder::Work::tickers() {
  return array("data",
               [&] {
                 std::string_view instrument;
                 QuoteFields quote;
                 header.exchange_time = kNoVenueTime;
                 const bool read = object("data", [&](JsonKey field) {
                   switch (field.prefix()) {
                     case k("instId"):
                       return text("instId", instrument);
                     case k("bidPx"):
                       return exact("bidPx", quote.bid);
                     case k("bidSz"):
                       return exact("bidSz", quote.bid_size);
                     case k("askPx"):
                       return exact("askPx", quote.ask);
                     case k("askSz"):
                       return exact("askSz", quote.ask_size);
                     case k("ts"):
                       return time("ts", header.exchange_time);
                     default:
                       return skip();
                   }
                 });
                 if (!read) return false;
                 ++detail.rows;
                 if (!in_list(instrument, {}, "instId")) return !error.has_value();
                 if (!quote.bid.named || !quote.ask.named) return fail(DecodeFault::MissingField, "bidPx");
                 return timed("ts") && push_quote(quote);
               }) &&
         (detail.refused_fields != 0 || close_list("instId"));
}

bool Decoder::Work::trades() {
  return array("data",
               [&] {
                 std::string_view instrument;
                 std::string_view side;
                 ExactNumber price;
                 ExactNumber size;
                 header.exchange_time = kNoVenueTime;
                 const bool read = object("data", [&](JsonKey field) {
                   switch (field.prefix()) {
                     case k("instId"):
                       return text("instId", instrument);
                     case k("px"):
                       return exact("px", price);
                     case k("sz"):
                       return exact("sz", size);
                     case k("side"):
                       return text("side", side);
                     case k("ts"):
                       return time("ts", header.exchange_time);
                     default:
                       return skip();
                   }
                 });
                 if (!read) return false;
                 ++detail.rows;
                 if (side != "buy" && side != "sell")
                   return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "side");
                 if (!in_list(instrument, {}, "instId")) return !error.has_value();
                 // One row may sum up several trades, so the ids of neighbours need not follow each other.
                 return timed("ts") && push_trade(price, size, side == "buy" ? Side::Buy : Side::Sell, 0);
               }) &&
         (detail.refused_fields != 0 || close_list("instId"));
}

bool Decoder::Work::mark_prices() {
  return array("data",
               [&] {
                 std::string_view instrument;
                 Mark mark;
                 header.exchange_time = kNoVenueTime;
                 const bool read = object("data", [&](JsonKey field) {
                   if (field.is("instId")) return text("instId", instrument);
                   if (field.is("markPx")) return number("markPx", mark.price);
                   if (field.is("ts")) return time("ts", header.exchange_time);
                   return skip();
                 });
                 if (!read) return false;
                 ++detail.rows;
                 if (!in_list(instrument, {}, "instId")) return !error.has_value();
                 if (!timed("ts")) return false;
                 if (mark.price < 0) return fail(DecodeFault::BadValue, "markPx");
                 // A far option's mark may truly be 0.
                 if (contract().kind != ContractKind::Option) mark.price = positive_or_absent(mark.price);
                 if (!is_present(mark.price)) return fail(DecodeFault::MissingField, "markPx");
                 return push(mark);
               }) &&
         close_list("instId");
}

bool Decoder::Work::index_tickers() {
  return array("data", [&] {
    std::string_view pair;
    IndexPrice index;
    header.exchange_time = kNoVenueTime;
    const bool read = object("data", [&](JsonKey field) {
      if (field.is("instId")) return text("instId", pair);
      if (field.is("idxPx")) return number("idxPx", index.price);
      if (field.is("ts")) return time("ts", header.exchange_time);
      return skip();
    });
    if (!read) return false;
    ++detail.rows;
    if (pair.empty()) return fail(DecodeFault::MissingField, "instId");
    const std::size_t dash = pair.find('-');
    if (dash == std::string_view::npos) return fail(DecodeFault::BadValue, "instId");
    if (!asset(pair.substr(0, dash), "instId", index.base) || !asset(pair.substr(dash + 1), "instId", index.quote)) return false;
    if (!is_present(index.price)) return fail(DecodeFault::MissingField, "idxPx");
    if (!(index.price > 0)) return fail(DecodeFault::BadValue, "idxPx");
    return timed("ts") && push(index);
  });
}

/// Of the two sets of Greeks the Black-Scholes one is taken: dollars, and a delta that is not premium-adjusted, as everywhere else
/// in the program. The other cannot be made from it by a factor.
bool Decoder::Work::option_summary() {
  return array("data",
               [&] {
                 std::string_view instrument;
                 double vol_fraction = kAbsent;
                 Mark mark;
                 VenueGreeks published;
                 header.exchange_time = kNoVenueTime;
                 const bool read = object("data", [&](JsonKey field) {
                   switch (field.prefix()) {
                     case k("instId"):
                       return text("instId", instrument);
                     case k("markVol"):
                       return number("markVol", vol_fraction);
                     case k("fwdPx"):
                       return number("fwdPx", mark.forward);
                     case k("deltaBS"):
                       return number("deltaBS", published.delta);
                     case k("gammaBS"):
                       return number("gammaBS", published.gamma);
                     case k("vegaBS"):
                       return number("vegaBS", published.vega);
                     case k("thetaBS"):
                       return number("thetaBS", published.theta);
                     case k("ts"):
                       return time("ts", header.exchange_time);
                     default:
                       return skip();
                   }
                 });
                 if (!read) return false;
                 ++detail.rows;
                 if (!in_list(instrument, {}, "instId")) return !error.has_value();
                 if (!timed("ts")) return false;
                 if (vol_fraction > 0) mark.vol = Vol::from_fraction(vol_fraction).fraction();
                 mark.forward = positive_or_absent(mark.forward);
                 if (!is_present(mark.vol) && !is_present(mark.forward)) {
                   // A fresh listing that is not valued yet.
                   ++detail.left_out_rows;
                   return true;
                 }
                 if (!push(mark)) return false;
                 return !is_present(mark.vol) || !is_present(published.delta) || push(published);
               }) &&
         (detail.left_out_rows != 0 || close_list("instId"));
}

/// The rate is for one interval, whose length the two times tell; without them it cannot be put on eight hours.
bool Decoder::Work::funding_rates() {
  return array("data",
               [&] {
                 std::string_view instrument;
                 double rate = kAbsent;
                 VenueTime due = kNoVenueTime;
                 VenueTime next = kNoVenueTime;
                 header.exchange_time = kNoVenueTime;
                 const bool read = object("data", [&](JsonKey field) {
                   switch (field.prefix()) {
                     case k("instId"):
                       return text("instId", instrument);
                     case k("fundingRate"):
                       return field.is("fundingRate") ? number("fundingRate", rate) : skip();
                     case k("fundingTime"):
                       return field.is("fundingTime") ? time("fundingTime", due) : skip();
                     case k("nextFundingTime"):
                       return field.is("nextFundingTime") ? time("nextFundingTime", next) : skip();
                     case k("ts"):
                       return time("ts", header.exchange_time);
                     default:
                       return skip();
                   }
                 });
                 if (!read) return false;
                 ++detail.rows;
                 if (!in_list(instrument, {}, "instId")) return !error.has_value();
                 if (!is_present(rate) || due == kNoVenueTime || next <= due) {
                   ++detail.left_out_rows;
                   return true;
                 }
                 const double hours = std::chrono::duration<double, std::ratio<3600>>{next - due}.count();
                 Funding funding;
                 funding.current_rate_8h = rate * 8 / hours;
                 return push(funding);
               }) &&
         (detail.left_out_rows != 0 || close_list("instId"));
}

}  // namespace hedgewatch::okx
