#include "feeds/simulator/okx_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/pricing/venue_conventions.hpp"

namespace hedgewatch::simulator {
namespace {

/// The shortest form that reads back as the same number, without a point where none is needed. Rounded, so that a quotient of two
/// decimals is a decimal again; the empty text where there is no number.
std::string okx_number(double value, int decimals = 10) {
  if (!std::isfinite(value)) return {};
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  if (std::abs(value) < 9e15 / scale) value = std::round(value * scale) / scale;
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value == 0 ? 0 : value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

std::string okx_time(VenueTime time) { return std::to_string(milliseconds_of(time)); }

/// YYMMDD of an expiry.
std::string expiry_digits(VenueTime expiry) {
  const std::chrono::year_month_day date{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::nanoseconds>{expiry.time_since_epoch()})};
  const unsigned digits = static_cast<unsigned>(static_cast<int>(date.year()) % 100) * 10'000 +
                          static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
  std::string text = std::to_string(digits);
  return std::string(6 - std::min<std::size_t>(text.size(), 6), '0') + text;
}

std::string_view okx_state(ListingState state) {
  switch (state) {
    case ListingState::Open:
      return "live";
    case ListingState::Settlement:
      return "settling";
    case ListingState::Delivered:
      return "expired";
  }
  return "";
}

/// What is realised counts at once: equity less the profit of open futures since their entry and less the value of the options.
double cash_of(const AccountSummary& summary) { return summary.margin_balance - summary.futures_pl; }

constexpr std::int64_t kEightHours = 8LL * 3'600 * 1'000;

}  // namespace

/// Both sets of one option, with its mark, per coin.
struct OkxText::Greeks {
  double mark = 0;
  PublishedGreeks black_scholes;
  PublishedGreeks premium_adjusted;
};

std::string OkxText::done(const JsonObject& object) { return object.str(vary_ && random_.chance(0.3) ? random_.index(16) : 0); }
std::string OkxText::now() const { return okx_time(market_.now()); }

std::string OkxText::family(std::size_t underlying) const { return market_.underlyings()[underlying].config.currency + "-USD"; }

std::string_view OkxText::type(const MarketInstrument& instrument) {
  switch (instrument.kind) {
    case ContractKind::Perpetual:
      return "SWAP";
    case ContractKind::Option:
      return "OPTION";
    default:
      return "FUTURES";
  }
}

std::string OkxText::name(const MarketInstrument& instrument) const {
  std::string name = family(instrument.underlying);
  if (instrument.kind == ContractKind::Perpetual) return name + "-SWAP";
  name += "-" + expiry_digits(instrument.expiry);
  if (!is_option(instrument)) return name;
  return name + "-" + okx_number(instrument.strike_usd) + (instrument.right == OptionRight::Call ? "-C" : "-P");
}

double OkxText::contract_value(const MarketInstrument& instrument) const {
  if (is_option(instrument)) return 1;
  return market_.underlyings()[instrument.underlying].config.currency == "BTC" ? 100 : 10;
}

double OkxText::multiplier(const MarketInstrument& instrument) const {
  if (!is_option(instrument)) return 1;
  return market_.underlyings()[instrument.underlying].config.currency == "BTC" ? 0.01 : 0.1;
}

double OkxText::contracts(const MarketInstrument& instrument, double size) const {
  return size / (contract_value(instrument) * multiplier(instrument));
}

OkxText::Greeks OkxText::greeks_of(const MarketInstrument& instrument) const {
  const YearFraction left = YearFraction::from_nanoseconds(static_cast<double>((instrument.expiry - instrument.marked).count()));
  const auto greeks = okx_greeks({.right = instrument.right,
                                  .forward = instrument.forward_usd,
                                  .spot = instrument.index_usd,
                                  .strike = instrument.strike_usd,
                                  .to_expiry = left,
                                  .vol = Vol::from_fraction(instrument.mark_vol_percent / 100)});
  if (!greeks.ok()) return {.mark = instrument.mark_price, .black_scholes = {}, .premium_adjusted = {}};
  // What the premium takes from the delta is the price in coin.
  return {.mark = greeks.value().black_scholes.delta - greeks.value().premium_adjusted.delta,
          .black_scholes = greeks.value().black_scholes,
          .premium_adjusted = greeks.value().premium_adjusted};
}

double OkxText::mark(const MarketInstrument& instrument) const {
  return is_option(instrument) ? std::max(0.0, greeks_of(instrument).mark) : instrument.mark_price;
}

std::string OkxText::instrument(const MarketInstrument& instrument) {
  const std::string& coin = market_.underlyings()[instrument.underlying].config.currency;
  const bool option = is_option(instrument);
  const std::string lot = okx_number(contracts(instrument, instrument.lot));
  JsonObject row;
  row.text("instType", type(instrument))
      .text("instId", name(instrument))
      .text("uly", family(instrument.underlying))
      .text("instFamily", family(instrument.underlying))
      .text("category", "1")
      .text("baseCcy", "")
      .text("quoteCcy", "")
      .text("settleCcy", coin)
      .text("ctVal", okx_number(contract_value(instrument)))
      .text("ctMult", okx_number(multiplier(instrument)))
      .text("ctValCcy", option ? coin : std::string{"USD"})
      .text("ctType", option ? "" : "inverse")
      .text("optType", !option                                 ? ""
                       : instrument.right == OptionRight::Call ? "C"
                                                               : "P")
      .text("stk", option ? okx_number(instrument.strike_usd) : std::string{})
      .text("listTime", okx_time(instrument.created))
      .text("expTime", instrument.kind == ContractKind::Perpetual ? std::string{} : okx_time(instrument.expiry))
      .text("lever", option ? "" : "50")
      .text("tickSz", okx_number(instrument.tick))
      .text("lotSz", lot)
      .text("minSz", lot)
      .text("alias", "")
      .text("state", okx_state(instrument.state))
      .text("ruleType", "normal")
      .null("instIdCode")
      .raw("upcChg", "[]");
  return done(row);
}

std::string OkxText::ticker(const MarketInstrument& instrument) {
  const auto price = [](const std::vector<BookLevel>& side) {
    return side.empty() ? std::string{} : okx_number(side.front().price);
  };
  const auto size = [&](const std::vector<BookLevel>& side) {
    return side.empty() ? std::string{} : okx_number(contracts(instrument, side.front().amount));
  };
  const MarketUnderlying& underlying = market_.underlyings()[instrument.underlying];
  JsonObject row;
  row.text("instType", type(instrument))
      .text("instId", name(instrument))
      .text("last", instrument.last_price > 0 ? okx_number(instrument.last_price) : std::string{})
      .text("lastSz", instrument.trade_seq > 0 ? "1" : "")
      .text("askPx", price(instrument.asks))
      .text("askSz", size(instrument.asks))
      .text("bidPx", price(instrument.bids))
      .text("bidSz", size(instrument.bids))
      .text("open24h", okx_number(instrument.settlement_price))
      .text("high24h", okx_number(instrument.day_high))
      .text("low24h", okx_number(instrument.day_low))
      .text("volCcy24h", okx_number(instrument.day_volume_coins, 4))
      .text("vol24h",
            okx_number(contracts(instrument, is_option(instrument) ? instrument.day_volume_coins : instrument.day_volume_usd), 1))
      .text("sodUtc0", okx_number(underlying.index_open_usd, 2))
      .text("sodUtc8", okx_number(underlying.index_open_usd, 2))
      .text("ts", now());
  return done(row);
}

std::string OkxText::levels(const MarketInstrument& instrument, const std::vector<BookLevel>& side, std::size_t depth) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < std::min(depth, side.size()); ++i)
    items.push_back("[\"" + okx_number(side[i].price) + "\",\"" + okx_number(contracts(instrument, side[i].amount)) +
                    "\",\"0\",\"" + std::to_string(1 + i % 7) + "\"]");
  return json_array(items);
}

std::string OkxText::changed_levels(const MarketInstrument& instrument, const std::vector<LevelChange>& changes) {
  std::vector<std::string> items;
  for (const LevelChange& change : changes) {
    const bool gone = change.action == LevelAction::Delete;
    items.push_back("[\"" + okx_number(change.price) + "\",\"" +
                    (gone ? std::string{"0"} : okx_number(contracts(instrument, change.amount))) + "\",\"0\",\"" +
                    (gone ? "0" : "2") + "\"]");
  }
  return json_array(items);
}

std::string OkxText::best_prices(const MarketInstrument& instrument) {
  return done(JsonObject{}
                  .raw("asks", levels(instrument, instrument.asks, 1))
                  .raw("bids", levels(instrument, instrument.bids, 1))
                  .text("ts", now())
                  .integer("seqId", instrument.change_id));
}

std::string OkxText::book(const MarketInstrument& instrument, std::size_t depth, std::optional<std::int64_t> previous) {
  JsonObject row;
  row.raw("asks", levels(instrument, instrument.asks, depth))
      .raw("bids", levels(instrument, instrument.bids, depth))
      .text("ts", now());
  if (previous) row.integer("checksum", 0);
  row.integer("seqId", instrument.change_id);
  if (previous) row.integer("prevSeqId", *previous);
  return done(row);
}

std::string OkxText::book_change(const BookChange& change) {
  const MarketInstrument& instrument = market_.instruments()[change.instrument];
  return done(JsonObject{}
                  .raw("asks", changed_levels(instrument, change.asks))
                  .raw("bids", changed_levels(instrument, change.bids))
                  .text("ts", now())
                  .integer("checksum", 0)
                  .integer("seqId", change.change_id)
                  .integer("prevSeqId", change.previous_change_id));
}

std::string OkxText::book_unchanged(const MarketInstrument& instrument) {
  return done(JsonObject{}
                  .raw("asks", "[]")
                  .raw("bids", "[]")
                  .text("ts", now())
                  .integer("checksum", 0)
                  .integer("seqId", instrument.change_id)
                  .integer("prevSeqId", instrument.change_id));
}

std::string OkxText::trade(const MarketTrade& trade) {
  const MarketInstrument& instrument = market_.instruments()[trade.instrument];
  return done(JsonObject{}
                  .text("instId", name(instrument))
                  .text("tradeId", std::to_string(trade.trade_id))
                  .text("px", okx_number(trade.price))
                  .text("sz", okx_number(contracts(instrument, trade.amount)))
                  .text("side", trade.taker_buys ? "buy" : "sell")
                  .text("ts", okx_time(trade.time))
                  .text("count", "1")
                  .text("source", "0")
                  .integer("seqId", instrument.change_id));
}

std::string OkxText::mark_price(const MarketInstrument& instrument) {
  return done(JsonObject{}
                  .text("instType", type(instrument))
                  .text("instId", name(instrument))
                  .text("markPx", okx_number(mark(instrument)))
                  .text("ts", okx_time(instrument.marked)));
}

std::string OkxText::index(std::string_view pair, double price) {
  const std::string text = okx_number(price, price > 10 ? 2 : 5);
  return done(JsonObject{}
                  .text("instId", pair)
                  .text("idxPx", text)
                  .text("high24h", text)
                  .text("low24h", text)
                  .text("open24h", text)
                  .text("sodUtc0", text)
                  .text("sodUtc8", text)
                  .text("ts", now()));
}

std::string OkxText::option_summary(const MarketInstrument& instrument) {
  const Greeks greeks = greeks_of(instrument);
  const auto vol = [](double percent) { return percent > 0 ? okx_number(percent / 100) : std::string{"0"}; };
  const PublishedGreeks& coin = greeks.premium_adjusted;
  const PublishedGreeks& dollars = greeks.black_scholes;
  return done(JsonObject{}
                  .text("instType", "OPTION")
                  .text("instId", name(instrument))
                  .text("uly", family(instrument.underlying))
                  .text("delta", okx_number(coin.delta))
                  .text("gamma", okx_number(coin.gamma))
                  .text("vega", okx_number(coin.vega_per_vol_point))
                  .text("theta", okx_number(coin.theta_per_day))
                  .text("lever", greeks.mark > 0 ? okx_number(1 / greeks.mark, 2) : std::string{})
                  .text("markVol", vol(instrument.mark_vol_percent))
                  .text("bidVol", vol(instrument.bid_vol_percent))
                  .text("askVol", vol(instrument.ask_vol_percent))
                  .text("realVol", "")
                  .text("deltaBS", okx_number(dollars.delta))
                  .text("gammaBS", okx_number(dollars.gamma, 12))
                  .text("vegaBS", okx_number(dollars.vega_per_vol_point))
                  .text("thetaBS", okx_number(dollars.theta_per_day))
                  .text("volLv", vol(instrument.mark_vol_percent))
                  .text("fwdPx", okx_number(instrument.forward_usd))
                  .text("ts", okx_time(instrument.marked)));
}

std::string OkxText::funding_rate(const MarketInstrument& perpetual) {
  const MarketUnderlying& underlying = market_.underlyings()[perpetual.underlying];
  const std::int64_t due = (milliseconds_of(market_.now()) / kEightHours + 1) * kEightHours;
  return done(JsonObject{}
                  .text("instType", "SWAP")
                  .text("instId", name(perpetual))
                  .text("method", "current_period")
                  .text("formulaType", "withRate")
                  .text("fundingRate", okx_number(underlying.current_funding))
                  .text("nextFundingRate", "")
                  .text("fundingTime", std::to_string(due))
                  .text("nextFundingTime", std::to_string(due + kEightHours))
                  .text("minFundingRate", "-0.00375")
                  .text("maxFundingRate", "0.00375")
                  .text("interestRate", "0.0001")
                  .text("impactValue", "20000")
                  .text("settState", "settled")
                  .text("settFundingRate", okx_number(underlying.funding_8h))
                  .text("premium", okx_number(underlying.perpetual_premium))
                  .text("ts", now()));
}

std::string OkxText::open_interest(const MarketInstrument& instrument) {
  const double coins = is_option(instrument) ? instrument.open_interest : instrument.open_interest / instrument.mark_price;
  return done(JsonObject{}
                  .text("instType", type(instrument))
                  .text("instId", name(instrument))
                  .text("oi", okx_number(contracts(instrument, instrument.open_interest), 4))
                  .text("oiCcy", okx_number(coins, 4))
                  .text("oiUsd", okx_number(coins * instrument.index_usd, 2))
                  .text("ts", now()));
}

std::string OkxText::status(std::string_view state) {
  return done(JsonObject{}
                  .text("title", "Simulated maintenance")
                  .text("state", state)
                  .text("begin", now())
                  .text("end", state == "completed" ? now() : std::string{})
                  .text("href", "")
                  .text("serviceType", "0")
                  .text("system", "unified")
                  .text("scheDesc", "")
                  .text("maintType", "1")
                  .text("env", "2")
                  .text("preOpenBegin", "")
                  .text("ts", now()));
}

std::string OkxText::position_id(const MarketInstrument& instrument) const {
  return std::to_string(3'000'000'000'000'000'000 + instrument.instrument_id);
}

JsonObject OkxText::position_head(std::size_t index, double signed_contracts) {
  const MarketInstrument& instrument = market_.instruments()[index];
  JsonObject row;
  row.text("instType", type(instrument))
      .text("instId", name(instrument))
      .text("mgnMode", "cross")
      .text("posId", position_id(instrument))
      .text("posSide", "net")
      .text("pos", okx_number(signed_contracts))
      .text("posCcy", "")
      .text("ccy", market_.underlyings()[instrument.underlying].config.currency);
  return row;
}

std::string OkxText::position(std::size_t index, const AccountPosition& held) {
  const MarketInstrument& instrument = market_.instruments()[index];
  const bool option = is_option(instrument);
  const double value = mark(instrument);
  const double profit = option ? held.size * (value - held.average_price) : held.size * (1 / held.average_price - 1 / value);
  const SyntheticAccount::Margin margin = SyntheticAccount::margin(instrument, held.size);
  const double coins = option ? held.size : held.size / value;
  JsonObject row = position_head(index, contracts(instrument, held.size));
  row.text("availPos", "")
      .text("avgPx", okx_number(held.average_price))
      .text("nonSettleAvgPx", "")
      .text("markPx", okx_number(value))
      .text("idxPx", okx_number(instrument.index_usd))
      .text("last", instrument.last_price > 0 ? okx_number(instrument.last_price) : std::string{})
      .text("upl", okx_number(profit, 12))
      .text("uplRatio", "")
      .text("lever", option ? "" : "10")
      .text("liqPx", "")
      .text("imr", okx_number(margin.initial))
      .text("margin", "")
      .text("mgnRatio", "")
      .text("mmr", okx_number(margin.maintenance))
      .text("notionalUsd", okx_number(std::abs(coins) * instrument.index_usd, 4))
      .text("optVal", option ? okx_number(held.size * value) : std::string{})
      .text("adl", "1")
      .text("usdPx", okx_number(instrument.index_usd))
      .text("realizedPnl", okx_number(held.realized_coins + held.realized_funding_coins))
      .text("fundingFee", okx_number(held.realized_funding_coins))
      .text("liqPenalty", "0");
  if (option) {
    const Greeks greeks = greeks_of(instrument);
    row.text("deltaBS", okx_number(held.size * greeks.black_scholes.delta))
        .text("deltaPA", okx_number(held.size * greeks.premium_adjusted.delta))
        .text("gammaBS", okx_number(held.size * greeks.black_scholes.gamma, 12))
        .text("gammaPA", okx_number(held.size * greeks.premium_adjusted.gamma))
        .text("thetaBS", okx_number(held.size * greeks.black_scholes.theta_per_day))
        .text("thetaPA", okx_number(held.size * greeks.premium_adjusted.theta_per_day))
        .text("vegaBS", okx_number(held.size * greeks.black_scholes.vega_per_vol_point))
        .text("vegaPA", okx_number(held.size * greeks.premium_adjusted.vega_per_vol_point));
  } else {
    for (const std::string_view name : {"deltaBS", "deltaPA", "gammaBS", "gammaPA", "thetaBS", "thetaPA", "vegaBS", "vegaPA"})
      row.text(name, "");
  }
  row.text("cTime", okx_time(market_.configuration().start)).text("uTime", now()).text("pTime", now());
  return done(row);
}

std::string OkxText::closed_position(std::size_t index) {
  JsonObject row = position_head(index, 0);
  for (const std::string_view name : {"avgPx", "markPx", "upl", "lever", "liqPx", "imr", "margin", "mgnRatio", "mmr", "notionalUsd",
                                      "optVal", "adl", "realizedPnl", "deltaBS", "gammaBS", "thetaBS", "vegaBS"})
    row.text(name, "");
  row.text("cTime", "").text("uTime", now()).text("pTime", now());
  return done(row);
}

std::string OkxText::account(const SyntheticAccount& account, const std::vector<std::size_t>& underlyings) {
  double total = 0;
  double profit = 0;
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u) {
    const AccountSummary summary = account.summary(market_, u);
    total += summary.equity * market_.underlyings()[u].index_usd;
    profit += (summary.futures_pl + summary.options_pl) * market_.underlyings()[u].index_usd;
  }
  std::vector<std::string> details;
  for (const std::size_t u : underlyings) {
    const AccountSummary summary = account.summary(market_, u);
    const MarketUnderlying& underlying = market_.underlyings()[u];
    const double free = std::max(0.0, summary.margin_balance - summary.initial_margin);
    JsonObject row;
    row.text("ccy", underlying.config.currency)
        .text("eq", okx_number(summary.equity, 12))
        .text("eqUsd", okx_number(summary.equity * underlying.index_usd, 4))
        .text("cashBal", okx_number(cash_of(summary), 12))
        .text("availEq", okx_number(free))
        .text("availBal", okx_number(free))
        .text("disEq", okx_number(summary.equity * underlying.index_usd, 4))
        .text("upl", okx_number(summary.futures_pl + summary.options_pl))
        .text("isoUpl", "0")
        .text("liab", "")
        .text("crossLiab", "")
        .text("imr", okx_number(summary.initial_margin))
        .text("mmr", okx_number(summary.maintenance_margin, 12))
        .text("mgnRatio",
              summary.maintenance_margin > 0 ? okx_number(summary.margin_balance / summary.maintenance_margin, 12) : std::string{})
        .text("notionalLever", "")
        .text("ordFrozen", "0")
        .text("frozenBal", okx_number(summary.initial_margin))
        .text("spotInUseAmt", "")
        .text("coinUsdPrice", okx_number(underlying.index_usd, 2))
        .text("uTime", now())
        .text("twap", "0")
        .boolean("collateralEnabled", false)
        .text("colRes", "0");
    details.push_back(done(row));
  }
  JsonObject row;
  row.text("uTime", now()).text("totalEq", okx_number(total, 4));
  for (const std::string_view name : {"adjEq", "availEq", "imr", "mmr", "mgnRatio", "borrowFroz", "ordFroz", "notionalUsd"})
    row.text(name, "");
  row.text("isoEq", "0")
      .text("upl", okx_number(profit, 4))
      .text("delta", "")
      .text("deltaLever", "")
      .text("deltaNeutralStatus", "0");
  row.raw("details", json_array(details));
  return done(row);
}

std::string OkxText::greeks(const SyntheticAccount& account, std::size_t underlying) {
  Greeks total;
  double futures = 0;
  for (const auto& [index, held] : account.positions()) {
    const MarketInstrument& instrument = market_.instruments()[index];
    if (instrument.underlying != underlying) continue;
    if (!is_option(instrument)) {
      futures += held.size / instrument.mark_price;
      continue;
    }
    const Greeks one = greeks_of(instrument);
    const double size = held.size;
    const auto add = [size](PublishedGreeks& into, const PublishedGreeks& from) {
      into.delta += size * from.delta;
      into.gamma += size * from.gamma;
      into.vega_per_vol_point += size * from.vega_per_vol_point;
      into.theta_per_day += size * from.theta_per_day;
    };
    add(total.black_scholes, one.black_scholes);
    add(total.premium_adjusted, one.premium_adjusted);
  }
  const double equity = account.summary(market_, underlying).equity;
  return done(JsonObject{}
                  .text("ccy", market_.underlyings()[underlying].config.currency)
                  // The coins themselves count in this set, and not in the other.
                  .text("deltaBS", okx_number(total.black_scholes.delta + futures + equity))
                  .text("deltaPA", okx_number(total.premium_adjusted.delta + futures))
                  .text("gammaBS", okx_number(total.black_scholes.gamma, 12))
                  .text("gammaPA", okx_number(total.premium_adjusted.gamma))
                  .text("thetaBS", okx_number(total.black_scholes.theta_per_day))
                  .text("thetaPA", okx_number(total.premium_adjusted.theta_per_day))
                  .text("vegaBS", okx_number(total.black_scholes.vega_per_vol_point))
                  .text("vegaPA", okx_number(total.premium_adjusted.vega_per_vol_point))
                  .text("ts", now()));
}

std::string OkxText::order(const AccountFill& fill) {
  const MarketTrade& trade = fill.trade;
  const MarketInstrument& instrument = market_.instruments()[trade.instrument];
  const std::string size = okx_number(contracts(instrument, trade.amount));
  return done(JsonObject{}
                  .text("instType", type(instrument))
                  .text("instId", name(instrument))
                  .text("ordId", std::to_string(880'000'000'000 + trade.trade_id))
                  .text("clOrdId", "")
                  .text("side", trade.taker_buys ? "buy" : "sell")
                  .text("posSide", "net")
                  .text("tdMode", "cross")
                  .text("ordType", "market")
                  .text("px", "")
                  .text("sz", size)
                  .text("state", "filled")
                  .text("fillPx", okx_number(trade.price))
                  .text("fillSz", size)
                  .text("fillTime", okx_time(trade.time))
                  .text("fillFee", okx_number(-fill.fee_coins))
                  .text("fillFeeCcy", market_.underlyings()[instrument.underlying].config.currency)
                  .text("fillMarkPx", okx_number(trade.mark_price))
                  .text("fillIdxPx", okx_number(trade.index_usd))
                  .text("fillPnl", okx_number(fill.profit_coins))
                  .text("execType", "T")
                  .text("accFillSz", size)
                  .text("avgPx", okx_number(trade.price))
                  .text("category", "normal")
                  .text("tradeId", std::to_string(trade.trade_id))
                  .text("cTime", okx_time(trade.time))
                  .text("uTime", okx_time(trade.time)));
}

std::string OkxText::balance_and_position(std::string_view cause, const SyntheticAccount& account,
                                          const std::vector<std::size_t>& instruments,
                                          const std::vector<std::size_t>& underlyings) {
  std::vector<std::string> balances;
  for (const std::size_t u : underlyings) {
    const AccountSummary summary = account.summary(market_, u);
    balances.push_back(JsonObject{}
                           .text("ccy", market_.underlyings()[u].config.currency)
                           .text("cashBal", okx_number(cash_of(summary), 12))
                           .text("uTime", now())
                           .str());
  }
  std::vector<std::string> positions;
  for (const std::size_t index : instruments) {
    const auto held = account.positions().find(index);
    const bool open = held != account.positions().end();
    JsonObject row = position_head(index, open ? contracts(market_.instruments()[index], held->second.size) : 0);
    row.text("avgPx", open ? okx_number(held->second.average_price) : std::string{}).text("uTime", now());
    positions.push_back(done(row));
  }
  return done(JsonObject{}
                  .text("pTime", now())
                  .text("eventType", cause)
                  .raw("balData", json_array(balances))
                  .raw("posData", json_array(positions))
                  .raw("trades", "[]"));
}

std::string OkxText::liquidation_warning(std::size_t index, const AccountPosition& held) {
  const MarketInstrument& instrument = market_.instruments()[index];
  JsonObject row = position_head(index, contracts(instrument, held.size));
  row.text("lever", "10")
      .text("markPx", okx_number(mark(instrument)))
      .text("mgnRatio", "2.41")
      .text("cTime", okx_time(market_.configuration().start))
      .text("uTime", now())
      .text("pTime", now());
  return done(row);
}

}  // namespace hedgewatch::simulator
