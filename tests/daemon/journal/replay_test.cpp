#include "daemon/journal/replay.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "config/parser.hpp"
#include "daemon/build_identity.hpp"
#include "daemon/commands/replay_command.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "daemon/journal/shown_engine.hpp"
#include "daemon/setup.hpp"
#include "support/temporary_folder.hpp"

namespace hedgewatch {
namespace {

constexpr std::string_view kConfiguration =
    "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://test.deribit.com/ws/api/v2\"\nnetwork = \"testnet\"\ncurrencies = "
    "[\"BTC\"]\nwatch = [\"deribit:BTC-PERPETUAL\"]\n"
    "[[book]]\nname = \"main\"\npositions = [{ instrument = \"deribit:BTC-PERPETUAL\", size = 1000 }]\n";
constexpr std::string_view kOtherConfiguration =
    "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://test.deribit.com/ws/api/v2\"\nnetwork = \"testnet\"\ncurrencies = "
    "[\"BTC\"]\nwatch = [\"deribit:BTC-PERPETUAL\"]\n"
    "[[book]]\nname = \"main\"\npositions = [{ instrument = \"deribit:BTC-PERPETUAL\", size = 2000 }]\n";

/// An engine that is journalled as the daemon does it: a mark in each cycle, another configuration half-way.
class Recorded {
 public:
  explicit Recorded(const testing::TemporaryFolder& folder) : engine_{setup_of(kConfiguration)} {
    JournalOptions options;
    options.directory = folder.path();
    options.version = "1.2.3";
    options.build = build_identity();
    options.snapshot_every = std::chrono::seconds{2};
    // The writer's thread may read the clocks at any time.
    options.mono = [this] { return from_nanoseconds<MonoTime>(clock_ns_); };
    options.wall = [this] { return from_nanoseconds<WallTime>(clock_ns_ + kOffset); };
    JournalWriter writer{options, std::string{kConfiguration}};
    Contract contract;
    contract.name = InstrumentName::from("BTC-PERPETUAL").value();
    contract.base = AssetCode::from("BTC").value();
    contract.quote = AssetCode::from("USD").value();
    contract.settlement = contract.base;
    contract.contract_size = 10;
    contract.lot = 10;
    contract.kind = ContractKind::Perpetual;
    contract.style = PayoffStyle::Inverse;
    contract.size_unit = SizeUnit::Quote;
    record(writer, InstrumentListed{contract});
    record(writer, FeedStatus{FeedPhase::Live, FeedDownReason::None});
    for (int i = 0; i < 200; ++i) {
      if (i == 100) {
        const std::uint32_t number = writer.announce_configuration(std::string{kOtherConfiguration});
        engine_.reconfigure(setup_of(kOtherConfiguration));
        writer.record_configuration(number);
      }
      now_ += std::chrono::milliseconds{100};
      clock_ns_ = nanoseconds_of(now_);
      record(writer, Mark{.price = 96'000.0 + i, .index = 95'990.0 + i});
      record(writer, EndOfCycle{});
      engine_.end_cycle(now_);
      tables[engine_.cycles()] = shown(engine_);
      if (!writer.snapshot_due(now_)) continue;
      writer.record_snapshot(now_, [this](std::vector<std::byte>& out) { engine_.save(out); });
      for (int patience = 0; patience < 60'000 && !writer.snapshot_due(now_ + options.snapshot_every); ++patience)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  static constexpr std::int64_t kOffset = 1'790'000'000'000'000'000;
  std::map<std::uint64_t, std::string> tables;  ///< by cycle

 private:
  void record(JournalWriter& writer, const EventBody& body) {
    const Event event{{.exchange_time = from_nanoseconds<VenueTime>(nanoseconds_of(now_) + kOffset),
                       .received = now_,
                       .instrument = make_instrument_id(Venue::Deribit, 0),
                       .connection = ConnectionId{0},
                       .venue = Venue::Deribit},
                      body};
    writer.record(event);
    if (!std::holds_alternative<EndOfCycle>(body)) engine_.apply(event);
  }

  MonoTime now_ = from_nanoseconds<MonoTime>(1'000'000'000);
  std::atomic<std::int64_t> clock_ns_{1'000'000'000};
  Engine engine_;
};

struct Replayed {
  ReplayTotals totals;
  std::size_t compared = 0;
  std::string first_difference;
  std::vector<std::string> told;
};

Replayed replay_from(const testing::TemporaryFolder& folder, const Recorded& recorded, std::optional<JournalSnapshot> start) {
  Replayed replayed;
  ReplaySettings settings;
  settings.start = std::move(start);
  settings.after_cycle = [&](WallTime, const Engine& engine) {
    ++replayed.compared;
    const auto known = recorded.tables.find(engine.cycles());
    if (replayed.first_difference.empty() && (known == recorded.tables.end() || known->second != shown(engine)))
      replayed.first_difference = "cycle " + std::to_string(engine.cycles());
  };
  settings.tell = [&](const std::string& line) { replayed.told.push_back(line); };
  JournalReader journal{segments_in(folder.path())};
  replayed.totals = replay_journal(journal, settings);
  return replayed;
}

TEST_SUITE("daemon/journal/replay") {
  TEST_CASE("from each snapshot that is kept, a replay shows what was shown after it, to the bit, over a new configuration too") {
    const testing::TemporaryFolder folder;
    const Recorded recorded{folder};
    const std::vector<SnapshotFile> snapshots = snapshots_in(folder.path());
    REQUIRE(snapshots.size() >= 3);

    const Replayed whole = replay_from(folder, recorded, std::nullopt);
    CHECK(whole.first_difference == "");
    CHECK(whole.compared == recorded.tables.size());
    bool before_the_change = false;
    bool after_the_change = false;
    for (const SnapshotFile& file : snapshots) {
      auto snapshot = read_snapshot(file.path);
      REQUIRE(snapshot.ok());
      before_the_change = before_the_change || snapshot.value().configuration == kConfiguration;
      after_the_change = after_the_change || snapshot.value().configuration == kOtherConfiguration;
      const Replayed tail = replay_from(folder, recorded, snapshot.value());
      CHECK(tail.first_difference == "");
      CHECK(tail.compared < whole.compared);
      CHECK(tail.told.empty());
      CHECK(tail.totals.lost_events == 0);
      CHECK(tail.totals.sessions == 1);
      CHECK(tail.totals.events == whole.totals.events - snapshot.value().sequence);
    }
    CHECK(before_the_change);
    CHECK(after_the_change);
  }

  TEST_CASE(
      "the command begins with the newest snapshot before the moment that was asked for, and writes what it would without one") {
    const testing::TemporaryFolder folder;
    const Recorded recorded{folder};
    ReplayRequest request;
    request.inputs = {folder.path()};
    request.every = std::chrono::nanoseconds{0};
    // Behind the change of the configuration, and before the newest snapshots.
    request.from = from_nanoseconds<WallTime>(Recorded::kOffset + 20'500'000'000);
    std::ostringstream with;
    std::ostringstream told_with;
    CHECK(run_replay(request, with, told_with) == 0);
    for (const SnapshotFile& file : snapshots_in(folder.path())) std::filesystem::remove(file.path);
    std::ostringstream without;
    std::ostringstream told_without;
    CHECK(run_replay(request, without, told_without) == 0);
    CHECK(with.str() == without.str());
    CHECK(with.str().find("hedgewatch_mark_price") != std::string::npos);
    CHECK(told_without.str() == "replayed 402 events in 200 cycles of 1 session\n");
    CHECK(told_with.str() != told_without.str());
    CHECK(told_with.str().find(" of 1 session\n") != std::string::npos);
  }

  TEST_CASE("a snapshot that does not fit is told of, and the journal is replayed from its start") {
    const testing::TemporaryFolder folder;
    const Recorded recorded{folder};
    auto snapshot = read_snapshot(snapshots_in(folder.path()).front().path);
    REQUIRE(snapshot.ok());
    JournalSnapshot bad = snapshot.value();
    bad.state.resize(bad.state.size() / 2);
    const Replayed whole = replay_from(folder, recorded, bad);
    CHECK(whole.first_difference == "");
    CHECK(whole.compared == recorded.tables.size());
    REQUIRE(whole.told.size() == 1);
    CHECK(whole.told[0].starts_with("a snapshot does not fit this program: "));
  }
}

}  // namespace
}  // namespace hedgewatch
