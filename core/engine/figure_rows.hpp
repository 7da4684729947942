#pragma once

#include <array>
#include <string_view>

#include "core/hedge/hedge_relationship.hpp"
#include "core/instrument/contract.hpp"
#include "core/metric/figure_table.hpp"
#include "core/portfolio/account.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/instrument_valuation.hpp"

/// Which rows of the figure table belong to one thing, and how its estimates get there. Names live in the catalogue only.
namespace hedgewatch {

/// Writes estimates into the table at one moment.
class Publisher {
 public:
  Publisher(FigureTable& table, MonoTime now) : table_{&table}, now_{now} {}

  /// Does nothing for kNoRow.
  void publish(RowId row, const Estimate& estimate) const { publish(row, estimate.value, estimate.quality); }
  void publish(RowId row, double value, const Quality& quality) const {
    if (row == kNoRow) return;
    const MonoTime as_of = quality.as_of() == MonoTime::max() ? now_ : quality.as_of();
    if (quality.ok())
      table_->set(row, value, as_of);
    else if (quality.state() == FigureState::Stale)
      table_->set_stale(row, as_of, quality.reason());
    else
      table_->set_unknown(row, quality.reason());
  }
  [[nodiscard]] MonoTime now() const { return now_; }

 private:
  FigureTable* table_;
  MonoTime now_;
};

/// Seconds from then to now.
[[nodiscard]] double seconds_between(MonoTime then, MonoTime now);

struct InstrumentRows {
  RowId mark_price = kNoRow;
  RowId mark_vol = kNoRow;
  RowId pricing_vol = kNoRow;
  RowId vol_source = kNoRow;
  RowId forward = kNoRow;
  RowId forward_source = kNoRow;
  RowId delta = kNoRow;
  RowId gamma = kNoRow;
  RowId vega = kNoRow;
  RowId theta = kNoRow;
  RowId rho = kNoRow;
  RowId vanna = kNoRow;
  RowId volga = kNoRow;
  RowId charm = kNoRow;
  RowId data_age = kNoRow;
  RowId spread = kNoRow;  ///< kNoRow unless the order book is followed

  /// Futures and spot have a mark and an age only.
  static InstrumentRows add(FigureTable& table, std::string_view venue, const Contract& contract, bool follows_book);
  /// The rows that publish() writes.
  [[nodiscard]] std::array<RowId, 14> valued() const {
    return {mark_price, mark_vol, pricing_vol, vol_source, forward, forward_source, delta,
            gamma,      vega,     theta,       rho,        vanna,   volga,          charm};
  }
  void publish(const Publisher& out, const InstrumentValuation& valuation) const;
  void publish_age(const Publisher& out, const InstrumentMarket& market) const;
  /// `book` may be null: none was ever sent. `quality` judges the age of its newest change.
  void publish_spread(const Publisher& out, const OrderBook* book, const Quality& quality) const;
};

struct PositionRows {
  RowId size = kNoRow;
  RowId notional = kNoRow;
  RowId profit = kNoRow;
  RowId delta = kNoRow;

  static PositionRows add(FigureTable& table, std::string_view book, std::string_view venue, std::string_view instrument);
  void publish_size(const Publisher& out, const SizedPosition& position) const {
    out.publish(size, position.size, position.quality);
  }
  void publish_delta(const Publisher& out, const PositionRisk& risk, bool expired) const;
  /// What depends on the index.
  void publish_dollars(const Publisher& out, const PositionRisk& risk, const Estimate& index_price) const;
};

struct BookRows {
  std::array<RowId, kDeltaViews.size()> delta_coins{};
  std::array<RowId, kDeltaViews.size()> delta_usd{};
  RowId value = kNoRow;
  RowId gamma_coins = kNoRow;
  RowId gamma_usd = kNoRow;
  RowId vega = kNoRow;
  RowId theta = kNoRow;
  RowId rho = kNoRow;
  RowId vanna = kNoRow;
  RowId volga = kNoRow;
  RowId charm = kNoRow;
  RowId delta_low = kNoRow;
  RowId delta_high = kNoRow;
  RowId coverage = kNoRow;
  RowId fallback_positions = kNoRow;

  /// Without equity there is no with_equity view to be missed.
  static BookRows add(FigureTable& table, std::string_view book, std::string_view underlying, bool has_equity);
  void publish(const Publisher& out, const BookExposure& exposure) const;
};

struct HedgeRows {
  RowId item = kNoRow;
  RowId legs = kNoRow;
  RowId net_coins = kNoRow;
  RowId net_usd = kNoRow;
  RowId ratio = kNoRow;
  RowId target = kNoRow;
  RowId over = kNoRow;
  RowId under = kNoRow;
  RowId wrong_way = kNoRow;
  RowId neutrality_delta = kNoRow;
  RowId neutrality_gamma = kNoRow;
  RowId neutrality_vega = kNoRow;
  RowId usage_delta = kNoRow;
  RowId limit_soft = kNoRow;
  RowId limit_hard = kNoRow;
  RowId usage_gamma = kNoRow;  ///< only with a limit
  RowId usage_vega = kNoRow;   ///< only with a limit

  static HedgeRows add(FigureTable& table, const HedgeSetup& setup);
  void publish(const Publisher& out, const HedgeSetup& setup, const HedgeFigures& figures) const;
};

struct AccountRows {
  RowId equity_usd = kNoRow;
  RowId margin_balance = kNoRow;
  RowId balance = kNoRow;
  RowId initial_margin_ratio = kNoRow;
  RowId maintenance_margin_ratio = kNoRow;

  static AccountRows add(FigureTable& table, std::string_view account, std::string_view venue, std::string_view asset);
  void publish(const Publisher& out, const AccountSummary& summary, const Quality& quality, const Estimate& index_price) const;
};

struct FeedRows {
  RowId live = kNoRow;
  RowId market_data_age = kNoRow;

  /// A connection that carries no market data has no age of it either.
  static FeedRows add(FigureTable& table, std::string_view venue, std::string_view connection, bool carries_market_data);
  void publish(const Publisher& out, const Feeds::Connection& connection) const;
};

}  // namespace hedgewatch
