#include "core/hedge/advisor.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

namespace {

double excess(double value, double tolerance) { return std::max(0.0, std::abs(value) - tolerance); }

double risk_of(const AdvisorTask& task, const GreekRow& net) {
  double sum = 0;
  for (std::size_t r = 0; r < kAdvisedGreeks; ++r) {
    if (!(task.weight[r] > 0)) continue;
    const double out = excess(net[r], task.tolerance[r]);
    sum += task.weight[r] * out * out;
  }
  return sum;
}

void trade(GreekRow& net, const Tradable& tradable, std::int64_t lots) {
  for (std::size_t r = 0; r < kAdvisedGreeks; ++r) net[r] += static_cast<double>(lots) * tradable.lot * tradable.per_unit[r];
}

double cost_of(const Tradable& tradable, std::int64_t lots) { return static_cast<double>(std::abs(lots)) * tradable.cost_per_lot; }

bool allowed(const Tradable& tradable, std::int64_t lots) {
  return lots == 0 || (std::abs(lots) >= tradable.fewest_lots && lots >= tradable.lowest && lots <= tradable.highest);
}

std::size_t count_of(const AdvisorTask& task) { return std::min(task.tradables.size(), kMostTradables); }

/// Looks for the best combination; the instrument `last_` is always given its best for the others.
class Search {
 public:
  Search(const AdvisorTask& task, std::size_t most_points) : task_{task}, most_points_{std::max<std::size_t>(most_points, 1)} {
    const std::size_t count = count_of(task);
    best_objective_ = risk_of(task, task.book);
    for (std::size_t j = 1; j < count; ++j)
      if (range(j) > range(last_)) last_ = j;
    for (std::size_t j = 0; j < count; ++j)
      if (j != last_) others_[depth_++] = j;
  }

  Advice run() {
    Advice advice{.objective_before = best_objective_};
    if (!task_.tradables.empty()) {
      advice.exhaustive = combinations_fit();
      advice.exhaustive ? look_at_all() : refine();
    }
    advice.lots = best_;
    advice.objective_after = best_objective_;
    advice.points = points_;
    for (std::size_t j = 0; j < count_of(task_); ++j) advice.cost += cost_of(task_.tradables[j], best_[j]);
    return advice;
  }

 private:
  [[nodiscard]] std::int64_t range(std::size_t j) const { return task_.tradables[j].highest - task_.tradables[j].lowest; }

  [[nodiscard]] bool combinations_fit() const {
    double product = 1;
    for (std::size_t k = 0; k < depth_; ++k) product *= static_cast<double>(range(others_[k])) + 1;
    return product <= static_cast<double>(most_points_);
  }

  void look_at_all() {
    for (std::size_t k = 0; k < depth_; ++k) {
      from_[k] = task_.tradables[others_[k]].lowest;
      step_[k] = 1;
      steps_[k] = range(others_[k]) + 1;
    }
    scan(0, task_.book, 0);
  }

  /// A grid over the whole range, then ever finer ones around the best point so far.
  void refine() {
    std::int64_t per_side = 1;
    while (std::pow(2.0 * static_cast<double>(per_side + 1) + 1, static_cast<double>(depth_)) <=
           static_cast<double>(most_points_) / 16)
      ++per_side;
    for (std::size_t k = 0; k < depth_; ++k) step_[k] = std::max<std::int64_t>(1, range(others_[k]) / per_side);
    for (bool finest = false; !finest && points_ < most_points_;) {
      finest = true;
      for (std::size_t k = 0; k < depth_; ++k) {
        finest = finest && step_[k] == 1;
        from_[k] = best_[others_[k]] - per_side * step_[k];
        steps_[k] = 2 * per_side + 1;
      }
      scan(0, task_.book, 0);
      for (std::size_t k = 0; k < depth_; ++k) step_[k] = std::max<std::int64_t>(1, (step_[k] + 1) / 2);
    }
  }

  void scan(std::size_t depth, const GreekRow& net, double cost) {
    if (depth == depth_) {
      if (points_ >= most_points_) return;
      ++points_;
      finish(net, cost);
      return;
    }
    const std::size_t j = others_[depth];
    const Tradable& tradable = task_.tradables[j];
    for (std::int64_t i = 0; i < steps_[depth]; ++i) {
      const std::int64_t lots = from_[depth] + i * step_[depth];
      if (!allowed(tradable, lots)) continue;
      GreekRow moved = net;
      trade(moved, tradable, lots);
      lots_[j] = lots;
      scan(depth + 1, moved, cost + cost_of(tradable, lots));
    }
    lots_[j] = 0;
  }

  [[nodiscard]] double objective_at(const GreekRow& net, double cost, std::int64_t lots) const {
    GreekRow moved = net;
    trade(moved, task_.tradables[last_], lots);
    return risk_of(task_, moved) + cost + cost_of(task_.tradables[last_], lots);
  }

  /// The objective is convex in the last instrument: the point where it stops falling is found by halving, and its neighbours, no
  /// trade and the smallest trades are looked at beside it.
  void finish(const GreekRow& net, double cost) {
    const Tradable& last = task_.tradables[last_];
    std::int64_t low = last.lowest;
    std::int64_t high = last.highest;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (objective_at(net, cost, middle) <= objective_at(net, cost, middle + 1))
        high = middle;
      else
        low = middle + 1;
    }
    for (const std::int64_t lots : {low, std::int64_t{0}, last.fewest_lots, -last.fewest_lots}) {
      if (!allowed(last, lots)) continue;
      const double objective = objective_at(net, cost, lots);
      if (!(objective < best_objective_)) continue;
      best_objective_ = objective;
      best_ = lots_;
      best_[last_] = lots;
    }
  }

  const AdvisorTask& task_;
  std::size_t most_points_;
  std::size_t last_ = 0;
  std::size_t depth_ = 0;  ///< how many others there are
  std::array<std::size_t, kMostTradables> others_{};
  LotsPerTradable from_{};   ///< of the grid, parallel to others_
  LotsPerTradable step_{};   ///< the same
  LotsPerTradable steps_{};  ///< the same
  LotsPerTradable lots_{};
  LotsPerTradable best_{};
  double best_objective_ = 0;
  std::size_t points_ = 0;
};

using Column = GreekRow;

double dot(const Column& a, const Column& b) {
  double sum = 0;
  for (std::size_t r = 0; r < kAdvisedGreeks; ++r) sum += a[r] * b[r];
  return sum;
}

}  // namespace

double advisor_objective(const AdvisorTask& task, const LotsPerTradable& lots) {
  GreekRow net = task.book;
  double cost = 0;
  for (std::size_t j = 0; j < count_of(task); ++j) {
    trade(net, task.tradables[j], lots[j]);
    cost += cost_of(task.tradables[j], lots[j]);
  }
  return risk_of(task, net) + cost;
}

Advice advise(const AdvisorTask& task, std::size_t most_points) { return Search{task, most_points}.run(); }

LeastSquares least_squares_hedge(const AdvisorTask& task, double tolerance) {
  const std::size_t count = count_of(task);
  LeastSquares result;
  GreekRow root{};
  for (std::size_t r = 0; r < kAdvisedGreeks; ++r) root[r] = std::sqrt(task.weight[r]);
  result.full_rank = std::min<std::size_t>(
      count, static_cast<std::size_t>(std::count_if(root.begin(), root.end(), [](double value) { return value > 0; })));

  std::array<Column, kMostTradables> columns{};
  std::array<double, kMostTradables> length{};
  for (std::size_t j = 0; j < count; ++j) {
    for (std::size_t r = 0; r < kAdvisedGreeks; ++r) columns[j][r] = root[r] * task.tradables[j].per_unit[r];
    length[j] = std::sqrt(dot(columns[j], columns[j]));
    if (length[j] > 0)
      for (double& value : columns[j]) value /= length[j];
  }
  Column target{};
  for (std::size_t r = 0; r < kAdvisedGreeks; ++r) target[r] = -root[r] * task.book[r];

  // Modified Gram-Schmidt with pivoting, each column made orthogonal twice: as exact as Householder for three rows.
  std::array<Column, kAdvisedGreeks> basis{};
  std::array<std::size_t, kAdvisedGreeks> pivots{};
  std::array<bool, kMostTradables> used{};
  const auto orthogonal = [&](Column column) {
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t k = 0; k < result.rank; ++k) {
        const double along = dot(column, basis[k]);
        for (std::size_t r = 0; r < kAdvisedGreeks; ++r) column[r] -= along * basis[k][r];
      }
    return column;
  };
  while (result.rank < result.full_rank) {
    std::size_t pivot = count;
    double longest = tolerance;
    Column remainder{};
    for (std::size_t j = 0; j < count; ++j) {
      if (used[j]) continue;
      const Column column = orthogonal(columns[j]);
      const double size = std::sqrt(dot(column, column));
      if (!(size > longest)) continue;
      longest = size;
      pivot = j;
      remainder = column;
    }
    if (pivot == count) break;
    used[pivot] = true;
    for (double& value : remainder) value /= longest;
    basis[result.rank] = remainder;
    pivots[result.rank] = pivot;
    ++result.rank;
  }

  // Back substitution in the triangle basis' * columns.
  for (std::size_t i = result.rank; i > 0; --i) {
    double rest = dot(basis[i - 1], target);
    for (std::size_t k = i; k < result.rank; ++k) rest -= dot(basis[i - 1], columns[pivots[k]]) * result.units[pivots[k]];
    result.units[pivots[i - 1]] = rest / dot(basis[i - 1], columns[pivots[i - 1]]);
  }
  for (std::size_t j = 0; j < count; ++j)
    if (length[j] > 0) result.units[j] /= length[j];
  return result;
}

}  // namespace hedgewatch
