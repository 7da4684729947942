#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/synthetic_account.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// Writes a synthetic market and account the way OKX does: names, contracts instead of coins and dollars, every number a text, the
/// empty text where there is none. The order of keys varies from object to object, as on the real wire; the seed decides how.
class OkxText {
 public:
  OkxText(const SyntheticMarket& market, std::uint64_t seed, bool vary) : market_{market}, random_{seed ^ 0x0C4}, vary_{vary} {}

  // ---- names and units

  /// BTC-USD-SWAP, BTC-USD-261225, BTC-USD-261225-95000-C
  [[nodiscard]] std::string name(const MarketInstrument& instrument) const;
  /// SWAP, FUTURES, OPTION
  [[nodiscard]] static std::string_view type(const MarketInstrument& instrument);
  /// BTC-USD: both the family and the index.
  [[nodiscard]] std::string family(std::size_t underlying) const;
  /// ctVal: the face value of one contract, in dollars or coins.
  [[nodiscard]] double contract_value(const MarketInstrument& instrument) const;
  /// ctMult: what the face value is multiplied by.
  [[nodiscard]] double multiplier(const MarketInstrument& instrument) const;
  [[nodiscard]] double contracts(const MarketInstrument& instrument, double size) const;
  /// An option's mark in coin at the exact time left, as this venue values it; a future's as the market has it.
  [[nodiscard]] double mark(const MarketInstrument& instrument) const;

  // ---- rows of market data

  [[nodiscard]] std::string instrument(const MarketInstrument& instrument);
  [[nodiscard]] std::string ticker(const MarketInstrument& instrument);
  [[nodiscard]] std::string best_prices(const MarketInstrument& instrument);
  /// At most `depth` levels of each side. `previous`: the predecessor's number, -1 for a snapshot; absent where the channel has
  /// none.
  [[nodiscard]] std::string book(const MarketInstrument& instrument, std::size_t depth, std::optional<std::int64_t> previous);
  [[nodiscard]] std::string book_change(const BookChange& change);
  /// Says only that nothing has changed.
  [[nodiscard]] std::string book_unchanged(const MarketInstrument& instrument);
  [[nodiscard]] std::string trade(const MarketTrade& trade);
  [[nodiscard]] std::string mark_price(const MarketInstrument& instrument);
  /// `pair` such as BTC-USD.
  [[nodiscard]] std::string index(std::string_view pair, double price);
  [[nodiscard]] std::string option_summary(const MarketInstrument& instrument);
  [[nodiscard]] std::string funding_rate(const MarketInstrument& perpetual);
  [[nodiscard]] std::string open_interest(const MarketInstrument& instrument);
  /// `state`: ongoing or completed.
  [[nodiscard]] std::string status(std::string_view state);

  // ---- rows of the account, whose margin is each currency's own (futures mode)

  [[nodiscard]] std::string position(std::size_t instrument, const AccountPosition& held);
  /// What an event says of a position that is gone: most fields are empty.
  [[nodiscard]] std::string closed_position(std::size_t instrument);
  /// The whole account with the details of these coins.
  [[nodiscard]] std::string account(const SyntheticAccount& account, const std::vector<std::size_t>& underlyings);
  [[nodiscard]] std::string greeks(const SyntheticAccount& account, std::size_t underlying);
  [[nodiscard]] std::string order(const AccountFill& fill);
  /// `cause` such as filled, delivered, liquidation, adl; `instruments` and `underlyings` are what changed.
  [[nodiscard]] std::string balance_and_position(std::string_view cause, const SyntheticAccount& account,
                                                 const std::vector<std::size_t>& instruments,
                                                 const std::vector<std::size_t>& underlyings);
  [[nodiscard]] std::string liquidation_warning(std::size_t instrument, const AccountPosition& held);

 private:
  struct Greeks;
  [[nodiscard]] std::string done(const JsonObject& object);
  [[nodiscard]] std::string now() const;
  [[nodiscard]] Greeks greeks_of(const MarketInstrument& instrument) const;
  [[nodiscard]] std::string levels(const MarketInstrument& instrument, const std::vector<BookLevel>& levels, std::size_t depth);
  [[nodiscard]] std::string changed_levels(const MarketInstrument& instrument, const std::vector<LevelChange>& changes);
  [[nodiscard]] std::string position_id(const MarketInstrument& instrument) const;
  [[nodiscard]] JsonObject position_head(std::size_t index, double contracts);

  const SyntheticMarket& market_;
  Random random_;
  bool vary_;
};

}  // namespace hedgewatch::simulator
