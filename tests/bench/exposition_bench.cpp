// One scrape of 10,000 figures: a consistent copy of the table and its text by our writer, against prometheus-cpp's own path
// (Collect and TextSerializer over 10,000 gauges), each round running both in turn. Every value has changed since the scrape
// before, or a tenth of them, or none. Compression and the socket are the same for both.
#include <benchmark/benchmark.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "bench/rounds.hpp"
#include "daemon/exposition/gzip.hpp"
#include "daemon/exposition/metrics_writer.hpp"

namespace {

using namespace hedgewatch;

constexpr int kFigures = 10'000;

double value_of(int index) { return std::sin(index) * 1e4; }

std::string instrument_of(int index) { return "BTC-25DEC26-" + std::to_string(20'000 + 500 * index) + "-C"; }

class Figures {
 public:
  Figures() {
    table_.begin_layout();
    for (int index = 0; index < kFigures; ++index) {
      const std::string instrument = instrument_of(index);
      rows_.push_back(table_.add_row(Figure::Delta, {"deribit", instrument}));
    }
    table_.end_layout();
    change(1);
  }
  /// Gives one figure of so many a value that it did not have before.
  void change(int one_of) {
    for (int index = 0; index < kFigures; index += one_of)
      table_.set(rows_[static_cast<std::size_t>(index)], value_of(next_++), MonoTime{});
  }
  [[nodiscard]] std::string_view scrape(MetricsFormat format) {
    table_.copy_to(snapshot_);
    return writer_.render(format, &snapshot_, {});
  }

 private:
  std::vector<RowId> rows_;
  int next_ = 0;
  FigureTable table_;
  FigureSnapshot snapshot_;
  MetricsWriter writer_;
};

/// Values that change between two scrapes: one of so many, or none.
enum Change { None = 0, All = 1, OneOfTen = 10 };

void exposition(benchmark::State& state, MetricsFormat format, Change change) {
  Figures figures;
  prometheus::Registry registry;
  auto& family = prometheus::BuildGauge().Name("hedgewatch_delta").Help("help").Register(registry);
  for (int index = 0; index < kFigures; ++index)
    family.Add({{"venue", "deribit"}, {"instrument", instrument_of(index)}}).Set(value_of(index));
  const prometheus::TextSerializer serializer;

  bench::Rounds rounds;
  for (auto _ : state) {
    if (change != None) figures.change(change);
    state.SetIterationTime(rounds.time("ours", kFigures, [&] { benchmark::DoNotOptimize(figures.scrape(format).size()); }));
    rounds.time("prometheus_cpp", kFigures, [&] {
      std::ostringstream out;
      serializer.Serialize(out, registry.Collect());
      benchmark::DoNotOptimize(out.str().size());
    });
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kFigures});
  state.counters["ours_ns_per_series"] = rounds.median_nanoseconds("ours");
  state.counters["prometheus_cpp"] = rounds.median_ratio("prometheus_cpp", "ours");
  if (change == All) state.counters["prometheus_cpp_target"] = 25;
  state.counters["ours_ns_per_series_aim"] = 100;  // a millisecond for all
}
BENCHMARK_CAPTURE(exposition, text, MetricsFormat::Text, All)->UseManualTime();
BENCHMARK_CAPTURE(exposition, open_metrics, MetricsFormat::OpenMetrics, All)->UseManualTime();
BENCHMARK_CAPTURE(exposition, text_a_tenth_changed, MetricsFormat::Text, OneOfTen)->UseManualTime();
BENCHMARK_CAPTURE(exposition, text_nothing_changed, MetricsFormat::Text, None)->UseManualTime();

/// What a scraper that asks for gzip costs on top.
void compression(benchmark::State& state) {
  Figures figures;
  const std::string text{figures.scrape(MetricsFormat::Text)};
  GzipCompressor gzip;
  std::string packed;
  for (auto _ : state)
    if (!gzip.compress(text, packed)) return state.SkipWithError("zlib failed");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["packed_bytes_ratio"] = static_cast<double>(packed.size()) / static_cast<double>(text.size());
}
BENCHMARK(compression);

}  // namespace
