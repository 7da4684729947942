#include "feeds/simulator/linear_account.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch::simulator {
namespace {

/// Sizes live on a grid of 1e-6 coin, finer than any lot.
double on_coin_grid(double size) { return std::round(size * 1e6) / 1e6; }

double fee_usd(const MarketInstrument& instrument, double price_usd, double size_coins) {
  if (is_option(instrument)) return std::min(0.0003 * instrument.index_usd, 0.07 * price_usd) * size_coins;
  return 0.00055 * price_usd * size_coins;
}

}  // namespace

SyntheticAccount::Margin LinearAccount::margin(const MarketInstrument& instrument, double size_coins) {
  if (!is_option(instrument)) {
    const double notional = std::abs(size_coins) * instrument.mark_price;
    return {0.02 * notional, 0.01 * notional};
  }
  const SyntheticAccount::Margin coins = SyntheticAccount::margin(instrument, size_coins);
  return {coins.initial * instrument.forward_usd, coins.maintenance * instrument.forward_usd};
}

double LinearAccount::profit(const MarketInstrument& instrument, const LinearPosition& position) {
  return position.size_coins * (dollar_mark(instrument) - position.average_price_usd);
}

LinearAccount::LinearAccount(LinearAccountConfig config, const SyntheticMarket& market)
    : config_{config},
      random_{config.seed ^ 0x11AC},
      futures_cash_{config.futures_cash_usd},
      options_cash_{config.options_cash_usd},
      next_funding_{next_funding(market.now())} {
  for (std::size_t u = 0; u < market.underlyings().size(); ++u) {
    grids_.push_back(linear_grid(market.underlyings()[u].config.index_usd));
    last_hedge_.push_back(market.now());
    for (const OpeningLine& line : opening_options(market, u, config_.straddle_usd)) open(market, line.instrument, line.size);
    const double lot = grids_[u].lot_coins;
    open(market, market.perpetual_of(u), std::round(-greeks(market, u).delta() / lot) * lot);
  }
}

void LinearAccount::open(const SyntheticMarket& market, std::size_t index, double size_coins) {
  if (!(std::abs(size_coins) > 0)) return;
  const MarketInstrument& instrument = market.instruments()[index];
  // Entered some time ago, a little off today's mark.
  const double tick = is_option(instrument) ? grids_[instrument.underlying].option_tick_usd : instrument.tick;
  const double off = is_option(instrument) ? random_.uniform(0.92, 1.1) : random_.uniform(0.995, 1.005);
  const double price = std::max(1.0, std::round(dollar_mark(instrument) * off / tick)) * tick;
  positions_[index] = {.size_coins = on_coin_grid(size_coins),
                       .average_price_usd = std::round(price * 1e6) / 1e6,
                       .opened = market.now(),
                       .updated = market.now()};
}

const LinearPosition* LinearAccount::last_of(std::size_t instrument) const {
  if (const auto held = positions_.find(instrument); held != positions_.end()) return &held->second;
  const auto gone = closed_.find(instrument);
  return gone == closed_.end() ? nullptr : &gone->second;
}

void LinearAccount::apply(const SyntheticMarket& market, const MarketTrade& trade, LinearChanges& changes) {
  const MarketInstrument& instrument = market.instruments()[trade.instrument];
  const LinearGrid& grid = grids_[instrument.underlying];
  const double price = dollar_price(instrument, trade.price, trade.taker_buys ? QuoteSide::Ask : QuoteSide::Bid, grid);
  const double size = coin_size(instrument, trade.amount, price, grid);
  // What is less than a lot, or sold for less than a tick, is no trade here.
  if (!(size > 0) || !(price > 0)) return;
  const auto [line, is_new] = positions_.try_emplace(trade.instrument, LinearPosition{.opened = trade.time});
  LinearPosition& position = line->second;
  LinearFill fill{.instrument = trade.instrument,
                  .trade_id = trade.trade_id,
                  .buys = trade.taker_buys,
                  .size_coins = size,
                  .price_usd = price,
                  .fee_usd = fee_usd(instrument, price, size),
                  .mark_usd = dollar_mark(instrument),
                  .index_usd = trade.index_usd,
                  .vol_percent = trade.vol_percent,
                  .time = trade.time};
  const double change = fill.buys ? size : -size;
  if (position.size_coins * change < 0) fill.closed_coins = std::min(size, std::abs(position.size_coins));
  fill.profit_usd = std::copysign(fill.closed_coins, position.size_coins) * (price - position.average_price_usd);
  const double opened = size - fill.closed_coins;
  if (opened > 0) {
    // What is left of the other side is nothing: the new size has the new price.
    const double kept = fill.closed_coins > 0 ? 0 : std::abs(position.size_coins);
    position.average_price_usd = (kept * position.average_price_usd + opened * price) / (kept + opened);
  }
  position.size_coins = on_coin_grid(position.size_coins + change);
  position.realized_usd += fill.profit_usd;
  position.fees_usd += fill.fee_usd;
  position.updated = trade.time;
  realized_ += fill.profit_usd;
  if (is_option(instrument)) {
    options_cash_ -= change * price + fill.fee_usd;
  } else {
    futures_cash_ += fill.profit_usd - fill.fee_usd;
  }
  changes.fills.push_back(fill);
}

void LinearAccount::pay_funding(const SyntheticMarket& market, LinearChanges& changes) {
  if (market.now() < next_funding_) return;
  for (std::size_t u = 0; u < grids_.size(); ++u) {
    const std::size_t index = market.perpetual_of(u);
    const auto held = positions_.find(index);
    if (held == positions_.end()) continue;
    LinearPosition& position = held->second;
    LinearFunding paid{.instrument = index,
                       .size_coins = position.size_coins,
                       .mark_usd = market.instruments()[index].mark_price,
                       .rate = linear_funding_rate(market.underlyings()[u]),
                       .time = market.now()};
    paid.amount_usd = -paid.size_coins * paid.mark_usd * paid.rate;
    position.funding_usd += paid.amount_usd;
    position.updated = market.now();
    futures_cash_ += paid.amount_usd;
    changes.funding.push_back(paid);
  }
  next_funding_ = next_funding(market.now());
}

void LinearAccount::deliver(const SyntheticMarket& market, std::size_t index, LinearChanges& changes) {
  const auto held = positions_.find(index);
  if (held == positions_.end()) return;
  const MarketInstrument& instrument = market.instruments()[index];
  LinearPosition& position = held->second;
  const double price = market.underlyings()[instrument.underlying].delivery_price;
  double value = price;
  if (is_option(instrument)) {
    const double sign = instrument.right == OptionRight::Call ? 1 : -1;
    value = std::max(sign * (price - instrument.strike_usd), 0.0);
    options_cash_ += position.size_coins * value;
  }
  const double profit_usd = position.size_coins * (value - position.average_price_usd);
  if (!is_option(instrument)) futures_cash_ += profit_usd;
  realized_ += profit_usd;
  position.realized_usd += profit_usd;
  position.size_coins = 0;
  position.updated = market.now();
  changes.delivered.push_back(index);
}

LinearTotals LinearAccount::totals(const SyntheticMarket& market) const {
  LinearTotals totals{.futures_cash = futures_cash_, .options_cash = options_cash_, .realized = realized_};
  for (const auto& [index, position] : positions_) {
    const MarketInstrument& instrument = market.instruments()[index];
    const SyntheticAccount::Margin needed = margin(instrument, position.size_coins);
    if (is_option(instrument)) {
      totals.options_value += position.size_coins * dollar_mark(instrument);
      totals.options_profit += profit(instrument, position);
      totals.options_initial_margin += needed.initial;
      totals.options_maintenance_margin += needed.maintenance;
    } else {
      totals.futures_profit += profit(instrument, position);
      totals.futures_initial_margin += needed.initial;
      totals.futures_maintenance_margin += needed.maintenance;
    }
  }
  return totals;
}

LinearGreeks LinearAccount::greeks(const SyntheticMarket& market, std::size_t underlying) const {
  LinearGreeks sums;
  for (const auto& [index, position] : positions_) {
    const MarketInstrument& instrument = market.instruments()[index];
    if (instrument.underlying != underlying) continue;
    if (is_option(instrument)) {
      sums.options_delta += position.size_coins * instrument.greeks.delta;
      sums.options_gamma += position.size_coins * instrument.greeks.gamma;
      sums.options_vega += position.size_coins * instrument.greeks.vega;
      sums.options_theta += position.size_coins * instrument.greeks.theta;
    } else {
      sums.futures_delta += position.size_coins;
    }
  }
  return sums;
}

void LinearAccount::hedge(SyntheticMarket& market, std::size_t underlying) {
  const std::size_t index = market.perpetual_of(underlying);
  const MarketInstrument& perpetual = market.instruments()[index];
  const double delta = greeks(market, underlying).delta();
  if (!(std::abs(delta) * perpetual.mark_price > config_.hedge_band_ratio * futures_cash_)) return;
  // Not more than once in five seconds: the order of the last time has to be filled and seen first.
  if (market.now() - last_hedge_[underlying] < std::chrono::seconds{5}) return;
  last_hedge_[underlying] = market.now();
  const double contracts = std::round(std::abs(delta) * perpetual.mark_price / perpetual.contract_size);
  if (contracts > 0) market.submit(index, delta < 0, contracts * perpetual.contract_size);
}

void LinearAccount::trade_at_random(SyntheticMarket& market, std::size_t underlying) {
  const double seconds = std::chrono::duration<double>(market.configuration().step).count();
  if (!random_.chance(config_.option_fills_per_minute / 60 * seconds)) return;
  std::vector<std::size_t> held;
  for (const auto& [index, position] : positions_) {
    const MarketInstrument& instrument = market.instruments()[index];
    if (instrument.underlying == underlying && is_option(instrument) && instrument.state == ListingState::Open)
      held.push_back(index);
  }
  if (held.empty()) return;
  const std::size_t index = held[random_.index(held.size())];
  const double lots = 1 + static_cast<double>(random_.index(5));
  market.submit(index, random_.chance(0.5), std::round(lots * market.instruments()[index].lot * 1e4) / 1e4);
}

void LinearAccount::step(SyntheticMarket& market, const MarketChanges& market_changes, LinearChanges& changes) {
  changes.clear();
  closed_.clear();
  for (const MarketTrade& trade : market_changes.trades)
    if (trade.own) apply(market, trade, changes);
  pay_funding(market, changes);
  for (const std::size_t index : market_changes.expired) deliver(market, index, changes);
  for (auto line = positions_.begin(); line != positions_.end();) {
    if (line->second.size_coins != 0) {
      ++line;
    } else {
      closed_.insert(*line);
      line = positions_.erase(line);
    }
  }
  for (std::size_t u = 0; u < grids_.size(); ++u) {
    trade_at_random(market, u);
    hedge(market, u);
  }
}

}  // namespace hedgewatch::simulator
