#include "core/engine/scenario_monitor.hpp"

#include <algorithm>
#include <chrono>

#include "core/engine/scenario_positions.hpp"
#include "core/types/number_text.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kScenarioRefresh = std::chrono::seconds{1};
constexpr std::uint32_t kScenarioHoldingsPerCycle = 128;

}  // namespace

void ScenarioMonitor::lay_out(const DeskView& view, FigureTable& table) {
  grids_.clear();
  cells_.clear();
  current_ = kNoPlace;
  next_ = 0;
  if (!view.setup.scenario) return;
  const ScenarioShape& shape = view.setup.scenario->shape;
  cells_ = shape.cells();
  std::size_t most = 0;
  for (std::uint32_t e = 0; e < view.desk.exposures.size(); ++e) {
    const Exposure& exposure = view.desk.exposures[e];
    const std::string_view book = view.portfolio.book_name(exposure.book);
    Grid& grid = grids_.emplace_back();
    for (const ScenarioCell& cell : cells_)
      grid.rows.push_back(table.add_row(Figure::ScenarioPnlUsd, {book, exposure.underlying.view(), number_text(cell.spot_shock),
                                                                 shape.vol_shocks[cell.vol_shock].name}));
    grid.worst_loss = table.add_row(Figure::ScenarioWorstLossUsd, {book, exposure.underlying.view()});
    grid.profits_usd.assign(cells_.size(), 0);
    most = std::max<std::size_t>(most, holdings_of_exposure(view.desk, e).count);
  }
  run_ = ScenarioRun{shape};
  run_.reserve(most, cells_.size());
}

void ScenarioMonitor::begin(const DeskView& view) {
  for (std::size_t tried = 0; tried < grids_.size(); ++tried) {
    const std::uint32_t exposure = next_;
    next_ = static_cast<std::uint32_t>((next_ + 1) % grids_.size());
    if (view.now < grids_[exposure].due) continue;
    grids_[exposure].due = view.now + kScenarioRefresh;
    const ExposureHoldings range = holdings_of_exposure(view.desk, exposure);
    current_ = exposure;
    holding_ = range.first;
    end_holding_ = range.first + range.count;
    gathered_ = quality_now(view, exposure);
    run_.begin(cells_);
    return;
  }
}

void ScenarioMonitor::gather(const DeskView& view) {
  const std::uint32_t end = std::min(end_holding_, holding_ + kScenarioHoldingsPerCycle);
  for (; holding_ < end; ++holding_) {
    const SeenPosition seen = seen_position(view, holding_);
    gathered_ = worst(gathered_, seen.quality);
    if (seen.counts) run_.add(seen.position);
  }
}

void ScenarioMonitor::publish(const Publisher& out, Grid& grid, const Quality& now) {
  const Quality quality = worst(grid.quality, now);
  for (std::size_t c = 0; c < grid.rows.size(); ++c) out.publish(grid.rows[c], grid.profits_usd[c], quality);
  const auto worst_of_all = worst_cell(grid.profits_usd);
  out.publish(grid.worst_loss, worst_of_all ? -worst_of_all->profit_usd : 0,
              worst_of_all ? quality : worst(quality, Quality::unknown(FigureReason::NotFinite)));
  grid.published = quality;
}

void ScenarioMonitor::finish(const DeskView& view, const Publisher& out) {
  Grid& grid = grids_[current_];
  std::ranges::copy(run_.profits_usd(), grid.profits_usd.begin());
  grid.quality = gathered_;
  publish(out, grid, quality_now(view, current_));
  current_ = kNoPlace;
}

void ScenarioMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  if (grids_.empty()) return;
  if (current_ == kNoPlace) begin(view);
  if (current_ != kNoPlace) {
    if (holding_ < end_holding_)
      gather(view);
    else
      run_.work(view.setup.scenario->options_per_cycle);
    if (holding_ == end_holding_ && run_.done()) finish(view, out);
  }
  // An input that is lost is lost at once, not at the next repricing.
  for (std::uint32_t e = 0; e < grids_.size(); ++e) {
    const Quality now = quality_now(view, e);
    if (!same_verdict(worst(grids_[e].quality, now), grids_[e].published)) publish(out, grids_[e], now);
  }
}

void ScenarioMonitor::visit_state(StateArchive& archive) {
  archive(run_, cells_, grids_, current_, next_, holding_, end_holding_, gathered_);
}

}  // namespace hedgewatch
