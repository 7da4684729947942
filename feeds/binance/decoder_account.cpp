#include <array>

#include "feeds/binance/decoder_work.hpp"

namespace hedgewatch::binance {

namespace {

/// 4 is first in line.
constexpr std::int64_t kLastQuantile = 4;

std::uint32_t leg_of(std::string_view side) { return side == "LONG" ? 1 : side == "SHORT" ? 2 : 0; }

}  // namespace

bool Decoder::Work::message_of_account() {
  switch (kind.stream) {
    case Stream::AccountUpdate:
      return account_update();
    case Stream::BalanceAndPosition:
      return options_balance_and_position();
    case Stream::Greeks:
      return object("data",
                    [&](JsonKey field) {
                      if (field.is("E")) return time("E", header.exchange_time);
                      return field.is("G") ? array("G", [&] { return greeks("G"); }) : skip();
                    }) &&
             stamp();
    case Stream::Orders:
      return order_update();
    case Stream::SpotOrders:
      return order_fields(true);
    case Stream::SpotBalances:
      return object("data",
                    [&](JsonKey field) {
                      if (field.is("u")) return time("u", header.exchange_time);
                      return field.is("B") ? array("B", [&] { return spot_balances("B"); }) : skip();
                    }) &&
             stamp();
    case Stream::MarginCall:
      return skip() && push(ForcedEvent{ForcedEventKind::Other, true});
    case Stream::RiskLevel: {
      std::string_view level;
      if (!object("data", [&](JsonKey field) { return field.is("s") ? text("s", level) : skip(); })) return false;
      if (level.empty()) return fail(DecodeFault::MissingField, "s");
      return push(ForcedEvent{ForcedEventKind::Other, level != "NORMAL"});
    }
    default:
      return false;
  }
}

bool Decoder::Work::report_position(Size size, double entry, double unrealized, std::uint32_t leg, double deleveraging) {
  decoder.legs_.set(header.instrument, leg, size, deleveraging);
  const PositionLegs::Sum sum = decoder.legs_.sum(header.instrument);
  PositionReport report;
  report.size = sum.size;
  if (sum.open_legs == 1) {
    // In hedge mode the leg that spoke need not be the one that is open.
    if (size != Size{}) report.average_entry = positive_or_absent(entry);
    if (size != Size{}) report.unrealized_pnl = unrealized;
  }
  return push(report) && push_deleveraging(sum);
}

/// Only what changed comes, and of balances only the wallet: equity needs the marks, so the summary is the request's to tell.
bool Decoder::Work::account_update() {
  JsonReader::Position inner = nullptr;
  VenueTime matched = kNoVenueTime;
  const JsonReader::Position start = in.position();
  const bool read = object("data", [&](JsonKey field) {
    if (field.is("T")) return time("T", matched);
    if (!field.is("a")) return skip();
    inner = in.position();
    return skip();
  });
  if (!read) return false;
  header.exchange_time = matched;
  if (inner == nullptr) {
    // Options have the same word for another shape.
    return at(start, [&] { return options_account_update(); });
  }
  return at(inner,
            [&] {
              return object("a", [&](JsonKey field) {
                if (!field.is("P")) return skip();
                return array("P", [&] { return futures_position(); });
              });
            }) &&
         every_instrument_known("s");
}

bool Decoder::Work::futures_position() {
  std::string_view symbol;
  std::string_view side;
  ExactNumber amount;
  double entry = kAbsent;
  double unrealized = kAbsent;
  const bool read = object("P", [&](JsonKey field) {
    if (field.is("s")) return text("s", symbol);
    if (field.is("pa")) return exact("pa", amount);
    if (field.is("ep")) return number("ep", entry);
    if (field.is("up")) return number("up", unrealized);
    if (field.is("ps")) return text("ps", side);
    return skip();
  });
  if (!read) return false;
  ++detail.rows;
  if (!in_list(symbol, {}, "s")) return !error.has_value();
  Size size;
  return size_units(amount, "pa", size) && report_position(size, entry, unrealized, leg_of(side));
}

bool Decoder::Work::options_account_update() {
  AccountSummary row;
  row.asset = *AssetCode::from("USDT");
  const bool read = object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("eq"):
        return number("eq", row.equity);
      case k("aeq"):
        return number("aeq", row.margin_balance);
      case k("b"):
        return number("b", row.balance);
      case k("i"):
        return number("i", row.initial_margin);
      case k("M"):
        return number("M", row.maintenance_margin);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (!is_present(row.equity)) return fail(DecodeFault::MissingField, "eq");
  return push(row);
}

bool Decoder::Work::options_balance_and_position() {
  return object("data",
                [&](JsonKey field) {
                  if (field.is("T")) return time("T", header.exchange_time);
                  if (!field.is("P")) return skip();
                  return array("P", [&] {
                    std::string_view symbol;
                    ExactNumber amount;
                    double entry = kAbsent;
                    const bool read = object("P", [&](JsonKey inner) {
                      if (inner.is("s")) return text("s", symbol);
                      if (inner.is("c")) return exact("c", amount);
                      if (inner.is("a")) return number("a", entry);
                      return skip();
                    });
                    if (!read) return false;
                    ++detail.rows;
                    if (!in_list(symbol, {}, "s")) return !error.has_value();
                    Size size;
                    return size_units(amount, "c", size) && report_position(size, entry, kAbsent, 0);
                  });
                }) &&
         every_instrument_known("s") && stamp();
}

bool Decoder::Work::greeks(std::string_view field_name) {
  std::string_view underlying;
  AccountGreeks totals;
  AssetCode quote;
  const bool read = object(field_name, [&](JsonKey field) {
    if (field.is("u") || field.is("underlying")) return text("underlying", underlying);
    if (field.is("d") || field.is("delta")) return number("delta", totals.options_delta);
    if (field.is("g") || field.is("gamma")) return number("gamma", totals.options_gamma);
    if (field.is("t") || field.is("theta")) return number("theta", totals.options_theta);
    if (field.is("v") || field.is("vega")) return number("vega", totals.options_vega);
    return skip();
  });
  return read && pair(underlying, "underlying", totals.asset, quote) && push(totals);
}

bool Decoder::Work::order_update() {
  bool has_order = false;
  const bool read = object("data", [&](JsonKey field) {
    if (!field.is("o")) return skip();
    has_order = true;
    return order_fields(false);
  });
  if (!read) return false;
  return has_order || fail(DecodeFault::MissingField, "o");
}

bool Decoder::Work::order_fields(bool spot) {
  std::string_view symbol;
  std::string_view side;
  std::string_view execution;
  std::string_view client_id;
  std::string_view fee_asset;
  ExactNumber price;
  ExactNumber size;
  double fee = kAbsent;
  header.exchange_time = kNoVenueTime;
  const bool read = object("o", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("s"):
        return text("s", symbol);
      case k("S"):
        return text("S", side);
      case k("x"):
        return text("x", execution);
      case k("c"):
        return text("c", client_id);
      case k("l"):
        return exact("l", size);
      case k("L"):
        return exact("L", price);
      case k("n"):
        return number("n", fee);
      case k("N"):
        return text("N", fee_asset);
      case k("T"):
        return time("T", header.exchange_time);
      default:
        return skip();
    }
  });
  if (!read) return false;
  if (execution.empty()) return fail(DecodeFault::MissingField, "x");
  if ((execution != "TRADE" && execution != "CALCULATED") || (size.given && !size.refused && size.raw == 0))
    return ignore("order without a trade");
  if (!single(symbol, spot ? kSpotSuffix : std::string_view{}, "s") || !timed("T")) return false;
  if (side != "BUY" && side != "SELL") return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "S");
  Fill fill;
  fill.side = side == "BUY" ? Side::Buy : Side::Sell;
  // Of options a negative fee is the one that was charged.
  fill.fee = contract().kind == ContractKind::Option && is_present(fee) ? 0 - fee : fee;
  if (!fee_asset.empty() && !asset(fee_asset, "N", fill.fee_asset)) return false;
  const bool deleveraged = client_id.starts_with("adl_autoclose");
  fill.liquidation = client_id.starts_with("autoclose-");
  if (fill.liquidation && !push(ForcedEvent{ForcedEventKind::Liquidation, true})) return false;
  if (deleveraged && !push(ForcedEvent{ForcedEventKind::AutoDeleveraging, true})) return false;
  return push_fill(price, size, fill);
}

/// Free and locked together are what the account has; spot knows no margin.
bool Decoder::Work::spot_balances(std::string_view field_name) {
  std::string_view code;
  double available = kAbsent;
  double locked = kAbsent;
  const bool read = object(field_name, [&](JsonKey field) {
    if (field.is("a") || field.is("asset")) return text("asset", code);
    if (field.is("f") || field.is("free")) return number("free", available);
    if (field.is("l") || field.is("locked")) return number("locked", locked);
    return skip();
  });
  if (!read) return false;
  ++detail.rows;
  if (!is_present(available) || !is_present(locked)) return fail(DecodeFault::MissingField, "free");
  const auto known_code = asset_code(code);
  if (!known_code) {
    ++detail.left_out_rows;
    return true;
  }
  AccountSummary row;
  row.asset = *known_code;
  row.equity = row.balance = available + locked;
  return push(row);
}

/// A row of positionRisk, or of the options' position, where the sign is in `side` because sources disagree on the quantity's.
bool Decoder::Work::position_statement_row() {
  std::string_view symbol;
  std::string_view position_side;
  std::string_view side;
  ExactNumber amount;
  ExactNumber quantity;
  double entry = kAbsent;
  double unrealized = kAbsent;
  std::optional<std::int64_t> quantile;
  header.exchange_time = kNoVenueTime;
  const bool read = object("result", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("adl"):
        return integer("adl", quantile);
      case k("symbol"):
        return text("symbol", symbol);
      case k("positionAmt"):
        if (field.is("positionAmt")) return exact("positionAmt", amount);
        return field.is("positionSide") ? text("positionSide", position_side) : skip();
      case k("quantity"):
        return field.is("quantity") ? exact("quantity", quantity) : skip();
      case k("side"):
        return text("side", side);
      case k("entryPrice"):
        return field.is("entryPrice") ? number("entryPrice", entry) : skip();
      case k("unRealizedProfit"):
        return field.is("unRealizedProfit") ? number("unRealizedProfit", unrealized) : skip();
      case k("unrealizedPNL"):
        return field.is("unrealizedPNL") ? number("unrealizedPNL", unrealized) : skip();
      case k("updateTime"):
        return field.is("updateTime") ? time("updateTime", header.exchange_time) : skip();
      case k("time"):
        return time("time", header.exchange_time);
      default:
        return skip();
    }
  });
  if (!read) return false;
  ++detail.rows;
  if (!in_list(symbol, {}, "symbol")) return !error.has_value();
  Size size;
  if (quantity.named) {
    if (!size_units(quantity, "quantity", size)) return false;
    if (size < Size{}) size = Size{} - size;
    if (side == "SHORT")
      size = Size{} - size;
    else if (side != "LONG")
      return fail(side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "side");
  } else if (!size_units(amount, "positionAmt", size)) {
    return false;
  }
  return report_position(size, entry, unrealized, leg_of(position_side), deleveraging_place(quantile, kLastQuantile));
}

bool Decoder::Work::account_statement() {
  JsonReader::Position rows = nullptr;
  JsonReader::Position totals = nullptr;
  JsonReader::Position balances = nullptr;
  const bool read = object("result", [&](JsonKey field) {
    if (field.is("assets") || field.is("asset")) rows = in.position();
    if (field.is("greek")) totals = in.position();
    if (field.is("balances")) balances = in.position();
    if (field.is("time")) return time("time", header.exchange_time);
    return skip();
  });
  if (!read) return false;
  if (balances != nullptr) return at(balances, [&] { return array("balances", [&] { return spot_balances("balances"); }); });
  if (rows == nullptr) return fail(DecodeFault::MissingField, "assets");
  const bool assets = at(rows, [&] {
    return array("assets", [&] {
      std::string_view code;
      double adjusted = kAbsent;
      AccountSummary row;
      const bool fields = object("assets", [&](JsonKey field) {
        switch (field.prefix()) {
          case k("asset"):
            return text("asset", code);
          case k("equity"):
            return number("equity", row.equity);
          case k("walletBalance"):
            return field.is("walletBalance") ? number("walletBalance", row.balance) : skip();
          case k("marginBalance"):
            return field.is("marginBalance") ? number("marginBalance", row.margin_balance) : skip();
          case k("adjustedEquity"):
            return field.is("adjustedEquity") ? number("adjustedEquity", adjusted) : skip();
          case k("initialMargin"):
            return field.is("initialMargin") ? number("initialMargin", row.initial_margin) : skip();
          case k("maintMargin"):
            return field.is("maintMargin") ? number("maintMargin", row.maintenance_margin) : skip();
          case k("updateTime"):
            return field.is("updateTime") ? time("updateTime", header.exchange_time) : skip();
          default:
            return skip();
        }
      });
      if (!fields) return false;
      ++detail.rows;
      const auto known_code = asset_code(code);
      if (!known_code) {
        ++detail.left_out_rows;
        return true;
      }
      row.asset = *known_code;
      if (is_present(row.equity)) {
        // Of options: the wallet goes by the name of margin balance, and what margin is held against by that of adjusted equity.
        row.balance = row.margin_balance;
        row.margin_balance = adjusted;
      } else {
        row.equity = row.margin_balance;
      }
      if (!is_present(row.equity)) return fail(DecodeFault::MissingField, "marginBalance");
      return push(row);
    });
  });
  if (!assets) return false;
  return totals == nullptr || at(totals, [&] { return array("greek", [&] { return greeks("greek"); }); });
}

}  // namespace hedgewatch::binance
