#include "feeds/simulator/synthetic_market.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/pricing/black76.hpp"

namespace hedgewatch::simulator {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::nanoseconds;

constexpr double kSecondsPerYear = 365 * 86'400.0;
constexpr std::size_t kOptionTurns = 8;  ///< an option is marked every so many steps
constexpr auto kAveragingWindow = std::chrono::minutes{30};

double round_to(double value, double grid) { return std::round(value / grid) * grid; }
/// On a decimal grid, without the rounding noise of the multiplication.
double round_decimals(double value, int decimals) {
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  return std::round(value * scale) / scale;
}
/// Every tick size here has at most four decimals.
double on_tick(double count, double tick) { return round_decimals(count * tick, 4); }

std::chrono::sys_days day_of(VenueTime time) {
  return std::chrono::sys_days{std::chrono::floor<days>(std::chrono::nanoseconds{nanoseconds_of(time)})};
}
VenueTime at_settlement(std::chrono::sys_days day) {
  return from_nanoseconds<VenueTime>(nanoseconds{day.time_since_epoch()}.count()) + hours{8};
}
std::chrono::sys_days last_friday(std::chrono::year_month month) {
  return std::chrono::sys_days{month / std::chrono::Friday[std::chrono::last]};
}

/// The nearest price of the option grid on one side. The tick is that of the price itself.
double option_price_at_most(double price) {
  const double tick = SyntheticMarket::option_tick(price);
  return on_tick(std::floor(price / tick + 1e-6), tick);
}
double option_price_at_least(double price) {
  const double tick = SyntheticMarket::option_tick(price);
  return on_tick(std::ceil(price / tick - 1e-6), tick);
}

/// 5JUN26, as in instrument names.
std::string expiry_label(VenueTime expiry) {
  constexpr std::array<const char*, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  const std::chrono::year_month_day date{day_of(expiry)};
  const int year = static_cast<int>(date.year()) % 100;
  return std::to_string(static_cast<unsigned>(date.day())) + kMonths[static_cast<unsigned>(date.month()) - 1] +
         (year < 10 ? "0" : "") + std::to_string(year);
}

/// Total implied variance of a surface SVI (Gatheral and Jacquier 2014): free of butterfly and calendar arbitrage for the
/// parameters used here, since kCurvature (1 + |skew|) <= 2.
double implied_vol(const MarketUnderlying& underlying, double years, double log_moneyness) {
  constexpr double kDecayYears = 0.15;
  constexpr double kCurvature = 1.1;
  const UnderlyingConfig& config = underlying.config;
  const double at_the_money = underlying.vol_level * (config.long_vol_ratio + (config.short_vol_ratio - config.long_vol_ratio) *
                                                                                  std::exp(-years / kDecayYears));
  const double theta = at_the_money * at_the_money * years;
  const double x = kCurvature / std::sqrt(theta * (1 + theta)) * log_moneyness;
  const double rho = config.skew;
  const double variance = theta / 2 * (1 + rho * x + std::sqrt((x + rho) * (x + rho) + 1 - rho * rho));
  return std::sqrt(variance / years);
}

struct Priced {
  double price_coins = 0;
  Black76Greeks greeks;
};

Priced price_option(const MarketInstrument& instrument, double years, double vol) {
  const auto priced = black76({.right = instrument.right,
                               .forward = instrument.forward_usd,
                               .strike = instrument.strike_usd,
                               .to_expiry = YearFraction::from_years(years),
                               .vol = Vol::from_fraction(vol)});
  if (!priced) return {};
  return {priced.value().price / instrument.forward_usd, priced.value()};
}

/// The vol at which the option costs `price_coins`, in percent on the venue's grid; 0 where no vol reaches it.
double implied_vol_percent(const MarketInstrument& instrument, double years, double price_coins, double guess) {
  double low = 0.01;
  double high = 9.99;
  if (price_option(instrument, years, high).price_coins < price_coins) return 0;
  if (price_option(instrument, years, low).price_coins >= price_coins) return 0;
  double vol = std::clamp(guess, low, high);
  for (int i = 0; i < 40; ++i) {
    const Priced priced = price_option(instrument, years, vol);
    const double miss = priced.price_coins - price_coins;
    (miss > 0 ? high : low) = vol;
    const double slope = priced.greeks.vega / instrument.forward_usd;
    const double newton = vol - miss / slope;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::abs(next - vol) < 1e-6) break;
    vol = next;
  }
  return round_decimals(vol * 100, 2);
}

std::string lower_letters(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

std::vector<UnderlyingConfig> default_underlyings() {
  return {{.currency = "BTC", .index_usd = 96'000},
          {.currency = "ETH",
           .index_usd = 3'400,
           .volatility_ratio = 0.65,
           .carry_per_year_ratio = 0.05,
           .short_vol_ratio = 0.68,
           .long_vol_ratio = 0.6,
           .skew = -0.2,
           .perpetual_tick_usd = 0.05,
           .future_tick_usd = 0.25,
           .perpetual_contract_usd = 1,
           .strike_step_usd = 25,
           .option_lot_coins = 1}};
}

std::vector<LevelChange> side_changes(const std::vector<BookLevel>& before, const std::vector<BookLevel>& after) {
  std::vector<LevelChange> changes;
  const auto at = [](const std::vector<BookLevel>& levels, double price) {
    return std::find_if(levels.begin(), levels.end(), [&](const BookLevel& level) { return level.price == price; });
  };
  for (const BookLevel& level : after) {
    const auto old = at(before, level.price);
    if (old == before.end()) {
      changes.push_back({LevelAction::New, level.price, level.amount});
    } else if (old->amount != level.amount) {
      changes.push_back({LevelAction::Change, level.price, level.amount});
    }
  }
  for (const BookLevel& level : before)
    if (at(after, level.price) == after.end()) changes.push_back({LevelAction::Delete, level.price, 0});
  return changes;
}

}  // namespace

std::vector<LevelChange> level_changes(const std::vector<BookLevel>& before, const std::vector<BookLevel>& after) {
  return side_changes(before, after);
}

SyntheticMarket::SyntheticMarket(SyntheticMarketConfig config)
    : config_{std::move(config)}, random_{config_.seed}, now_{config_.start} {
  if (config_.underlyings.empty()) config_.underlyings = default_underlyings();
  for (UnderlyingConfig& coin : config_.underlyings) {
    coin.jumps_per_day += config_.jumps_per_day;
    MarketUnderlying underlying{.config = coin};
    underlying.index_name = lower_letters(coin.currency) + "_usd";
    underlying.index_usd = coin.index_usd;
    underlying.index_high_usd = underlying.index_low_usd = underlying.index_open_usd = coin.index_usd;
    underlying.carry = coin.carry_per_year_ratio;
    underlyings_.push_back(std::move(underlying));
  }
  for (const StablecoinConfig& coin : config_.stablecoins)
    stablecoins_.push_back(
        {.currency = coin.currency, .index_name = lower_letters(coin.currency) + "_usd", .price_usd = coin.price_usd});
  for (std::size_t i = 0; i < underlyings_.size(); ++i) paths_.emplace_back(config_.seed * 1'000'003 + i + 1);
  shocked_.assign(underlyings_.size(), false);
  restressed_.assign(underlyings_.size(), false);
  for (std::size_t i = 0; i < underlyings_.size(); ++i) {
    const UnderlyingConfig& coin = underlyings_[i].config;
    perpetuals_.push_back(instruments_.size());
    list({.name = coin.currency + "-PERPETUAL",
          .underlying = i,
          .kind = ContractKind::Perpetual,
          .settlement_period = "perpetual",
          .contract_size = coin.perpetual_contract_usd,
          .tick = coin.perpetual_tick_usd,
          .lot = coin.perpetual_contract_usd},
         nullptr);
    list_series(i, nullptr);
  }
}

std::optional<std::size_t> SyntheticMarket::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional{found->second};
}

double SyntheticMarket::years_to(VenueTime expiry) const {
  // Whole minutes, as the venue prices; never quite zero while the instrument is listed.
  const double minutes = std::round(std::chrono::duration<double>(expiry - now_).count() / 60);
  return std::max(minutes, 1.0) * 60 / kSecondsPerYear;
}

double SyntheticMarket::future_price(const MarketUnderlying& underlying, VenueTime expiry) const {
  return round_decimals(underlying.index_usd * std::exp(underlying.carry * years_to(expiry)), 2);
}

void SyntheticMarket::list(MarketInstrument instrument, MarketChanges* changes) {
  if (by_name_.contains(instrument.name)) return;
  instrument.instrument_id = next_instrument_id_++;
  instrument.created = now_;
  instrument.change_id = next_change_id_ += 17;
  const std::size_t index = instruments_.size();
  by_name_.emplace(instrument.name, index);
  instruments_.push_back(std::move(instrument));
  MarketInstrument& listed = instruments_.back();
  mark(listed);
  const double coins = random_.uniform(20, 4'000);
  listed.open_interest = listed.kind == ContractKind::Option
                             ? round_to(coins, listed.lot)
                             : round_to(coins * 100 * listed.index_usd / 100, listed.contract_size) * 2;
  listed.settlement_price = round_decimals(listed.mark_price, listed.kind == ContractKind::Option ? 6 : 2);
  listed.last_price = listed.kind == ContractKind::Option
                          ? on_tick(std::floor(listed.mark_price / option_tick(listed.mark_price)), option_tick(listed.mark_price))
                          : on_tick(std::round(listed.mark_price / listed.tick), listed.tick);
  listed.day_high = listed.day_low = listed.last_price;
  requote(index, nullptr);
  if (changes != nullptr) {
    changes->states.push_back(index);
    changes->marked.push_back(index);
  }
}

void SyntheticMarket::list_series(std::size_t underlying, MarketChanges* changes) {
  using std::chrono::months;
  struct Wanted {
    std::string_view period;
    bool future = false;
  };
  std::map<std::chrono::sys_days, Wanted> wanted;
  std::chrono::sys_days first = day_of(now_);
  if (at_settlement(first) <= now_) first += days{1};
  for (int i = 0; i < 3; ++i) wanted[first + days{i}] = {"day", false};
  const auto friday = first + (std::chrono::Friday - std::chrono::weekday{first});
  wanted[friday] = {"week", true};
  wanted[friday + days{7}] = {"week", false};
  const std::chrono::year_month_day today{first};
  std::chrono::year_month month{today.year(), today.month()};
  int monthly = 0;
  int quarterly = 0;
  for (; quarterly < 2; month += months{1}) {
    const auto expiry = last_friday(month);
    if (at_settlement(expiry) <= now_) continue;
    const bool quarter = static_cast<unsigned>(month.month()) % 3 == 0;
    if (monthly < 2 || quarter) wanted[expiry] = {"month", monthly < 1 || quarter};
    ++monthly;
    if (quarter) ++quarterly;
  }
  for (const auto& [day, what] : wanted) list_expiry(underlying, at_settlement(day), what.period, what.future, changes);
}

void SyntheticMarket::list_expiry(std::size_t underlying, VenueTime expiry, std::string_view period, bool with_future,
                                  MarketChanges* changes) {
  const UnderlyingConfig coin = underlyings_[underlying].config;
  const std::string series = coin.currency + "-" + expiry_label(expiry);
  if (with_future)
    list({.name = series,
          .underlying = underlying,
          .kind = ContractKind::Future,
          .expiry = expiry,
          .settlement_period = std::string{period},
          .contract_size = coin.perpetual_contract_usd,
          .tick = coin.future_tick_usd,
          .lot = coin.perpetual_contract_usd},
         changes);
  const double tenor_days = years_to(expiry) * 365;
  const double step = coin.strike_step_usd * (tenor_days < 2 ? 1 : tenor_days < 9 ? 2 : tenor_days < 45 ? 4 : 10);
  const double centre = round_to(underlyings_[underlying].index_usd, step);
  for (int i = -config_.strikes_per_side; i <= config_.strikes_per_side; ++i) {
    const double strike = centre + i * step;
    if (!(strike > 0)) continue;
    for (const OptionRight right : {OptionRight::Call, OptionRight::Put})
      list({.name = series + "-" + std::to_string(std::lround(strike)) + (right == OptionRight::Call ? "-C" : "-P"),
            .underlying = underlying,
            .kind = ContractKind::Option,
            .right = right,
            .strike_usd = strike,
            .expiry = expiry,
            .settlement_period = std::string{period},
            .contract_size = 1,
            .tick = 0.0001,
            .lot = coin.option_lot_coins},
           changes);
  }
}

void SyntheticMarket::mark(MarketInstrument& instrument) {
  instrument.marked = now_;
  instrument.index_usd = round_decimals(underlyings_[instrument.underlying].index_usd, 2);
  if (instrument.kind == ContractKind::Option) {
    mark_option(instrument);
  } else {
    mark_future(instrument);
  }
}

void SyntheticMarket::mark_future(MarketInstrument& instrument) {
  const MarketUnderlying& underlying = underlyings_[instrument.underlying];
  instrument.mark_price =
      instrument.kind == ContractKind::Perpetual
          ? round_decimals(underlying.index_usd * (1 + underlying.perpetual_premium + underlying.stress_premium), 2)
          : future_price(underlying, instrument.expiry);
}

void SyntheticMarket::mark_option(MarketInstrument& instrument) {
  const MarketUnderlying& underlying = underlyings_[instrument.underlying];
  const double years = years_to(instrument.expiry);
  const std::string series = underlying.config.currency + "-" + expiry_label(instrument.expiry);
  instrument.forward_name = by_name_.contains(series) ? series : "SYN." + series;
  instrument.forward_usd = future_price(underlying, instrument.expiry);
  const double log_moneyness = std::log(instrument.strike_usd / instrument.forward_usd);
  instrument.mark_vol_percent = round_decimals(implied_vol(underlying, years, log_moneyness) * 100, 2);
  const Priced priced = price_option(instrument, years, instrument.mark_vol_percent / 100);
  instrument.mark_price = priced.price_coins;
  const double theta_per_day = std::abs(priced.greeks.theta) / 365 * std::min(1.0, years * 365);
  instrument.greeks = {.delta = round_decimals(priced.greeks.delta, 5),
                       .gamma = round_decimals(priced.greeks.gamma, 5),
                       .vega = round_decimals(priced.greeks.vega / 100, 5),
                       .theta = round_decimals(-std::min(theta_per_day, priced.price_coins * instrument.forward_usd), 5),
                       // K N(d2) of a call is F delta - price, and the same expression is -K N(-d2) of a put.
                       .rho = round_decimals(years * instrument.forward_usd * (priced.greeks.delta - priced.price_coins) / 100, 5)};
}

double SyntheticMarket::level_amount(const MarketInstrument& instrument, const std::vector<BookLevel>& before, double price) {
  const auto old = std::find_if(before.begin(), before.end(), [&](const BookLevel& level) { return level.price == price; });
  // What was offered before a stress began or ended is gone.
  const bool kept = old != before.end() && !restressed_[instrument.underlying];
  if (kept && !random_.chance(0.12)) return old->amount;
  const double divisor = underlyings_[instrument.underlying].stress.depth_divisor;
  if (instrument.kind == ContractKind::Option)
    return round_decimals(std::max(1.0, std::round(random_.uniform(1, 60) / divisor)) * instrument.lot, 4);
  const double usd = 500 * std::exp(random_.uniform(0, 6.5)) / divisor;
  return std::max(1.0, std::round(usd / instrument.contract_size)) * instrument.contract_size;
}

void SyntheticMarket::quote_future(const MarketInstrument& instrument, std::vector<BookLevel>& bids, std::vector<BookLevel>& asks) {
  const bool perpetual = instrument.kind == ContractKind::Perpetual;
  const int depth = perpetual ? 20 : 10;
  const double half_spread = perpetual ? instrument.tick / 2 : instrument.tick;
  double best_bid = std::floor((instrument.mark_price - half_spread / 2) / instrument.tick);
  double best_ask = std::max(best_bid + 1, std::ceil((instrument.mark_price + half_spread / 2) / instrument.tick));
  const double wider = (best_ask - best_bid) * (underlyings_[instrument.underlying].stress.spread_multiple - 1);
  best_bid -= std::floor(wider / 2);
  best_ask += std::ceil(wider / 2);
  double offset = 0;
  for (int i = 0; i < depth; ++i) {
    const double bid = on_tick(best_bid - offset, instrument.tick);
    const double ask = on_tick(best_ask + offset, instrument.tick);
    bids.push_back({bid, level_amount(instrument, instrument.bids, bid)});
    asks.push_back({ask, level_amount(instrument, instrument.asks, ask)});
    offset += 1 + std::floor(i / 2.0);
  }
}

void SyntheticMarket::quote_option(const MarketInstrument& instrument, std::vector<BookLevel>& bids, std::vector<BookLevel>& asks) {
  constexpr int kDepth = 5;
  const double years = years_to(instrument.expiry);
  const double vol = instrument.mark_vol_percent / 100;
  const double wing = std::abs(std::log(instrument.strike_usd / instrument.forward_usd)) / (vol * std::sqrt(years));
  const double multiple = underlyings_[instrument.underlying].stress.spread_multiple;
  const double half_spread_vol = std::min((0.004 + 0.006 * wing) * multiple, vol / 2);
  const double low = price_option(instrument, years, vol - half_spread_vol).price_coins;
  const double high = price_option(instrument, years, vol + half_spread_vol).price_coins;
  double bid = option_price_at_most(low);
  double ask = std::max({option_price_at_least(high), 0.0001, option_price_at_least(bid + option_tick(bid))});
  for (int i = 0; i < kDepth && bid > 0; ++i) {
    bids.push_back({bid, level_amount(instrument, instrument.bids, bid)});
    bid = option_price_at_most(bid - option_tick(bid) * (1 + i));
  }
  for (int i = 0; i < kDepth; ++i) {
    asks.push_back({ask, level_amount(instrument, instrument.asks, ask)});
    ask = option_price_at_least(ask + option_tick(ask) * (1 + i));
  }
}

void SyntheticMarket::requote(std::size_t index, MarketChanges* changes) {
  std::vector<BookLevel> bids;
  std::vector<BookLevel> asks;
  if (instruments_[index].kind == ContractKind::Option) {
    quote_option(instruments_[index], bids, asks);
  } else {
    quote_future(instruments_[index], bids, asks);
  }
  replace_book(index, std::move(bids), std::move(asks), changes);
}

void SyntheticMarket::replace_book(std::size_t index, std::vector<BookLevel> bids, std::vector<BookLevel> asks,
                                   MarketChanges* changes) {
  MarketInstrument& instrument = instruments_[index];
  BookChange change{.instrument = index,
                    .previous_change_id = instrument.change_id,
                    .bids = level_changes(instrument.bids, bids),
                    .asks = level_changes(instrument.asks, asks)};
  if (change.bids.empty() && change.asks.empty()) return;
  const auto top = [](const std::vector<BookLevel>& levels) { return levels.empty() ? BookLevel{} : levels.front(); };
  change.top_changed = top(instrument.bids) != top(bids) || top(instrument.asks) != top(asks);
  instrument.bids = std::move(bids);
  instrument.asks = std::move(asks);
  instrument.change_id = next_change_id_ += 1 + static_cast<std::int64_t>(random_.index(40));
  change.change_id = instrument.change_id;
  if (instrument.kind == ContractKind::Option && change.top_changed) {
    const double years = years_to(instrument.expiry);
    const double guess = instrument.mark_vol_percent / 100;
    instrument.bid_vol_percent =
        instrument.bids.empty() ? 0 : implied_vol_percent(instrument, years, instrument.bids.front().price, guess);
    instrument.ask_vol_percent =
        instrument.asks.empty() ? 0 : implied_vol_percent(instrument, years, instrument.asks.front().price, guess);
  }
  if (changes != nullptr) changes->books.push_back(std::move(change));
}

std::optional<double> SyntheticMarket::stablecoin_index(std::string_view index_name) const {
  for (const MarketStablecoin& coin : stablecoins_) {
    if (coin.index_name == index_name) return coin.price_usd;
    for (const MarketUnderlying& underlying : underlyings_)
      if (lower_letters(underlying.config.currency + '_' + coin.currency) == index_name)
        return underlying.index_usd / coin.price_usd;
  }
  return std::nullopt;
}

void SyntheticMarket::shock_index(std::size_t underlying, double ratio) {
  underlyings_[underlying].index_usd *= 1 + ratio;
  shocked_[underlying] = true;
}

void SyntheticMarket::shock_vol(std::size_t underlying, double ratio) {
  underlyings_[underlying].vol_level *= 1 + ratio;
  shocked_[underlying] = true;
}

void SyntheticMarket::stress(std::size_t underlying, const MarketStress& stress) {
  underlyings_[underlying].stress = stress;
  shocked_[underlying] = true;
  restressed_[underlying] = true;
}

void SyntheticMarket::submit(std::size_t instrument, bool buy, double amount) { orders_.push_back({instrument, buy, amount}); }

void SyntheticMarket::move_underlying(MarketUnderlying& underlying) {
  Random& path = paths_[static_cast<std::size_t>(&underlying - underlyings_.data())];
  const double seconds = std::chrono::duration<double>(config_.step).count();
  const double years = seconds / kSecondsPerYear;
  const UnderlyingConfig& config = underlying.config;
  // What was told to be accruing has accrued until now, at the index of then.
  underlying.interest_value += underlying.current_funding * seconds / 28'800;
  underlying.funding_coins_per_usd += underlying.current_funding * seconds / 28'800 / underlying.index_usd;
  const double sd = config.volatility_ratio * std::sqrt(years);
  double log_return = sd * path.normal() - sd * sd / 2;
  if (config.jumps_per_day > 0 && path.chance(config.jumps_per_day * seconds / 86'400)) {
    log_return += config.jump_size_ratio * path.normal();
    shocked_[static_cast<std::size_t>(&underlying - underlyings_.data())] = true;
  }
  underlying.index_usd *= std::exp(log_return);
  underlying.index_high_usd = std::max(underlying.index_high_usd, underlying.index_usd);
  underlying.index_low_usd = std::min(underlying.index_low_usd, underlying.index_usd);
  // Vol rises when the index falls; premium and carry come back to their means.
  underlying.vol_level *= std::exp(-0.8 * log_return + 0.00002 * path.normal());
  underlying.vol_level += (1 - underlying.vol_level) * seconds / 14'400;
  underlying.perpetual_premium +=
      (0.0001 - underlying.perpetual_premium) * seconds / 600 + 0.000015 * std::sqrt(seconds) * path.normal();
  underlying.carry +=
      (config.carry_per_year_ratio - underlying.carry) * seconds / 7'200 + 0.0001 * std::sqrt(seconds) * path.normal();
  underlying.stress_premium = underlying.stress.basis_ratio;
  // Only a market under stress draws, so that a calm one does not depend on whether there is such a thing.
  if (underlying.stress.basis_noise_ratio > 0) underlying.stress_premium += underlying.stress.basis_noise_ratio * random_.normal();
  const double dead_band = 0.00025;
  const double premium = underlying.perpetual_premium + underlying.stress_premium;
  underlying.current_funding = std::max(dead_band, premium) + std::min(-dead_band, premium);
  underlying.funding_8h += (underlying.current_funding - underlying.funding_8h) * seconds / 28'800;
  const VenueTime settlement = at_settlement(day_of(now_));
  if (now_ > settlement - kAveragingWindow && now_ <= settlement) {
    underlying.average_sum += underlying.index_usd;
    ++underlying.average_count;
  }
}

void SyntheticMarket::expire(MarketChanges& changes) {
  bool any = false;
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    MarketInstrument& instrument = instruments_[i];
    if (instrument.kind == ContractKind::Perpetual || instrument.state == ListingState::Delivered || instrument.expiry > now_)
      continue;
    // One step in settlement, then delivered.
    const bool settled = instrument.state == ListingState::Settlement;
    if (!settled) {
      MarketUnderlying& underlying = underlyings_[instrument.underlying];
      if (underlying.average_count > 0)
        underlying.delivery_price = round_decimals(underlying.average_sum / static_cast<double>(underlying.average_count), 2);
      if (!(underlying.delivery_price > 0)) underlying.delivery_price = round_decimals(underlying.index_usd, 2);
    }
    instrument.state = settled ? ListingState::Delivered : ListingState::Settlement;
    instrument.marked = now_;
    changes.states.push_back(i);
    if (settled) {
      instrument.bids.clear();
      instrument.asks.clear();
      changes.expired.push_back(i);
      any = true;
    }
  }
  if (!any) return;
  for (std::size_t i = 0; i < underlyings_.size(); ++i) {
    underlyings_[i].average_sum = 0;
    underlyings_[i].average_count = 0;
    list_series(i, &changes);
  }
}

void SyntheticMarket::execute(const Order& order, bool own, MarketChanges& changes) {
  const MarketInstrument& instrument = instruments_[order.instrument];
  if (instrument.state != ListingState::Open) return;
  std::vector<BookLevel> bids = instrument.bids;
  std::vector<BookLevel> asks = instrument.asks;
  std::vector<BookLevel>& side = order.buy ? asks : bids;
  double left = order.amount;
  while (left > 1e-9 && !side.empty()) {
    BookLevel& best = side.front();
    const double amount = std::min(left, best.amount);
    MarketInstrument& traded = instruments_[order.instrument];
    MarketTrade trade{.instrument = order.instrument,
                      .price = best.price,
                      .amount = round_decimals(amount, 4),
                      .taker_buys = order.buy,
                      .trade_seq = ++traded.trade_seq,
                      .trade_id = ++next_trade_id_,
                      .mark_price = traded.mark_price,
                      .index_usd = traded.index_usd,
                      .vol_percent = order.buy ? traded.ask_vol_percent : traded.bid_vol_percent,
                      .tick_direction = best.price > traded.last_price   ? 0
                                        : best.price < traded.last_price ? 2
                                        : order.buy                      ? 1
                                                                         : 3,
                      .own = own,
                      .time = now_};
    traded.last_price = best.price;
    traded.day_high = std::max(traded.day_high, best.price);
    traded.day_low = std::min(traded.day_low, best.price);
    const bool option = traded.kind == ContractKind::Option;
    const double usd = option ? trade.amount * trade.price * trade.index_usd : trade.amount;
    traded.day_volume_coins += option ? trade.amount : trade.amount / trade.price;
    traded.day_volume_usd += usd;
    changes.trades.push_back(trade);
    left -= amount;
    best.amount = round_decimals(best.amount - amount, 4);
    if (!(best.amount > 0)) side.erase(side.begin());
  }
  replace_book(order.instrument, std::move(bids), std::move(asks), &changes);
}

void SyntheticMarket::trade_at_random(MarketChanges& changes) {
  for (std::size_t i = 0; i < underlyings_.size(); ++i) {
    if (random_.chance(0.25)) {
      const MarketInstrument& perpetual = instruments_[perpetuals_[i]];
      const double contracts = std::ceil(50 * std::exp(random_.uniform(0, 5)) / perpetual.contract_size);
      execute({perpetuals_[i], random_.chance(0.5), contracts * perpetual.contract_size}, false, changes);
    }
    if (random_.chance(0.08)) {
      const std::size_t index = random_.index(instruments_.size());
      const MarketInstrument& instrument = instruments_[index];
      if (instrument.underlying != i || instrument.kind == ContractKind::Perpetual) continue;
      const double lots = 1 + static_cast<double>(random_.index(20));
      execute({index, random_.chance(0.5), round_decimals(lots * instrument.lot, 4)}, false, changes);
    }
  }
}

void SyntheticMarket::step(MarketChanges& changes) {
  changes.clear();
  now_ += config_.step;
  ++steps_;
  for (MarketUnderlying& underlying : underlyings_) move_underlying(underlying);
  expire(changes);
  for (const Order& order : std::exchange(orders_, {})) execute(order, true, changes);
  trade_at_random(changes);
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    MarketInstrument& instrument = instruments_[i];
    if (instrument.state != ListingState::Open) continue;
    const bool due = instrument.kind != ContractKind::Option || (i + steps_) % kOptionTurns == 0 || shocked_[instrument.underlying];
    if (!due) continue;
    mark(instrument);
    if (instrument.kind != ContractKind::Option || random_.chance(0.6) || shocked_[instrument.underlying]) requote(i, &changes);
    changes.marked.push_back(i);
  }
  shocked_.assign(underlyings_.size(), false);
  restressed_.assign(underlyings_.size(), false);
}

}  // namespace hedgewatch::simulator
