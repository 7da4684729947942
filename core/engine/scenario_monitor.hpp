#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/risk/scenario_grid.hpp"

namespace hedgewatch {

/// The grid of every book and underlying, when the setup has one. Each is made anew about once a second of the engine's time, in
/// pieces: a bounded number of holdings read or option prices made a cycle. A grid is published whole or not at all.
class ScenarioMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct Grid {
    std::vector<RowId> rows;  ///< parallel to the cells
    RowId worst_loss = kNoRow;
    std::vector<double> profits_usd;
    Quality quality = Quality::unknown(FigureReason::WarmingUp);
    Quality published;
    MonoTime due{};

    void visit_state(auto& archive) { archive(rows, worst_loss, profits_usd, quality, published, due); }
  };

  void begin(const DeskView& view);
  void gather(const DeskView& view);
  void finish(const DeskView& view, const Publisher& out);
  static void publish(const Publisher& out, Grid& grid, const Quality& now);

  ScenarioRun run_;
  std::vector<ScenarioCell> cells_;
  std::vector<Grid> grids_;           ///< parallel to the desk's exposures
  std::uint32_t current_ = kNoPlace;  ///< the exposure that is being repriced
  std::uint32_t next_ = 0;
  std::uint32_t holding_ = 0;  ///< the next one to be read
  std::uint32_t end_holding_ = 0;
  Quality gathered_;
};

}  // namespace hedgewatch
