#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/hedge_prices.hpp"
#include "core/hedge/bar_profit.hpp"
#include "core/hedge/effectiveness_series.hpp"
#include "core/hedge/running_hayashi_yoshida.hpp"

namespace hedgewatch {

/// Whether each hedge that states its conventions works: on the profit of item and legs bar by bar, positions frozen at the bar's
/// open, and on the returns of its two prices.
class EffectivenessMonitor final : public DeskMonitor {
 public:
  enum Basis : std::size_t { Total, DeltaPart, Price, BasisCount };

  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;
  [[nodiscard]] VenueTime next_bar_end(Venue venue) const override;
  void close_bars(const DeskView& view) override;
  [[nodiscard]] bool samples(InstrumentSlot slot) const override;
  [[nodiscard]] bool samples(IndexId index) const override;
  void heard_price(const DeskView& view, InstrumentSlot slot) override;
  void heard_price(const DeskView& view, IndexId index) override;

  /// The newest bars of total profit; null for a hedge without conventions. Parallel to the setup's hedges.
  [[nodiscard]] const EffectivenessSeries* total(std::size_t hedge) const {
    return hedges_[hedge] ? &hedges_[hedge]->series[Total] : nullptr;
  }

  /// Beta of the two prices over the longest window, for a cross hedge that measures it; unknown for a hedge without conventions.
  /// Inconclusive below 0.1: a leg that hardly moves with the item does not hedge it.
  [[nodiscard]] Estimate price_beta(std::size_t hedge, MonoTime now) const;

 private:
  /// A position at the open of the bar that is under way.
  struct OpenPosition {
    InstrumentSlot slot = kNoSlot;
    double size = 0;
    double unit_delta_coins = 0;
    BarPrice price;
    bool leg = false;
  };
  struct Learnt {
    explicit Learnt(const HedgeSetup& relationship);
    /// Begins anew what is of the positions. The two prices are what they were.
    void forget_profit();
    HedgeSetup hedge;  ///< as it was when the series began
    EffectivenessSetup setup;
    PairBars bars;
    std::array<EffectivenessSeries, BasisCount> series;
    RunningHayashiYoshida overlap;                            ///< of the two prices, tick by tick
    std::vector<std::optional<double>> overlap_correlations;  ///< parallel to the windows, of the newest bar
    std::vector<OpenPosition> open;
    bool opened = false;  ///< the positions of the bar under way are known
    double item_notional = 0;
    MonoTime closed{};  ///< when the newest bar ended
    bool ever_closed = false;
    bool published = false;
    bool published_fresh = false;

    void visit_state(auto& archive) {
      archive(bars, series, overlap, overlap_correlations, open, opened, item_notional, closed, ever_closed, published,
              published_fresh);
    }
  };
  struct WindowRows {
    RowId correlation = kNoRow;
    RowId overlap_correlation = kNoRow;  ///< of prices only
    RowId beta = kNoRow;
    RowId r_squared = kNoRow;
    RowId variance_reduction = kNoRow;
    RowId tracking_error = kNoRow;
    RowId offset = kNoRow;
    std::array<RowId, 3> verdict{kNoRow, kNoRow, kNoRow};
    RowId breakdown = kNoRow;
    RowId broken = kNoRow;
    RowId beta_drift = kNoRow;
    RowId residual_drift = kNoRow;
    RowId pairs = kNoRow;
  };
  struct BasisRows {
    std::vector<WindowRows> windows;
    RowId correlation = kNoRow;  ///< exponentially weighted
    RowId beta = kNoRow;
    RowId offset = kNoRow;  ///< since the series began
    std::array<RowId, 3> verdict{kNoRow, kNoRow, kNoRow};

    void visit_state(auto& archive) { archive(windows, correlation, beta, offset, verdict); }
  };
  using Rows = std::array<BasisRows, BasisCount>;

  void close_bar(const DeskView& view, std::uint32_t hedge, Learnt& learnt, const PairBars::Bar& bar) const;
  void open_bar(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const;
  void open_position(const DeskView& view, std::uint32_t hedge, Learnt& learnt, std::uint32_t place, std::uint32_t i) const;
  void publish(const Publisher& out, const Learnt& learnt, const Rows& rows, const Quality& quality) const;
  [[nodiscard]] static Quality quality_of(const Learnt& learnt, MonoTime now);

  std::vector<std::unique_ptr<Learnt>> hedges_;
  std::vector<Rows> rows_;
};

}  // namespace hedgewatch
