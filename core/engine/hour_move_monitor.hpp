#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/hedge/hour_move.hpp"

namespace hedgewatch {

/// What a one-sigma hour would make of the book of each hedge that has a band or a leg whose order book is followed. Made anew
/// about once a second of the engine's time for each hedge, a bounded number of holdings a cycle; other monitors read it.
class HourMoveMonitor : public DeskMonitor {
 public:
  struct State {
    HourMove move;
    Quality quality = Quality::unknown(FigureReason::NeverReceived);
    double price = 0;                    ///< of the underlying, dollars: the index of the book's parts; 0 when unknown
    double mean_vol = 0;                 ///< weighted by gamma; 0 without options
    double mean_years_to_expiry = 0;     ///< weighted by gamma
    double nearest_years_to_expiry = 0;  ///< of the options that are held; 0 without any
  };

  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

  /// Parallel to the setup's hedges.
  [[nodiscard]] std::span<const State> states() const { return states_; }

 private:
  struct Rows {
    RowId sigma = kNoRow;
    RowId up = kNoRow;
    RowId down = kNoRow;
  };

  void begin(const DeskView& view, std::uint32_t hedge);
  void finish();

  std::vector<State> states_;
  std::vector<Rows> rows_;
  std::vector<MonoTime> due_;
  std::vector<MovedHolding> holdings_;  ///< of the hedge that is being made anew
  std::size_t done_ = 0;
  std::uint32_t hedge_ = 0xFFFFFFFF;  ///< which one that is; kNoPlace: none
  std::uint32_t next_ = 0;
  DeltaView delta_view_ = DeltaView::BlackScholes;
  State working_;
};

/// The holdings of a hedge's book, item and legs together: places in the portfolio's holdings, none while the book is unknown.
struct HoldingRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
[[nodiscard]] HoldingRange holdings_of_hedge(const Desk& desk, std::uint32_t hedge);
/// The holdings of a cross hedge's book in the underlying of its legs; their places in is_leg and shares follow those of the
/// others.
[[nodiscard]] HoldingRange cross_holdings_of_hedge(const Desk& desk, std::uint32_t hedge);

/// The instruments that a hedge's delta can be traded in and whose order books are followed: listed futures, perpetuals and spot
/// among its legs, quoted in dollars.
[[nodiscard]] std::vector<InstrumentSlot> followed_legs(const DeskView& view, const HedgeSetup& hedge);

/// Dollars per coin for a hedge's figures: the index of its book's first part that has one.
[[nodiscard]] Estimate hedge_price(const DeskView& view, std::uint32_t hedge);

}  // namespace hedgewatch
