// Judging 2,000 alerts (two rules over 1,000 figures) after a cycle: ours, bound to rows of the table, against what is usually
// written, values looked up by the text of their series. In one row nothing moves, in the other a tenth of the figures crosses its
// limit back and forth.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/rounds.hpp"
#include "core/alert/alert_board.hpp"
#include "core/metric/figure_table.hpp"

namespace hedgewatch {
namespace {

constexpr std::uint32_t kFigures = 1'000;
constexpr std::uint32_t kRules = 2;
constexpr double kLimit = 0.9;

std::string instrument(std::uint32_t i) { return "BTC-26MAR27-" + std::to_string(40'000 + 500 * i) + "-C"; }

class Ours {
 public:
  Ours() {
    std::vector<AlertRule> rules;
    for (std::uint32_t rule = 0; rule < kRules; ++rule) {
      AlertRule one;
      one.name = "DeltaHigh" + std::to_string(rule);
      one.figure = Figure::Delta;
      one.upper = kLimit + rule;
      one.hold = std::chrono::seconds{rule};
      rules.push_back(one);
    }
    board_.set_rules(rules, {});
    table_.begin_layout();
    for (std::uint32_t i = 0; i < kFigures; ++i) rows_.push_back(table_.add_row(Figure::Delta, {"deribit", instrument(i)}));
    board_.add_rows(table_);
    table_.end_layout();
    board_.bind(table_);
  }
  void set(std::uint32_t i, double value) { table_.set(rows_[i], value, now_); }
  std::size_t observe() {
    now_ += std::chrono::milliseconds{1};
    board_.observe(table_, now_);
    return board_.transitions().size();
  }
  [[nodiscard]] std::size_t alerts() const { return board_.alerts().size(); }

 private:
  FigureTable table_;
  AlertBoard board_;
  std::vector<RowId> rows_;
  MonoTime now_ = from_nanoseconds<MonoTime>(1'000'000'000'000);
};

class ByText {
 public:
  ByText() {
    for (std::uint32_t i = 0; i < kFigures; ++i) {
      series_.push_back(R"(delta{venue="deribit",instrument=")" + instrument(i) + "\"}");
      values_[series_.back()] = 0;
    }
    for (std::uint32_t rule = 0; rule < kRules; ++rule)
      for (const std::string& one : series_) alerts_.push_back({one, kLimit + rule});
  }
  void set(std::uint32_t i, double value) { values_[series_[i]] = value; }
  std::size_t observe() {
    std::size_t transitions = 0;
    for (Alert& alert : alerts_) {
      const auto found = values_.find(alert.series);
      const bool firing = found != values_.end() && found->second > alert.limit;
      if (firing != alert.firing) ++transitions;
      alert.firing = firing;
    }
    return transitions;
  }

 private:
  struct Alert {
    std::string series;
    double limit = 0;
    bool firing = false;
  };
  std::vector<std::string> series_;
  std::unordered_map<std::string, double> values_;
  std::vector<Alert> alerts_;
};

void alerts_are_judged(benchmark::State& state, std::uint32_t moving) {
  Ours ours;
  ByText by_text;
  if (ours.alerts() != kFigures * kRules) return state.SkipWithError("the rules are not bound to every figure");
  for (std::uint32_t i = 0; i < kFigures; ++i) {
    ours.set(i, 0);
    by_text.set(i, 0);
  }
  ours.observe();
  bench::Rounds rounds;
  std::uint64_t round = 0;
  std::uint64_t transitions = 0;
  for (auto _ : state) {
    const double value = ++round % 2 == 0 ? 0.5 : 0.95;
    for (std::uint32_t i = 0; i < moving; ++i) {
      ours.set(i, value);
      by_text.set(i, value);
    }
    state.SetIterationTime(rounds.time("ours", kFigures * kRules, [&] { transitions += ours.observe(); }));
    rounds.time("text", kFigures * kRules, [&] { benchmark::DoNotOptimize(by_text.observe()); });
  }
  if ((moving > 0) != (transitions > 0)) return state.SkipWithError("alerts do not follow their figures");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * std::int64_t{kFigures * kRules});
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["by_text_ratio"] = rounds.median_ratio("text", "ours");
}
BENCHMARK_CAPTURE(alerts_are_judged, nothing_moves, 0)->UseManualTime();
BENCHMARK_CAPTURE(alerts_are_judged, a_tenth_crosses, kFigures / 10)->UseManualTime();

}  // namespace
}  // namespace hedgewatch
