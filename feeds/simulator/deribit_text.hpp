#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/resting_orders.hpp"
#include "feeds/simulator/synthetic_account.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// Writes a synthetic market and account the way Deribit does: field names, units, rounding, nulls. The order of keys and the
/// form of numbers vary from object to object, as they do on the real wire; the seed decides how.
class DeribitText {
 public:
  DeribitText(const SyntheticMarket& market, std::uint64_t seed, bool vary)
      : market_{market}, random_{seed ^ 0x7E87}, vary_{vary} {}

  [[nodiscard]] std::string instrument(const MarketInstrument& instrument);
  [[nodiscard]] std::string ticker(const MarketInstrument& instrument);
  [[nodiscard]] std::string quote(const MarketInstrument& instrument);
  [[nodiscard]] std::string book_snapshot(const MarketInstrument& instrument);
  [[nodiscard]] std::string book_change(const BookChange& change);
  [[nodiscard]] std::string grouped_book(const MarketInstrument& instrument, std::string_view group, std::size_t depth);
  /// The answer of get_order_book: a ticker with levels.
  [[nodiscard]] std::string order_book(const MarketInstrument& instrument, std::size_t depth);
  [[nodiscard]] std::string book_summary(const MarketInstrument& instrument);
  [[nodiscard]] std::string trade(const MarketTrade& trade);
  [[nodiscard]] std::string price_index(const MarketUnderlying& underlying);
  [[nodiscard]] std::string price_index(std::string_view index_name, double price);
  [[nodiscard]] std::string price_statistics(const MarketUnderlying& underlying);
  [[nodiscard]] std::string volatility_index(const MarketUnderlying& underlying);
  [[nodiscard]] std::string perpetual(const MarketInstrument& instrument);
  /// All options of an underlying that were marked at or after `since`.
  [[nodiscard]] std::string mark_prices(std::size_t underlying, VenueTime since);
  [[nodiscard]] std::string state(const MarketInstrument& instrument);

  /// `subscribed`: as in user.changes, which lacks some fields.
  [[nodiscard]] std::string position(std::size_t instrument, const AccountPosition& position, bool subscribed);
  [[nodiscard]] std::string summary(const SyntheticAccount& account, std::size_t underlying);
  [[nodiscard]] std::string stablecoin_summary(const SyntheticAccount& account, std::size_t stablecoin);
  [[nodiscard]] std::string user_trade(const AccountFill& fill);
  [[nodiscard]] std::string order(const RestingOrder& order);
  /// What happened to the account in one instrument: fills with the position after them, orders that changed.
  [[nodiscard]] std::string user_changes(std::size_t instrument, const std::vector<AccountFill>& fills,
                                         const std::vector<RestingOrder>& orders, const SyntheticAccount& account);

 private:
  [[nodiscard]] std::string summary_text(const AccountSummary& summary, std::string_view currency, std::string_view index_name);
  [[nodiscard]] JsonObject fresh();
  [[nodiscard]] std::string done(const JsonObject& object);
  [[nodiscard]] JsonObject ticker_fields(const MarketInstrument& instrument);
  [[nodiscard]] std::string levels(const std::vector<BookLevel>& levels, std::size_t depth);
  [[nodiscard]] std::int64_t now_ms() const;

  const SyntheticMarket& market_;
  Random random_;
  bool vary_;
};

}  // namespace hedgewatch::simulator
