// What goes through decoder, queue and engine in memory for as long as one likes: 1,000 held options in 10 books, a thread that
// decodes tickers and one that runs the engine. HEDGEWATCH_LOAD_SECONDS says how long the row `steady` goes on (60 is the minute of
// the target; half a second without it).

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bench/draining_engine.hpp"
#include "bench/option_desk.hpp"
#include "daemon/exposition/metrics_writer.hpp"
#include "daemon/snapshot_exchange.hpp"
#include "feeds/deribit/decoder.hpp"

namespace hedgewatch {
namespace {

constexpr std::uint32_t kFrames = 1'024;
constexpr double kEventsPerTicker = 3;  ///< quote, mark and the venue's Greeks

double heap_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<double>(heap.uordblks + heap.hblkhd);
}

double load_seconds() {
  const char* text = std::getenv("HEDGEWATCH_LOAD_SECONDS");
  return text == nullptr ? 0.5 : std::atof(text);
}

/// Decodes tickers of all options in turn into a queue.
class Source {
 public:
  Source(const bench::OptionDesk& desk, EventQueue& queue) : queue_{queue} {
    for (std::uint32_t i = 0; i < desk.shape().options; ++i) symbols_.add(desk.contract(i));
    for (std::uint32_t i = 0; i < kFrames; ++i) frames_.emplace_back(desk.ticker_frame(i * 37 % desk.shape().options, i % 64));
  }
  bool send(MonoTime meant) {
    batch_.truncate(0);
    if (!decoder_.decode(frames_[next_++ % kFrames], meant, batch_).ok()) return false;
    static_cast<void>(queue_.sink(ConnectionId{0}).deliver(batch_));
    return true;
  }

 private:
  EventQueue& queue_;
  deribit::Symbols symbols_;
  deribit::Decoder decoder_{symbols_, {.connection = ConnectionId{0}}};
  EventBatch batch_{64};
  std::vector<simdjson::padded_string> frames_;
  std::uint32_t next_ = 0;
};

/// 1,000,000 events a second by a fixed schedule. What is late is late from when it was meant to be.
void steady(benchmark::State& state, double events_per_second) {
  const bench::OptionDesk desk{{}};
  for (auto _ : state) {
    bench::DrainingEngine engine{desk, WaitMode::BusyPoll};
    Source source{desk, engine.queue()};
    engine.start(1);
    const bench::Pin pin{0};
    const std::chrono::nanoseconds interval{static_cast<std::int64_t>(1e9 * kEventsPerTicker / events_per_second)};
    const auto tickers = static_cast<std::uint64_t>(load_seconds() * events_per_second / kEventsPerTicker);
    const MonoTime start = mono_now();
    double heap_at_first = 0;
    for (std::uint64_t i = 0; i < tickers; ++i) {
      const MonoTime meant = start + interval * static_cast<std::int64_t>(i);
      for (bench::Poll poll; mono_now() < meant;) poll.wait();
      if (!source.send(meant)) return state.SkipWithError("the frame no longer decodes");
      if (i == tickers / 10) heap_at_first = heap_bytes();
    }
    const double seconds = std::chrono::duration<double>(mono_now() - start).count();
    const double grown = heap_bytes() - heap_at_first;
    engine.stop();
    engine.report(state);
    state.counters["events_per_second"] = static_cast<double>(tickers) * kEventsPerTicker / seconds;
    state.counters["events_per_second_least"] = 0.999 * events_per_second;
    state.counters["heap_growth_bytes"] = grown;
    state.counters["seconds"] = seconds;
  }
}
BENCHMARK_CAPTURE(steady, million_events, 1e6)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

/// As many tickers as the decoder's thread can make.
void flood(benchmark::State& state) {
  constexpr std::uint64_t kTickers = 300'000;
  const bench::OptionDesk desk{{}};
  for (auto _ : state) {
    bench::DrainingEngine engine{desk, WaitMode::BusyPoll};
    Source source{desk, engine.queue()};
    engine.start(1);
    const bench::Pin pin{0};
    const MonoTime start = mono_now();
    for (std::uint64_t i = 0; i < kTickers; ++i)
      if (!source.send(mono_now())) return state.SkipWithError("the frame no longer decodes");
    engine.stop();
    const double seconds = std::chrono::duration<double>(mono_now() - start).count();
    engine.report(state);
    state.counters["oldest_unapplied_p99_us_aim"] = 5'000;
    state.counters["tickers_per_second"] = static_cast<double>(kTickers) / seconds;
    state.counters["tickers_per_second_least"] = 3e6;
  }
}
BENCHMARK(flood)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Events that are there already, applied in cycles as large as the daemon's: the engine's side of the flood alone.
void conflated_ticks(benchmark::State& state) {
  constexpr std::uint32_t kTicksPerCycle = 5'461;
  const bench::OptionDesk desk{{}};
  Engine engine{desk.setup()};
  desk.open(engine, mono_now(), false);
  for (auto _ : state) {
    const MonoTime now = mono_now();
    for (std::uint32_t i = 0; i < kTicksPerCycle; ++i) engine.apply(desk.tick(i % desk.shape().options, i % 64, now));
    engine.end_cycle(mono_now());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kTicksPerCycle);
}
BENCHMARK(conflated_ticks)->Unit(benchmark::kMicrosecond);

/// Every tick reprices all 1,000 options.
void full_reprices(benchmark::State& state) {
  const bench::OptionDesk desk{{}};
  Engine engine{desk.setup()};
  desk.open(engine, mono_now(), true);
  std::uint32_t move = 0;
  for (auto _ : state) {
    engine.apply(desk.tick(0, ++move % 64, mono_now()));
    engine.end_cycle(mono_now());
  }
  state.counters["per_second"] = benchmark::Counter{static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
  state.counters["per_second_least"] = 85'000;
}
BENCHMARK(full_reprices)->Unit(benchmark::kMicrosecond);

/// How far ten scrapes a second move the 99th percentile of a ticker's wait: rounds with and without them in turn.
void scrape_storm(benchmark::State& state) {
  const bench::OptionDesk desk{{}};
  std::vector<double> quiet;
  std::vector<double> stormy;
  for (auto _ : state)
    for (const bool storm : {false, true}) {
      bench::DrainingEngine engine{desk, WaitMode::BusyPoll};
      Source source{desk, engine.queue()};
      SnapshotExchange exchange{[] {}, 65'536};
      std::uint64_t cycle = 0;
      engine.after_cycle([&](const Engine& done) { exchange.serve(done.figures(), mono_now(), ++cycle); });
      engine.start(1);
      std::atomic<bool> over{false};
      std::uint64_t scrapes = 0;
      std::thread scraper{[&] {
        const bench::Pin off_the_engine{0};  // as the daemon does with engine_cpu
        MetricsWriter writer;
        while (storm && !over.load()) {
          const FigureSnapshot* table = exchange.take(std::chrono::seconds{1});
          if (table != nullptr && !writer.render(MetricsFormat::Text, table, {}).empty()) ++scrapes;
          std::this_thread::sleep_for(std::chrono::milliseconds{100});
        }
      }};
      {
        const bench::Pin pin{0};
        const MonoTime start = mono_now();
        for (std::int64_t i = 0; i < 10'000; ++i) {
          const MonoTime meant = start + std::chrono::microseconds{50} * i;
          for (bench::Poll poll; mono_now() < meant;) poll.wait();
          source.send(meant);
        }
      }
      over = true;
      scraper.join();
      engine.stop();
      if (storm && scrapes == 0) return state.SkipWithError("nothing was scraped");
      engine.report(state);
      (storm ? stormy : quiet).push_back(state.counters["p99_us"]);
    }
  state.counters["p99_us"] = bench::percentile(stormy, 0.5);
  state.counters["p99_ratio"] = bench::percentile(stormy, 0.5) / bench::percentile(quiet, 0.5);
  state.counters["p99_ratio_aim"] = 1.2;
}
BENCHMARK(scrape_storm)->Iterations(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgewatch
