#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/binance_listing.hpp"
#include "feeds/simulator/linear_account.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// Coin-margined futures that the account holds throughout, beside its dollar-settled lines.
struct BinanceCoinPosition {
  double contracts = 0;  ///< signed
  double entry_price = 0;
  double wallet_coins = 0;
};

/// Writes a synthetic market and a dollar-settled account the way Binance does: numbers as texts, ids and times as numbers.
class BinanceText {
 public:
  BinanceText(const SyntheticMarket& market, BinanceListing& listing, const LinearAccount& account);

  // ---- payloads of streams; an instrument is one of the listing's

  [[nodiscard]] std::string book_ticker(std::size_t instrument);
  /// The latest change of the book.
  [[nodiscard]] std::string depth_change(std::size_t instrument);
  [[nodiscard]] std::string best_levels(std::size_t instrument, std::size_t levels);
  [[nodiscard]] std::string mark_price(std::size_t instrument) const;
  [[nodiscard]] std::string trade(std::size_t instrument, const MarketTrade& trade, std::string_view event) const;
  /// The whole chain of a coin.
  [[nodiscard]] std::string option_marks(std::size_t underlying);
  [[nodiscard]] std::string pair_index(std::size_t underlying) const;
  [[nodiscard]] std::string indices() const;

  // ---- bodies of replies

  [[nodiscard]] std::string exchange_info(BinanceProduct product) const;
  [[nodiscard]] std::string depth(std::size_t instrument, std::size_t levels);
  [[nodiscard]] std::string best_quote(std::size_t instrument);
  [[nodiscard]] std::string premium_index(std::size_t instrument) const;
  [[nodiscard]] std::string option_mark_list();
  [[nodiscard]] std::string positions(BinanceProduct product) const;
  [[nodiscard]] std::string account(BinanceProduct product) const;

  // ---- events of the account

  /// USD-margined lines as they are after a change, and the purse. `reason` is ORDER or FUNDING_FEE, which names no position.
  [[nodiscard]] std::string account_update(std::string_view reason, const std::vector<std::size_t>& sources) const;
  /// A fill, of whichever market. `client_id`: whose order it was.
  [[nodiscard]] std::string order_update(const LinearFill& fill, std::string_view client_id) const;
  [[nodiscard]] std::string options_account_update() const;
  [[nodiscard]] std::string options_position_update(const std::vector<std::size_t>& sources) const;
  [[nodiscard]] std::string options_greeks() const;
  [[nodiscard]] std::string margin_call() const;
  [[nodiscard]] std::string risk_level(std::string_view level) const;

  [[nodiscard]] std::int64_t now_ms() const;
  /// Lines of the dollar-settled account that belong to a market.
  [[nodiscard]] bool of_options(std::size_t source) const { return is_option(market_.instruments()[source]); }

 private:
  struct Purse {
    double wallet = 0;
    double profit = 0;         ///< unrealised
    double options_value = 0;  ///< at the marks that are published
    double long_value = 0;     ///< of it, what is held long
    double initial_margin = 0;
    double maintenance_margin = 0;
  };
  [[nodiscard]] Purse purse(BinanceProduct product) const;
  [[nodiscard]] const BinanceInstrument& shown(BinanceProduct product, std::size_t source) const;
  [[nodiscard]] std::string levels(const std::vector<BookLevel>& levels, const BinanceInstrument& instrument,
                                   std::size_t most) const;
  [[nodiscard]] std::string changes(const std::vector<LevelChange>& changes, const BinanceInstrument& instrument) const;
  [[nodiscard]] std::string futures_position(std::size_t source, const LinearPosition& position) const;
  [[nodiscard]] std::string option_position(std::size_t source, const LinearPosition& position) const;
  [[nodiscard]] std::string coin_position(std::size_t underlying) const;
  [[nodiscard]] std::string greek_rows(bool short_names) const;
  [[nodiscard]] double coin_profit(std::size_t underlying) const;

  const SyntheticMarket& market_;
  BinanceListing& listing_;
  const LinearAccount& account_;
  std::vector<BinanceCoinPosition> coin_positions_;  ///< per coin
};

}  // namespace hedgewatch::simulator
