#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/bybit/symbols.hpp"
#include "feeds/simulator/linear_account.hpp"
#include "feeds/simulator/linear_terms.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// Something that Bybit lists: an instrument of the market in one of the venue's categories.
struct BybitProduct {
  bybit::Category category = bybit::Category::Linear;
  std::size_t instrument = 0;  ///< the coin's perpetual where it is a spot pair
};

/// Names and values of an object whose values are texts, in the venue's order.
using BybitFields = std::vector<std::pair<std::string_view, std::string>>;
[[nodiscard]] std::string fields_text(const BybitFields& fields);
/// What became different, behind the symbol; the symbol alone when nothing did. Both hold the same names.
[[nodiscard]] BybitFields changed_fields(const BybitFields& before, const BybitFields& after);

/// A market's and an account's numbers in Bybit's fields and units: numbers are texts, linear sizes and options are coins, inverse
/// sizes dollars; the empty text and "0" where the venue has them.
class BybitText {
 public:
  /// What a USDT is worth in the account's dollars.
  static constexpr double kTetherUsd = 0.9996;

  explicit BybitText(const SyntheticMarket& market);

  /// BTCUSDT, BTCUSDT-25DEC26, BTCUSD, BTC-25DEC26-95000-C-USDT. Nothing for what was never listed.
  [[nodiscard]] std::optional<BybitProduct> find(bybit::Category category, std::string_view symbol) const;
  [[nodiscard]] std::string symbol(const BybitProduct& product) const;
  /// All that the category lists at present, in order of listing.
  [[nodiscard]] std::vector<BybitProduct> listed(bybit::Category category) const;
  [[nodiscard]] const MarketInstrument& instrument(const BybitProduct& product) const {
    return market_.instruments()[product.instrument];
  }
  [[nodiscard]] const MarketUnderlying& underlying(const BybitProduct& product) const {
    return market_.underlyings()[instrument(product).underlying];
  }
  [[nodiscard]] const LinearGrid& grid(const BybitProduct& product) const { return grids_[instrument(product).underlying]; }

  // ---- market data

  [[nodiscard]] SpotBook book(const BybitProduct& product) const;
  /// The fields of a ticker topic.
  [[nodiscard]] BybitFields ticker(const BybitProduct& product) const;
  /// The same by the call market/tickers, which names an option's quotes otherwise.
  [[nodiscard]] BybitFields ticker_reply(const BybitProduct& product) const;
  [[nodiscard]] std::string listing(const BybitProduct& product) const;
  /// Nothing where the trade is less than a lot there.
  [[nodiscard]] std::optional<std::string> trade(const BybitProduct& product, const MarketTrade& trade,
                                                 std::uint64_t sequence) const;

  // ---- the account; `event`: as a topic has it, else as a call

  [[nodiscard]] std::string position(const BybitProduct& product, const LinearPosition& position, std::string_view status,
                                     std::uint64_t sequence, bool event) const;
  [[nodiscard]] std::string wallet(const LinearAccount& account) const;
  [[nodiscard]] std::string execution(const LinearFill& fill, std::uint64_t sequence) const;
  [[nodiscard]] std::string funding(const LinearFunding& funding, std::uint64_t sequence) const;
  /// An expired line: size and price are what was delivered.
  [[nodiscard]] std::string delivery(std::size_t instrument, const LinearPosition& line, std::uint64_t sequence) const;
  [[nodiscard]] std::string greeks(const LinearAccount& account, std::size_t underlying) const;
  /// Where the account holds an instrument.
  [[nodiscard]] BybitProduct held(std::size_t instrument) const;

 private:
  [[nodiscard]] BybitFields future_ticker(const BybitProduct& product) const;
  [[nodiscard]] BybitFields option_ticker(const BybitProduct& product) const;
  [[nodiscard]] BybitFields spot_ticker(const BybitProduct& product) const;

  const SyntheticMarket& market_;
  std::vector<LinearGrid> grids_;
};

/// The shortest text of a number without exponent: 3, 0.25.
[[nodiscard]] std::string decimal_text(double value);
/// Rounded to so many decimals, then the shortest.
[[nodiscard]] std::string rounded_text(double value, int decimals);

}  // namespace hedgewatch::simulator
