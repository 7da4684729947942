// One Deribit ticker in memory -> decoded -> through the queue -> what it touches of 1,000 held options in 10 books repriced and
// summed -> published. Ours is the daemon's own decoder, queue, engine and table; beside it in every round the conventional
// pipeline. `full`: all options follow the expiry's forward, so that each tick reprices all. `incremental`: the ticker's own
// option. `queue`: a pricing thread that polls (ours) or is woken (theirs), as each does it; `inline`: the same work on one thread.

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/conventional_pipeline.hpp"
#include "bench/option_desk.hpp"
#include "bench/percentiles.hpp"
#include "bench/rounds.hpp"
#include "bench/two_threads.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {
namespace {

constexpr std::uint32_t kOurTicks = 48;
constexpr std::uint32_t kTheirTicks = 8;
constexpr std::uint32_t kMoves = 32;
constexpr double kFullTarget = 28;

enum class Reach : std::uint8_t { Full, Incremental };
enum class Threads : std::uint8_t { Queue, Inline };

/// The tickers that tick, with a forward that moves. What reprices all is always the same option's: one that has ticked alone keeps
/// its own forward.
class Frames {
 public:
  Frames(const bench::OptionDesk& desk, Reach reach) {
    for (std::uint32_t i = 0; i < kMoves; ++i) {
      texts_.push_back(desk.ticker_frame(reach == Reach::Full ? 0 : i * 37 % desk.shape().options, i));
      padded_.emplace_back(texts_.back());
    }
  }
  [[nodiscard]] const std::string& text(std::uint32_t tick) const { return texts_[tick % kMoves]; }
  [[nodiscard]] simdjson::padded_string_view padded(std::uint32_t tick) const { return padded_[tick % kMoves]; }

 private:
  std::vector<std::string> texts_;
  std::vector<simdjson::padded_string> padded_;
};

/// The daemon's parts, without its sockets.
class OurPipeline {
 public:
  OurPipeline(const bench::OptionDesk& desk, bool leaning) : engine_{desk.setup()} {
    for (std::uint32_t i = 0; i < desk.shape().options; ++i) symbols_.add(desk.contract(i));
    desk.open(engine_, mono_now(), leaning);
  }
  bool on_frame(simdjson::padded_string_view frame) {
    batch_.truncate(0);
    if (!decoder_.decode(frame, mono_now(), batch_).ok()) return false;
    return queue_.sink(ConnectionId{0}).deliver(batch_).outcome == DeliveryOutcome::Complete;
  }
  void take_one() {
    std::size_t taken = 0;
    while ((taken = queue_.take(taken_)) == taken_.size()) apply(taken);
    apply(taken);
    engine_.end_cycle(mono_now());
    published_.fetch_add(1, std::memory_order_release);
  }
  void run() {
    bench::Poll poll;
    while (!stop_.load(std::memory_order_relaxed)) {
      if (queue_.empty())
        poll.wait();
      else
        take_one();
    }
    stop_ = false;
  }
  void stop() { stop_ = true; }
  [[nodiscard]] std::uint64_t published() const { return published_.load(std::memory_order_acquire); }
  [[nodiscard]] const Engine& engine() const { return engine_; }

 private:
  void apply(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) engine_.apply(taken_[i]);
  }

  Engine engine_;
  deribit::Symbols symbols_;
  deribit::Decoder decoder_{symbols_, {.connection = ConnectionId{0}}};
  EventBatch batch_{64};
  EngineWaiter waiter_{WaitMode::BusyPoll};
  EventQueue queue_{{.producers = 1, .capacity = 4'096, .held_back = 1'024}, waiter_};
  std::array<Event, 64> taken_{};
  std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> stop_{false};
};

std::vector<bench::ConventionalPipeline::Option> holdings(const bench::OptionDesk& desk) {
  std::vector<bench::ConventionalPipeline::Option> result;
  for (std::uint32_t i = 0; i < desk.shape().options; ++i)
    result.push_back({.name = desk.name(i),
                      .book = desk.book(i),
                      .size = bench::OptionDesk::size(i),
                      .strike = desk.contract(i).strike,
                      .call = desk.contract(i).right == OptionRight::Call,
                      .expiry_ms = static_cast<double>(nanoseconds_of(desk.contract(i).expiry)) / 1e6});
  return result;
}

/// Nanoseconds of each of so many ticks, from before the decoder until the figures are published, one after the other.
template <class Pipeline, class Send>
void play(Pipeline& pipeline, Threads threads, std::uint32_t ticks, std::vector<double>& nanoseconds, const Send& send) {
  std::optional<bench::Pin> sender;
  std::thread worker;
  if (threads == Threads::Queue) {
    worker = std::thread{[&] {
      const bench::Pin pin{1};
      pipeline.run();
    }};
    sender.emplace(0);
  }
  bench::Poll poll;
  nanoseconds.clear();
  for (std::uint32_t tick = 0; tick < ticks; ++tick) {
    const std::uint64_t before = pipeline.published();
    const auto start = std::chrono::steady_clock::now();
    send(tick);
    if (threads == Threads::Inline) pipeline.take_one();
    while (pipeline.published() == before) poll.wait();
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    nanoseconds.push_back(elapsed.count());
  }
  if (threads != Threads::Queue) return;
  pipeline.stop();
  worker.join();
}

bool agree(const OurPipeline& ours, const bench::ConventionalPipeline& theirs, std::uint32_t books) {
  for (std::uint32_t book = 0; book < books; ++book) {
    const FigureValue& own = ours.engine().figures().at(bench::OptionDesk::delta_row(ours.engine(), book));
    const double other = theirs.delta_of_book(book);
    if (own.state != FigureState::Ok || !(std::fabs(own.value - other) <= 1e-9 * (1 + std::fabs(other)))) return false;
  }
  return true;
}

void tick_to_table(benchmark::State& state, Reach reach, Threads threads) {
  using bench::ConventionalPipeline;
  const bench::OptionDesk desk{{}};
  const Frames frames{desk, reach};
  OurPipeline ours{desk, reach == Reach::Full};
  const auto scope = reach == Reach::Full ? ConventionalPipeline::Scope::Expiry : ConventionalPipeline::Scope::OneOption;
  ConventionalPipeline books{holdings(desk), desk.shape().books, scope, ConventionalPipeline::Gauges::Books};
  ConventionalPipeline every{holdings(desk), desk.shape().books, scope, ConventionalPipeline::Gauges::EveryOptionToo};
  for (std::uint32_t i = 0; i < desk.shape().options && reach == Reach::Incremental; ++i)
    for (ConventionalPipeline* pipeline : {&books, &every}) {
      if (!pipeline->on_frame(desk.ticker_frame(i, 0))) return state.SkipWithError("the frame is no ticker to rapidjson");
      pipeline->take_one();
    }

  const auto send_ours = [&](std::uint32_t tick) { benchmark::DoNotOptimize(ours.on_frame(frames.padded(tick))); };
  const auto sender_to = [&](ConventionalPipeline& pipeline) {
    return [&](std::uint32_t tick) { benchmark::DoNotOptimize(pipeline.on_frame(frames.text(tick))); };
  };
  std::vector<double> samples;
  std::vector<double> all_ours;
  std::vector<double> all_theirs;
  bench::Rounds rounds;
  // The same ticks for all, so that their figures can be compared.
  for (ConventionalPipeline* pipeline : {&books, &every}) play(*pipeline, Threads::Inline, kMoves, samples, sender_to(*pipeline));
  play(ours, Threads::Inline, kMoves, samples, send_ours);
  if (!agree(ours, books, desk.shape().books) || !agree(ours, every, desk.shape().books))
    return state.SkipWithError("the two pipelines disagree about a delta");

  for (auto _ : state) {
    play(ours, threads, kOurTicks, samples, send_ours);
    all_ours.insert(all_ours.end(), samples.begin(), samples.end());
    rounds.add("ours", bench::percentile(samples, 0.5));
    play(books, threads, kTheirTicks, samples, sender_to(books));
    all_theirs.insert(all_theirs.end(), samples.begin(), samples.end());
    rounds.add("conventional", bench::percentile(samples, 0.5));
    play(every, threads, kTheirTicks, samples, sender_to(every));
    rounds.add("every_gauge", bench::percentile(samples, 0.5));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kOurTicks);
  state.counters["p50_us"] = bench::percentile(all_ours, 0.5) / 1e3;
  state.counters["p99_us"] = bench::percentile(all_ours, 0.99) / 1e3;
  state.counters["conventional_p50_us"] = bench::percentile(all_theirs, 0.5) / 1e3;
  state.counters["conventional_p99_us"] = bench::percentile(all_theirs, 0.99) / 1e3;
  state.counters["conventional_ratio"] = rounds.median_ratio("conventional", "ours");
  state.counters["every_gauge_ratio"] = rounds.median_ratio("every_gauge", "ours");
  if (reach == Reach::Full && threads == Threads::Queue) {
    state.counters["conventional_ratio_target"] = kFullTarget;
    state.counters["p99_us_aim"] = 20;
  }
  if (reach == Reach::Incremental) state.counters["p50_us_aim"] = 3;
}
BENCHMARK_CAPTURE(tick_to_table, full_queue, Reach::Full, Threads::Queue)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(tick_to_table, full_inline, Reach::Full, Threads::Inline)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(tick_to_table, incremental_queue, Reach::Incremental, Threads::Queue)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(tick_to_table, incremental_inline, Reach::Incremental, Threads::Inline)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace hedgewatch
