#include "feeds/deribit/decoder_work.hpp"

#include <algorithm>
#include <variant>

namespace hedgewatch::deribit {

struct Decoder::Work::TradeRow {
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

bool Decoder::Work::trade_row(TradeRow& row) {
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

bool Decoder::Work::side_from(std::string_view word, Side& into) {
  if (word.empty()) return fail(DecodeFault::MissingField, "direction");
  if (word != "buy" && word != "sell") return fail(DecodeFault::UnknownWord, "direction");
  into = word == "buy" ? Side::Buy : Side::Sell;
  return true;
}

bool Decoder::Work::complete(const TradeRow& row) {
  if (!row.price.given) return fail(DecodeFault::MissingField, "price");
  if (!row.amount.given) return fail(DecodeFault::MissingField, "amount");
  if (row.amount.raw < 0) return fail(DecodeFault::BadValue, "amount");
  if (row.price.raw < 0) return fail(DecodeFault::BadValue, "price");
  if (row.time == kNoVenueTime) return fail(DecodeFault::MissingField, "timestamp");
  return true;
}

bool Decoder::Work::trades() {
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

bool Decoder::Work::fills(std::string_view field, VenueTime& newest) {
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

Result<Decoded, DecodeError> Decoder::decode_user_trades(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_user_trades";
  work.header.account = options_.account;
  VenueTime newest = kNoVenueTime;
  bool listed = false;
  if (!go_to_result()) {
    work.fail(DecodeFault::MissingField, "result");
  } else if (work.object("result", [&](JsonKey key) {
               if (key.is("trades")) {
                 listed = true;
                 return work.fills("trades", newest);
               }
               return key.is("has_more") ? work.flag("has_more", detail_.has_more) : work.skip();
             })) {
    if (!listed) work.fail(DecodeFault::MissingField, "trades");
    // Without its number a trade cannot be told from one that was heard before.
    for (const Event& event : out.events().subspan(work.events_before))
      if (const auto* fill = std::get_if<Fill>(&event.body); fill != nullptr && fill->sequence == 0)
        work.fail(DecodeFault::MissingField, "trade_seq");
  }
  return work.finish(FrameKind::Account);
}

}  // namespace hedgewatch::deribit
