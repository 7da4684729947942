#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/metric/figure_table.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Where the samples of a replay go.
class ReplayOutput {
 public:
  virtual ~ReplayOutput() = default;
  virtual void sample(WallTime now, const FigureSnapshot& table) = 0;
  virtual void finish() = 0;
};

/// Which figures are wanted: all, or those whose name is one of the list.
struct FigureChoice {
  std::vector<std::string> names;
  [[nodiscard]] bool wants(Figure figure) const;
};

/// `ts_ns,figure,labels,state,reason,value`: a row whenever a figure's value or state is another than at the sample before.
[[nodiscard]] std::unique_ptr<ReplayOutput> csv_output(std::ostream& out, FigureChoice choice);

/// OpenMetrics with a time on every sample, family by family, as `promtool tsdb create-blocks-from openmetrics` takes it. Held in
/// memory until finish(), since families must not be torn: 16 bytes a sample.
[[nodiscard]] std::unique_ptr<ReplayOutput> open_metrics_output(std::ostream& out, FigureChoice choice);

/// Compares two replays of the same journal at the same samples: `ts_ns,figure,labels,recorded,other` for each figure that differs.
class ReplayComparison {
 public:
  ReplayComparison(std::ostream& out, FigureChoice choice);
  /// The two sides of one sample, in this order.
  void recorded(const FigureSnapshot& table);
  void other(WallTime now, const FigureSnapshot& table);
  void finish();
  [[nodiscard]] std::uint64_t differences() const { return differences_; }
  /// How many series of each figure have differed at some sample.
  [[nodiscard]] std::map<Figure, std::size_t> series_that_differed() const;

 private:
  using Shown = std::map<std::pair<Figure, std::string>, std::string>;
  Shown shown(const FigureSnapshot& table) const;

  std::ostream& out_;
  FigureChoice choice_;
  Shown recorded_;  ///< at the newest sample
  std::map<std::pair<Figure, std::string>, std::pair<std::string, std::string>> last_;
  std::uint64_t differences_ = 0;
};

}  // namespace hedgewatch
