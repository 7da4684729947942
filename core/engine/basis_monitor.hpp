#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/engine/effectiveness_monitor.hpp"
#include "core/engine/hedge_prices.hpp"
#include "core/hedge/basis.hpp"

namespace hedgewatch {

/// The basis of each hedge's named leg, its funding, and what holding it earns.
class BasisMonitor final : public DeskMonitor {
 public:
  /// `effectiveness` is laid out and ends its cycles before this one, and outlives it.
  explicit BasisMonitor(const EffectivenessMonitor& effectiveness) : effectiveness_{&effectiveness} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void renumber_connections(std::span<const ConnectionId> new_of_old) override;
  void visit_state(StateArchive& archive) override;
  [[nodiscard]] VenueTime next_bar_end(Venue venue) const override;
  void close_bars(const DeskView& view) override;

  /// Whether the newest bar's basis is far outside of what it was before; false for a hedge without conventions.
  [[nodiscard]] bool outlier(std::size_t hedge) const { return hedges_[hedge] && hedges_[hedge]->score.outlier; }

 private:
  struct Learnt {
    explicit Learnt(const EffectivenessSetup& conventions);
    std::string name;
    EffectivenessSetup setup;
    PairBars bars;
    BasisWindow window;
    BasisScore score;
    std::optional<double> reference;
    std::optional<double> leg;
    Reading funding_rate_8h;
    MonoTime closed{};
    bool ever_closed = false;

    void visit_state(auto& archive) { archive(bars, window, score, reference, leg, funding_rate_8h, closed, ever_closed); }
  };
  struct Rows {
    RowId usd = kNoRow;
    RowId ratio = kNoRow;
    RowId annualised = kNoRow;
    RowId zscore = kNoRow;
    RowId outlier = kNoRow;
    RowId volatility = kNoRow;
    RowId funding = kNoRow;
    RowId carry = kNoRow;
    RowId per_sigma = kNoRow;
  };

  void publish(const DeskView& view, const Publisher& out, std::uint32_t hedge) const;
  /// Dollars a day that the position in the leg receives.
  [[nodiscard]] Estimate carry(const DeskView& view, std::uint32_t hedge, const Quality& basis, const Quality& funding) const;

  const EffectivenessMonitor* effectiveness_;
  std::vector<std::unique_ptr<Learnt>> hedges_;
  std::vector<Rows> rows_;
};

}  // namespace hedgewatch
