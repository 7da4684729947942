#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument/contract.hpp"
#include "core/types/time.hpp"
#include "feeds/simulator/random.hpp"

namespace hedgewatch::simulator {

/// One coin of the seeded world.
struct UnderlyingConfig {
  std::string currency = {};           ///< BTC, ETH
  double index_usd = 0;                ///< where its spot index starts
  double volatility_ratio = 0.5;       ///< of the index path, per square root of a year
  double jumps_per_day = 0;            ///< Poisson rate of jumps
  double jump_size_ratio = 0.01;       ///< standard deviation of a jump's log size
  double carry_per_year_ratio = 0.06;  ///< of the dated futures over the index
  double short_vol_ratio = 0.52;       ///< at-the-money implied vol at the short end
  double long_vol_ratio = 0.46;        ///< and at the long end
  double skew = -0.25;                 ///< correlation parameter of the smile, in (-1, 1); negative: puts are dearer
  double perpetual_tick_usd = 0.5;
  double future_tick_usd = 2.5;
  double perpetual_contract_usd = 10;
  double strike_step_usd = 500;  ///< in the nearest expiries; wider further out
  double option_lot_coins = 0.1;
};

/// A coin that is meant to be worth a dollar. Its price stands still until a drill moves it.
struct StablecoinConfig {
  std::string currency = {};  ///< USDC
  double price_usd = 1;
};

struct SyntheticMarketConfig {
  std::uint64_t seed = 1;
  VenueTime start{};
  std::chrono::milliseconds step{100};
  int strikes_per_side = 8;
  double jumps_per_day = 0;                        ///< added to each underlying's own
  std::vector<UnderlyingConfig> underlyings = {};  ///< empty: BTC and ETH
  std::vector<StablecoinConfig> stablecoins = {};
};

/// How a market in trouble differs from the seeded one. The defaults are no trouble.
struct MarketStress {
  double spread_multiple = 1;    ///< of every book's inner spread; at least 1
  double depth_divisor = 1;      ///< of every level's amount, down to one contract or lot; at least 1
  double basis_ratio = 0;        ///< added to the perpetual's premium over the index
  double basis_noise_ratio = 0;  ///< standard deviation of an independent part of that premium, drawn anew each step
};

struct BookLevel {
  double price = 0;
  double amount = 0;
  friend bool operator==(const BookLevel&, const BookLevel&) = default;
};

enum class LevelAction : std::uint8_t { New, Change, Delete };

struct LevelChange {
  LevelAction action = LevelAction::New;
  double price = 0;
  double amount = 0;  ///< absolute; 0 with Delete
};

/// What turns `before` into `after`; both best first.
[[nodiscard]] std::vector<LevelChange> level_changes(const std::vector<BookLevel>& before, const std::vector<BookLevel>& after);

/// Published Greeks in the venue's units and rounding.
struct VenueGreeks {
  double delta = 0;  ///< Black-76 on the forward, per coin
  double gamma = 0;  ///< per USD, on a grid of 1e-5
  double vega = 0;   ///< USD per vol point
  double theta = 0;  ///< USD per day, capped at what is left of the premium
  double rho = 0;    ///< USD per 1 % of rate
};

enum class ListingState : std::uint8_t { Open, Settlement, Delivered };

/// An instrument and everything that is quoted about it.
struct MarketInstrument {
  std::string name = {};
  std::size_t underlying = 0;
  ContractKind kind = ContractKind::Option;
  OptionRight right = OptionRight::Call;
  double strike_usd = 0;
  VenueTime expiry{};
  VenueTime created{};
  std::string settlement_period = {};  ///< day, week, month, perpetual
  double contract_size = 1;            ///< USD for futures, coin for options
  double tick = 0;
  double lot = 0;
  std::int64_t instrument_id = 0;
  ListingState state = ListingState::Open;

  double index_usd = 0;    ///< at the last marking
  double forward_usd = 0;  ///< options: forward of the expiry, on a cent grid
  std::string forward_name = {};
  double mark_price = 0;        ///< unrounded; coin for options
  double mark_vol_percent = 0;  ///< on the venue's grid of 0.01
  double bid_vol_percent = 0;   ///< 0 where nobody bids
  double ask_vol_percent = 0;
  VenueGreeks greeks = {};
  std::vector<BookLevel> bids = {};  ///< best first
  std::vector<BookLevel> asks = {};
  std::int64_t change_id = 0;
  std::int64_t trade_seq = 0;
  double last_price = 0;  ///< 0: never traded
  double open_interest = 0;
  double day_high = 0;
  double day_low = 0;
  double day_volume_coins = 0;
  double day_volume_usd = 0;
  double settlement_price = 0;
  VenueTime marked{};  ///< when the fields above were last set
};
[[nodiscard]] inline bool is_option(const MarketInstrument& instrument) { return instrument.kind == ContractKind::Option; }

/// State of one coin.
struct MarketUnderlying {
  UnderlyingConfig config = {};
  std::string index_name = {};  ///< btc_usd
  double index_usd = 0;
  double index_high_usd = 0;
  double index_low_usd = 0;
  double index_open_usd = 0;
  double vol_level = 1;          ///< factor on the whole vol surface
  double perpetual_premium = 0;  ///< ratio over the index, in a calm market
  MarketStress stress = {};
  double stress_premium = 0;   ///< comes on top of perpetual_premium
  double carry = 0;            ///< per year, now
  double current_funding = 0;  ///< ratio per 8 h
  double funding_8h = 0;
  double interest_value = 0;         ///< funding a long has paid since the start, ratio
  double funding_coins_per_usd = 0;  ///< the same in coin per dollar of size
  double delivery_price = 0;         ///< average index of the last half hour before the latest 08:00 UTC; 0 before the first
  double average_sum = 0;            ///< of the index inside the running half hour
  std::size_t average_count = 0;
};

/// State of one stablecoin. The coins' indices in it follow from its price: btc_usdc is btc_usd over usdc_usd.
struct MarketStablecoin {
  std::string currency = {};
  std::string index_name = {};  ///< usdc_usd
  double price_usd = 1;
};

struct MarketTrade {
  std::size_t instrument = 0;
  double price = 0;
  double amount = 0;
  bool taker_buys = true;
  std::int64_t trade_seq = 0;
  std::int64_t trade_id = 0;
  double mark_price = 0;
  double index_usd = 0;
  double vol_percent = 0;  ///< options
  int tick_direction = 0;
  bool own = false;  ///< it fills an order that was submitted
  VenueTime time{};
};

struct BookChange {
  std::size_t instrument = 0;
  std::int64_t change_id = 0;
  std::int64_t previous_change_id = 0;
  bool top_changed = false;
  std::vector<LevelChange> bids = {};
  std::vector<LevelChange> asks = {};
};

/// What one step changed. Instruments are indices into SyntheticMarket::instruments().
struct MarketChanges {
  std::vector<std::size_t> marked = {};
  std::vector<BookChange> books = {};
  std::vector<MarketTrade> trades = {};
  std::vector<std::size_t> states = {};   ///< listed, in settlement or delivered
  std::vector<std::size_t> expired = {};  ///< delivered in this step, for the account's sake
  void clear() {
    marked.clear();
    books.clear();
    trades.clear();
    states.clear();
    expired.clear();
  }
};

/// A whole venue's market from a seed: index (geometric Brownian motion with jumps), perpetual with funding, dated futures with
/// carry, an arbitrage-free option surface, order books and trades. Pure: the same configuration gives the same steps.
/// Prices obey the venue's rules: option marks are Black-76 on the published forward and vol, per coin; time to expiry is
/// rounded to whole minutes; quotes lie on the tick grid and books never cross.
class SyntheticMarket {
 public:
  explicit SyntheticMarket(SyntheticMarketConfig config);

  /// Advances by one step of configuration().step. `changes` is cleared first.
  void step(MarketChanges& changes);

  [[nodiscard]] VenueTime now() const { return now_; }
  [[nodiscard]] const SyntheticMarketConfig& configuration() const { return config_; }
  [[nodiscard]] const std::vector<MarketUnderlying>& underlyings() const { return underlyings_; }
  [[nodiscard]] const std::vector<MarketStablecoin>& stablecoins() const { return stablecoins_; }
  /// The price of usdc_usd, or of a coin in a stablecoin such as btc_usdc; nothing for another name.
  [[nodiscard]] std::optional<double> stablecoin_index(std::string_view index_name) const;
  /// Listed and delivered ones alike; indices stay.
  [[nodiscard]] const std::vector<MarketInstrument>& instruments() const { return instruments_; }
  /// Nothing for a name never listed.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] std::size_t perpetual_of(std::size_t underlying) const { return perpetuals_[underlying]; }

  /// Moves an index by a ratio at the next step (a drill: -0.05 is a fall of five per cent).
  void shock_index(std::size_t underlying, double ratio);
  /// Moves a stablecoin against the dollar at once.
  void shock_stablecoin(std::size_t stablecoin, double ratio) { stablecoins_[stablecoin].price_usd *= 1 + ratio; }
  /// Scales the whole vol surface of an underlying at the next step.
  void shock_vol(std::size_t underlying, double ratio);
  /// Puts the whole market of an underlying under stress from the next step on, or ends it.
  void stress(std::size_t underlying, const MarketStress& stress);
  /// A taker's order. The next step executes it against the book, level by level; its trades are marked `own`.
  /// What the book cannot fill is cancelled.
  void submit(std::size_t instrument, bool buy, double amount);

  /// The option tick at a price, in coin.
  [[nodiscard]] static double option_tick(double price) { return price > kOptionTickStepAt ? 0.0005 : 0.0001; }
  static constexpr double kOptionTickStepAt = 0.005;

 private:
  struct Order {
    std::size_t instrument = 0;
    bool buy = true;
    double amount = 0;
  };

  void list_series(std::size_t underlying, MarketChanges* changes);
  void list_expiry(std::size_t underlying, VenueTime expiry, std::string_view period, bool with_future, MarketChanges* changes);
  void list(MarketInstrument instrument, MarketChanges* changes);
  void expire(MarketChanges& changes);
  void move_underlying(MarketUnderlying& underlying);
  void mark(MarketInstrument& instrument);
  void mark_future(MarketInstrument& instrument);
  void mark_option(MarketInstrument& instrument);
  void requote(std::size_t index, MarketChanges* changes);
  void quote_future(const MarketInstrument& instrument, std::vector<BookLevel>& bids, std::vector<BookLevel>& asks);
  void quote_option(const MarketInstrument& instrument, std::vector<BookLevel>& bids, std::vector<BookLevel>& asks);
  void replace_book(std::size_t index, std::vector<BookLevel> bids, std::vector<BookLevel> asks, MarketChanges* changes);
  [[nodiscard]] double level_amount(const MarketInstrument& instrument, const std::vector<BookLevel>& before, double price);
  void trade_at_random(MarketChanges& changes);
  void execute(const Order& order, bool own, MarketChanges& changes);
  [[nodiscard]] double future_price(const MarketUnderlying& underlying, VenueTime expiry) const;
  [[nodiscard]] double years_to(VenueTime expiry) const;

  SyntheticMarketConfig config_;
  Random random_;              ///< of books and trades
  std::vector<Random> paths_;  ///< per underlying, of index, vol level, premium and carry: the same whoever trades
  VenueTime now_{};
  std::uint64_t steps_ = 0;
  std::int64_t next_instrument_id_ = 300'001;
  std::int64_t next_change_id_ = 71'000'000'000;
  std::int64_t next_trade_id_ = 310'000'000;
  std::vector<MarketUnderlying> underlyings_;
  std::vector<MarketStablecoin> stablecoins_;
  std::vector<MarketInstrument> instruments_;
  std::vector<std::size_t> perpetuals_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<bool> shocked_;     ///< per underlying: everything is marked anew at the next step
  std::vector<bool> restressed_;  ///< per underlying: and nothing that was offered stays
  std::vector<Order> orders_;
};

}  // namespace hedgewatch::simulator
