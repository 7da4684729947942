#include "feeds/simulator/binance_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/linear_terms.hpp"

namespace hedgewatch::simulator {
namespace {

/// Perpetuals are dated 2100.
constexpr std::int64_t kNeverMilliseconds = 4'133'404'800'000;
constexpr std::int64_t kMatchedBeforeSentMilliseconds = 3;
/// What the spot account holds.
constexpr double kSpotDollars = 250'000;
constexpr double kSpotFreeCoins = 1.25;
constexpr double kSpotLockedCoins = 0.25;

std::string fixed(double value, int decimals) {
  std::array<char, 400> text{};
  // Not "-0.00".
  const double shown = std::abs(value) < 0.5 * std::pow(10, -decimals) ? 0 : value;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), shown, std::chars_format::fixed, decimals).ptr};
}
std::string money(double value) { return fixed(value, 8); }
/// The shortest form: 0.1, 5, 0.00001.
std::string shortest(double value) {
  std::array<char, 400> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr};
}

std::string pair_of_texts(const std::string& first, const std::string& second) {
  return "[" + json_string(first) + "," + json_string(second) + "]";
}

int family(BinanceProduct product) { return product == BinanceProduct::CoinMargined ? 2 : 1; }

std::string filters(const BinanceInstrument& instrument) {
  return json_array({JsonObject{}.text("filterType", "PRICE_FILTER").text("tickSize", shortest(instrument.tick)).str(),
                     JsonObject{}
                         .text("filterType", "LOT_SIZE")
                         .text("minQty", shortest(instrument.step))
                         .text("maxQty", "1000")
                         .text("stepSize", shortest(instrument.step))
                         .str()});
}

std::string contract_type(const MarketInstrument& source, VenueTime now) {
  if (source.kind == ContractKind::Perpetual) return "PERPETUAL";
  const std::chrono::year_month_day date{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::nanoseconds>{source.expiry.time_since_epoch()})};
  if (static_cast<unsigned>(date.month()) % 3 != 0) return "CURRENT_MONTH";
  return source.expiry - now < std::chrono::days{92} ? "CURRENT_QUARTER" : "NEXT_QUARTER";
}

}  // namespace

BinanceText::BinanceText(const SyntheticMarket& market, BinanceListing& listing, const LinearAccount& account)
    : market_{market}, listing_{listing}, account_{account} {
  for (std::size_t u = 0; u < market.underlyings().size(); ++u) {
    const MarketInstrument& perpetual = market.instruments()[market.perpetual_of(u)];
    coin_positions_.push_back({.contracts = -50, .entry_price = perpetual.mark_price, .wallet_coins = 1.5});
  }
}

std::int64_t BinanceText::now_ms() const { return milliseconds_of(market_.now()); }

const BinanceInstrument& BinanceText::shown(BinanceProduct product, std::size_t source) const {
  return listing_.instruments()[*listing_.of_source(product, source)];
}

std::string BinanceText::levels(const std::vector<BookLevel>& levels, const BinanceInstrument& instrument, std::size_t most) const {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < std::min(most, levels.size()); ++i)
    rows.push_back(
        pair_of_texts(fixed(levels[i].price, instrument.price_decimals), fixed(levels[i].amount, instrument.size_decimals)));
  return json_array(rows);
}

std::string BinanceText::changes(const std::vector<LevelChange>& changes, const BinanceInstrument& instrument) const {
  std::vector<std::string> rows;
  for (const LevelChange& change : changes)
    rows.push_back(pair_of_texts(fixed(change.price, instrument.price_decimals), fixed(change.amount, instrument.size_decimals)));
  return json_array(rows);
}

// ---- payloads of streams

std::string BinanceText::book_ticker(std::size_t index) {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const BinanceBook& book = listing_.book(index);
  const auto top = [](const std::vector<BookLevel>& levels) { return levels.empty() ? BookLevel{} : levels.front(); };
  JsonObject text;
  const bool spot = instrument.product == BinanceProduct::Spot;
  if (!spot) text.text("e", "bookTicker");
  text.integer("u", static_cast<std::int64_t>(book.last)).text("s", instrument.symbol);
  text.text("b", fixed(top(book.bids).price, instrument.price_decimals))
      .text("B", fixed(top(book.bids).amount, instrument.size_decimals))
      .text("a", fixed(top(book.asks).price, instrument.price_decimals))
      .text("A", fixed(top(book.asks).amount, instrument.size_decimals));
  if (spot) return text.str();
  text.integer("T", now_ms() - kMatchedBeforeSentMilliseconds).integer("E", now_ms());
  if (instrument.product != BinanceProduct::Options) text.text("ps", instrument.pair).integer("st", family(instrument.product));
  return text.str();
}

std::string BinanceText::depth_change(std::size_t index) {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const BinanceBook& book = listing_.book(index);
  JsonObject text;
  text.text("e", "depthUpdate").integer("E", now_ms());
  const bool spot = instrument.product == BinanceProduct::Spot;
  if (!spot) text.integer("T", now_ms() - kMatchedBeforeSentMilliseconds);
  text.text("s", instrument.symbol)
      .integer("U", static_cast<std::int64_t>(book.first))
      .integer("u", static_cast<std::int64_t>(book.last));
  if (!spot) text.integer("pu", static_cast<std::int64_t>(book.previous));
  text.raw("b", changes(book.bid_changes, instrument)).raw("a", changes(book.ask_changes, instrument));
  if (!spot && instrument.product != BinanceProduct::Options)
    text.text("ps", instrument.pair).integer("st", family(instrument.product));
  return text.str();
}

std::string BinanceText::best_levels(std::size_t index, std::size_t most) {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const BinanceBook& book = listing_.book(index);
  if (instrument.product == BinanceProduct::Spot)
    return JsonObject{}
        .integer("lastUpdateId", static_cast<std::int64_t>(book.last))
        .raw("bids", levels(book.bids, instrument, most))
        .raw("asks", levels(book.asks, instrument, most))
        .str();
  return JsonObject{}
      .text("e", "depthUpdate")
      .integer("E", now_ms())
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .text("s", instrument.symbol)
      .integer("U", static_cast<std::int64_t>(book.first))
      .integer("u", static_cast<std::int64_t>(book.last))
      .integer("pu", static_cast<std::int64_t>(book.previous))
      .raw("b", levels(book.bids, instrument, most))
      .raw("a", levels(book.asks, instrument, most))
      .str();
}

std::string BinanceText::mark_price(std::size_t index) const {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const MarketInstrument& source = listing_.source(index);
  const MarketUnderlying& underlying = market_.underlyings()[source.underlying];
  const bool perpetual = source.kind == ContractKind::Perpetual;
  return JsonObject{}
      .text("e", "markPriceUpdate")
      .integer("E", now_ms())
      .text("s", instrument.symbol)
      .text("p", money(source.mark_price))
      .text("ap", money(source.mark_price))
      .text("P", money(source.index_usd))
      .text("i", money(source.index_usd))
      .text("r", perpetual ? money(linear_funding_rate(underlying)) : "")
      .integer("T", perpetual ? milliseconds_of(next_funding(market_.now())) : 0)
      .integer("st", family(instrument.product))
      .str();
}

std::string BinanceText::trade(std::size_t index, const MarketTrade& trade, std::string_view event) const {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const std::string price = fixed(listing_.price_usd(instrument, trade.price), instrument.price_decimals);
  const std::string size = fixed(listing_.size(instrument, trade.amount, trade.price), instrument.size_decimals);
  JsonObject text;
  text.text("e", event).integer("E", now_ms()).text("s", instrument.symbol);
  text.integer(event == "trade" ? "t" : "a", trade.trade_id).text("p", price).text("q", size);
  if (event != "trade") text.text("nq", size).integer("f", trade.trade_id).integer("l", trade.trade_id);
  text.integer("T", now_ms() - kMatchedBeforeSentMilliseconds);
  if (instrument.product == BinanceProduct::Options) text.text("X", "MARKET").text("S", trade.taker_buys ? "BUY" : "SELL");
  text.boolean("m", !trade.taker_buys);
  if (instrument.product == BinanceProduct::Spot) {
    text.boolean("M", true);
  } else if (instrument.product != BinanceProduct::Options) {
    text.integer("st", family(instrument.product));
  }
  return text.str();
}

std::string BinanceText::option_marks(std::size_t underlying) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < listing_.instruments().size(); ++i) {
    const BinanceInstrument& instrument = listing_.instruments()[i];
    const MarketInstrument& source = listing_.source(i);
    if (instrument.product != BinanceProduct::Options || source.underlying != underlying || !listing_.is_open(i)) continue;
    const BinanceMark mark = listing_.mark(source);
    const BinanceBook& book = listing_.book(i);
    const BookLevel bid = book.bids.empty() ? BookLevel{} : book.bids.front();
    const BookLevel ask = book.asks.empty() ? BookLevel{} : book.asks.front();
    const auto quoted_vol = [](const BookLevel& level, double percent) {
      return level.price > 0 && percent > 0 ? fixed(percent / 100, 8) : std::string{"-1.0"};
    };
    rows.push_back(JsonObject{}
                       .text("s", instrument.symbol)
                       .text("mp", fixed(mark.price_usd, 3))
                       .integer("E", now_ms())
                       .text("e", "markPrice")
                       .text("i", money(mark.index_usd))
                       .text("P", "0.000")
                       .text("bo", fixed(bid.price, 3))
                       .text("ao", fixed(ask.price, 3))
                       .text("bq", fixed(bid.amount, 2))
                       .text("aq", fixed(ask.amount, 2))
                       .text("b", quoted_vol(bid, source.bid_vol_percent))
                       .text("a", quoted_vol(ask, source.ask_vol_percent))
                       .text("hl", fixed(mark.price_usd + 0.03 * mark.index_usd, 3))
                       .text("ll", fixed(std::max(0.0, mark.price_usd - 0.03 * mark.index_usd), 3))
                       .text("vo", fixed(mark.vol_fraction, 4))
                       .text("rf", fixed(mark.rate, 4))
                       .text("d", money(mark.delta))
                       .text("t", money(mark.theta))
                       .text("g", money(mark.gamma))
                       .text("v", money(mark.vega))
                       .str());
  }
  return json_array(rows);
}

std::string BinanceText::pair_index(std::size_t underlying) const {
  const MarketUnderlying& coin = market_.underlyings()[underlying];
  return JsonObject{}
      .text("e", "indexPriceUpdate")
      .integer("E", now_ms())
      .text("i", coin.config.currency + "USD")
      .text("p", money(std::round(coin.index_usd * 100) / 100))
      .integer("st", 2)
      .str();
}

std::string BinanceText::indices() const {
  std::vector<std::string> rows;
  for (const MarketUnderlying& coin : market_.underlyings())
    rows.push_back(JsonObject{}
                       .text("e", "indexPrice")
                       .integer("E", now_ms())
                       .text("s", coin.config.currency + "USDT")
                       .text("p", money(std::round(coin.index_usd * 100) / 100))
                       .str());
  return json_array(rows);
}

// ---- bodies of replies

std::string BinanceText::exchange_info(BinanceProduct product) const {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < listing_.instruments().size(); ++i) {
    const BinanceInstrument& instrument = listing_.instruments()[i];
    const MarketInstrument& source = listing_.source(i);
    if (instrument.product != product || source.state == ListingState::Delivered) continue;
    const std::string& coin = market_.underlyings()[source.underlying].config.currency;
    const std::string_view status = source.state == ListingState::Open ? "TRADING" : "DELIVERING";
    JsonObject row;
    row.text("symbol", instrument.symbol);
    switch (product) {
      case BinanceProduct::Spot:
        row.text("status", status).text("baseAsset", coin).text("quoteAsset", "USDT");
        break;
      case BinanceProduct::UsdMargined:
      case BinanceProduct::CoinMargined: {
        const bool coin_margined = product == BinanceProduct::CoinMargined;
        const bool perpetual = source.kind == ContractKind::Perpetual;
        row.text("pair", instrument.pair)
            .text("contractType", contract_type(source, market_.now()))
            .integer("deliveryDate", perpetual ? kNeverMilliseconds : milliseconds_of(source.expiry))
            .integer("onboardDate", milliseconds_of(source.created))
            .text(coin_margined ? "contractStatus" : "status", status);
        if (coin_margined) row.integer("contractSize", std::lround(instrument.contract_size));
        row.text("baseAsset", coin)
            .text("quoteAsset", coin_margined ? "USD" : "USDT")
            .text("marginAsset", coin_margined ? coin : "USDT")
            .integer("pricePrecision", instrument.price_decimals)
            .integer("quantityPrecision", instrument.size_decimals)
            .text("underlyingType", "COIN");
        break;
      }
      case BinanceProduct::Options:
        row.text("side", source.right == OptionRight::Call ? "CALL" : "PUT")
            .text("strikePrice", money(source.strike_usd))
            .text("underlying", instrument.pair)
            .text("quoteAsset", "USDT")
            .integer("unit", 1)
            .integer("expiryDate", milliseconds_of(source.expiry))
            .text("status", status)
            .text("initialMargin", "0.15")
            .text("maintenanceMargin", "0.075");
        break;
    }
    rows.push_back(row.raw("filters", filters(instrument)).str());
  }
  const std::string limits = json_array({JsonObject{}
                                             .text("rateLimitType", "REQUEST_WEIGHT")
                                             .text("interval", "MINUTE")
                                             .integer("intervalNum", 1)
                                             .integer("limit", product == BinanceProduct::Spot ? 6'000 : 2'400)
                                             .str()});
  return JsonObject{}
      .text("timezone", "UTC")
      .integer("serverTime", now_ms())
      .raw("rateLimits", limits)
      .raw(product == BinanceProduct::Options ? "optionSymbols" : "symbols", json_array(rows))
      .str();
}

std::string BinanceText::depth(std::size_t index, std::size_t most) {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const BinanceBook& book = listing_.book(index);
  JsonObject text;
  text.integer("lastUpdateId", static_cast<std::int64_t>(book.last));
  if (instrument.product != BinanceProduct::Spot)
    text.integer("E", now_ms()).integer("T", now_ms() - kMatchedBeforeSentMilliseconds);
  if (instrument.product == BinanceProduct::CoinMargined) text.text("symbol", instrument.symbol).text("pair", instrument.pair);
  return text.raw("bids", levels(book.bids, instrument, most)).raw("asks", levels(book.asks, instrument, most)).str();
}

std::string BinanceText::best_quote(std::size_t index) {
  const BinanceInstrument& instrument = listing_.instruments()[index];
  const BinanceBook& book = listing_.book(index);
  const BookLevel bid = book.bids.empty() ? BookLevel{} : book.bids.front();
  const BookLevel ask = book.asks.empty() ? BookLevel{} : book.asks.front();
  JsonObject text;
  text.text("symbol", instrument.symbol)
      .text("bidPrice", fixed(bid.price, instrument.price_decimals))
      .text("bidQty", fixed(bid.amount, instrument.size_decimals))
      .text("askPrice", fixed(ask.price, instrument.price_decimals))
      .text("askQty", fixed(ask.amount, instrument.size_decimals));
  if (instrument.product != BinanceProduct::Spot)
    text.integer("time", now_ms()).integer("lastUpdateId", static_cast<std::int64_t>(book.last));
  return text.str();
}

std::string BinanceText::premium_index(std::size_t index) const {
  const MarketInstrument& source = listing_.source(index);
  const bool perpetual = source.kind == ContractKind::Perpetual;
  return JsonObject{}
      .text("symbol", listing_.instruments()[index].symbol)
      .text("markPrice", money(source.mark_price))
      .text("indexPrice", money(source.index_usd))
      .text("estimatedSettlePrice", money(source.index_usd))
      .text("lastFundingRate", perpetual ? money(linear_funding_rate(market_.underlyings()[source.underlying])) : "")
      .text("interestRate", perpetual ? "0.00010000" : "")
      .integer("nextFundingTime", perpetual ? milliseconds_of(next_funding(market_.now())) : 0)
      .integer("time", now_ms())
      .str();
}

std::string BinanceText::option_mark_list() {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < listing_.instruments().size(); ++i) {
    if (listing_.instruments()[i].product != BinanceProduct::Options || !listing_.is_open(i)) continue;
    const BinanceMark mark = listing_.mark(listing_.source(i));
    rows.push_back(JsonObject{}
                       .text("symbol", listing_.instruments()[i].symbol)
                       .text("markPrice", fixed(mark.price_usd, 3))
                       .text("markIV", fixed(mark.vol_fraction, 4))
                       .text("delta", money(mark.delta))
                       .text("theta", money(mark.theta))
                       .text("gamma", money(mark.gamma))
                       .text("vega", money(mark.vega))
                       .text("riskFreeInterest", fixed(mark.rate, 4))
                       .str());
  }
  return json_array(rows);
}

std::string BinanceText::futures_position(std::size_t source, const LinearPosition& position) const {
  const MarketInstrument& instrument = market_.instruments()[source];
  const BinanceInstrument& as = shown(BinanceProduct::UsdMargined, source);
  const SyntheticAccount::Margin margin = LinearAccount::margin(instrument, position.size_coins);
  return JsonObject{}
      .text("symbol", as.symbol)
      .text("positionSide", "BOTH")
      .text("positionAmt", fixed(position.size_coins, as.size_decimals))
      .text("entryPrice", fixed(position.average_price_usd, 6))
      .text("breakEvenPrice", fixed(position.average_price_usd, 6))
      .text("markPrice", money(instrument.mark_price))
      .text("unRealizedProfit", money(LinearAccount::profit(instrument, position)))
      .text("liquidationPrice", "0")
      .text("isolatedMargin", "0")
      .text("notional", money(position.size_coins * instrument.mark_price))
      .text("marginAsset", "USDT")
      .text("initialMargin", money(margin.initial))
      .text("maintMargin", money(margin.maintenance))
      .integer("adl", 1)
      .integer("updateTime", milliseconds_of(position.updated))
      .str();
}

std::string BinanceText::option_position(std::size_t source, const LinearPosition& position) const {
  const MarketInstrument& instrument = market_.instruments()[source];
  const double mark = listing_.mark(instrument).price_usd;
  return JsonObject{}
      .text("symbol", shown(BinanceProduct::Options, source).symbol)
      .text("side", position.size_coins < 0 ? "SHORT" : "LONG")
      .text("quantity", fixed(position.size_coins, 4))
      .text("entryPrice", fixed(position.average_price_usd, 6))
      .text("markPrice", fixed(mark, 3))
      .text("markValue", money(position.size_coins * mark))
      .text("unrealizedPNL", money(position.size_coins * (mark - position.average_price_usd)))
      .text("strikePrice", money(instrument.strike_usd))
      .integer("expiryDate", milliseconds_of(instrument.expiry))
      .text("optionSide", instrument.right == OptionRight::Call ? "CALL" : "PUT")
      .text("quoteAsset", "USDT")
      .integer("time", milliseconds_of(position.updated))
      .str();
}

double BinanceText::coin_profit(std::size_t underlying) const {
  const std::size_t source = market_.perpetual_of(underlying);
  const BinanceCoinPosition& held = coin_positions_[underlying];
  const double dollars = held.contracts * shown(BinanceProduct::CoinMargined, source).contract_size;
  return dollars * (1 / held.entry_price - 1 / market_.instruments()[source].mark_price);
}

std::string BinanceText::coin_position(std::size_t underlying) const {
  const std::size_t source = market_.perpetual_of(underlying);
  const BinanceCoinPosition& held = coin_positions_[underlying];
  return JsonObject{}
      .text("symbol", shown(BinanceProduct::CoinMargined, source).symbol)
      .text("positionAmt", fixed(held.contracts, 0))
      .text("entryPrice", money(held.entry_price))
      .text("markPrice", money(market_.instruments()[source].mark_price))
      .text("unRealizedProfit", money(coin_profit(underlying)))
      .text("liquidationPrice", "0")
      .text("leverage", "20")
      .text("marginType", "cross")
      .text("positionSide", "BOTH")
      .integer("updateTime", now_ms())
      .str();
}

std::string BinanceText::positions(BinanceProduct product) const {
  std::vector<std::string> rows;
  if (product == BinanceProduct::CoinMargined)
    for (std::size_t u = 0; u < coin_positions_.size(); ++u) rows.push_back(coin_position(u));
  for (const auto& [source, position] : account_.positions()) {
    if (product == BinanceProduct::Options && of_options(source)) rows.push_back(option_position(source, position));
    if (product == BinanceProduct::UsdMargined && !of_options(source)) rows.push_back(futures_position(source, position));
  }
  return json_array(rows);
}

BinanceText::Purse BinanceText::purse(BinanceProduct product) const {
  const LinearTotals totals = account_.totals(market_);
  if (product == BinanceProduct::UsdMargined)
    return {.wallet = totals.futures_cash,
            .profit = totals.futures_profit,
            .initial_margin = totals.futures_initial_margin,
            .maintenance_margin = totals.futures_maintenance_margin};
  Purse purse{.wallet = totals.options_cash,
              .initial_margin = totals.options_initial_margin,
              .maintenance_margin = totals.options_maintenance_margin};
  for (const auto& [source, position] : account_.positions()) {
    if (!of_options(source)) continue;
    const double mark = listing_.mark(market_.instruments()[source]).price_usd;
    purse.options_value += position.size_coins * mark;
    if (position.size_coins > 0) purse.long_value += position.size_coins * mark;
    purse.profit += position.size_coins * (mark - position.average_price_usd);
  }
  return purse;
}

std::string BinanceText::greek_rows(bool short_names) const {
  std::vector<std::string> rows;
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u) {
    double delta = 0;
    double gamma = 0;
    double theta = 0;
    double vega = 0;
    bool any = false;
    for (const auto& [source, position] : account_.positions()) {
      const MarketInstrument& instrument = market_.instruments()[source];
      if (!of_options(source) || instrument.underlying != u) continue;
      any = true;
      const BinanceMark mark = listing_.mark(instrument);
      delta += position.size_coins * mark.delta;
      gamma += position.size_coins * mark.gamma;
      theta += position.size_coins * mark.theta;
      vega += position.size_coins * mark.vega;
    }
    if (!any) continue;
    rows.push_back(JsonObject{}
                       .text(short_names ? "u" : "underlying", market_.underlyings()[u].config.currency + "USDT")
                       .text(short_names ? "d" : "delta", money(delta))
                       .text(short_names ? "g" : "gamma", money(gamma))
                       .text(short_names ? "t" : "theta", money(theta))
                       .text(short_names ? "v" : "vega", money(vega))
                       .str());
  }
  return json_array(rows);
}

std::string BinanceText::account(BinanceProduct product) const {
  if (product == BinanceProduct::Spot) {
    std::vector<std::string> rows{
        JsonObject{}.text("asset", "USDT").text("free", money(kSpotDollars)).text("locked", money(0)).str()};
    for (const MarketUnderlying& coin : market_.underlyings())
      rows.push_back(JsonObject{}
                         .text("asset", coin.config.currency)
                         .text("free", money(kSpotFreeCoins))
                         .text("locked", money(kSpotLockedCoins))
                         .str());
    return JsonObject{}
        .boolean("canTrade", true)
        .text("accountType", "SPOT")
        .integer("updateTime", now_ms())
        .raw("balances", json_array(rows))
        .str();
  }
  if (product == BinanceProduct::CoinMargined) {
    std::vector<std::string> rows;
    for (std::size_t u = 0; u < coin_positions_.size(); ++u) {
      const BinanceCoinPosition& held = coin_positions_[u];
      const BinanceInstrument& as = shown(product, market_.perpetual_of(u));
      const double coins = std::abs(held.contracts) * as.contract_size / market_.instruments()[as.source].mark_price;
      rows.push_back(JsonObject{}
                         .text("asset", market_.underlyings()[u].config.currency)
                         .text("walletBalance", money(held.wallet_coins))
                         .text("unrealizedProfit", money(coin_profit(u)))
                         .text("marginBalance", money(held.wallet_coins + coin_profit(u)))
                         .text("maintMargin", money(0.01 * coins))
                         .text("initialMargin", money(0.02 * coins))
                         .integer("updateTime", now_ms())
                         .str());
    }
    return JsonObject{}.raw("assets", json_array(rows)).raw("positions", "[]").integer("updateTime", now_ms()).str();
  }
  const Purse purse = this->purse(product);
  if (product == BinanceProduct::UsdMargined) {
    const std::string asset = JsonObject{}
                                  .text("asset", "USDT")
                                  .text("walletBalance", money(purse.wallet))
                                  .text("unrealizedProfit", money(purse.profit))
                                  .text("marginBalance", money(purse.wallet + purse.profit))
                                  .text("maintMargin", money(purse.maintenance_margin))
                                  .text("initialMargin", money(purse.initial_margin))
                                  .integer("updateTime", now_ms())
                                  .str();
    return JsonObject{}
        .text("totalInitialMargin", money(purse.initial_margin))
        .text("totalMaintMargin", money(purse.maintenance_margin))
        .text("totalWalletBalance", money(purse.wallet))
        .text("totalUnrealizedProfit", money(purse.profit))
        .text("totalMarginBalance", money(purse.wallet + purse.profit))
        .text("availableBalance", money(purse.wallet + purse.profit - purse.initial_margin))
        .raw("assets", json_array({asset}))
        .raw("positions", "[]")
        .str();
  }
  const double adjusted = purse.wallet + purse.long_value;
  const std::string asset = JsonObject{}
                                .text("asset", "USDT")
                                .text("marginBalance", money(purse.wallet))
                                .text("equity", money(purse.wallet + purse.options_value))
                                .text("available", money(adjusted - purse.initial_margin))
                                .text("initialMargin", money(purse.initial_margin))
                                .text("maintMargin", money(purse.maintenance_margin))
                                .text("unrealizedPNL", money(purse.profit))
                                .text("adjustedEquity", money(adjusted))
                                .str();
  return JsonObject{}
      .raw("asset", json_array({asset}))
      .raw("greek", greek_rows(false))
      .integer("time", now_ms())
      .boolean("canTrade", true)
      .boolean("reduceOnly", false)
      .str();
}

// ---- events of the account

std::string BinanceText::account_update(std::string_view reason, const std::vector<std::size_t>& sources) const {
  const Purse purse = this->purse(BinanceProduct::UsdMargined);
  std::vector<std::string> rows;
  for (const std::size_t source : sources) {
    const LinearPosition* held = account_.last_of(source);
    if (held == nullptr) continue;
    const BinanceInstrument& as = shown(BinanceProduct::UsdMargined, source);
    rows.push_back(JsonObject{}
                       .text("s", as.symbol)
                       .text("pa", fixed(held->size_coins, as.size_decimals))
                       .text("ep", fixed(held->size_coins != 0 ? held->average_price_usd : 0, 6))
                       .text("bep", fixed(held->size_coins != 0 ? held->average_price_usd : 0, 6))
                       .text("cr", money(held->realized_usd))
                       .text("up", money(LinearAccount::profit(market_.instruments()[source], *held)))
                       .text("mt", "cross")
                       .text("iw", "0")
                       .text("ps", "BOTH")
                       .text("ma", "USDT")
                       .str());
  }
  JsonObject inner;
  inner.text("m", reason)
      .raw("B", json_array({JsonObject{}
                                .text("a", "USDT")
                                .text("wb", money(purse.wallet))
                                .text("cw", money(purse.wallet))
                                .text("bc", "0")
                                .str()}));
  if (!rows.empty()) inner.raw("P", json_array(rows));
  return JsonObject{}
      .text("e", "ACCOUNT_UPDATE")
      .integer("E", now_ms())
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .raw("a", inner.str())
      .str();
}

std::string BinanceText::order_update(const LinearFill& fill, std::string_view client_id) const {
  const bool option = of_options(fill.instrument);
  const BinanceInstrument& as = shown(option ? BinanceProduct::Options : BinanceProduct::UsdMargined, fill.instrument);
  const std::string size = fixed(fill.size_coins, as.size_decimals);
  JsonObject order;
  order.text("s", as.symbol)
      .text("c", client_id)
      .text("S", fill.buys ? "BUY" : "SELL")
      .text("o", "MARKET")
      .text("q", size)
      .text("x", "TRADE")
      .text("X", "FILLED")
      .integer("i", fill.trade_id + 5'000'000)
      .text("l", size)
      .text("z", size)
      .text("L", fixed(fill.price_usd, as.price_decimals))
      .text("N", "USDT")
      // Of options what was paid has a minus.
      .text("n", money(option ? -fill.fee_usd : fill.fee_usd))
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .integer("t", fill.trade_id)
      .boolean("m", false);
  if (!option) order.text("ps", "BOTH").text("rp", money(fill.profit_usd));
  return JsonObject{}
      .text("e", "ORDER_TRADE_UPDATE")
      .integer("E", now_ms())
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .raw("o", order.str())
      .str();
}

std::string BinanceText::options_account_update() const {
  const Purse purse = this->purse(BinanceProduct::Options);
  return JsonObject{}
      .text("e", "ACCOUNT_UPDATE")
      .integer("E", now_ms())
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .text("eq", money(purse.wallet + purse.options_value))
      .text("aeq", money(purse.wallet + purse.long_value))
      .text("b", money(purse.wallet))
      .text("m", money(purse.options_value))
      .text("u", money(purse.profit))
      .text("i", money(purse.initial_margin))
      .text("M", money(purse.maintenance_margin))
      .str();
}

std::string BinanceText::options_position_update(const std::vector<std::size_t>& sources) const {
  std::vector<std::string> rows;
  for (const std::size_t source : sources) {
    const LinearPosition* held = account_.last_of(source);
    if (held == nullptr) continue;
    rows.push_back(JsonObject{}
                       .text("s", shown(BinanceProduct::Options, source).symbol)
                       .text("c", fixed(held->size_coins, 4))
                       .text("p", money(held->size_coins * held->average_price_usd))
                       .text("a", fixed(held->average_price_usd, 6))
                       .str());
  }
  return JsonObject{}
      .text("e", "BALANCE_POSITION_UPDATE")
      .integer("E", now_ms())
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .text("m", "ORDER")
      .raw("B", json_array(
                    {JsonObject{}.text("a", "USDT").text("b", money(purse(BinanceProduct::Options).wallet)).text("bc", "0").str()}))
      .raw("P", json_array(rows))
      .str();
}

std::string BinanceText::options_greeks() const {
  return JsonObject{}
      .text("e", "GREEK_UPDATE")
      .integer("E", now_ms())
      .integer("T", now_ms() - kMatchedBeforeSentMilliseconds)
      .raw("G", greek_rows(true))
      .str();
}

std::string BinanceText::margin_call() const {
  const Purse purse = this->purse(BinanceProduct::UsdMargined);
  return JsonObject{}.text("e", "MARGIN_CALL").integer("E", now_ms()).text("cw", money(purse.wallet)).raw("p", "[]").str();
}

std::string BinanceText::risk_level(std::string_view level) const {
  const Purse purse = this->purse(BinanceProduct::Options);
  return JsonObject{}
      .text("e", "RISK_LEVEL_CHANGE")
      .integer("E", now_ms())
      .text("s", level)
      .text("mb", money(purse.wallet))
      .text("mm", money(purse.maintenance_margin))
      .str();
}

}  // namespace hedgewatch::simulator
