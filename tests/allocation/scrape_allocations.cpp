// Fails when handing over and rendering the figure table allocates in its steady state, as well as measuring a cycle.

#include <cstdio>
#include <string>
#include <vector>

#include "core/metric/figure_table.hpp"
#include "counted_new.hpp"
#include "daemon/exposition/metrics_writer.hpp"
#include "daemon/latency_histogram.hpp"
#include "daemon/snapshot_exchange.hpp"

namespace hedgewatch {
namespace {

constexpr int kFigures = 10'000;
constexpr int kScrapes = 20;

struct Scrapes {
  FigureTable figures;
  std::vector<RowId> rows;
  LatencyHistogram durations;
  MetricsWriter writer;
  std::uint64_t cycle = 0;
  // The engine's side answers on this thread: what it does is counted, too.
  SnapshotExchange exchange{[this] { exchange.serve(figures, MonoTime{}, ++cycle); }, kFigures};

  Scrapes() {
    figures.begin_layout();
    for (int index = 0; index < kFigures; ++index) {
      const std::string instrument = "OPTION-" + std::to_string(index);
      rows.push_back(figures.add_row(index % 2 == 0 ? Figure::Delta : Figure::Vanna, {"deribit", instrument}));
    }
    figures.end_layout();
  }

  bool scrape(int round) {
    for (int index = 0; index < kFigures; ++index) {
      const RowId row = rows[static_cast<std::size_t>(index)];
      if ((index + round) % 7 == 0)
        figures.set_unknown(row, FigureReason::MissingForward);
      else
        figures.set(row, 1e3 / (index + round + 1), MonoTime{});
    }
    durations.record(std::chrono::microseconds{round});
    const FigureSnapshot* snapshot = exchange.take(std::chrono::seconds{10});
    if (snapshot == nullptr) return false;
    const MetricsFormat format = round % 2 == 0 ? MetricsFormat::Text : MetricsFormat::OpenMetrics;
    return writer.render(format, snapshot, {}).size() > kFigures;
  }
};

int run() {
  Scrapes scrapes;
  bool fine = scrapes.scrape(0) && scrapes.scrape(1);
  const std::size_t before = allocations();
  fine = fine && before != 0;
  for (int round = 2; round < kScrapes; ++round) fine = scrapes.scrape(round) && fine;
  const std::size_t made = allocations() - before;
  std::printf("%zu allocations in %d scrapes of %d figures\n", made, kScrapes - 2, kFigures);
  if (!fine) std::puts("FAILED: a scrape came to nothing");
  return fine && made == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hedgewatch

int main() { return hedgewatch::run(); }
