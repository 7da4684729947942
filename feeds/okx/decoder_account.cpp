#include "feeds/okx/decoder_work.hpp"

namespace hedgewatch::okx {

namespace {

/// Its lights: 5 is first in line.
constexpr std::int64_t kLastRank = 5;

}  // namespace

bool Decoder::Work::account() {
  return array("data", [&] {
    double margin_balance = kAbsent;
    double initial = kAbsent;
    double maintenance = kAbsent;
    JsonReader::Position rows = nullptr;
    header.exchange_time = kNoVenueTime;
    const bool read = object("data", [&](JsonKey field) {
      switch (field.prefix()) {
        case k("uTime"):
          return time("uTime", header.exchange_time);
        case k("adjEq"):
          return number("adjEq", margin_balance);
        case k("imr"):
          return number("imr", initial);
        case k("mmr"):
          return number("mmr", maintenance);
        case k("details"):
          rows = in.position();
          return skip();
        default:
          return skip();
      }
    });
    if (!read) return false;
    if (rows == nullptr) return fail(DecodeFault::MissingField, "details");
    return at(rows, [&] { return account_rows(margin_balance, initial, maintenance); });
  });
}

/// Where margin is the whole account's, in dollars, each currency's row sees it through its own dollar price. In the mode without,
/// each currency has its own; its margin balance is then what the venue's ratio was made of.
bool Decoder::Work::account_rows(double margin_balance, double initial, double maintenance) {
  return array("details", [&] {
    std::string_view code;
    AccountSummary row;
    double dollars = kAbsent;
    double price = kAbsent;
    double ratio = kAbsent;
    double own_initial = kAbsent;
    double own_maintenance = kAbsent;
    const bool read = object("details", [&](JsonKey field) {
      switch (field.prefix()) {
        case k("ccy"):
          return text("ccy", code);
        case k("eq"):
          return number("eq", row.equity);
        case k("eqUsd"):
          return number("eqUsd", dollars);
        case k("cashBal"):
          return number("cashBal", row.balance);
        case k("imr"):
          return number("imr", own_initial);
        case k("mmr"):
          return number("mmr", own_maintenance);
        case k("mgnRatio"):
          return field.is("mgnRatio") ? number("mgnRatio", ratio) : skip();
        case k("coinUsdPrice"):
          return field.is("coinUsdPrice") ? number("coinUsdPrice", price) : skip();
        default:
          return skip();
      }
    });
    if (!read) return false;
    ++detail.rows;
    if (code.empty()) return fail(DecodeFault::MissingField, "ccy");
    const auto known_code = asset_code(code);
    if (!known_code) {
      ++detail.left_out_rows;
      return true;
    }
    row.asset = *known_code;
    if (!is_present(row.equity)) return fail(DecodeFault::MissingField, "eq");
    if (is_present(maintenance)) {
      row.cross_collateral = true;
      if (!(price > 0)) price = dollars / row.equity;
      if (price > 0) {
        row.margin_balance = margin_balance / price;
        row.initial_margin = initial / price;
        row.maintenance_margin = maintenance / price;
      }
    } else {
      row.initial_margin = own_initial;
      row.maintenance_margin = own_maintenance;
      if (ratio > 0 && own_maintenance > 0) row.margin_balance = ratio * own_maintenance;
    }
    return push(row);
  });
}

bool Decoder::Work::position_row() {
  std::string_view instrument;
  std::string_view type;
  std::string_view side;
  std::string_view margin_mode;
  ExactNumber size;
  std::optional<std::int64_t> rank;
  PositionReport report;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("instId"):
        return text("instId", instrument);
      case k("instType"):
        return field.is("instType") ? text("instType", type) : skip();
      case k("posSide"):
        return text("posSide", side);
      case k("mgnMode"):
        return text("mgnMode", margin_mode);
      case k("adl"):
        return integer("adl", rank);
      case k("pos"):
        return exact("pos", size);
      case k("avgPx"):
        return number("avgPx", report.average_entry);
      case k("upl"):
        return number("upl", report.unrealized_pnl);
      case k("realizedPnl"):
        return field.is("realizedPnl") ? number("realizedPnl", report.realized_pnl) : skip();
      case k("uTime"):
        return time("uTime", header.exchange_time);
      default:
        return skip();
    }
  });
  if (!read) return false;
  ++detail.rows;
  if (type == "MARGIN") {
    // Borrowed coins: their sign is in a currency's name, and they are in the account's equity already.
    ++detail.left_out_rows;
    return true;
  }
  if (!in_list(instrument, {}, "instId")) return !error.has_value();
  if (!size_units(size, "pos", report.size)) return false;
  if (side == "long" || side == "short") {
    if (report.size < Size{}) report.size = Size{} - report.size;
    if (side == "short") report.size = Size{} - report.size;
  } else if (side != "net") {
    return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "posSide");
  }
  const std::uint32_t leg = (side == "net" ? 0U : side == "long" ? 1U : 2U) + (margin_mode == "isolated" ? 3U : 0U);
  decoder.legs_.set(header.instrument, leg, report.size, deleveraging_place(rank, kLastRank));
  const PositionLegs::Sum sum = decoder.legs_.sum(header.instrument);
  report.size = sum.size;
  report.average_entry = sum.open_legs == 1 ? positive_or_absent(report.average_entry) : kAbsent;
  if (sum.open_legs > 1) report.realized_pnl = report.unrealized_pnl = kAbsent;
  return push(report) && push_deleveraging(sum);
}

bool Decoder::Work::position_rows() {
  return array("data", [&] { return position_row(); }) && every_instrument_known("instId");
}

/// A statement comes in pages, each in a frame of its own; an event tells only what has changed.
bool Decoder::Work::positions(const Envelope& outer) {
  const bool statement = outer.event_type == "snapshot";
  const EventHeader before = header;
  if (statement && outer.page.value_or(1) == 1) {
    decoder.legs_.clear();
    if (!push(PositionSnapshotBegin{})) return false;
  }
  if (!position_rows()) return false;
  header = before;
  return !statement || !detail.last_page.value_or(true) || push(PositionSnapshotEnd{});
}

/// Cash and size without their value: `account` and `positions` tell the whole. Here only what was forced upon the account counts.
bool Decoder::Work::balance_and_position() {
  return array("data", [&] {
    std::string_view cause;
    header.exchange_time = kNoVenueTime;
    const bool read = object("data", [&](JsonKey field) {
      if (field.is("eventType")) return text("eventType", cause);
      if (field.is("pTime")) return time("pTime", header.exchange_time);
      return skip();
    });
    if (!read) return false;
    ++detail.rows;
    if (cause.empty()) return fail(DecodeFault::MissingField, "eventType");
    if (cause == "liquidation") return push(ForcedEvent{ForcedEventKind::Liquidation, true});
    if (cause == "adl") return push(ForcedEvent{ForcedEventKind::AutoDeleveraging, true});
    if (cause == "claw_back") return push(ForcedEvent{ForcedEventKind::Other, true});
    return true;
  });
}

/// The delta counts cash of the coin or not, depending on the set, and its unit is documented against its own numbers: left out.
bool Decoder::Work::account_greeks() {
  return array("data", [&] {
    std::string_view code;
    AccountGreeks totals;
    header.exchange_time = kNoVenueTime;
    const bool read = object("data", [&](JsonKey field) {
      if (field.is("ccy")) return text("ccy", code);
      if (field.is("gammaBS")) return number("gammaBS", totals.options_gamma);
      if (field.is("vegaBS")) return number("vegaBS", totals.options_vega);
      if (field.is("thetaBS")) return number("thetaBS", totals.options_theta);
      if (field.is("ts")) return time("ts", header.exchange_time);
      return skip();
    });
    if (!read) return false;
    ++detail.rows;
    return asset(code, "ccy", totals.asset) && push(totals);
  });
}

bool Decoder::Work::liquidation_warnings() {
  return array("data", [&] {
    header.exchange_time = kNoVenueTime;
    ++detail.rows;
    return object("data", [&](JsonKey field) { return field.is("pTime") ? time("pTime", header.exchange_time) : skip(); }) &&
           push(ForcedEvent{ForcedEventKind::Other, true});
  });
}

bool Decoder::Work::order_row() {
  std::string_view instrument;
  std::string_view side;
  std::string_view cause;
  std::string_view fee_currency;
  ExactNumber price;
  ExactNumber size;
  double fee = kAbsent;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("instId"):
        return text("instId", instrument);
      case k("side"):
        return text("side", side);
      case k("category"):
        return field.is("category") ? text("category", cause) : skip();
      case k("fillPx"):
        return exact("fillPx", price);
      case k("fillSz"):
        return exact("fillSz", size);
      case k("fillFee"):
        return number("fillFee", fee);
      case k("fillFeeCcy"):
        if (field.is("fillFeeCcy")) return text("fillFeeCcy", fee_currency);
        return skip();
      case k("fillTime"):
        return field.is("fillTime") ? time("fillTime", header.exchange_time) : skip();
      default:
        return skip();
    }
  });
  if (!read) return false;
  ++detail.rows;
  if (!size.given || size.raw == 0) {
    // An order that came, changed or went without trading.
    ++detail.left_out_rows;
    return !size.refused || fail(DecodeFault::BadNumber, "fillSz");
  }
  if (!in_list(instrument, {}, "instId")) return !error.has_value();
  if (side != "buy" && side != "sell") return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "side");
  if (!timed("fillTime")) return false;
  Fill fill;
  fill.side = side == "buy" ? Side::Buy : Side::Sell;
  fill.liquidation = cause == "full_liquidation" || cause == "partial_liquidation";
  // Negative is paid on the wire.
  fill.fee = is_present(fee) ? 0 - fee : kAbsent;
  if (!fee_currency.empty() && !asset(fee_currency, "fillFeeCcy", fill.fee_asset)) return false;
  if (fill.liquidation && !push(ForcedEvent{ForcedEventKind::Liquidation, true})) return false;
  if (cause == "adl" && !push(ForcedEvent{ForcedEventKind::AutoDeleveraging, true})) return false;
  return push_fill(price, size, fill);
}

bool Decoder::Work::orders() {
  return array("data", [&] { return order_row(); }) && every_instrument_known("instId");
}

}  // namespace hedgewatch::okx
