#include "feeds/bybit/decoder_work.hpp"

namespace hedgewatch::bybit {

namespace {

/// Its lights: 5 is first in line.
constexpr std::int64_t kLastRank = 5;

}  // namespace

bool Decoder::Work::position_row() {
  std::string_view category_word;
  std::string_view symbol;
  std::string_view side;
  std::string_view status;
  ExactNumber size;
  std::optional<std::uint64_t> leg;
  std::optional<std::int64_t> rank;
  PositionReport report;
  double entry = kAbsent;
  VenueTime updated = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("category"):
        return field.is("category") ? text("category", category_word) : skip();
      case k("symbol"):
        return text("symbol", symbol);
      case k("side"):
        return text("side", side);
      case k("size"):
        return exact("size", size);
      case k("adlRankIndicator"):
        return field.is("adlRankIndicator") ? integer("adlRankIndicator", rank) : skip();
      case k("positionIdx"):
        if (field.is("positionIdx")) return identity("positionIdx", leg);
        if (field.is("positionMM")) return number("positionMM", report.maintenance_margin);
        if (field.is("positionStatus")) return text("positionStatus", status);
        return skip();
      case k("entryPrice"):
        return field.is("entryPrice") ? number("entryPrice", entry) : skip();
      case k("avgPrice"):
        return field.is("avgPrice") ? number("avgPrice", entry) : skip();
      case k("unrealisedPnl"):
        return field.is("unrealisedPnl") ? number("unrealisedPnl", report.unrealized_pnl) : skip();
      case k("curRealisedPnl"):
        return field.is("curRealisedPnl") ? number("curRealisedPnl", report.realized_pnl) : skip();
      case k("updatedTime"):
        return field.is("updatedTime") ? time("updatedTime", updated) : skip();
      default:
        return skip();
    }
  });
  if (!read) return false;
  ++detail.rows;
  const auto category = category_of(category_word);
  if (!category) return false;
  if (!in_list(symbol, suffix(*category), "symbol")) return !error.has_value();
  if (!size_units(size, "size", report.size)) return false;
  if (report.size < Size{}) return fail(DecodeFault::BadValue, "size");
  if (side == "Sell") {
    report.size = Size{} - report.size;
  } else if (side != "Buy") {
    // Flat, and never by default short or long.
    if (!side.empty() && side != "None") return fail(DecodeFault::UnknownWord, "side");
    if (report.size != Size{}) return fail(DecodeFault::BadValue, "side");
  }
  if (leg.value_or(0) > 2) return fail(DecodeFault::BadValue, "positionIdx");
  decoder.legs_.set(header.instrument, static_cast<std::uint32_t>(leg.value_or(0)), report.size,
                    deleveraging_place(rank, kLastRank));
  const PositionLegs::Sum sum = decoder.legs_.sum(header.instrument);
  report.size = sum.size;
  report.average_entry = positive_or_absent(entry);
  if (sum.open_legs != 1) report.average_entry = kAbsent;
  if (sum.open_legs > 1) report.realized_pnl = report.unrealized_pnl = report.maintenance_margin = kAbsent;
  const VenueTime sent = header.exchange_time;
  if (updated != kNoVenueTime) header.exchange_time = updated;
  if (!push(report) || !push_deleveraging(sum)) return false;
  if (status == "Liq" && !push(ForcedEvent{ForcedEventKind::Liquidation, true})) return false;
  if (status == "Adl" && !push(ForcedEvent{ForcedEventKind::AutoDeleveraging, true})) return false;
  header.exchange_time = sent;
  return true;
}

bool Decoder::Work::positions() {
  return array("data", [&] { return position_row(); }) && every_instrument_known("symbol");
}

/// Margins are the whole account's, in dollars: each coin's row sees them through the coin's own dollar value.
bool Decoder::Work::wallet_account() {
  double margin_balance = kAbsent;
  double initial = kAbsent;
  double maintenance = kAbsent;
  JsonReader::Position coins = nullptr;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("totalMarginBalance"):
        if (field.is("totalMarginBalance")) return number("totalMarginBalance", margin_balance);
        break;
      case k("totalInitialMargin"):
        if (field.is("totalInitialMargin")) return number("totalInitialMargin", initial);
        break;
      case k("totalMaintenanceMargin"):
        if (field.is("totalMaintenanceMargin")) return number("totalMaintenanceMargin", maintenance);
        break;
      case k("coin"):
        coins = in.position();
        return skip();
      default:
        break;
    }
    return skip();
  });
  if (!read) return false;
  if (coins == nullptr) return fail(DecodeFault::MissingField, "coin");
  return at(coins, [&] {
    return array("coin", [&] {
      AccountSummary row;
      std::string_view code;
      double dollars = kAbsent;
      const bool fields = object("coin", [&](JsonKey field) {
        if (field.is("coin")) return text("coin", code);
        if (field.is("equity")) return number("equity", row.equity);
        if (field.is("usdValue")) return number("usdValue", dollars);
        if (field.is("walletBalance")) return number("walletBalance", row.balance);
        return skip();
      });
      if (!fields) return false;
      ++detail.rows;
      const auto known_code = asset_code(code);
      if (!known_code) {
        // Tokens with longer names exist; they are dust or collateral of another kind and cannot be named here.
        ++detail.left_out_rows;
        return true;
      }
      row.asset = *known_code;
      if (!is_present(row.equity)) return fail(DecodeFault::MissingField, "equity");
      row.cross_collateral = true;
      const double price = dollars / row.equity;
      if (price > 0) {
        row.margin_balance = margin_balance / price;
        row.initial_margin = initial / price;
        row.maintenance_margin = maintenance / price;
      }
      return push(row);
    });
  });
}

bool Decoder::Work::execution_row() {
  std::string_view category_word;
  std::string_view symbol;
  std::string_view side;
  std::string_view type;
  std::string_view fee_currency;
  ExactNumber price;
  ExactNumber size;
  Fill fill;
  header.exchange_time = kNoVenueTime;
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("category"):
        return field.is("category") ? text("category", category_word) : skip();
      case k("symbol"):
        return text("symbol", symbol);
      case k("side"):
        return text("side", side);
      case k("execPrice"):
        return field.is("execPrice") ? exact("execPrice", price) : skip();
      case k("execQty"):
        return exact("execQty", size);
      case k("execFee"):
        return field.is("execFee") ? number("execFee", fill.fee) : skip();
      case k("execType"):
        return field.is("execType") ? text("execType", type) : skip();
      case k("execTime"):
        return field.is("execTime") ? time("execTime", header.exchange_time) : skip();
      case k("feeCurrency"):
        return field.is("feeCurrency") ? text("feeCurrency", fee_currency) : skip();
      default:
        return skip();
    }
  });
  if (!read) return false;
  ++detail.rows;
  if (type.empty()) return fail(DecodeFault::MissingField, "execType");
  const auto category = category_of(category_word);
  if (!category) return false;
  if (!in_list(symbol, suffix(*category), "symbol")) return !error.has_value();
  if (!timed("execTime")) return false;
  const bool deleveraged = type == "AdlTrade";
  fill.liquidation = type == "BustTrade";
  if (deleveraged && !push(ForcedEvent{ForcedEventKind::AutoDeleveraging, true})) return false;
  if (fill.liquidation && !push(ForcedEvent{ForcedEventKind::Liquidation, true})) return false;
  if (type != "Trade" && type != "BlockTrade" && !deleveraged && !fill.liquidation) {
    // Funding, delivery and settlement move cash, not size; the position's own message tells what is left of it.
    ++detail.left_out_rows;
    return true;
  }
  if (side != "Buy" && side != "Sell") return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "side");
  fill.side = side == "Buy" ? Side::Buy : Side::Sell;
  fill.fee_asset = contract().settlement;
  if (!fee_currency.empty() && !asset(fee_currency, "feeCurrency", fill.fee_asset)) return false;
  return push_fill(price, size, fill);
}

bool Decoder::Work::executions() {
  return array("data", [&] { return execution_row(); }) && every_instrument_known("symbol");
}

bool Decoder::Work::greeks() {
  return array("data", [&] {
    std::string_view code;
    AccountGreeks totals;
    const bool read = object("data", [&](JsonKey field) {
      if (field.is("baseCoin")) return text("baseCoin", code);
      if (field.is("totalDelta")) return number("totalDelta", totals.options_delta);
      if (field.is("totalGamma")) return number("totalGamma", totals.options_gamma);
      if (field.is("totalVega")) return number("totalVega", totals.options_vega);
      if (field.is("totalTheta")) return number("totalTheta", totals.options_theta);
      return skip();
    });
    if (!read) return false;
    ++detail.rows;
    return asset(code, "baseCoin", totals.asset) && push(totals);
  });
}

}  // namespace hedgewatch::bybit
