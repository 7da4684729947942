#include "feeds/deribit/decoder_work.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <variant>

namespace hedgewatch::deribit {

bool Decoder::Work::position_row() {
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

std::uint64_t Decoder::Work::order_number(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error == std::errc{} && end == id.data() + id.size()) return number;
  // FNV-1a; the top bit keeps digests apart from numbers.
  std::uint64_t digest = 0xCBF29CE484222325U;
  for (const char c : id) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return digest | (std::uint64_t{1} << 63U);
}

bool Decoder::Work::order_row() {
  std::string_view name;
  std::string_view id;
  std::string_view direction;
  std::string_view state;
  Exact amount;
  Exact filled;
  VenueTime updated = kNoVenueTime;
  if (!object("orders", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("order_id"):
            return key.is("order_id") ? text("order_id", id) : skip();
          case k("instrument_name"):
            return key.is("instrument_name") ? text("instrument_name", name) : skip();
          case k("direction"):
            return key.is("direction") ? text("direction", direction) : skip();
          case k("order_state"):
            return key.is("order_state") ? text("order_state", state) : skip();
          case k("amount"):
            return key.is("amount") ? exact("amount", amount) : skip();
          case k("filled_amount"):
            return key.is("filled_amount") ? exact("filled_amount", filled) : skip();
          case k("last_update_timestamp"):
            return key.is("last_update_timestamp") ? time("last_update_timestamp", updated) : skip();
          default:
            return skip();
        }
      }))
    return false;
  ++detail.rows;
  if (id.empty()) return fail(DecodeFault::MissingField, "order_id");
  if (state.empty()) return fail(DecodeFault::MissingField, "order_state");
  WorkingOrder order{.order = order_number(id), .remaining = {}, .side = Side::Buy};
  if (!side_from(direction, order.side)) return false;
  // Everything but an open order rests nowhere: filled, cancelled, rejected, or a trigger that was not reached.
  if (state == "open") {
    if (!amount.given || !filled.given) return fail(DecodeFault::MissingField, amount.given ? "filled_amount" : "amount");
    if (amount.refused || filled.refused) return fail(DecodeFault::BadNumber, "amount");
    if (amount.raw < 0 || filled.raw < 0 || filled.raw > amount.raw) return fail(DecodeFault::BadValue, "filled_amount");
    order.remaining = Size::from_raw(amount.raw - filled.raw);
  }
  if (!in_list(name)) return !error.has_value();
  header.exchange_time = updated;
  return push(order);
}

bool Decoder::Work::log_row(std::uint64_t after) {
  std::string_view currency;
  std::string_view type;
  std::optional<std::uint64_t> id;
  VenueTime at = kNoVenueTime;
  Transfer transfer;
  if (!object("logs", [&](JsonKey key) {
        if (key.is("id")) return identity("id", id);
        if (key.is("currency")) return text("currency", currency);
        if (key.is("type")) return text("type", type);
        if (key.is("timestamp")) return time("timestamp", at);
        if (key.is("change")) return number("change", transfer.amount);
        return skip();
      }))
    return false;
  ++detail.rows;
  if (!id) return fail(DecodeFault::MissingField, "id");
  if (type.empty()) return fail(DecodeFault::MissingField, "type");
  detail.newest_entry = std::max(detail.newest_entry, *id);
  const bool moved = type == "deposit" || type == "withdrawal" || type == "transfer";
  if (!moved || *id <= after) return true;
  const auto asset = asset_from(currency);
  if (!asset) return fail(currency.empty() ? DecodeFault::MissingField : DecodeFault::NameTooLong, "currency");
  if (!is_present(transfer.amount)) return fail(DecodeFault::MissingField, "change");
  transfer.asset = *asset;
  header.exchange_time = at;
  return push(transfer);
}

bool Decoder::Work::orders(std::string_view field) {
  return array(field, [&] { return order_row(); });
}

bool Decoder::Work::positions(std::string_view field) {
  return array(field, [&] { return position_row(); });
}

bool Decoder::Work::changes() {
  VenueTime newest = kNoVenueTime;
  bool has_positions = false;
  const std::size_t first = out.size();
  if (!object("data", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("trades"):
            return fills("trades", newest);
          case k("orders"):
            return orders("orders");
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

bool Decoder::Work::summary(std::string_view field) {
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

bool Decoder::Work::summaries() {
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

bool Decoder::Work::user_lock() {
  std::optional<bool> locked;
  if (!object("data", [&](JsonKey key) { return key.is("locked") ? flag("locked", locked) : skip(); })) return false;
  if (!locked) return fail(DecodeFault::MissingField, "locked");
  return push(ForcedEvent{ForcedEventKind::AccountLock, *locked});
}

bool Decoder::Work::mmp_trigger() {
  if (!object("data", [&](JsonKey key) { return key.is("timestamp") ? time("timestamp", header.exchange_time) : skip(); }))
    return false;
  return push(ForcedEvent{ForcedEventKind::MarketMakerProtection, true});
}

bool Decoder::Work::liquidation() {
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

Result<Decoded, DecodeError> Decoder::decode_open_orders(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_open_orders";
  work.header.account = options_.account;
  if (detail_.sent_at_us != 0) {
    const auto sent =
        venue_time_from_milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(detail_.sent_at_us / 1000, INT64_MAX)));
    if (sent) work.header.exchange_time = *sent;
  }
  const EventHeader header = work.header;
  if (!go_to_result())
    work.fail(DecodeFault::MissingField, "result");
  else if (work.push(WorkingOrdersBegin{}) && work.orders("result") && work.every_position_known()) {
    work.header = header;
    work.push(WorkingOrdersEnd{});
  }
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_transaction_log(MonoTime received, std::uint64_t after, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_transaction_log";
  work.header.account = options_.account;
  bool listed = false;
  std::optional<std::uint64_t> continuation;
  if (!go_to_result()) {
    work.fail(DecodeFault::MissingField, "result");
  } else if (work.object("result", [&](JsonKey key) {
               if (key.is("logs")) {
                 listed = true;
                 return work.array("logs", [&] { return work.log_row(after); });
               }
               return key.is("continuation") ? work.identity("continuation", continuation) : work.skip();
             })) {
    if (!listed) work.fail(DecodeFault::MissingField, "logs");
    detail_.continuation = continuation.value_or(0);
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

}  // namespace hedgewatch::deribit
