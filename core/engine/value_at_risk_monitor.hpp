#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/risk/return_window.hpp"
#include "core/risk/scenario_grid.hpp"
#include "core/risk/value_at_risk.hpp"

namespace hedgewatch {

/// Value at risk and expected shortfall of every book and underlying by historical simulation: the book of now repriced in full at
/// the remembered returns of its index. Made anew about every ten seconds of the engine's time, a bounded number of prices a cycle.
/// Returns are remembered by book and underlying across changes of structure.
class ValueAtRiskMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  static constexpr std::size_t kMethods = 2;  ///< full repricing, delta-gamma
  struct Tail {
    double confidence = 0;
    std::array<RowId, kMethods> value_at_risk{kNoRow, kNoRow};
    std::array<RowId, kMethods> expected_shortfall{kNoRow, kNoRow};
    std::array<TailLoss, kMethods> losses{};
    std::array<Quality, kMethods> quality{Quality::unknown(FigureReason::WarmingUp), Quality::unknown(FigureReason::WarmingUp)};
  };
  struct Book {
    std::string name;  ///< of book and underlying
    ReturnWindow returns{std::chrono::nanoseconds{1}, 1};
    std::vector<Tail> tails{};
    RowId count = kNoRow;
    Quality published = Quality::unknown(FigureReason::WarmingUp);  ///< no verdict on inputs is this one
    MonoTime due{};

    void visit_state(auto& archive) { archive(name, returns, tails, count, published, due); }
  };

  void begin(const DeskView& view);
  void gather(const DeskView& view);
  void finish(const DeskView& view, const Publisher& out);
  static void publish(const Publisher& out, Book& book, const Quality& now);

  ScenarioRun run_;
  std::vector<Book> books_;  ///< parallel to the desk's exposures
  std::vector<ScenarioCell> cells_;
  std::vector<double> losses_;
  std::uint32_t current_ = kNoPlace;
  std::uint32_t next_ = 0;
  std::uint32_t holding_ = 0;
  std::uint32_t end_holding_ = 0;
  double delta_usd_ = 0;
  double gamma_usd_per_percent_ = 0;
  Quality gathered_;
};

}  // namespace hedgewatch
