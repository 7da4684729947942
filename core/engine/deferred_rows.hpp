#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/desk.hpp"
#include "core/engine/figure_rows.hpp"
#include "core/metric/figure_table.hpp"
#include "core/portfolio/portfolio.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/position_risk.hpp"

namespace hedgewatch {

/// What rows are written from. Valid during one call only.
struct DeferredSources {
  const Desk& desk;
  std::span<const Holding> holdings;
  std::span<const PositionRisk> risks;  ///< parallel to the holdings
};

/// Rows of single instruments and positions, some twenty for each option, wait here until somebody reads the table: between two
/// readers a tick that reprices a whole book rewrites none of them. What is written then is what would have been written at once,
/// to the bit. Rows that an alert looks at are written every cycle. Never allocates after lay_out().
class DeferredRows {
 public:
  /// A new structure: nothing waits. `read` tells, by a row's place in the table, which ones alerts look at.
  void lay_out(const Desk& desk, const FigureTable& table, std::span<const std::uint8_t> read);

  /// The instrument was valued anew.
  void defer_instrument(std::uint32_t place, MonoTime now) { instruments_[place] = {now, true}; }
  /// The position's risk was made anew.
  void defer_risk(std::uint32_t holding, MonoTime now) {
    positions_[holding].risk_made = now;
    positions_[holding].risk_waits = true;
  }
  /// The position's dollars are those at this price of its index.
  void defer_dollars(std::uint32_t holding, const Estimate& index_price, MonoTime now) {
    positions_[holding].index_price = index_price;
    positions_[holding].dollars_made = now;
    positions_[holding].dollars_wait = true;
  }

  /// The same unless newer ones already wait.
  void defer_dollars_unless_newer(std::uint32_t holding, const Estimate& index_price, MonoTime now) {
    if (positions_[holding].dollars_made <= now) defer_dollars(holding, index_price, now);
  }

  /// Places whose rows alerts look at.
  [[nodiscard]] std::span<const std::uint32_t> watched_instruments() const { return watched_instruments_; }
  /// Holdings whose rows alerts look at.
  [[nodiscard]] std::span<const std::uint32_t> watched_positions() const { return watched_positions_; }

  /// Writes what waits of the rows that alerts look at.
  void write_watched(const DeferredSources& sources, FigureTable& table);
  /// Writes everything that waits.
  void write_all(const DeferredSources& sources, FigureTable& table);

 private:
  struct Instrument {
    MonoTime made{};
    bool waits = false;
  };
  struct Position {
    Estimate index_price;
    MonoTime dollars_made{};
    MonoTime risk_made{};
    bool dollars_wait = false;
    bool risk_waits = false;
  };

  void write_instrument(const DeferredSources& sources, FigureTable& table, std::uint32_t place);
  void write_position(const DeferredSources& sources, FigureTable& table, std::uint32_t holding);

  std::vector<Instrument> instruments_;  ///< parallel to the desk's tracked instruments
  std::vector<Position> positions_;      ///< parallel to the portfolio's holdings
  std::vector<std::uint32_t> watched_instruments_;
  std::vector<std::uint32_t> watched_positions_;
};

}  // namespace hedgewatch
