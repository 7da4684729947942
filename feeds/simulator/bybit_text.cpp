#include "feeds/simulator/bybit_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/pricing/black76.hpp"
#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

using bybit::Category;

constexpr double kPublishedYearSeconds = 365 * 86'400.0;

std::string milliseconds_text(VenueTime time) { return std::to_string(nanoseconds_of(time) / 1'000'000); }

/// 2026-12-25T08:00:00Z, as a dated future's ticker has its delivery.
std::string iso_text(VenueTime time) {
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::nanoseconds> at{std::chrono::nanoseconds{nanoseconds_of(time)}};
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(at - day)};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text.data();
}

/// Ids look like UUIDs; the number alone makes them different.
std::string uuid_text(std::int64_t number, unsigned kind) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-0000-4000-8000-%012llx", kind, static_cast<unsigned long long>(number));
  return text.data();
}

std::string_view tick_direction(const MarketTrade& trade) {
  constexpr std::array<std::string_view, 4> kWords{"PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick"};
  return kWords[static_cast<std::size_t>(trade.tick_direction) % kWords.size()];
}

/// The venue prices and publishes to the millisecond, ACT/365, undiscounted.
struct Published {
  double price = 0;
  double delta = 0;
  double gamma = 0;
  double vega = 0;   ///< per vol point
  double theta = 0;  ///< per day
};
Published published(const MarketInstrument& option, VenueTime now) {
  const double years = std::chrono::duration<double>(option.expiry - now).count() / kPublishedYearSeconds;
  if (!(years > 0)) return {};
  const auto priced = black76({.right = option.right,
                               .forward = option.forward_usd,
                               .strike = option.strike_usd,
                               .to_expiry = YearFraction::from_years(years),
                               .vol = Vol::from_percent(option.mark_vol_percent)});
  if (!priced) return {};
  const Black76Greeks& greeks = priced.value();
  return {greeks.price, greeks.delta, greeks.gamma, greeks.vega / 100, greeks.theta / 365};
}

std::string first_price(const std::vector<BookLevel>& side) { return side.empty() ? "0" : decimal_text(side.front().price); }
std::string first_size(const std::vector<BookLevel>& side) { return side.empty() ? "0" : decimal_text(side.front().amount); }

}  // namespace

std::string decimal_text(double value) {
  std::array<char, 400> text{};
  if (!std::isfinite(value)) return {};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

std::string rounded_text(double value, int decimals) {
  const double scale = std::pow(10, decimals);
  const double rounded = std::round(value * scale) / scale;
  return decimal_text(rounded == 0 ? 0 : rounded);
}

std::string fields_text(const BybitFields& fields) {
  JsonObject object;
  for (const auto& [name, value] : fields) object.text(name, value);
  return object.str();
}

BybitFields changed_fields(const BybitFields& before, const BybitFields& after) {
  BybitFields changed{after.front()};
  for (std::size_t i = 1; i < after.size(); ++i)
    if (i >= before.size() || before[i].second != after[i].second) changed.push_back(after[i]);
  return changed;
}

BybitText::BybitText(const SyntheticMarket& market) : market_{market} {
  for (const MarketUnderlying& underlying : market.underlyings()) grids_.push_back(linear_grid(underlying.config.index_usd));
}

std::optional<BybitProduct> BybitText::find(Category category, std::string_view symbol) const {
  constexpr std::string_view kTether = "USDT";
  constexpr std::string_view kDollar = "USD";
  const auto product = [&](std::string_view name, bool option) -> std::optional<BybitProduct> {
    const auto found = market_.find(name);
    if (!found || is_option(market_.instruments()[*found]) != option) return std::nullopt;
    return BybitProduct{category, *found};
  };
  const auto perpetual = [&](std::string_view quote) -> std::optional<BybitProduct> {
    if (!symbol.ends_with(quote)) return std::nullopt;
    return product(std::string{symbol.substr(0, symbol.size() - quote.size())} + "-PERPETUAL", false);
  };
  switch (category) {
    case Category::Option:
      if (!symbol.ends_with("-USDT")) return std::nullopt;
      return product(symbol.substr(0, symbol.size() - kTether.size() - 1), true);
    case Category::Spot:
      return perpetual(kTether);
    case Category::Inverse:
      return perpetual(kDollar);
    case Category::Linear:
      if (const std::size_t dash = symbol.find('-'); dash != std::string_view::npos) {
        if (!symbol.substr(0, dash).ends_with(kTether)) return std::nullopt;
        const auto future = product(std::string{symbol.substr(0, dash - kTether.size())}.append(symbol.substr(dash)), false);
        return future && instrument(*future).kind == ContractKind::Future ? future : std::nullopt;
      }
      return perpetual(kTether);
  }
  return std::nullopt;
}

std::string BybitText::symbol(const BybitProduct& product) const {
  const MarketInstrument& one = instrument(product);
  const std::string& coin = underlying(product).config.currency;
  switch (product.category) {
    case Category::Option:
      return one.name + "-USDT";
    case Category::Inverse:
      return coin + "USD";
    case Category::Linear:
      if (one.kind == ContractKind::Future) return (coin + "USDT").append(one.name, coin.size());
      break;
    case Category::Spot:
      break;
  }
  return coin + "USDT";
}

std::vector<BybitProduct> BybitText::listed(Category category) const {
  std::vector<BybitProduct> products;
  for (std::size_t i = 0; i < market_.instruments().size(); ++i) {
    const MarketInstrument& one = market_.instruments()[i];
    if (one.state == ListingState::Delivered) continue;
    const bool perpetual = one.kind == ContractKind::Perpetual;
    const bool fits = category == Category::Option ? is_option(one) : category == Category::Linear ? !is_option(one) : perpetual;
    if (fits) products.push_back({category, i});
  }
  return products;
}

BybitProduct BybitText::held(std::size_t index) const {
  return {is_option(market_.instruments()[index]) ? Category::Option : Category::Linear, index};
}

SpotBook BybitText::book(const BybitProduct& product) const {
  const MarketInstrument& one = instrument(product);
  if (product.category == Category::Spot) return spot_book(underlying(product), grid(product));
  if (product.category == Category::Inverse) return {one.bids, one.asks};
  return {dollar_levels(one, one.bids, QuoteSide::Bid, grid(product)), dollar_levels(one, one.asks, QuoteSide::Ask, grid(product))};
}

BybitFields BybitText::ticker(const BybitProduct& product) const {
  if (product.category == Category::Option) return option_ticker(product);
  if (product.category == Category::Spot) return spot_ticker(product);
  return future_ticker(product);
}

BybitFields BybitText::future_ticker(const BybitProduct& product) const {
  const MarketInstrument& one = instrument(product);
  const SpotBook levels = book(product);
  const bool inverse = product.category == Category::Inverse;
  const bool perpetual = one.kind == ContractKind::Perpetual;
  const double interest = inverse ? one.open_interest : coin_size(one, one.open_interest, one.mark_price, grid(product));
  const double value = inverse ? one.open_interest / one.mark_price : interest * one.mark_price;
  const VenueTime funding = next_funding(market_.now());
  BybitFields fields{
      {"symbol", symbol(product)},
      {"tickDirection", "ZeroPlusTick"},
      {"price24hPcnt", rounded_text(one.last_price / one.day_low - 1, 6)},
      {"lastPrice", decimal_text(one.last_price)},
      {"highPrice24h", decimal_text(one.day_high)},
      {"lowPrice24h", decimal_text(one.day_low)},
      {"markPrice", rounded_text(one.mark_price, 2)},
      {"indexPrice", rounded_text(one.index_usd, 2)},
      {"openInterest", decimal_text(interest)},
      {"openInterestValue", rounded_text(value, 4)},
      {"turnover24h", rounded_text(inverse ? one.day_volume_coins : one.day_volume_usd, 4)},
      {"volume24h", rounded_text(inverse ? one.day_volume_usd : one.day_volume_coins, 3)},
      {"fundingIntervalHour", perpetual ? "8" : ""},
      {"nextFundingTime", perpetual ? milliseconds_text(funding) : ""},
      {"fundingRate", perpetual ? rounded_text(linear_funding_rate(underlying(product)), 8) : ""},
      // An empty side is told as the empty text here, as "0" by options.
      {"bid1Price", levels.bids.empty() ? "" : first_price(levels.bids)},
      {"bid1Size", levels.bids.empty() ? "" : first_size(levels.bids)},
      {"ask1Price", levels.asks.empty() ? "" : first_price(levels.asks)},
      {"ask1Size", levels.asks.empty() ? "" : first_size(levels.asks)},
  };
  if (!perpetual) {
    fields.emplace_back("deliveryTime", iso_text(one.expiry));
    fields.emplace_back("basis", rounded_text(one.mark_price - one.index_usd, 2));
    fields.emplace_back("deliveryFeeRate", "0.0002");
    fields.emplace_back("predictedDeliveryPrice", "");
  }
  return fields;
}

BybitFields BybitText::option_ticker(const BybitProduct& product) const {
  const MarketInstrument& one = instrument(product);
  const SpotBook levels = book(product);
  const Published greeks = published(one, market_.now());
  return {{"symbol", symbol(product)},
          {"bidPrice", first_price(levels.bids)},
          {"bidSize", first_size(levels.bids)},
          {"bidIv", levels.bids.empty() ? "0" : rounded_text(one.bid_vol_percent / 100, 4)},
          {"askPrice", first_price(levels.asks)},
          {"askSize", first_size(levels.asks)},
          {"askIv", levels.asks.empty() ? "0" : rounded_text(one.ask_vol_percent / 100, 4)},
          {"lastPrice", decimal_text(dollar_price(one, one.last_price, QuoteSide::Ask, grid(product)))},
          {"highPrice24h", decimal_text(dollar_price(one, one.day_high, QuoteSide::Ask, grid(product)))},
          {"lowPrice24h", decimal_text(dollar_price(one, one.day_low, QuoteSide::Ask, grid(product)))},
          {"markPrice", rounded_text(greeks.price, 8)},
          {"indexPrice", rounded_text(one.index_usd, 2)},
          {"markPriceIv", rounded_text(one.mark_vol_percent / 100, 4)},
          {"underlyingPrice", rounded_text(one.forward_usd, 2)},
          {"openInterest", decimal_text(one.open_interest)},
          {"turnover24h", rounded_text(one.day_volume_usd, 4)},
          {"volume24h", rounded_text(one.day_volume_coins, 4)},
          {"totalVolume", "0"},
          {"totalTurnover", "0"},
          {"delta", rounded_text(greeks.delta, 8)},
          {"gamma", rounded_text(greeks.gamma, 8)},
          {"vega", rounded_text(greeks.vega, 8)},
          {"theta", rounded_text(greeks.theta, 8)},
          {"predictedDeliveryPrice", "0"},
          {"change24h", "0"}};
}

BybitFields BybitText::spot_ticker(const BybitProduct& product) const {
  const MarketUnderlying& coin = underlying(product);
  const SpotBook levels = book(product);
  return {{"symbol", symbol(product)},
          {"lastPrice", first_price(levels.bids)},
          {"highPrice24h", rounded_text(coin.index_high_usd, 2)},
          {"lowPrice24h", rounded_text(coin.index_low_usd, 2)},
          {"prevPrice24h", rounded_text(coin.index_open_usd, 2)},
          {"volume24h", "12345.678"},
          {"turnover24h", rounded_text(12'345.678 * coin.index_usd, 2)},
          {"price24hPcnt", rounded_text(coin.index_usd / coin.index_open_usd - 1, 4)},
          {"usdIndexPrice", rounded_text(coin.index_usd, 2)}};
}

BybitFields BybitText::ticker_reply(const BybitProduct& product) const {
  BybitFields fields = ticker(product);
  if (product.category != Category::Option) return fields;
  for (auto& [name, value] : fields) {
    if (name == "bidPrice") name = "bid1Price";
    if (name == "bidSize") name = "bid1Size";
    if (name == "bidIv") name = "bid1Iv";
    if (name == "askPrice") name = "ask1Price";
    if (name == "askSize") name = "ask1Size";
    if (name == "askIv") name = "ask1Iv";
    if (name == "markPriceIv") name = "markIv";
  }
  return fields;
}

std::string BybitText::listing(const BybitProduct& product) const {
  const MarketInstrument& one = instrument(product);
  const std::string& coin = underlying(product).config.currency;
  const bool inverse = product.category == Category::Inverse;
  const std::string lot = inverse ? "1" : decimal_text(is_option(one) ? one.lot : grid(product).lot_coins);
  JsonObject row;
  row.integer("symbolId", one.instrument_id).text("symbol", symbol(product));
  if (product.category == Category::Spot) {
    row.text("baseCoin", coin).text("quoteCoin", "USDT").text("innovation", "0").text("status", "Trading");
    row.raw("lotSizeFilter", fields_text({{"basePrecision", lot}, {"quotePrecision", "0.0000001"}, {"minOrderQty", lot}}));
    row.raw("priceFilter", fields_text({{"tickSize", decimal_text(underlying(product).config.perpetual_tick_usd)}}));
    return row.str();
  }
  if (!is_option(one))
    row.text("contractType",
             std::string{inverse ? "Inverse" : "Linear"} + (one.kind == ContractKind::Perpetual ? "Perpetual" : "Futures"));
  row.text("status", one.state == ListingState::Open ? "Trading" : "Delivering").text("baseCoin", coin);
  row.text("quoteCoin", inverse ? "USD" : "USDT").text("settleCoin", inverse ? coin : "USDT");
  if (is_option(one)) row.text("optionsType", one.right == OptionRight::Call ? "Call" : "Put");
  row.text("launchTime", milliseconds_text(one.created));
  row.text("deliveryTime", one.kind == ContractKind::Perpetual ? "0" : milliseconds_text(one.expiry));
  row.text("deliveryFeeRate", is_option(one) ? "0.00015" : "");
  const double tick = is_option(one) ? grid(product).option_tick_usd : one.tick;
  row.raw("priceFilter",
          fields_text({{"minPrice", decimal_text(tick)}, {"maxPrice", "1999999.8"}, {"tickSize", decimal_text(tick)}}));
  row.raw("lotSizeFilter", fields_text({{"maxOrderQty", "1190"}, {"minOrderQty", lot}, {"qtyStep", lot}}));
  if (!is_option(one)) row.integer("fundingInterval", one.kind == ContractKind::Perpetual ? 480 : 0);
  row.text("displayName", "");
  return row.str();
}

std::optional<std::string> BybitText::trade(const BybitProduct& product, const MarketTrade& trade, std::uint64_t sequence) const {
  const MarketInstrument& one = instrument(product);
  const QuoteSide side = trade.taker_buys ? QuoteSide::Ask : QuoteSide::Bid;
  const bool inverse = product.category == Category::Inverse;
  const double price = inverse ? trade.price : dollar_price(one, trade.price, side, grid(product));
  const double size = inverse ? trade.amount : coin_size(one, trade.amount, price, grid(product));
  if (!(price > 0) || !(size > 0)) return std::nullopt;
  JsonObject row;
  row.integer("T", nanoseconds_of(trade.time) / 1'000'000).text("s", symbol(product)).text("S", trade.taker_buys ? "Buy" : "Sell");
  row.text("v", decimal_text(size)).text("p", decimal_text(price));
  if (!is_option(one)) row.text("L", tick_direction(trade));
  row.text("i", uuid_text(trade.trade_id, 1)).boolean("BT", false).integer("seq", static_cast<std::int64_t>(sequence));
  if (is_option(one)) {
    row.text("mP", rounded_text(dollar_mark(one), 4)).text("iP", rounded_text(trade.index_usd, 2));
    row.text("mIv", rounded_text(one.mark_vol_percent / 100, 4)).text("iv", rounded_text(trade.vol_percent / 100, 4));
  }
  return row.str();
}

std::string BybitText::position(const BybitProduct& product, const LinearPosition& position, std::string_view status,
                                std::uint64_t sequence, bool event) const {
  const MarketInstrument& one = instrument(product);
  const double size = position.size_coins;
  const SyntheticAccount::Margin needed = LinearAccount::margin(one, size);
  const auto dollars = [](double value) { return rounded_text(value, 8); };
  JsonObject row;
  row.integer("positionIdx", 0).text("symbol", symbol(product));
  if (event) row.text("category", bybit::word(product.category));
  row.text("side", size > 0 ? "Buy" : size < 0 ? "Sell" : "").text("size", decimal_text(std::abs(size)));
  row.text(event ? "entryPrice" : "avgPrice", size != 0 ? dollars(position.average_price_usd) : "0");
  row.text("markPrice", dollars(dollar_mark(one))).text("positionValue", dollars(std::abs(size) * position.average_price_usd));
  row.text("leverage", is_option(one) ? "" : "50").text("positionIM", dollars(needed.initial));
  row.text("positionMM", dollars(needed.maintenance)).text("liqPrice", "").text("bustPrice", "");
  row.text("unrealisedPnl", dollars(LinearAccount::profit(one, position)));
  const double realised = position.realized_usd - position.fees_usd + position.funding_usd;
  row.text("curRealisedPnl", dollars(realised)).text("cumRealisedPnl", dollars(realised));
  if (is_option(one)) {
    const Published greeks = published(one, market_.now());
    row.text("delta", rounded_text(size * greeks.delta, 8)).text("gamma", rounded_text(size * greeks.gamma, 8));
    row.text("vega", rounded_text(size * greeks.vega, 8)).text("theta", rounded_text(size * greeks.theta, 8));
  }
  row.text("positionStatus", status).integer("adlRankIndicator", size != 0 ? 2 : 0).boolean("isReduceOnly", false);
  row.integer("riskId", 1).text("riskLimitValue", "2000000").integer("autoAddMargin", 0).integer("tradeMode", 0);
  row.text("takeProfit", "").text("stopLoss", "").text("trailingStop", "");
  row.text("createdTime", milliseconds_text(position.opened)).text("updatedTime", milliseconds_text(position.updated));
  row.integer("seq", static_cast<std::int64_t>(sequence));
  return row.str();
}

std::string BybitText::wallet(const LinearAccount& account) const {
  const LinearTotals totals = account.totals(market_);
  const auto dollars = [](double tether) { return rounded_text(tether * kTetherUsd, 8); };
  const auto tether = [](double value) { return rounded_text(value, 8); };
  JsonObject coin;
  coin.text("coin", "USDT").text("equity", tether(totals.equity())).text("usdValue", dollars(totals.equity()));
  coin.text("walletBalance", tether(totals.wallet())).text("locked", "0").text("borrowAmount", "0").text("spotBorrow", "0");
  coin.text("accruedInterest", "0").text("totalOrderIM", "0").text("totalPositionIM", tether(totals.initial_margin()));
  coin.text("totalPositionMM", tether(totals.maintenance_margin())).text("unrealisedPnl", tether(totals.futures_profit));
  coin.text("cumRealisedPnl", tether(totals.realized)).text("bonus", "0").text("spotHedgingQty", "0").text("colRes", "0");
  coin.boolean("marginCollateral", true).boolean("collateralSwitch", true);
  JsonObject row;
  row.text("accountType", "UNIFIED").text("accountLTV", "");
  row.text("accountIMRate", rounded_text(totals.initial_margin() / totals.margin_balance(), 4));
  row.text("accountMMRate", rounded_text(totals.maintenance_margin() / totals.margin_balance(), 4));
  row.text("totalEquity", dollars(totals.equity())).text("totalWalletBalance", dollars(totals.wallet()));
  row.text("totalMarginBalance", dollars(totals.margin_balance()));
  row.text("totalAvailableBalance", dollars(totals.margin_balance() - totals.initial_margin()));
  row.text("totalPerpUPL", dollars(totals.futures_profit)).text("totalInitialMargin", dollars(totals.initial_margin()));
  row.text("totalMaintenanceMargin", dollars(totals.maintenance_margin()));
  row.raw("coin", json_array({coin.str()}));
  return row.str();
}

std::string BybitText::execution(const LinearFill& fill, std::uint64_t sequence) const {
  const BybitProduct product = held(fill.instrument);
  const bool option = product.category == Category::Option;
  JsonObject row;
  row.text("category", bybit::word(product.category)).text("symbol", symbol(product));
  row.text("side", fill.buys ? "Buy" : "Sell").text("execId", uuid_text(fill.trade_id, 2));
  row.text("orderId", uuid_text(fill.trade_id, 3)).text("orderLinkId", "").text("orderType", "Market");
  row.text("execPrice", decimal_text(fill.price_usd)).text("execQty", decimal_text(fill.size_coins));
  row.text("execValue", rounded_text(fill.price_usd * fill.size_coins, 8)).text("execFee", rounded_text(fill.fee_usd, 8));
  row.text("feeCurrency", option ? "" : "USDT").text("execType", "Trade").text("execTime", milliseconds_text(fill.time));
  row.boolean("isMaker", false).text("leavesQty", "0").text("closedSize", decimal_text(fill.closed_coins));
  row.text("execPnl", rounded_text(fill.profit_usd, 8)).text("markPrice", rounded_text(fill.mark_usd, 8));
  row.text("indexPrice", option ? rounded_text(fill.index_usd, 2) : "").text("underlyingPrice", "");
  row.text("markIv", "").text("tradeIv", option ? rounded_text(fill.vol_percent / 100, 4) : "").text("blockTradeId", "");
  row.text("createType", "CreateByUser").text("stopOrderType", "UNKNOWN").integer("seq", static_cast<std::int64_t>(sequence));
  return row.str();
}

std::string BybitText::funding(const LinearFunding& funding, std::uint64_t sequence) const {
  const BybitProduct product = held(funding.instrument);
  JsonObject row;
  row.text("category", bybit::word(product.category)).text("symbol", symbol(product));
  // A fee is what the account pays.
  row.text("side", funding.size_coins > 0 ? "Buy" : "Sell").text("execQty", decimal_text(std::abs(funding.size_coins)));
  row.text("execPrice", rounded_text(funding.mark_usd, 2)).text("execFee", rounded_text(-funding.amount_usd, 8));
  row.text("feeRate", rounded_text(funding.rate, 8)).text("feeCurrency", "USDT").text("execType", "Funding");
  row.text("execId", uuid_text(static_cast<std::int64_t>(sequence), 4)).text("execTime", milliseconds_text(funding.time));
  row.text("leavesQty", "0").integer("seq", static_cast<std::int64_t>(sequence));
  return row.str();
}

std::string BybitText::delivery(std::size_t index, const LinearPosition& line, std::uint64_t sequence) const {
  const BybitProduct product = held(index);
  JsonObject row;
  row.text("category", bybit::word(product.category)).text("symbol", symbol(product)).text("side", "Sell");
  row.text("execQty", "0").text("execPrice", rounded_text(underlying(product).delivery_price, 2)).text("execFee", "0");
  row.text("feeCurrency", "").text("execType", "Delivery").text("execTime", milliseconds_text(line.updated));
  row.text("execId", uuid_text(static_cast<std::int64_t>(sequence), 5)).integer("seq", static_cast<std::int64_t>(sequence));
  return row.str();
}

std::string BybitText::greeks(const LinearAccount& account, std::size_t underlying) const {
  double delta = 0;
  double gamma = 0;
  double vega = 0;
  double theta = 0;
  for (const auto& [index, position] : account.positions()) {
    const MarketInstrument& one = market_.instruments()[index];
    if (one.underlying != underlying || !is_option(one)) continue;
    const Published greeks = published(one, market_.now());
    delta += position.size_coins * greeks.delta;
    gamma += position.size_coins * greeks.gamma;
    vega += position.size_coins * greeks.vega;
    theta += position.size_coins * greeks.theta;
  }
  return fields_text({{"baseCoin", market_.underlyings()[underlying].config.currency},
                      {"totalDelta", rounded_text(delta, 8)},
                      {"totalGamma", rounded_text(gamma, 8)},
                      {"totalVega", rounded_text(vega, 8)},
                      {"totalTheta", rounded_text(theta, 8)}});
}

}  // namespace hedgewatch::simulator
