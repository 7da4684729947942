// Fails when handing over and rendering the figure table allocates in its steady state, as well as measuring a cycle; and when a
// scrape for which memory runs out shows in the next one.

#include <cstdint>
#include <cstdio>
#include <new>
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

FigureSnapshot table_of(int figure_count) {
  FigureTable figures;
  figures.begin_layout();
  std::vector<RowId> rows;
  for (int index = 0; index < figure_count; ++index)
    rows.push_back(figures.add_row(Figure::Delta, {"deribit", "OPTION-" + std::to_string(index)}));
  figures.end_layout();
  for (const RowId row : rows) figures.set(row, 0.5, MonoTime{});
  FigureSnapshot snapshot;
  figures.copy_to(snapshot);
  return snapshot;
}

/// The layout grows between two scrapes, and each of the allocations that this takes fails once.
bool survives_failures() {
  const FigureSnapshot small = table_of(3);
  const FigureSnapshot large = table_of(300);
  const auto rendered = [](MetricsWriter& writer, const FigureSnapshot& snapshot) {
    return std::string{writer.render(MetricsFormat::Text, &snapshot, {})};
  };
  MetricsWriter fresh;
  MetricsWriter other;
  const std::string of_small = rendered(fresh, small);
  const std::string of_large = rendered(other, large);
  bool fine = true;
  std::size_t failures = 0;
  for (bool failed = true; failed; failures += failed ? 1 : 0) {
    MetricsWriter writer;
    fine = rendered(writer, small) == of_small && rendered(writer, small) == of_small && fine;
    fail_after(failures);
    try {
      static_cast<void>(writer.render(MetricsFormat::Text, &large, {}));
      failed = false;
    } catch (const std::bad_alloc&) {
    }
    fail_after(SIZE_MAX);
    const FigureSnapshot& next = failures % 2 == 0 ? small : large;
    fine = rendered(writer, next) == (failures % 2 == 0 ? of_small : of_large) && fine;
    fine = rendered(writer, large) == of_large && rendered(writer, large) == of_large && fine;
  }
  std::printf("%zu allocations failed, one by one\n", failures);
  return fine && failures > 2;
}

int run() {
  Scrapes scrapes;
  bool fine = scrapes.scrape(0) && scrapes.scrape(1);
  const std::size_t before = allocations();
  fine = fine && before != 0;
  for (int round = 2; round < kScrapes; ++round) fine = scrapes.scrape(round) && fine;
  const std::size_t made = allocations() - before;
  std::printf("%zu allocations in %d scrapes of %d figures\n", made, kScrapes - 2, kFigures);
  if (!fine) std::puts("FAILED: a scrape came to nothing");
  const bool survived = survives_failures();
  if (!survived) std::puts("FAILED: a scrape without memory spoiled the next");
  return fine && survived && made == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hedgewatch

int main() { return hedgewatch::run(); }
