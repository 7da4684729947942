#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/rebalance_monitor.hpp"
#include "core/hedge/hedge_cost.hpp"
#include "core/portfolio/funding.hpp"

namespace hedgewatch {

/// What each hedge has cost since the daemon started, from the fills in its legs and the funding of its perpetuals; for hedges that
/// have a band or a leg whose order book is followed.
class HedgeCostMonitor final : public DeskMonitor {
 public:
  /// `bands` is laid out and ends its cycles before this one, and outlives it.
  explicit HedgeCostMonitor(const RebalanceMonitor& bands) : bands_{&bands} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void renumber_connections(std::span<const ConnectionId> new_of_old) override;
  void visit_state(StateArchive& archive) override;

 private:
  static constexpr std::size_t kRemembered = 16;
  /// An instrument that a fill would hedge with. Its mid at the signal is what fills are measured against.
  struct Leg {
    InstrumentSlot slot = kNoSlot;
    InstrumentId id = kNoInstrument;
    double share = 1;       ///< of the position, and of its fills, that is the hedge's
    double signal_mid = 0;  ///< 0: none
    std::array<std::uint64_t, kRemembered> seen_fills{};
    std::size_t next_seen = 0;
    FundingAccrual funding{Contract{}, FundingSchedule::Continuous};
    Reading funding_rate;
    double funding_booked = 0;  ///< paid per unit that is in the cost already
  };
  struct Learnt {
    std::string name;
    HedgeCost cost;
    DeltaRiskRemoved risk;
    std::uint64_t uncosted_fills = 0;
    MonoTime newest{};  ///< of a fill or a booking; the start before any
    bool begun = false;
    // the bar that is open
    MonoTime bar_end{};
    bool bar_open = false;
    double bar_item = 0;
    double bar_net = 0;
    double bar_price = 0;
    // the signal
    bool signalled = false;
    MonoTime signal_ended{};
    std::vector<Leg> legs;

    void visit_state(auto& archive) {
      archive(name, cost, risk, uncosted_fills, newest, begun, bar_end, bar_open, bar_item, bar_net, bar_price, signalled,
              signal_ended, legs);
    }
  };
  struct Rows {
    std::array<RowId, 5> cost{kNoRow, kNoRow, kNoRow, kNoRow, kNoRow};
    RowId per_sigma = kNoRow;
    RowId per_notional = kNoRow;
    RowId uncosted = kNoRow;
  };

  void take(const DeskView& view, Learnt& hedge, Leg& leg, const Event& event, const Fill& fill) const;
  void follow_signal(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const;
  void book_funding(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const;
  void follow_bars(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const;
  [[nodiscard]] Quality funding_quality(const DeskView& view, std::uint32_t hedge, const Learnt& learnt) const;

  const RebalanceMonitor* bands_;
  std::vector<Learnt> hedges_;
  std::vector<Rows> rows_;
};

}  // namespace hedgewatch
