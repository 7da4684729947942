#include "feeds/simulator/deribit_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace hedgewatch::simulator {
namespace {

constexpr std::int64_t kNeverExpires = 32'503'708'800'000;

double rounded(double value, int decimals) {
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  return std::round(value * scale) / scale;
}

std::string_view state_word(ListingState state) {
  switch (state) {
    case ListingState::Open:
      return "open";
    case ListingState::Settlement:
      return "settlement";
    case ListingState::Delivered:
      return "delivered";
  }
  return "";
}

std::optional<double> best(const std::vector<BookLevel>& levels) {
  return levels.empty() ? std::nullopt : std::optional{levels.front().price};
}
double best_amount(const std::vector<BookLevel>& levels) { return levels.empty() ? 0 : levels.front().amount; }

std::string changed_levels(const std::vector<LevelChange>& changes) {
  std::vector<std::string> items;
  for (const LevelChange& change : changes) {
    const std::string_view action = change.action == LevelAction::New      ? "new"
                                    : change.action == LevelAction::Change ? "change"
                                                                           : "delete";
    items.push_back("[\"" + std::string{action} + "\"," + json_number(change.price) + "," + json_number(change.amount) + "]");
  }
  return json_array(items);
}

std::string new_levels(const std::vector<BookLevel>& levels) {
  std::vector<LevelChange> changes;
  for (const BookLevel& level : levels) changes.push_back({LevelAction::New, level.price, level.amount});
  return changed_levels(changes);
}

/// Levels merged onto multiples of `grid`: bids downwards, asks upwards.
std::vector<BookLevel> grouped(const std::vector<BookLevel>& levels, double grid, bool bids) {
  if (!(grid > 0)) return levels;
  std::vector<BookLevel> merged;
  for (const BookLevel& level : levels) {
    const double multiples = level.price / grid;
    const double price = rounded((bids ? std::floor(multiples + 1e-9) : std::ceil(multiples - 1e-9)) * grid, 4);
    if (!merged.empty() && merged.back().price == price) {
      merged.back().amount = rounded(merged.back().amount + level.amount, 4);
    } else {
      merged.push_back({price, level.amount});
    }
  }
  return merged;
}

}  // namespace

std::int64_t DeribitText::now_ms() const { return milliseconds_of(market_.now()); }

JsonObject DeribitText::fresh() { return JsonObject{vary_ && random_.chance(0.15)}; }
std::string DeribitText::done(const JsonObject& object) { return object.str(vary_ && random_.chance(0.4) ? random_.index(16) : 0); }

std::string DeribitText::instrument(const MarketInstrument& instrument) {
  const MarketUnderlying& underlying = market_.underlyings()[instrument.underlying];
  const std::string& coin = underlying.config.currency;
  JsonObject object = fresh();
  object.text("instrument_name", instrument.name)
      .integer("instrument_id", instrument.instrument_id)
      .text("kind", is_option(instrument) ? "option" : "future")
      .text("instrument_type", "reversed")
      .text("base_currency", coin)
      .text("quote_currency", is_option(instrument) ? coin : "USD")
      .text("counter_currency", "USD")
      .text("settlement_currency", coin)
      .text("price_index", underlying.index_name)
      .number("contract_size", instrument.contract_size)
      .number("min_trade_amount", instrument.lot)
      .number("tick_size", instrument.tick)
      .integer("creation_timestamp", milliseconds_of(instrument.created))
      .integer("expiration_timestamp",
               instrument.kind == ContractKind::Perpetual ? kNeverExpires : milliseconds_of(instrument.expiry))
      .text("settlement_period", instrument.settlement_period)
      .boolean("is_active", instrument.state == ListingState::Open)
      .text("state", state_word(instrument.state))
      .number("maker_commission", is_option(instrument) ? 0.0003 : 0)
      .number("taker_commission", is_option(instrument) ? 0.0003 : 0.0005);
  if (is_option(instrument)) {
    object.text("option_type", instrument.right == OptionRight::Call ? "call" : "put")
        .number("strike", instrument.strike_usd)
        .raw("tick_size_steps",
             "[" + JsonObject{}.number("above_price", SyntheticMarket::kOptionTickStepAt).number("tick_size", 0.0005).str() + "]");
  } else {
    object.text("future_type", "reversed").raw("tick_size_steps", "[]").integer("max_leverage", 50);
  }
  return done(object);
}

JsonObject DeribitText::ticker_fields(const MarketInstrument& instrument) {
  const MarketUnderlying& underlying = market_.underlyings()[instrument.underlying];
  JsonObject stats = fresh();
  const bool traded = instrument.trade_seq > 0;
  stats.number_or_null("high", traded ? std::optional{instrument.day_high} : std::nullopt)
      .number_or_null("low", traded ? std::optional{instrument.day_low} : std::nullopt)
      .number_or_null("price_change",
                      traded && instrument.settlement_price > 0
                          ? std::optional{rounded((instrument.last_price / instrument.settlement_price - 1) * 100, 4)}
                          : std::nullopt)
      .number("volume", rounded(instrument.day_volume_coins, 4))
      .number("volume_usd", rounded(instrument.day_volume_usd, 2));
  if (!is_option(instrument)) stats.number("volume_notional", rounded(instrument.day_volume_usd, 2));

  JsonObject object = fresh();
  object.text("instrument_name", instrument.name)
      .integer("timestamp", milliseconds_of(instrument.state == ListingState::Delivered ? market_.now() : instrument.marked))
      .text("state", state_word(instrument.state))
      .raw("stats", done(stats))
      .number("open_interest", instrument.open_interest)
      .number_or_null("best_bid_price", best(instrument.bids))
      .number("best_bid_amount", best_amount(instrument.bids))
      .number_or_null("best_ask_price", best(instrument.asks))
      .number("best_ask_amount", best_amount(instrument.asks))
      .number("mark_price", rounded(instrument.mark_price, is_option(instrument) ? 4 : 2))
      .number_or_null("last_price", instrument.last_price > 0 ? std::optional{instrument.last_price} : std::nullopt)
      .number("settlement_price", instrument.settlement_price)
      .number("index_price", instrument.index_usd)
      .number("estimated_delivery_price", instrument.index_usd);
  if (instrument.state == ListingState::Delivered) object.number("delivery_price", underlying.delivery_price);
  if (is_option(instrument)) {
    JsonObject greeks = fresh();
    greeks.number("delta", instrument.greeks.delta)
        .number("gamma", instrument.greeks.gamma)
        .number("vega", instrument.greeks.vega)
        .number("theta", instrument.greeks.theta)
        .number("rho", instrument.greeks.rho);
    const double allowed = 0.03 + instrument.mark_price * 0.5;
    object.number("min_price", std::max(0.0001, rounded(instrument.mark_price - allowed, 4)))
        .number("max_price", rounded(instrument.mark_price + allowed, 4))
        .number("bid_iv", instrument.bid_vol_percent)
        .number("ask_iv", instrument.ask_vol_percent)
        .number("mark_iv", instrument.mark_vol_percent)
        .number("underlying_price", instrument.forward_usd)
        .text("underlying_index", instrument.forward_name)
        .number("interest_rate", 0)
        .raw("greeks", done(greeks));
  } else {
    object.number("min_price", rounded(instrument.mark_price * 0.985, 2))
        .number("max_price", rounded(instrument.mark_price * 1.015, 2));
  }
  if (instrument.kind == ContractKind::Perpetual)
    object.number("current_funding", rounded(underlying.current_funding, 8))
        .number("funding_8h", rounded(underlying.funding_8h, 8))
        .number("interest_value", underlying.interest_value);
  return object;
}

std::string DeribitText::ticker(const MarketInstrument& instrument) { return done(ticker_fields(instrument)); }

std::string DeribitText::quote(const MarketInstrument& instrument) {
  JsonObject object = fresh();
  object.text("instrument_name", instrument.name)
      .integer("timestamp", now_ms())
      .number_or_null("best_bid_price", best(instrument.bids))
      .number("best_bid_amount", best_amount(instrument.bids))
      .number_or_null("best_ask_price", best(instrument.asks))
      .number("best_ask_amount", best_amount(instrument.asks));
  return done(object);
}

std::string DeribitText::book_snapshot(const MarketInstrument& instrument) {
  JsonObject object = fresh();
  object.text("type", "snapshot")
      .text("instrument_name", instrument.name)
      .integer("timestamp", now_ms())
      .integer("change_id", instrument.change_id)
      .raw("bids", new_levels(instrument.bids))
      .raw("asks", new_levels(instrument.asks));
  return done(object);
}

std::string DeribitText::book_change(const BookChange& change) {
  JsonObject object = fresh();
  object.text("type", "change")
      .text("instrument_name", market_.instruments()[change.instrument].name)
      .integer("timestamp", now_ms())
      .integer("change_id", change.change_id)
      .integer("prev_change_id", change.previous_change_id)
      .raw("bids", changed_levels(change.bids))
      .raw("asks", changed_levels(change.asks));
  return done(object);
}

std::string DeribitText::levels(const std::vector<BookLevel>& levels, std::size_t depth) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < std::min(depth, levels.size()); ++i)
    items.push_back("[" + json_number(levels[i].price) + "," + json_number(levels[i].amount) + "]");
  return json_array(items);
}

std::string DeribitText::grouped_book(const MarketInstrument& instrument, std::string_view group, std::size_t depth) {
  // A group counts ticks of the instrument.
  int ticks = 0;
  std::from_chars(group.data(), group.data() + group.size(), ticks);
  const double grid = ticks * instrument.tick;
  JsonObject object = fresh();
  object.text("instrument_name", instrument.name)
      .integer("timestamp", now_ms())
      .integer("change_id", instrument.change_id)
      .raw("bids", levels(grouped(instrument.bids, grid, true), depth))
      .raw("asks", levels(grouped(instrument.asks, grid, false), depth));
  return done(object);
}

std::string DeribitText::order_book(const MarketInstrument& instrument, std::size_t depth) {
  JsonObject object = ticker_fields(instrument);
  object.integer("change_id", instrument.change_id)
      .raw("bids", levels(instrument.bids, depth))
      .raw("asks", levels(instrument.asks, depth));
  return done(object);
}

std::string DeribitText::book_summary(const MarketInstrument& instrument) {
  const MarketUnderlying& underlying = market_.underlyings()[instrument.underlying];
  const auto bid = best(instrument.bids);
  const auto ask = best(instrument.asks);
  JsonObject object = fresh();
  object.text("instrument_name", instrument.name)
      .text("base_currency", underlying.config.currency)
      .text("quote_currency", is_option(instrument) ? underlying.config.currency : "USD")
      .integer("creation_timestamp", now_ms())
      .number("open_interest", instrument.open_interest)
      .number("volume", rounded(instrument.day_volume_coins, 4))
      .number("volume_usd", rounded(instrument.day_volume_usd, 2))
      .number_or_null("bid_price", bid)
      .number_or_null("ask_price", ask)
      .number_or_null("mid_price", bid && ask ? std::optional{(*bid + *ask) / 2} : std::nullopt)
      .number_or_null("last", instrument.last_price > 0 ? std::optional{instrument.last_price} : std::nullopt)
      .number("mark_price", rounded(instrument.mark_price, 8))
      .number("estimated_delivery_price", instrument.index_usd);
  if (is_option(instrument)) {
    object.number("mark_iv", instrument.mark_vol_percent)
        .number("underlying_price", instrument.forward_usd)
        .text("underlying_index", instrument.forward_name)
        .number("interest_rate", 0);
  }
  if (instrument.kind == ContractKind::Perpetual)
    object.number("current_funding", rounded(underlying.current_funding, 8))
        .number("funding_8h", rounded(underlying.funding_8h, 8));
  return done(object);
}

std::string DeribitText::trade(const MarketTrade& trade) {
  const MarketInstrument& instrument = market_.instruments()[trade.instrument];
  JsonObject object = fresh();
  object.integer("trade_seq", trade.trade_seq)
      .text("trade_id", std::to_string(trade.trade_id))
      .integer("timestamp", milliseconds_of(trade.time))
      .integer("tick_direction", trade.tick_direction)
      .number("price", trade.price)
      .number("mark_price", rounded(trade.mark_price, is_option(instrument) ? 8 : 2))
      .text("instrument_name", instrument.name)
      .number("index_price", trade.index_usd)
      .text("direction", trade.taker_buys ? "buy" : "sell")
      .number("amount", trade.amount)
      .number("contracts", rounded(trade.amount / instrument.contract_size, 4))
      // Beyond 2^53 on purpose, as on the wire.
      .integer("starbase_match_id", 220'000'000'000'000'000 + trade.trade_id)
      .integer("starbase_timestamp", nanoseconds_of(trade.time) + trade.trade_id % 1'000'000);
  if (is_option(instrument)) object.number("iv", trade.vol_percent);
  return done(object);
}

std::string DeribitText::price_index(const MarketUnderlying& underlying) {
  return price_index(underlying.index_name, rounded(underlying.index_usd, 2));
}

std::string DeribitText::price_index(std::string_view index_name, double price) {
  JsonObject object = fresh();
  object.text("index_name", std::string{index_name}).number("price", price).integer("timestamp", now_ms());
  return done(object);
}

std::string DeribitText::price_statistics(const MarketUnderlying& underlying) {
  JsonObject object = fresh();
  object.text("index_name", underlying.index_name)
      .number("low24h", rounded(underlying.index_low_usd, 2))
      .number("high24h", rounded(underlying.index_high_usd, 2))
      .number("change24h", rounded((underlying.index_usd / underlying.index_open_usd - 1) * 100, 4))
      .boolean("high_volatility", std::abs(underlying.index_usd / underlying.index_open_usd - 1) > 0.05);
  return done(object);
}

std::string DeribitText::volatility_index(const MarketUnderlying& underlying) {
  JsonObject object = fresh();
  object.text("index_name", underlying.index_name)
      .number("volatility",
              rounded(underlying.vol_level * (underlying.config.short_vol_ratio + underlying.config.long_vol_ratio) * 50, 2))
      .integer("timestamp", now_ms());
  return done(object);
}

std::string DeribitText::perpetual(const MarketInstrument& instrument) {
  JsonObject object = fresh();
  object.number("interest", rounded(market_.underlyings()[instrument.underlying].current_funding, 8))
      .number("index_price", instrument.index_usd)
      .integer("timestamp", now_ms());
  return done(object);
}

std::string DeribitText::mark_prices(std::size_t underlying, VenueTime since) {
  std::vector<std::string> rows;
  for (const MarketInstrument& instrument : market_.instruments()) {
    if (instrument.underlying != underlying || !is_option(instrument) || instrument.state != ListingState::Open) continue;
    if (instrument.marked < since) continue;
    JsonObject row = fresh();
    // A fraction here, a percentage in tickers.
    row.text("instrument_name", instrument.name)
        .number("mark_price", rounded(instrument.mark_price, 4))
        .number("iv", rounded(instrument.mark_vol_percent / 100, 4))
        .integer("timestamp", milliseconds_of(instrument.marked));
    rows.push_back(done(row));
  }
  return json_array(rows);
}

std::string DeribitText::state(const MarketInstrument& instrument) {
  return JsonObject{}
      .text("instrument_name", instrument.name)
      .text("state", state_word(instrument.state))
      .integer("timestamp", now_ms())
      .str();
}

std::string DeribitText::position(std::size_t index, const AccountPosition& held, bool subscribed) {
  const MarketInstrument& instrument = market_.instruments()[index];
  const SyntheticAccount::Margin margin = SyntheticAccount::margin(instrument, held.size);
  const bool option = is_option(instrument);
  const double mark = instrument.mark_price;
  const double floating = held.size == 0 ? 0
                          : option       ? held.size * (mark - held.average_price)
                                         : held.size * (1 / held.session_price - 1 / mark);
  const double total = held.size == 0 ? held.realized_coins
                       : option       ? floating
                                      : held.size * (1 / held.average_price - 1 / mark) + held.realized_funding_coins;
  JsonObject object = fresh();
  object.text("instrument_name", instrument.name)
      .text("kind", option ? "option" : "future")
      .text("direction", held.size > 0   ? "buy"
                         : held.size < 0 ? "sell"
                                         : "zero")
      .number("size", held.size)
      .number("average_price", rounded(held.average_price, option ? 6 : 2))
      .number("mark_price", rounded(mark, option ? 6 : 2))
      .number("index_price", instrument.index_usd)
      .number("settlement_price", instrument.settlement_price)
      .number("initial_margin", rounded(margin.initial, 8))
      .number("maintenance_margin", rounded(margin.maintenance, 8))
      .number("floating_profit_loss", rounded(floating, 9))
      .number("realized_profit_loss", rounded(held.realized_coins, 9))
      .number("total_profit_loss", rounded(total, 9));
  if (option) {
    object.number("average_price_usd", rounded(held.average_price_usd, 2))
        .number("floating_profit_loss_usd", rounded(floating * instrument.index_usd, 4))
        .number("delta", rounded(held.size * instrument.greeks.delta, 5))
        .number("gamma", rounded(held.size * instrument.greeks.gamma, 5))
        .number("vega", rounded(held.size * instrument.greeks.vega, 5))
        .number("theta", rounded(held.size * instrument.greeks.theta, 5));
  } else {
    object.number("size_currency", rounded(held.size / mark, 8))
        .number("delta", rounded(held.size / mark, 8))
        .integer("leverage", 50)
        .number("realized_funding", rounded(held.realized_funding_coins, 9))
        .number("interest_value", market_.underlyings()[instrument.underlying].interest_value);
  }
  if (!subscribed) {
    object.number("open_orders_margin", 0);
    if (!option) object.null("estimated_liquidation_price");
  }
  return done(object);
}

std::string DeribitText::summary(const SyntheticAccount& account, std::size_t index) {
  const MarketUnderlying& underlying = market_.underlyings()[index];
  return summary_text(account.summary(market_, index), underlying.config.currency, underlying.index_name);
}

std::string DeribitText::stablecoin_summary(const SyntheticAccount& account, std::size_t stablecoin) {
  const MarketStablecoin& coin = market_.stablecoins()[stablecoin];
  return summary_text(account.stablecoin_summary(), coin.currency, coin.index_name);
}

std::string DeribitText::summary_text(const AccountSummary& s, std::string_view currency, std::string_view index_name) {
  const auto map = [&](double value) { return JsonObject{}.number(std::string{index_name}, rounded(value, 5)).str(); };
  JsonObject object = fresh();
  object.text("currency", std::string{currency})
      .number("equity", rounded(s.equity, 8))
      .number("balance", rounded(s.balance, 8))
      .number("margin_balance", rounded(s.margin_balance, 8))
      .number("initial_margin", rounded(s.initial_margin, 8))
      .number("maintenance_margin", rounded(s.maintenance_margin, 8))
      .number("projected_initial_margin", rounded(s.initial_margin, 8))
      .number("projected_maintenance_margin", rounded(s.maintenance_margin, 8))
      .number("available_funds", rounded(std::max(s.margin_balance - s.initial_margin, 0.0), 8))
      .number("available_withdrawal_funds", rounded(std::max(s.balance - s.initial_margin, 0.0), 8))
      .number("locked_balance", 0)
      .number("spot_reserve", 0)
      .number("additional_reserve", 0)
      .number("fee_balance", 0)
      .number("session_upl", rounded(s.futures_session_upl, 8))
      .number("session_rpl", rounded(s.futures_session_rpl, 8))
      .number("total_pl", rounded(s.futures_pl + s.options_pl, 8))
      .number("futures_pl", rounded(s.futures_pl, 8))
      .number("futures_session_upl", rounded(s.futures_session_upl, 8))
      .number("futures_session_rpl", rounded(s.futures_session_rpl, 8))
      .number("options_pl", rounded(s.options_pl, 8))
      .number("options_session_upl", 0)
      .number("options_session_rpl", 0)
      .number("options_value", rounded(s.options_value, 8))
      .number("options_delta", rounded(s.options_delta, 5))
      .number("options_gamma", rounded(s.options_gamma, 5))
      .number("options_vega", rounded(s.options_vega, 4))
      .number("options_theta", rounded(s.options_theta, 4))
      .raw("options_gamma_map", map(s.options_gamma))
      .raw("options_vega_map", map(s.options_vega))
      .raw("options_theta_map", map(s.options_theta))
      .number("delta_total", rounded(s.delta_total, 6))
      .raw("delta_total_map", map(s.options_delta + s.futures_delta))
      .number("projected_delta_total", rounded(s.delta_total, 6))
      .text("margin_model", "segregated_sm")
      .boolean("portfolio_margining_enabled", false)
      .boolean("cross_collateral_enabled", false);
  return done(object);
}

std::string DeribitText::user_trade(const AccountFill& fill) {
  const MarketTrade& trade = fill.trade;
  const MarketInstrument& instrument = market_.instruments()[trade.instrument];
  JsonObject object = fresh();
  object.integer("trade_seq", trade.trade_seq)
      .text("trade_id", std::to_string(trade.trade_id))
      .text("order_id", std::to_string(88'000'000'000 + trade.trade_id))
      .text("instrument_name", instrument.name)
      .integer("timestamp", milliseconds_of(trade.time))
      .text("direction", trade.taker_buys ? "buy" : "sell")
      .number("price", trade.price)
      .number("amount", trade.amount)
      .number("contracts", rounded(trade.amount / instrument.contract_size, 4))
      .number("fee", rounded(fill.fee_coins, 8))
      .text("fee_currency", market_.underlyings()[instrument.underlying].config.currency)
      .text("liquidity", "T")
      .text("order_type", "market")
      .text("state", "filled")
      .integer("tick_direction", trade.tick_direction)
      .number("mark_price", rounded(trade.mark_price, is_option(instrument) ? 8 : 2))
      .number("index_price", trade.index_usd)
      .number("profit_loss", rounded(fill.profit_coins, 9))
      .boolean("post_only", false)
      .boolean("reduce_only", false)
      .boolean("api", true)
      .null("matching_id");
  if (is_option(instrument)) object.number("iv", trade.vol_percent);
  return done(object);
}

std::string DeribitText::order(const RestingOrder& order) {
  JsonObject object = fresh();
  object.text("order_id", std::to_string(order.order_id))
      .text("instrument_name", market_.instruments()[order.instrument].name)
      .text("direction", order.buy ? "buy" : "sell")
      .text("order_state", order.open ? "open" : "cancelled")
      .text("order_type", "limit")
      .text("time_in_force", "good_til_cancelled")
      .number("price", order.price)
      .number("amount", order.amount)
      .number("filled_amount", 0)
      .number("average_price", 0)
      .integer("creation_timestamp", milliseconds_of(order.placed))
      .integer("last_update_timestamp", milliseconds_of(order.changed))
      .boolean("post_only", true)
      .boolean("reduce_only", false)
      .boolean("replaced", false)
      .boolean("api", true)
      .text("label", "");
  return done(object);
}

std::string DeribitText::user_changes(std::size_t index, const std::vector<AccountFill>& fills,
                                      const std::vector<RestingOrder>& orders, const SyntheticAccount& account) {
  std::vector<std::string> trades;
  for (const AccountFill& fill : fills) trades.push_back(user_trade(fill));
  std::vector<std::string> order_rows;
  for (const RestingOrder& one : orders) order_rows.push_back(order(one));
  std::string positions = "[]";
  if (!fills.empty()) {
    const auto held = account.positions().find(index);
    positions = "[" + position(index, held == account.positions().end() ? AccountPosition{} : held->second, true) + "]";
  }
  JsonObject object = fresh();
  object.text("instrument_name", market_.instruments()[index].name)
      .raw("trades", json_array(trades))
      .raw("orders", json_array(order_rows))
      .raw("positions", positions);
  return done(object);
}

}  // namespace hedgewatch::simulator
