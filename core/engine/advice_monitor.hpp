#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/rebalance_monitor.hpp"
#include "core/hedge/advisor.hpp"

namespace hedgewatch {

/// The cheapest trades that would bring each hedge with advice instruments back inside its band and limits. Advice only: nothing in
/// hedgewatch trades. Made anew at once when a position changed, else once a second of the engine's time; one hedge a cycle.
class AdviceMonitor final : public DeskMonitor {
 public:
  /// `bands` is laid out and ends its cycles before this one, and outlives it.
  explicit AdviceMonitor(const RebalanceMonitor& bands) : bands_{&bands} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct Instrument {
    InstrumentSlot slot = kNoSlot;  ///< kNoSlot: not listed
    RowId row = kNoRow;
    double size = 0;  ///< advised, signed
    Quality quality = Quality::unknown(FigureReason::NeverReceived);
  };
  struct State {
    std::vector<Instrument> instruments;  ///< parallel to the setup's advice
    RowId before = kNoRow;
    RowId after = kNoRow;
    RowId cost = kNoRow;
    RowId rank_lost = kNoRow;
    Advice advice;
    bool lost = false;
    Quality quality = Quality::unknown(FigureReason::NeverReceived);
    MonoTime due{};
    double positions = 0;  ///< a sum that changes when a size does
    bool made = false;

    void visit_state(auto& archive) {
      archive(instruments, before, after, cost, rank_lost, advice, lost, quality, due, positions, made);
    }
  };

  void make(const DeskView& view, std::uint32_t hedge, State& state) const;
  [[nodiscard]] Quality tradable_of(const DeskView& view, std::uint32_t hedge, const AdviceInstrument& setup,
                                    const Instrument& instrument, const Estimate& price, Tradable& tradable) const;

  const RebalanceMonitor* bands_;
  std::vector<State> hedges_;
  std::uint32_t next_ = 0;
  mutable AdvisorTask task_;
};

}  // namespace hedgewatch
