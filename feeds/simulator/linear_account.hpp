#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/simulator/linear_terms.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/synthetic_account.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

struct LinearAccountConfig {
  std::uint64_t seed = 1;
  double futures_cash_usd = 6'000'000;
  double options_cash_usd = 6'000'000;
  /// Straddles sold at the start in each coin, in USD of underlying.
  double straddle_usd = 2'400'000;
  double option_fills_per_minute = 4;
  /// The account buys or sells perpetuals when a coin's delta is worth more than this share of its cash.
  double hedge_band_ratio = 0.004;
};

/// One line of a dollar-settled account.
struct LinearPosition {
  double size_coins = 0;         ///< signed, long is positive
  double average_price_usd = 0;  ///< of the open size
  double realized_usd = 0;       ///< by what was closed, before fees
  double fees_usd = 0;
  double funding_usd = 0;  ///< received, negative when paid
  VenueTime opened{};
  VenueTime updated{};
};

/// A fill of the account.
struct LinearFill {
  std::size_t instrument = 0;
  std::int64_t trade_id = 0;
  bool buys = true;
  double size_coins = 0;  ///< positive
  double price_usd = 0;
  double fee_usd = 0;
  double profit_usd = 0;    ///< realised by what it closed
  double closed_coins = 0;  ///< of size_coins, what made a position smaller
  double mark_usd = 0;
  double index_usd = 0;
  double vol_percent = 0;  ///< options
  VenueTime time{};
};

/// A payment of funding: positive is received.
struct LinearFunding {
  std::size_t instrument = 0;
  double size_coins = 0;  ///< signed, of the position that paid or received
  double mark_usd = 0;
  double rate = 0;
  double amount_usd = 0;
  VenueTime time{};
};

/// What a step did to the account.
struct LinearChanges {
  std::vector<LinearFill> fills = {};
  std::vector<LinearFunding> funding = {};
  std::vector<std::size_t> delivered = {};  ///< lines that expired and are gone
  [[nodiscard]] bool any() const { return !fills.empty() || !funding.empty() || !delivered.empty(); }
  void clear() {
    fills.clear();
    funding.clear();
    delivered.clear();
  }
};

/// The account's stand in dollars. Futures and options have a purse each; a venue with one account adds them.
struct LinearTotals {
  double futures_cash = 0;    ///< with realised profit, fees and funding
  double options_cash = 0;    ///< with premiums and fees
  double futures_profit = 0;  ///< unrealised
  double options_value = 0;   ///< at marks
  double options_profit = 0;  ///< unrealised, within options_value
  double futures_initial_margin = 0;
  double futures_maintenance_margin = 0;
  double options_initial_margin = 0;
  double options_maintenance_margin = 0;
  double realized = 0;  ///< of everything so far, before fees and funding

  [[nodiscard]] double wallet() const { return futures_cash + options_cash; }
  [[nodiscard]] double margin_balance() const { return wallet() + futures_profit; }
  [[nodiscard]] double equity() const { return margin_balance() + options_value; }
  [[nodiscard]] double initial_margin() const { return futures_initial_margin + options_initial_margin; }
  [[nodiscard]] double maintenance_margin() const { return futures_maintenance_margin + options_maintenance_margin; }
};

/// Sums over the lines of one coin, in coins and dollars.
struct LinearGreeks {
  double options_delta = 0;  ///< Black-76 on the forward
  double options_gamma = 0;  ///< per USD
  double options_vega = 0;   ///< USD per vol point
  double options_theta = 0;  ///< USD per day
  double futures_delta = 0;  ///< coins
  [[nodiscard]] double delta() const { return options_delta + futures_delta; }
};

/// A private dollar-settled account beside a market: sold straddles with long wings, hedged by the linear perpetual, small random
/// fills, funding every eight hours. Pure and seeded. Its orders go through the market's books and are rounded to the lot.
class LinearAccount {
 public:
  LinearAccount(LinearAccountConfig config, const SyntheticMarket& market);

  /// Takes in what a step of the market changed; may submit orders that the next step fills. `changes` is cleared first.
  void step(SyntheticMarket& market, const MarketChanges& market_changes, LinearChanges& changes);

  /// Keyed by the market's instrument index; only lines that are not flat.
  [[nodiscard]] const std::map<std::size_t, LinearPosition>& positions() const { return positions_; }
  /// A position that came to nothing in the last step is still told of there: flat, with what it realised. Null when there is none.
  [[nodiscard]] const LinearPosition* last_of(std::size_t instrument) const;
  [[nodiscard]] const LinearGrid& grid(std::size_t underlying) const { return grids_[underlying]; }

  [[nodiscard]] LinearTotals totals(const SyntheticMarket& market) const;
  [[nodiscard]] LinearGreeks greeks(const SyntheticMarket& market, std::size_t underlying) const;

  /// Dollars of margin that one line needs: 2 % and 1 % of a future, a sold option's as SyntheticAccount's times the forward.
  [[nodiscard]] static SyntheticAccount::Margin margin(const MarketInstrument& instrument, double size_coins);
  /// Unrealised, at the mark.
  [[nodiscard]] static double profit(const MarketInstrument& instrument, const LinearPosition& position);

 private:
  void open(const SyntheticMarket& market, std::size_t instrument, double size_coins);
  void apply(const SyntheticMarket& market, const MarketTrade& trade, LinearChanges& changes);
  void pay_funding(const SyntheticMarket& market, LinearChanges& changes);
  void deliver(const SyntheticMarket& market, std::size_t instrument, LinearChanges& changes);
  void hedge(SyntheticMarket& market, std::size_t underlying);
  void trade_at_random(SyntheticMarket& market, std::size_t underlying);

  LinearAccountConfig config_;
  Random random_;
  std::vector<LinearGrid> grids_;
  double futures_cash_ = 0;
  double options_cash_ = 0;
  double realized_ = 0;
  VenueTime next_funding_{};
  std::vector<VenueTime> last_hedge_;
  std::map<std::size_t, LinearPosition> positions_;
  std::map<std::size_t, LinearPosition> closed_;  ///< came to nothing in the last step
};

}  // namespace hedgewatch::simulator
