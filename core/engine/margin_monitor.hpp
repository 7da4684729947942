#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/risk/liquidation.hpp"
#include "core/risk/scenario_grid.hpp"

namespace hedgewatch {

/// Leverage, worst loss, coverage and liquidation of every margin pool: an account's positions that settle in one asset, or the
/// whole account where the venue margins it as one. What needs prices is made anew about once a second of the engine's time, pool
/// by pool, a bounded amount of work a cycle; equity and requirements are the venue's newest. Formulas: core/portfolio/margin.md.
class MarginMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  static constexpr std::size_t kSides = 2;  ///< down, up

  /// One asset of a pool.
  struct Held {
    AssetCode asset;
    std::uint32_t summary = 0;  ///< place in the account's summaries
    RowId price = kNoRow;
    std::optional<double> haircut;  ///< as configured
    RowId haircut_row = kNoRow;     ///< with a haircut only
  };
  /// What is moved in search of a liquidation: one underlying, or all that the pool has positions in.
  struct Target {
    AssetCode base;  ///< empty: all
    IndexId index = kNoIndex;
    struct Rows {
      RowId price = kNoRow;
      RowId distance = kNoRow;
      RowId sigmas = kNoRow;
    };
    std::array<Rows, kSides> rows{};
    [[nodiscard]] bool all() const { return base.view().empty(); }
  };
  /// Dollars of the venue's newest statements.
  struct Funds {
    Estimate equity;
    Estimate counted;  ///< equity after haircuts: what it is good for as collateral
    Estimate balance;  ///< what margin is tested against
    Estimate maintenance;
  };
  /// What a pool holds in one underlying.
  struct Underlying {
    double net_delta_coins = 0;    ///< options premium-adjusted
    double inverse_delta_usd = 0;  ///< of inverse futures, sum of N / F at the index
    double linear_delta_usd = 0;   ///< of linear futures, sum of q F
    double option_value_usd = 0;   ///< of coin-settled options that the margin balance follows
    double collateral_usd = 0;     ///< margin balance held in the coin
    double vol_weight = 0;
    double weighted_vol = 0;
    bool options = false;
    [[nodiscard]] double daily_sigma() const;  ///< fraction; 0 without any option that is held or watched
  };
  struct Result {
    Quality notional = Quality::unknown(FigureReason::WarmingUp);
    Quality delta = Quality::unknown(FigureReason::WarmingUp);
    Quality repriced = Quality::unknown(FigureReason::WarmingUp);
    Quality searched = Quality::unknown(FigureReason::WarmingUp);
    double full_notional_usd = 0;
    double delta_notional_usd = 0;
    double worst_loss_usd = 0;
    double worst_near_loss_usd = 0;                                ///< of the cells within kNearSpot
    std::vector<Underlying> underlyings;                           ///< parallel to the targets that are one
    std::vector<std::array<std::optional<double>, kSides>> moves;  ///< parallel to the targets; nothing: none liquidates

    void visit_state(auto& archive) {
      archive(notional, delta, repriced, searched, full_notional_usd, delta_notional_usd, worst_loss_usd, worst_near_loss_usd,
              underlyings, moves);
    }
  };
  struct Pool {
    std::uint16_t account = 0;
    bool cross = false;
    std::vector<Held> assets;
    std::vector<Target> targets;  ///< underlyings, and behind several of them all together
    std::size_t underlyings = 0;
    RowId full_leverage = kNoRow;
    RowId delta_leverage = kNoRow;
    RowId net_leverage = kNoRow;
    RowId share = kNoRow;
    RowId coverage = kNoRow;
    RowId worst_loss = kNoRow;
    RowId worst_near_loss = kNoRow;
    RowId model_maintenance = kNoRow;
    Result result;
    MonoTime due{};

    void visit_state(auto& archive) {
      archive(account, cross, assets, targets, underlyings, full_leverage, delta_leverage, net_leverage, share, coverage,
              worst_loss, worst_near_loss, model_maintenance, result, due);
    }
  };
  [[nodiscard]] static Estimate price_of(const DeskView& view, const Pool& pool, const Held& held);
  /// A position as it was when it was read.
  struct Position {
    ScenarioPosition position;
    std::uint32_t underlying = 0;
    double coin_value_usd = 0;  ///< of a coin-settled option
  };
  enum class Stage : std::uint8_t { Idle, Vols, Gather, LoadGrid, Grid, LoadMoves, Search };

  void add_pool(const DeskView& view, FigureTable& table, std::uint16_t account, bool cross,
                const std::vector<std::uint32_t>& summaries);
  [[nodiscard]] static Funds funds_of(const DeskView& view, const Pool& pool);
  [[nodiscard]] bool begin(const DeskView& view);
  /// Does a piece of work and returns how large it was, at least 1.
  std::size_t step(const DeskView& view);
  std::size_t take_vols(const DeskView& view);
  std::size_t gather(const DeskView& view);
  void take(const DeskView& view, const AccountPosition& position);
  std::size_t load(ScenarioRun& run, bool counted_only);
  void begin_grid(std::size_t target);
  void begin_search(std::size_t target);
  void end_search();
  void finish();
  void take_grid(std::span<const double> profits_usd);
  [[nodiscard]] bool counts(const Position& position) const;
  [[nodiscard]] MovedAccount moved_account(const Target& target) const;
  [[nodiscard]] std::optional<std::array<std::optional<double>, kSides>> closed_form() const;
  [[nodiscard]] static Estimate net_exposure(const DeskView& view, const Pool& pool);
  void publish(const DeskView& view, const Publisher& out);
  void publish_targets(const DeskView& view, const Publisher& out, const Pool& pool, const Quality& now) const;

  std::vector<Pool> pools_;
  std::vector<Funds> funds_;  ///< parallel to the pools, of this cycle
  std::vector<ScenarioCell> cells_;
  std::size_t grid_cells_ = 0;            ///< of the configured grid; behind them those at kNearSpot
  std::vector<double> near_profits_usd_;  ///< of one grid
  RowId least_coverage_ = kNoRow;
  RowId imbalance_ = kNoRow;

  Stage stage_ = Stage::Idle;
  std::uint32_t current_ = 0;
  std::uint32_t next_ = 0;
  std::size_t place_ = 0;   ///< in what the stage walks over
  std::size_t target_ = 0;  ///< that is repriced or searched
  std::size_t side_ = 0;
  Funds begun_;                 ///< of the pool when its turn began
  double options_usd_ = 0;      ///< value of the pool's options
  bool options_count_ = false;  ///< the margin balance contains it
  Result working_;
  std::vector<Position> positions_;
  ScenarioRun grid_;
  ScenarioRun moves_;
  LiquidationSearch search_;
};

}  // namespace hedgewatch
