#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

struct SyntheticAccountConfig {
  std::uint64_t seed = 1;
  /// How many notional USD of each coin the account starts with, as cash in that coin.
  double cash_usd = 9'600'000;
  /// Straddles sold at the start, in USD of underlying.
  double straddle_usd = 2'400'000;
  double option_fills_per_minute = 4;
  /// Cash in each stablecoin of the market, in coins.
  double stablecoin_cash = 0;
  /// The account buys or sells perpetuals when its net transaction delta is beyond this share of its cash.
  double hedge_band_ratio = 0.006;
};

/// One line of the account. Sizes are signed and in the venue's unit: USD for futures, coin for options.
struct AccountPosition {
  double size = 0;
  double average_price = 0;      ///< of the open size; harmonic for futures
  double average_price_usd = 0;  ///< options
  double session_price = 0;      ///< what the session's profit is counted from: entry, or the last settlement
  double realized_coins = 0;
  double realized_funding_coins = 0;
};

/// What the venue says of one coin's account, in coin unless named.
struct AccountSummary {
  double balance = 0;
  double equity = 0;          ///< balance + futures' session profit + value of the options
  double margin_balance = 0;  ///< equity - value of the options (segregated standard margin)
  double initial_margin = 0;
  double maintenance_margin = 0;
  double futures_session_upl = 0;
  double futures_session_rpl = 0;
  double futures_pl = 0;
  double options_pl = 0;
  double options_value = 0;
  double options_delta = 0;  ///< Black-Scholes
  double options_gamma = 0;  ///< per USD
  double options_vega = 0;   ///< USD per vol point
  double options_theta = 0;  ///< USD per day
  double futures_delta = 0;  ///< USD size over mark price
  double delta_total = 0;    ///< net transaction delta: options_delta - options_value + futures_delta
};

/// A fill of the account and the position after it.
struct AccountFill {
  MarketTrade trade = {};
  double fee_coins = 0;
  double profit_coins = 0;  ///< realised by what it closed
};

/// A line that an account starts with.
struct OpeningLine {
  std::size_t instrument = 0;
  double size = 0;  ///< signed, coin
};

/// Short straddles at the money and long wings, in two expiries one to eight weeks out. Pure.
[[nodiscard]] std::vector<OpeningLine> opening_options(const SyntheticMarket& market, std::size_t underlying, double straddle_usd);

/// A private account beside a market: sold straddles with long wings, hedged by the perpetual, small random fills. Pure and seeded.
class SyntheticAccount {
 public:
  SyntheticAccount(SyntheticAccountConfig config, const SyntheticMarket& market);

  /// Takes in what a step of the market changed; may submit orders that the next step fills. `fills` is cleared first.
  void step(SyntheticMarket& market, const MarketChanges& changes, std::vector<AccountFill>& fills);

  /// Keyed by the market's instrument index; only lines that are not flat.
  [[nodiscard]] const std::map<std::size_t, AccountPosition>& positions() const { return positions_; }
  [[nodiscard]] AccountSummary summary(const SyntheticMarket& market, std::size_t underlying) const;
  /// Of every stablecoin: it holds cash and nothing else.
  [[nodiscard]] AccountSummary stablecoin_summary() const {
    return {.balance = config_.stablecoin_cash, .equity = config_.stablecoin_cash, .margin_balance = config_.stablecoin_cash};
  }

  /// Coins that come from outside, or go there.
  void transfer(std::size_t underlying, double coins) { cash_[underlying].balance += coins; }

  /// Coins of margin that one line needs, standard margining.
  struct Margin {
    double initial = 0;
    double maintenance = 0;
  };
  [[nodiscard]] static Margin margin(const MarketInstrument& instrument, double size);

 private:
  struct Cash {
    double balance = 0;
    double session_realized = 0;
  };
  AccountFill apply(const SyntheticMarket& market, const MarketTrade& trade);
  void settle(const SyntheticMarket& market);
  void deliver(const SyntheticMarket& market, std::size_t instrument);
  void hedge(SyntheticMarket& market, std::size_t underlying);
  void trade_at_random(SyntheticMarket& market, std::size_t underlying);
  void open(const SyntheticMarket& market, std::size_t instrument, double size);

  SyntheticAccountConfig config_;
  Random random_;
  std::vector<Cash> cash_;
  std::vector<VenueTime> last_hedge_;
  std::map<std::size_t, AccountPosition> positions_;
  std::vector<double> funding_seen_;
  std::int64_t settlement_day_ = 0;
};

}  // namespace hedgewatch::simulator
