#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/simulator/random.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// Binance's markets, each with hosts, paths and shapes of its own.
enum class BinanceProduct : std::uint8_t { Spot, UsdMargined, CoinMargined, Options };

/// An instrument of the synthetic market as one of Binance's markets shows it. A perpetual is shown by three of them.
struct BinanceInstrument {
  BinanceProduct product = BinanceProduct::Spot;
  std::size_t source = 0;    ///< the market's instrument; of a spot pair its coin's perpetual
  std::string symbol = {};   ///< BTCUSDT, BTCUSDT_261225, BTCUSD_PERP, BTC-261225-105000-C
  std::string pair = {};     ///< BTCUSDT, BTCUSD
  double tick = 0;           ///< USD
  double step = 0;           ///< coins; contracts where the margin is coin
  double contract_size = 1;  ///< dollars a contract where the margin is coin: 100 of bitcoin, 10 of every other
  int price_decimals = 2;    ///< as written
  int size_decimals = 3;
};

/// A book as its stream tells it. Numbers rise by more than one from change to change, as they do at the venue.
struct BinanceBook {
  std::vector<BookLevel> bids = {};  ///< best first, USD and coins or contracts
  std::vector<BookLevel> asks = {};
  std::uint64_t first = 0;     ///< of the latest change
  std::uint64_t last = 0;      ///< of the latest change: what a snapshot ends with
  std::uint64_t previous = 0;  ///< what the change before it ended with
  VenueTime changed{};         ///< when it last changed
  bool top_changed = false;    ///< with the latest change
  std::vector<LevelChange> bid_changes = {};
  std::vector<LevelChange> ask_changes = {};
};

/// What an option's stream of marks says of it: Black-Scholes on the index at the rate that is told beside it.
struct BinanceMark {
  double index_usd = 0;
  double rate = 0;  ///< continuous, per year
  double vol_fraction = 0;
  double price_usd = 0;
  double delta = 0;
  double gamma = 0;  ///< per USD
  double vega = 0;   ///< USD per vol point
  double theta = 0;  ///< USD per day
};

/// The synthetic market in Binance's names, units and grids. Weekly futures have no counterpart and are left out.
class BinanceListing {
 public:
  explicit BinanceListing(const SyntheticMarket& market);

  /// Takes in a step of the market: new listings, and the books that somebody has looked at.
  void step();

  [[nodiscard]] const std::vector<BinanceInstrument>& instruments() const { return instruments_; }
  [[nodiscard]] std::optional<std::size_t> find(BinanceProduct product, std::string_view symbol) const;
  /// What a market shows of an instrument of the synthetic one; nothing where it has no counterpart.
  [[nodiscard]] std::optional<std::size_t> of_source(BinanceProduct product, std::size_t source) const;
  [[nodiscard]] const MarketInstrument& source(std::size_t instrument) const {
    return market_.instruments()[instruments_[instrument].source];
  }
  [[nodiscard]] bool is_open(std::size_t instrument) const { return source(instrument).state == ListingState::Open; }
  /// The coin whose pair this is (BTCUSDT, BTCUSD).
  [[nodiscard]] std::optional<std::size_t> underlying_of(std::string_view pair) const;

  /// Is kept up from the first call on.
  [[nodiscard]] const BinanceBook& book(std::size_t instrument);
  /// The book changed in the step that was taken last.
  [[nodiscard]] bool changed(const BinanceBook& book) const { return book.changed == market_.now(); }

  /// Of an option, now.
  [[nodiscard]] BinanceMark mark(const MarketInstrument& option) const;
  /// A price of the market in the instrument's own: an option's coin price on the index at its marking.
  [[nodiscard]] double price_usd(const BinanceInstrument& instrument, double price) const;
  /// An amount of the market in coins or contracts on the grid, at least one step.
  [[nodiscard]] double size(const BinanceInstrument& instrument, double amount, double price) const;

 private:
  void list_new();
  void add(BinanceInstrument instrument);
  [[nodiscard]] std::vector<BookLevel> levels(const BinanceInstrument& instrument, bool bids) const;
  void update(std::size_t instrument, BinanceBook& book);

  const SyntheticMarket& market_;
  Random random_;
  std::size_t seen_ = 0;  ///< of the market's instruments
  std::vector<BinanceInstrument> instruments_;
  std::map<std::pair<BinanceProduct, std::string>, std::size_t, std::less<>> by_symbol_;
  std::map<std::pair<BinanceProduct, std::size_t>, std::size_t> by_source_;
  std::map<std::size_t, BinanceBook> books_;
};

}  // namespace hedgewatch::simulator
