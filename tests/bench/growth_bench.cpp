// How cost grows with options, books, venues and figures: every size in turn within a round, the thread's own CPU time, and the
// exponent of the power law that fits best (1: in proportion, 0: not at all). And what an instrument and a position hold in memory.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cmath>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/option_desk.hpp"
#include "bench/rounds.hpp"
#include "daemon/exposition/metrics_writer.hpp"

namespace hedgewatch {
namespace {

double cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// A desk of that shape with its engine, and a clock that goes on by 50 microseconds a cycle.
class RunningDesk {
 public:
  explicit RunningDesk(bench::DeskShape shape) : desk_{shape}, engine_{desk_.setup()} { desk_.open(engine_, now_, false); }

  void tick_one() {
    option_ = (option_ + 37) % desk_.shape().options;
    engine_.apply(desk_.tick(option_, ++move_ % 64, now_));
    cycle();
  }
  void tick_all() {
    ++move_;
    for (std::uint32_t i = 0; i < desk_.shape().options; ++i) engine_.apply(desk_.tick(i, move_ % 64, now_));
    cycle();
  }
  std::size_t scrape() {
    engine_.figures().copy_to(snapshot_);
    return writer_.render(MetricsFormat::Text, &snapshot_, {}).size();
  }
  [[nodiscard]] bool believable() const { return bench::OptionDesk::believable(engine_); }
  [[nodiscard]] std::size_t figures() const { return engine_.figures().size(); }

 private:
  void cycle() {
    now_ += std::chrono::microseconds{50};
    engine_.end_cycle(now_);
  }

  MonoTime now_ = from_nanoseconds<MonoTime>(1'000'000'000'000);
  bench::OptionDesk desk_;
  Engine engine_;
  FigureSnapshot snapshot_;
  MetricsWriter writer_;
  std::uint32_t option_ = 0;
  std::uint32_t move_ = 0;
};

/// Of y = c * x^e, by least squares over the logarithms.
double fitted_exponent(const std::vector<std::pair<double, double>>& points) {
  double x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& [size, cost] : points) {
    const double log_size = std::log(size);
    const double log_cost = std::log(cost);
    x += log_size;
    y += log_cost;
    xx += log_size * log_size;
    xy += log_size * log_cost;
  }
  const auto n = static_cast<double>(points.size());
  return (n * xy - x * y) / (n * xx - x * x);
}

enum class Work : std::uint8_t { OneTick, AllTick, Scrape };
enum class Along : std::uint8_t { Options, Books, Venues, Figures };

struct Growth {
  Along along;
  Work work;
  std::vector<std::uint32_t> sizes;
};

bench::DeskShape shape_of(Along along, std::uint32_t size) {
  bench::DeskShape shape{.options = 1'000, .books = 10, .venues = 1, .expiries = 8};
  if (along == Along::Options || along == Along::Figures) shape.options = size;
  if (along == Along::Books) shape.books = size;
  if (along == Along::Venues) shape.venues = size;
  return shape;
}

void growth(benchmark::State& state, const Growth& of) {
  std::vector<std::unique_ptr<RunningDesk>> desks;
  for (const std::uint32_t size : of.sizes) {
    desks.push_back(std::make_unique<RunningDesk>(shape_of(of.along, size)));
    if (!desks.back()->believable()) return state.SkipWithError("the desk's figures are not ok");
  }
  const int repeats = of.work == Work::OneTick ? 200 : 1;
  bench::Rounds rounds;
  for (auto _ : state)
    for (std::size_t i = 0; i < desks.size(); ++i) {
      RunningDesk& desk = *desks[i];
      const double before = cpu_nanoseconds();
      for (int repeat = 0; repeat < repeats; ++repeat) {
        if (of.work == Work::OneTick) desk.tick_one();
        if (of.work == Work::AllTick) desk.tick_all();
        if (of.work == Work::Scrape) benchmark::DoNotOptimize(desk.scrape());
      }
      rounds.add(std::to_string(of.sizes[i]), (cpu_nanoseconds() - before) / repeats);
    }
  std::vector<std::pair<double, double>> points;
  for (std::size_t i = 0; i < desks.size(); ++i) {
    const double cost = rounds.median_nanoseconds(std::to_string(of.sizes[i]));
    const double size = of.along == Along::Figures ? static_cast<double>(desks[i]->figures()) : of.sizes[i];
    points.emplace_back(size, cost);
    state.counters["us_at_" + std::to_string(static_cast<std::uint64_t>(size))] = cost / 1e3;
  }
  state.counters["exponent"] = fitted_exponent(points);
}
const std::vector<std::uint32_t> kOptionSizes{125, 250, 500, 1'000, 2'000, 4'000};
BENCHMARK_CAPTURE(growth, one_tick_over_options, Growth{Along::Options, Work::OneTick, kOptionSizes})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(growth, all_tick_over_options, Growth{Along::Options, Work::AllTick, kOptionSizes})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(growth, one_tick_over_books, Growth{Along::Books, Work::OneTick, {1, 2, 5, 10, 20, 50, 100}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(growth, all_tick_over_books, Growth{Along::Books, Work::AllTick, {1, 2, 5, 10, 20, 50, 100}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(growth, one_tick_over_venues, Growth{Along::Venues, Work::OneTick, {1, 2, 3, 4}})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(growth, all_tick_over_venues, Growth{Along::Venues, Work::AllTick, {1, 2, 3, 4}})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(growth, scrape_over_figures, Growth{Along::Figures, Work::Scrape, kOptionSizes})->Unit(benchmark::kMillisecond);

/// Bytes of this process's heap that are in use.
double heap_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<double>(heap.uordblks + heap.hblkhd);
}

/// What an engine holds after so many options were listed, of which the first `held` are held by hand.
double engine_bytes(std::uint32_t listed, std::uint32_t held) {
  const bench::OptionDesk desk{{.options = listed, .books = 10, .venues = 1, .expiries = 8}};
  EngineSetup setup = desk.setup();
  for (BookSetup& book : setup.books) book.positions.resize(held / 10);
  const auto now = from_nanoseconds<MonoTime>(1'000'000'000'000);
  const double before = heap_bytes();
  Engine engine{std::move(setup)};
  desk.open(engine, now, false);
  return heap_bytes() - before;
}

void memory(benchmark::State& state) {
  constexpr std::uint32_t kFew = 1'000;
  constexpr std::uint32_t kMany = 5'000;
  double per_instrument = 0;
  double per_position = 0;
  for (auto _ : state) {
    const double few = engine_bytes(kFew, kFew);
    const double listed = engine_bytes(kMany, kFew);
    const double held = engine_bytes(kMany, kMany);
    per_instrument = (listed - few) / (kMany - kFew);
    per_position = (held - listed) / (kMany - kFew);
  }
  state.counters["bytes_per_listed_instrument"] = per_instrument;
  state.counters["bytes_per_held_position"] = per_position;
}
BENCHMARK(memory)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace hedgewatch
