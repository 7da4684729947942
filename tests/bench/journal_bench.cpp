// Keeping 16,384 events: what the engine's thread pays to hand them to the journal, and how long until they are in its file
// (framed, checksummed, compressed), against fwrite of the bare structures and rows of an SQLite database in WAL mode, a
// transaction a batch.

#include <benchmark/benchmark.h>
#if __has_include(<sqlite3.h>)
#include <sqlite3.h>
#endif
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "bench/option_desk.hpp"
#include "bench/rounds.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {
namespace {

constexpr std::size_t kEvents = 16'384;
constexpr std::size_t kBatch = 512;

class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("hedgewatch-journal-bench-" + std::to_string(::getpid()));
};

#if __has_include(<sqlite3.h>)
class Database {
 public:
  explicit Database(const std::filesystem::path& file) {
    sqlite3_open(file.c_str(), &database_);
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=OFF");  // as the journal: the system decides when bytes reach the disk
    run("CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB)");
    sqlite3_prepare_v2(database_, "INSERT INTO events (body) VALUES (?)", -1, &insert_, nullptr);
  }
  ~Database() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  bool insert(std::span<const Event> events) {
    bool done = run("BEGIN");
    for (const Event& event : events) {
      sqlite3_bind_blob(insert_, 1, &event, sizeof event, nullptr);
      done = sqlite3_step(insert_) == SQLITE_DONE && done;
      sqlite3_reset(insert_);
    }
    return run("COMMIT") && done;
  }

 private:
  bool run(const char* statement) { return sqlite3_exec(database_, statement, nullptr, nullptr, nullptr) == SQLITE_OK; }
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};
#endif

void events_are_kept(benchmark::State& state) {
  const Folder folder;
  const bench::OptionDesk desk{{}};
  std::vector<Event> events;
  for (std::uint32_t i = 0; i < kEvents; ++i) events.push_back(desk.tick(i % desk.shape().options, i % 64, mono_now()));
  JournalOptions options;
  options.directory = folder.path();
  options.max_bytes = std::uint64_t{256} << 20;
  options.block_age = std::chrono::milliseconds{1};  // what is measured is work, not waiting for a block to fill
  options.version = "bench";
  options.mono = [] { return mono_now(); };
  options.wall = [] { return wall_now(); };
  options.tell = [](const std::string&) {};
  JournalWriter journal{options, ""};
  std::FILE* plain = std::fopen((folder.path() / "plain").c_str(), "wb");
  if (plain == nullptr) return state.SkipWithError("the temporary folder cannot be written");
#if __has_include(<sqlite3.h>)
  Database database{folder.path() / "database"};
#else
  state.SetLabel("SQLite's header is not installed: its row is missing");
#endif

  const std::span<const Event> all{events};
  bench::Rounds rounds;
  std::uint64_t kept = journal.counters().events.load();
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const double handed = rounds.time("engine", kEvents, [&] {
      for (std::size_t first = 0; first < kEvents; first += kBatch) journal.record(all.subspan(first, kBatch));
    });
    kept += kEvents;
    while (journal.counters().events.load() + journal.counters().lost_events.load() < kept)
      std::this_thread::sleep_for(std::chrono::microseconds{100});
    const std::chrono::duration<double, std::nano> written = std::chrono::steady_clock::now() - start;
    rounds.add("written", written.count() / kEvents);
    std::rewind(plain);
    rounds.time("fwrite", kEvents, [&] {
      std::fwrite(events.data(), sizeof(Event), kEvents, plain);
      std::fflush(plain);
    });
#if __has_include(<sqlite3.h>)
    bool inserted = true;
    rounds.time("sqlite", kEvents, [&] {
      for (std::size_t first = 0; first < kEvents; first += kBatch)
        inserted = database.insert(all.subspan(first, kBatch)) && inserted;
    });
    if (!inserted) return state.SkipWithError("SQLite refuses");
#endif
    state.SetIterationTime(handed);
  }
  std::fclose(plain);
  if (journal.counters().lost_events.load() != 0) return state.SkipWithError("events were lost");
  const auto done = static_cast<std::int64_t>(state.iterations()) * std::int64_t{kEvents};
  state.SetItemsProcessed(done);
  state.SetBytesProcessed(done * std::int64_t{sizeof(Event)});
  state.counters["engine_ns"] = rounds.median_nanoseconds("engine");
  state.counters["written_ns"] = rounds.median_nanoseconds("written");
  state.counters["file_bytes_per_event"] =
      static_cast<double>(journal.counters().bytes.load()) / static_cast<double>(journal.counters().events.load());
  state.counters["fwrite_engine_ratio"] = rounds.median_ratio("fwrite", "engine");
#if __has_include(<sqlite3.h>)
  state.counters["sqlite_engine_ratio"] = rounds.median_ratio("sqlite", "engine");
  state.counters["sqlite_written_ratio"] = rounds.median_ratio("sqlite", "written");
#endif
}
BENCHMARK(events_are_kept)->UseManualTime()->Iterations(20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hedgewatch
