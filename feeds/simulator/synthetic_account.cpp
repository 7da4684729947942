#include "feeds/simulator/synthetic_account.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hedgewatch::simulator {
namespace {

constexpr std::int64_t kDayNanoseconds = 86'400'000'000'000;
constexpr std::int64_t kSettlementNanoseconds = 8 * 3'600'000'000'000;

/// Which session a time belongs to: days that begin at 08:00 UTC.
std::int64_t session_of(VenueTime time) { return (nanoseconds_of(time) - kSettlementNanoseconds) / kDayNanoseconds; }

/// Profit in coin of `size` from one price to another: inverse futures in USD, coin-quoted options in coin.
double profit_coins(const MarketInstrument& instrument, double size, double from, double to) {
  return is_option(instrument) ? size * (to - from) : size * (1 / from - 1 / to);
}

/// Average entry of two sizes of one sign.
double blended(const MarketInstrument& instrument, double size, double price, double more, double at) {
  if (is_option(instrument)) return (size * price + more * at) / (size + more);
  return (size + more) / (size / price + more / at);
}

/// Sizes live on a grid of 1e-4 coin or whole dollars.
double on_size_grid(double size) { return std::round(size * 1e4) / 1e4; }

/// Charged as it is told: in whole units of 1e-8.
double fee_coins(const MarketInstrument& instrument, double price, double amount) {
  const double fee = is_option(instrument) ? std::min(0.0003, 0.125 * price) * amount : 0.0005 * amount / price;
  return std::round(fee * 1e8) / 1e8;
}

}  // namespace

std::vector<OpeningLine> opening_options(const SyntheticMarket& market, std::size_t underlying, double straddle_usd) {
  const auto& instruments = market.instruments();
  const double index = market.underlyings()[underlying].index_usd;
  std::vector<VenueTime> expiries;
  for (const MarketInstrument& instrument : instruments)
    if (instrument.underlying == underlying && is_option(instrument) && instrument.expiry - market.now() > std::chrono::days{5} &&
        std::find(expiries.begin(), expiries.end(), instrument.expiry) == expiries.end())
      expiries.push_back(instrument.expiry);
  std::sort(expiries.begin(), expiries.end());
  std::vector<OpeningLine> lines;
  for (std::size_t e = 0; e < std::min<std::size_t>(expiries.size(), 2); ++e) {
    const double share = e == 0 ? 0.4 : 0.6;
    std::vector<double> strikes;
    for (const MarketInstrument& instrument : instruments)
      if (instrument.underlying == underlying && is_option(instrument) && instrument.expiry == expiries[e] &&
          instrument.right == OptionRight::Call)
        strikes.push_back(instrument.strike_usd);
    std::sort(strikes.begin(), strikes.end());
    const std::size_t middle = strikes.size() / 2;
    const std::size_t wing = std::max<std::size_t>(strikes.size() / 3, 1);
    for (std::size_t i = 0; i < instruments.size(); ++i) {
      const MarketInstrument& instrument = instruments[i];
      if (instrument.underlying != underlying || !is_option(instrument) || instrument.expiry != expiries[e]) continue;
      const double lots = std::round(straddle_usd / index * share / instrument.lot);
      const double size = lots * instrument.lot;
      const bool call = instrument.right == OptionRight::Call;
      // Fewer puts than calls: the options have a delta worth hedging.
      if (instrument.strike_usd == strikes[middle]) lines.push_back({i, -(call ? size : std::round(lots * 0.6) * instrument.lot)});
      if (instrument.strike_usd == strikes[call ? std::min(middle + wing, strikes.size() - 1) : middle - std::min(wing, middle)])
        lines.push_back({i, std::round(lots / 2) * instrument.lot});
    }
  }
  return lines;
}

SyntheticAccount::Margin SyntheticAccount::margin(const MarketInstrument& instrument, double size) {
  if (!is_option(instrument)) {
    const double coins = std::abs(size) / instrument.mark_price;
    return {0.02 * coins, 0.01 * coins};
  }
  if (!(size < 0)) return {};
  const double out_of_the_money = instrument.right == OptionRight::Call ? instrument.strike_usd - instrument.forward_usd
                                                                        : instrument.forward_usd - instrument.strike_usd;
  const double initial = std::max(0.15 - std::max(out_of_the_money, 0.0) / instrument.forward_usd, 0.1) + instrument.mark_price;
  return {-size * initial, -size * (0.075 + instrument.mark_price)};
}

SyntheticAccount::SyntheticAccount(SyntheticAccountConfig config, const SyntheticMarket& market)
    : config_{config}, random_{config.seed ^ 0xACC0}, settlement_day_{session_of(market.now())} {
  const auto& instruments = market.instruments();
  for (std::size_t u = 0; u < market.underlyings().size(); ++u) {
    const double index = market.underlyings()[u].index_usd;
    cash_.push_back({.balance = std::round(config_.cash_usd / index * 10) / 10});
    last_hedge_.push_back(market.now());
    funding_seen_.push_back(market.underlyings()[u].funding_coins_per_usd);
    for (const OpeningLine& line : opening_options(market, u, config_.straddle_usd)) open(market, line.instrument, line.size);
    const MarketInstrument& perpetual = instruments[market.perpetual_of(u)];
    const double delta = summary(market, u).delta_total;
    const double contracts = std::round(-delta * perpetual.mark_price / perpetual.contract_size);
    open(market, market.perpetual_of(u), contracts * perpetual.contract_size);
  }
}

void SyntheticAccount::open(const SyntheticMarket& market, std::size_t index, double size) {
  if (!(std::abs(size) > 0)) return;
  const MarketInstrument& instrument = market.instruments()[index];
  // Entered some time ago, a little off today's mark.
  const double price = is_option(instrument)
                           ? std::max(0.0001, std::round(instrument.mark_price * random_.uniform(0.92, 1.1) * 1e4) / 1e4)
                           : std::round(instrument.mark_price * random_.uniform(0.995, 1.005) / instrument.tick) * instrument.tick;
  positions_[index] = {.size = on_size_grid(size),
                       .average_price = price,
                       .average_price_usd = is_option(instrument) ? price * instrument.index_usd : 0,
                       .session_price = is_option(instrument) ? price : instrument.settlement_price};
}

AccountFill SyntheticAccount::apply(const SyntheticMarket& market, const MarketTrade& trade) {
  const MarketInstrument& instrument = market.instruments()[trade.instrument];
  Cash& cash = cash_[instrument.underlying];
  AccountPosition& position = positions_[trade.instrument];
  AccountFill fill{.trade = trade, .fee_coins = fee_coins(instrument, trade.price, trade.amount)};
  const double change = trade.taker_buys ? trade.amount : -trade.amount;
  const double closing =
      position.size * change < 0 ? -std::copysign(std::min(std::abs(change), std::abs(position.size)), position.size) : 0;
  const double opening = change - closing;
  if (closing != 0) {
    fill.profit_coins = profit_coins(instrument, -closing, position.average_price, trade.price);
    if (!is_option(instrument)) cash.session_realized += profit_coins(instrument, -closing, position.session_price, trade.price);
    position.realized_coins += fill.profit_coins;
    position.size += closing;
  }
  position.size = on_size_grid(position.size);
  if (std::abs(opening) > 1e-9) {
    if (position.size == 0) {
      position.average_price = position.session_price = trade.price;
    } else {
      position.average_price = blended(instrument, position.size, position.average_price, opening, trade.price);
      position.session_price = blended(instrument, position.size, position.session_price, opening, trade.price);
    }
    position.size = on_size_grid(position.size + opening);
    if (is_option(instrument)) position.average_price_usd = position.average_price * instrument.index_usd;
  }
  // Premium is paid at once; a future's profit waits for the settlement.
  if (is_option(instrument)) cash.balance -= change * trade.price;
  cash.balance -= fill.fee_coins;
  return fill;
}

void SyntheticAccount::settle(const SyntheticMarket& market) {
  for (auto& [index, position] : positions_) {
    const MarketInstrument& instrument = market.instruments()[index];
    if (is_option(instrument)) continue;
    cash_[instrument.underlying].session_realized +=
        profit_coins(instrument, position.size, position.session_price, instrument.mark_price);
    position.session_price = instrument.mark_price;
  }
  for (Cash& cash : cash_) cash.balance += std::exchange(cash.session_realized, 0);
}

void SyntheticAccount::deliver(const SyntheticMarket& market, std::size_t index) {
  const auto held = positions_.find(index);
  if (held == positions_.end()) return;
  const MarketInstrument& instrument = market.instruments()[index];
  const double price = market.underlyings()[instrument.underlying].delivery_price;
  Cash& cash = cash_[instrument.underlying];
  if (is_option(instrument)) {
    const double sign = instrument.right == OptionRight::Call ? 1 : -1;
    cash.balance += held->second.size * std::max(sign * (price - instrument.strike_usd), 0.0) / price;
  } else {
    cash.balance += profit_coins(instrument, held->second.size, held->second.session_price, price);
  }
  positions_.erase(held);
}

AccountSummary SyntheticAccount::summary(const SyntheticMarket& market, std::size_t underlying) const {
  AccountSummary summary{.balance = cash_[underlying].balance, .futures_session_rpl = cash_[underlying].session_realized};
  for (const auto& [index, position] : positions_) {
    const MarketInstrument& instrument = market.instruments()[index];
    if (instrument.underlying != underlying) continue;
    const Margin needed = margin(instrument, position.size);
    summary.initial_margin += needed.initial;
    summary.maintenance_margin += needed.maintenance;
    const double profit = profit_coins(instrument, position.size, position.average_price, instrument.mark_price);
    if (is_option(instrument)) {
      summary.options_value += position.size * instrument.mark_price;
      summary.options_pl += profit;
      summary.options_delta += position.size * instrument.greeks.delta;
      summary.options_gamma += position.size * instrument.greeks.gamma;
      summary.options_vega += position.size * instrument.greeks.vega;
      summary.options_theta += position.size * instrument.greeks.theta;
    } else {
      summary.futures_pl += profit;
      summary.futures_session_upl += profit_coins(instrument, position.size, position.session_price, instrument.mark_price);
      summary.futures_delta += position.size / instrument.mark_price;
    }
  }
  summary.margin_balance = summary.balance + summary.futures_session_upl + summary.futures_session_rpl;
  summary.equity = summary.margin_balance + summary.options_value;
  summary.delta_total = summary.options_delta - summary.options_value + summary.futures_delta;
  return summary;
}

void SyntheticAccount::hedge(SyntheticMarket& market, std::size_t underlying) {
  const double delta = summary(market, underlying).delta_total;
  if (!(std::abs(delta) > config_.hedge_band_ratio * cash_[underlying].balance)) return;
  // Not more than once in five seconds: the order of the last time has to be filled and seen first.
  if (market.now() - last_hedge_[underlying] < std::chrono::seconds{5}) return;
  last_hedge_[underlying] = market.now();
  const std::size_t index = market.perpetual_of(underlying);
  const MarketInstrument& perpetual = market.instruments()[index];
  const double contracts = std::round(std::abs(delta) * perpetual.mark_price / perpetual.contract_size);
  if (contracts > 0) market.submit(index, delta < 0, contracts * perpetual.contract_size);
}

void SyntheticAccount::trade_at_random(SyntheticMarket& market, std::size_t underlying) {
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

void SyntheticAccount::step(SyntheticMarket& market, const MarketChanges& changes, std::vector<AccountFill>& fills) {
  fills.clear();
  for (std::size_t u = 0; u < cash_.size(); ++u) {
    // A long pays funding on its size in coin.
    const double accrued = market.underlyings()[u].funding_coins_per_usd - funding_seen_[u];
    funding_seen_[u] = market.underlyings()[u].funding_coins_per_usd;
    const auto held = positions_.find(market.perpetual_of(u));
    if (held == positions_.end()) continue;
    const double paid = held->second.size * accrued;
    held->second.realized_funding_coins -= paid;
    cash_[u].session_realized -= paid;
  }
  // Fills come at the step's end: until then funding runs on what was held before.
  for (const MarketTrade& trade : changes.trades)
    if (trade.own) fills.push_back(apply(market, trade));
  for (const std::size_t index : changes.expired) deliver(market, index);
  if (const std::int64_t session = session_of(market.now()); session != settlement_day_) {
    settlement_day_ = session;
    settle(market);
  }
  std::erase_if(positions_, [](const auto& line) { return line.second.size == 0; });
  for (std::size_t u = 0; u < cash_.size(); ++u) {
    trade_at_random(market, u);
    hedge(market, u);
  }
}

}  // namespace hedgewatch::simulator
