#include "daemon/engine_thread.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "daemon/journal/journal_writer.hpp"
#include "daemon/journal/snapshot_files.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr ConnectionId kConnection{0};

EngineSetup setup(const std::string& book) {
  EngineSetup result;
  result.venues.push_back({Venue::Deribit, 60s, 120s});
  result.connections = {"deribit"};
  result.connection_venues = {Venue::Deribit};
  BookSetup named;
  named.name = book;
  named.rules.push_back({.accounts = {}, .underlyings = {"BTC"}, .instruments = {}});
  result.books.push_back(named);
  return result;
}

Event event(EventBody body) {
  Event result;
  result.header.received = mono_now();
  result.header.exchange_time = from_nanoseconds<VenueTime>(nanoseconds_of(wall_now()) - 3'000'000);
  result.header.connection = kConnection;
  result.body = body;
  return result;
}

EventBatch live_and_locked() {
  EventBatch batch{16};
  REQUIRE(batch.push(event(FeedStatus{.phase = FeedPhase::Live, .reason = FeedDownReason::None})));
  REQUIRE(batch.push(event(PlatformState{.locked = true, .maintenance = false})));
  return batch;
}

struct Fixture {
  EngineWaiter waiter;
  EventQueue queue;
  EngineThread thread;

  explicit Fixture(WaitMode mode, EngineThreadOptions options = {})
      : waiter{mode},
        queue{{.producers = 1, .capacity = 1'024, .held_back = 64}, waiter},
        thread{setup("main"), queue, waiter, std::move(options)} {}

  std::optional<double> value(Figure figure, std::initializer_list<std::string_view> labels) {
    const FigureSnapshot* snapshot = thread.snapshot(20s);
    REQUIRE(snapshot != nullptr);
    std::string wanted;
    std::size_t index = 0;
    for (const std::string_view text : labels)
      wanted.append(wanted.empty() ? "" : ",")
          .append(definition_of(figure).labels[index++])
          .append("=\"")
          .append(text)
          .append("\"");
    for (std::size_t row = 0; row < snapshot->values.size(); ++row)
      if (snapshot->layout->rows[row].figure == figure && snapshot->layout->rows[row].labels == wanted &&
          snapshot->values[row].state == FigureState::Ok)
        return snapshot->values[row].value;
    return std::nullopt;
  }
};

template <class Condition>
bool soon(Condition condition) {
  for (int attempt = 0; attempt < 4'000; ++attempt) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

}  // namespace

TEST_SUITE("daemon/engine_thread") {
  TEST_CASE("what a feed delivers is in the next snapshot, in every wait mode") {
    for (const WaitMode mode : {WaitMode::BusyPoll, WaitMode::Adaptive, WaitMode::Blocking}) {
      CAPTURE(static_cast<int>(mode));
      Fixture fixture{mode};
      fixture.thread.start();
      REQUIRE(fixture.queue.sink(kConnection).deliver(live_and_locked()).outcome == DeliveryOutcome::Complete);
      CHECK(soon([&] { return fixture.thread.feed_status(kConnection).phase == FeedPhase::Live; }));
      CHECK(fixture.value(Figure::FeedLive, {"deribit", "deribit"}) == 1);
      CHECK(fixture.value(Figure::PlatformLocked, {"deribit"}) == 1);
    }
  }

  TEST_CASE("snapshots of the engine are taken as it runs, and one of them makes the same engine again") {
    std::string folder = (std::filesystem::temp_directory_path() / "hedgewatch-engine-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    {
      JournalOptions journal_options;
      journal_options.directory = folder;
      journal_options.version = "1.2.3";
      journal_options.build = "b1";
      journal_options.snapshot_every = 10ms;
      journal_options.mono = mono_now;
      journal_options.wall = wall_now;
      JournalWriter journal{journal_options, "x = 1\n"};
      EngineThreadOptions options;
      options.idle_tick = 1ms;
      options.journal = &journal;
      Fixture fixture{WaitMode::Blocking, std::move(options)};
      fixture.thread.start();
      REQUIRE(fixture.queue.sink(kConnection).deliver(live_and_locked()).outcome == DeliveryOutcome::Complete);
      CHECK(soon([&] { return fixture.value(Figure::PlatformLocked, {"deribit"}) == 1; }));
      const std::uint64_t before = journal.counters().snapshots;
      CHECK(soon([&] { return journal.counters().snapshots > before + 1; }));
    }
    const auto snapshot = newest_snapshot(snapshots_in(folder), WallTime::max(), "b1", {});
    REQUIRE(snapshot.has_value());
    CHECK(snapshot->sequence > 2);
    const auto restored = Engine::restored(setup("main"), std::as_bytes(std::span{snapshot->state}));
    REQUIRE(restored.ok());
    const FigureTable& figures = restored.value().figures();
    CHECK(figures.at(figures.find(Figure::PlatformLocked, {"deribit"})).value == 1);
    std::filesystem::remove_all(folder);
  }

  TEST_CASE("it goes on with an engine that is handed over, whose connections say nothing yet, under its own setup") {
    Engine before{setup("before")};
    for (const Event& one : {event(FeedStatus{.phase = FeedPhase::Live, .reason = FeedDownReason::None}),
                             event(PlatformState{.locked = true, .maintenance = false})})
      before.apply(one);
    before.end_cycle(mono_now());
    std::atomic<std::uint64_t> cycles = 0;
    EngineThreadOptions options;
    options.idle_tick = 1ms;
    options.resumed = std::move(before);
    options.observer = [&](const Engine& engine) {
      const FigureTable& figures = engine.figures();
      if (engine.cycles() == 2) CHECK(figures.at(figures.find(Figure::PlatformLocked, {"deribit"})).state == FigureState::Stale);
      cycles = engine.cycles();
    };
    Fixture fixture{WaitMode::Blocking, std::move(options)};
    CHECK(fixture.thread.feed_status(kConnection).phase == FeedPhase::Connecting);
    fixture.thread.start();
    CHECK(soon([&] { return cycles.load() > 2; }));
    CHECK(fixture.value(Figure::FeedLive, {"deribit", "deribit"}) == 0);
    REQUIRE(fixture.queue.sink(kConnection).deliver(live_and_locked()).outcome == DeliveryOutcome::Complete);
    CHECK(soon([&] { return fixture.value(Figure::PlatformLocked, {"deribit"}) == 1; }));
  }

  TEST_CASE("time passes without events") {
    EngineThreadOptions options;
    options.idle_tick = 1ms;
    Fixture fixture{WaitMode::Blocking, std::move(options)};
    fixture.thread.start();
    const std::uint64_t before = fixture.thread.cycles();
    CHECK(soon([&] { return fixture.thread.cycles() > before + 3; }));
  }

  TEST_CASE("each frame is timed once from its arrival, and its way from the exchange too") {
    Fixture fixture{WaitMode::Blocking};
    fixture.thread.start();
    Event first = event(IndexPrice{.base = *AssetCode::from("BTC"), .quote = *AssetCode::from("USD"), .price = 1});
    Event second = first;
    EventBatch batch{4};
    REQUIRE(batch.push(first));
    REQUIRE(batch.push(second));
    static_cast<void>(fixture.queue.sink(kConnection).deliver(batch));
    CHECK(soon([&] { return fixture.thread.tick_to_figure().read().cumulative.back() == 1; }));
    const auto lag = fixture.thread.exchange_lag(kConnection).read();
    CHECK(lag.cumulative.back() == 1);
    CHECK(lag.sum_seconds > 0.0029);
    CHECK(fixture.thread.cycle_duration().read().cumulative.back() >= 1);
  }

  TEST_CASE("a frame that tells of a fill is timed beside the others, wherever in it the fill stands") {
    Fixture fixture{WaitMode::Blocking};
    fixture.thread.start();
    const Event quote = event(IndexPrice{.base = *AssetCode::from("BTC"), .quote = *AssetCode::from("USD"), .price = 1});
    Event fill = quote;
    fill.body = Fill{};
    Event later = quote;
    later.header.received += 1us;
    EventBatch batch{4};
    for (const Event& one : {quote, fill, later}) REQUIRE(batch.push(one));
    static_cast<void>(fixture.queue.sink(kConnection).deliver(batch));
    CHECK(soon([&] { return fixture.thread.tick_to_figure().read().cumulative.back() == 2; }));
    CHECK(fixture.thread.fill_to_figure().read().cumulative.back() == 1);
  }

  TEST_CASE("a new setup is in force soon, without a restart") {
    Fixture fixture{WaitMode::Blocking};
    fixture.thread.start();
    const auto has_book = [&](std::string_view name) {
      const FigureSnapshot* snapshot = fixture.thread.snapshot(20s);
      REQUIRE(snapshot != nullptr);
      for (const FigureLayout::Row& row : snapshot->layout->rows)
        if (row.figure == Figure::BookValueUsd && row.labels.find(name) != std::string::npos) return true;
      return false;
    };
    static_cast<void>(fixture.queue.sink(kConnection).deliver(live_and_locked()));
    REQUIRE(soon([&] { return has_book("\"main\""); }));
    fixture.thread.reconfigure(setup("never taken"));
    fixture.thread.reconfigure(setup("other"));
    CHECK(soon([&] { return has_book("\"other\"") && !has_book("\"main\""); }));
  }

  TEST_CASE("an engine that stands still does not answer, and says for how long") {
    std::atomic<bool> stand = false;
    EngineThreadOptions options;
    options.idle_tick = 1ms;
    options.observer = [&](const Engine&) {
      while (stand.load()) std::this_thread::sleep_for(1ms);
    };
    Fixture fixture{WaitMode::Blocking, std::move(options)};
    fixture.thread.start();
    REQUIRE(fixture.thread.snapshot(20s) != nullptr);
    stand = true;
    CHECK(soon([&] { return fixture.thread.stall() > 50ms; }));
    CHECK(fixture.thread.snapshot(10ms) == nullptr);
    stand = false;
    CHECK(fixture.thread.snapshot(20s) != nullptr);
  }

  TEST_CASE("a CPU that is not there is said and lived without") {
    std::string told;
    EngineThreadOptions options;
    options.cpu = 4'000;
    options.tell = [&](const std::string& text) { told = text; };
    Fixture fixture{WaitMode::Blocking, std::move(options)};
    fixture.thread.start();
    CHECK(fixture.thread.snapshot(20s) != nullptr);
    fixture.thread.stop();
    CHECK(told.find("cannot pin the engine to CPU 4000") != std::string::npos);
  }

  TEST_CASE("what waits when it stops is still applied") {
    double last = 0;
    EngineThreadOptions options;
    options.observer = [&](const Engine& engine) {
      const RowId row = engine.figures().find(Figure::PlatformLocked, {"deribit"});
      if (row != kNoRow && engine.figures().at(row).state == FigureState::Ok) last = engine.figures().at(row).value;
    };
    Fixture fixture{WaitMode::Blocking, std::move(options)};
    fixture.thread.start();
    static_cast<void>(fixture.queue.sink(kConnection).deliver(live_and_locked()));
    fixture.thread.stop();
    CHECK(last == 1);
  }
}

}  // namespace hedgewatch
