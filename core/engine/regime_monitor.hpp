#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/basis_monitor.hpp"
#include "core/engine/hedge_prices.hpp"
#include "core/engine/hour_move_monitor.hpp"
#include "core/hedge/recent_distribution.hpp"
#include "core/hedge/regime.hpp"

namespace hedgewatch {

/// What market each underlying is in, seen through the reference price of the first hedge on it that states its conventions; a
/// hedge by legs of another underlying only where there is no other, and then nothing is said of spread and basis.
class RegimeMonitor final : public DeskMonitor {
 public:
  /// Both are laid out and end their cycles before this one, and outlive it.
  RegimeMonitor(const BasisMonitor& basis, const HourMoveMonitor& hours) : basis_{&basis}, hours_{&hours} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;
  [[nodiscard]] VenueTime next_bar_end(Venue venue) const override;
  void close_bars(const DeskView& view) override;

 private:
  struct Learnt {
    explicit Learnt(const EffectivenessSetup& conventions);
    std::string underlying;
    EffectivenessSetup setup;
    std::uint32_t hedge = 0;
    PairBars bars;
    VolatilitySeries volatility;
    RegimeState regime;
    RecentDistribution spreads;
    MonoTime closed{};
    bool ever_closed = false;

    void visit_state(auto& archive) { archive(hedge, bars, volatility, regime, spreads, closed, ever_closed); }
  };
  struct Rows {
    RowId realised = kNoRow;
    RowId implied = kNoRow;
    RowId premium = kNoRow;
    RowId vol_ratio = kNoRow;
    RowId jump = kNoRow;
    std::array<RowId, kRegimes.size()> regime{kNoRow, kNoRow, kNoRow, kNoRow};
    RowId multiplier = kNoRow;
  };

  [[nodiscard]] bool spread_blown_out(const DeskView& view, Learnt& learnt) const;
  void publish(const DeskView& view, const Publisher& out, const Learnt& learnt, const Rows& rows) const;

  const BasisMonitor* basis_;
  const HourMoveMonitor* hours_;
  std::vector<std::unique_ptr<Learnt>> underlyings_;
  std::vector<Rows> rows_;
};

}  // namespace hedgewatch
