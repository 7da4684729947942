#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hedgewatch {

/// Greeks that advice can bring back: delta, gamma and vega, each in whatever unit its limit has.
inline constexpr std::size_t kAdvisedGreeks = 3;
using GreekRow = std::array<double, kAdvisedGreeks>;
/// The most instruments of one task; more are not looked at.
inline constexpr std::size_t kMostTradables = 8;
using LotsPerTradable = std::array<std::int64_t, kMostTradables>;

/// An instrument that may be traded, as the advisor sees it.
struct Tradable {
  GreekRow per_unit{};           ///< what one unit of size adds to each Greek
  double lot = 0;                ///< units; positive
  std::int64_t fewest_lots = 0;  ///< smallest trade other than none, without sign
  std::int64_t lowest = 0;       ///< lots that may be sold, not positive
  std::int64_t highest = 0;      ///< lots that may be bought, not negative
  double cost_per_lot = 0;       ///< not negative
};

/// What is to be made small: sum over Greeks of weight * excess^2 plus the trades' cost, where excess is how far the Greek lies
/// outside +-tolerance. A weight of 0 leaves a Greek out. Source of the form: least squares with proportional costs.
struct AdvisorTask {
  GreekRow book{};       ///< net Greeks as they stand
  GreekRow weight{};     ///< not negative; cost per squared unit of the Greek
  GreekRow tolerance{};  ///< not negative
  std::vector<Tradable> tradables{};

  void visit_state(auto& archive) { archive(book, weight, tolerance, tradables); }
};

struct Advice {
  LotsPerTradable lots{};  ///< parallel to the tradables, signed
  double objective_before = 0;
  double objective_after = 0;  ///< never above objective_before
  double cost = 0;
  bool exhaustive = false;  ///< every combination was looked at, up to the best of one instrument
  std::size_t points = 0;   ///< combinations looked at
};

/// The objective of one combination of trades.
[[nodiscard]] double advisor_objective(const AdvisorTask& task, const LotsPerTradable& lots);

/// The best whole lots within their bounds. All combinations of all instruments but the one of the widest range are looked at
/// when they are at most `most_points`; otherwise a grid of that many points is refined around its best point, which finds the best
/// of a convex objective but for its last lots. For each combination the last instrument's best is found by bisection. Doing
/// nothing is always among the candidates. Bounded work,
/// about most_points times the halvings of the widest range, and no allocation.
[[nodiscard]] Advice advise(const AdvisorTask& task, std::size_t most_points = 4'096);

/// Unconstrained, without cost and tolerances: units that minimise sum of weight * residual^2, by QR with column pivoting.
struct LeastSquares {
  std::array<double, kMostTradables> units{};  ///< parallel to the tradables; 0 for columns beyond the rank
  std::size_t rank = 0;
  std::size_t full_rank = 0;  ///< what the rank could be: the fewer of weighted Greeks and tradables
  [[nodiscard]] bool rank_lost() const { return rank < full_rank; }
};
/// Columns are scaled to unit length first; one whose remainder is below `tolerance` depends on those before it. Options of one
/// expiry on a flat smile have vega = F^2 sigma T gamma: to hedge gamma with one and vega with the other is then one equation.
[[nodiscard]] LeastSquares least_squares_hedge(const AdvisorTask& task, double tolerance = 1e-10);

}  // namespace hedgewatch
