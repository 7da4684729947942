#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/instrument/contract.hpp"
#include "core/pricing/option_batch.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// One row of a grid: what happens to every vol.
struct VolShock {
  std::string name;         ///< label of the figure, such as up
  double change_ratio = 0;  ///< of the vol, at the reference term; above -1, negative is down
  double floor_ratio = 0;   ///< no vol is shocked below this, annualised; not negative
};

/// One cell: a move of every underlying and a row of vols.
struct ScenarioCell {
  double spot_shock = 0;        ///< fraction of the price, above -1
  std::uint32_t vol_shock = 0;  ///< place in ScenarioShape::vol_shocks
  double weight = 1;            ///< share of the profit that counts; 1 inside a grid, less for far points on some venues
};

/// A grid of joint moves, as exchanges' portfolio margin uses them. The rule of term is a vol's: a short vol moves more than a long
/// one, by (reference / days)^power, the power depending on the side of the reference.
struct ScenarioShape {
  std::vector<double> spot_shocks;     ///< columns, left to right
  std::vector<VolShock> vol_shocks;    ///< rows, top to bottom
  std::vector<ScenarioCell> extended;  ///< single cells beyond the grid
  double vol_reference_days = 30;      ///< positive
  double short_term_power = 0.30;      ///< below the reference
  double long_term_power = 0.13;       ///< at the reference and above

  /// Rows from top to bottom, in each the columns from left to right, then the extended cells.
  [[nodiscard]] std::vector<ScenarioCell> cells() const;
};

/// (reference / days)^power. Days are floored at 1: without that the last hours before an expiry would multiply a vol without
/// bound.
[[nodiscard]] double vol_term_factor(const ScenarioShape& shape, double days);
/// max(vol (1 + change * factor), floor, 0).
[[nodiscard]] double shocked_vol(double vol, const VolShock& shock, double term_factor);

/// What a grid needs to know of a holding.
struct ScenarioPosition {
  ContractKind kind = ContractKind::Perpetual;
  OptionRight right = OptionRight::Call;
  SizeUnit unit = SizeUnit::Base;
  double size = 0;     ///< signed, in the unit
  double forward = 0;  ///< quote per base: an option's forward, anything else's mark; positive
  double strike = 0;   ///< options only
  double vol = 0;      ///< fraction; options only
  double rate = 0;     ///< continuous, per year; options only
  YearFraction to_expiry = YearFraction::from_years(0);
};

/// Reprices a book in every cell, vols at their strikes (sticky strike), time standing still, in pieces whose size the caller
/// chooses. Profit in dollars: an option's is that of its Black (1976) price on the forward, an inverse future's is converted at
/// the shocked price, which makes it notional times move. Equity held in coin is no position and is not in it.
///
/// Use: begin(), add() for every holding, work() until done(). Allocates in reserve() only.
class ScenarioRun {
 public:
  explicit ScenarioRun(ScenarioShape shape = {});

  /// Room for so many options and cells. Ends a run that is under way.
  void reserve(std::size_t options, std::size_t cells);
  /// Forgets the positions, and takes at most as many cells as there is room for.
  void begin(std::span<const ScenarioCell> cells);
  /// The same positions in other cells, when a run is done: their prices as they are now are not made again.
  void again(std::span<const ScenarioCell> cells);
  /// Adds a holding; an option past its expiry adds nothing. False, and the run has no result, when there is no room for it.
  bool add(const ScenarioPosition& position);
  /// Prices until everything is done or `most` options were priced, up to 63 more, counting each once a cell. Returns how many
  /// were.
  std::size_t work(std::size_t most);
  [[nodiscard]] bool done() const { return step_ > cells_.size(); }
  /// Dollars gained, by cell, weighted; not a number where an option could not be priced. Valid when done.
  [[nodiscard]] std::span<const double> profits_usd() const { return profits_; }

  /// See StateArchive. The shape is the configuration's.
  void visit_state(auto& archive) {
    std::size_t options = size_.size();
    std::size_t cells = cells_.capacity();
    archive(options, cells);
    constexpr std::size_t kMost = 1'000'000;
    if (options > kMost || cells > kMost) archive.fail("a count is too large");
    if (archive.failed()) return;
    if (archive.loading()) reserve(options, cells);
    archive(cells_, profits_, batch_, size_, forward_, vol_, term_factor_, base_price_, count_, dollars_per_move_, overflowed_,
            step_, lane_, sum_);
  }

 private:
  void price_chunk(std::size_t first, std::size_t count);

  ScenarioShape shape_;
  std::vector<ScenarioCell> cells_;
  std::vector<double> profits_;
  OptionBatch batch_;
  GreekColumns prices_;
  std::vector<double> size_;
  std::vector<double> forward_;
  std::vector<double> vol_;
  std::vector<double> term_factor_;
  std::vector<double> base_price_;
  std::size_t count_ = 0;
  double dollars_per_move_ = 0;  ///< of everything that is no option
  bool overflowed_ = false;
  std::size_t step_ = 1;  ///< 0: prices as they are; k: cell k - 1
  std::size_t lane_ = 0;
  double sum_ = 0;
};

/// The lowest profit; the first of equals. Nothing when there are no cells or one has no number.
struct WorstCell {
  std::size_t cell = 0;
  double profit_usd = 0;
};
[[nodiscard]] std::optional<WorstCell> worst_cell(std::span<const double> profits_usd);

}  // namespace hedgewatch
