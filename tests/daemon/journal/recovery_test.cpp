#include "daemon/journal/recovery.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "config/parser.hpp"
#include "daemon/alerting/raised_alerts_file.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "daemon/journal/shown_engine.hpp"
#include "daemon/journal/snapshot_files.hpp"
#include "daemon/setup.hpp"
#include "daemon/text_file.hpp"
#include "support/temporary_folder.hpp"

namespace hedgewatch {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBuild = "b1";
constexpr std::int64_t kOffset = 1'790'000'000'000'000'000;

std::string configuration(int size) {
  return "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://test.deribit.com/ws/api/v2\"\nnetwork = \"testnet\"\ncurrencies = "
         "[\"BTC\"]\nwatch = [\"deribit:BTC-PERPETUAL\"]\nbooks = [\"deribit:BTC-PERPETUAL\"]\n"
         "[[book]]\nname = \"main\"\npositions = [{ instrument = \"deribit:BTC-PERPETUAL\", size = " +
         std::to_string(size) +
         " }]\n"
         "[[alert]]\nname = \"High\"\nfigure = \"hedgewatch_mark_price\"\nabove = 1e9\nseverity = \"warn\"\nsummary = \"high\"\n";
}

/// One life of a daemon: its engine and what it journals. It ends without a word.
class Life {
 public:
  /// `text` is the configuration that it starts with.
  Life(const testing::TemporaryFolder& folder, std::string text, MonoTime begins, std::optional<Recovered> before = std::nullopt,
       std::string build = std::string{kBuild}, const std::vector<RaisedAlert>* raised = nullptr,
       std::uint64_t segment_bytes = JournalOptions{}.segment_bytes)
      : now_{begins}, engine_{before ? std::move(before->engine) : Engine{setup_of(text)}} {
    clock_ns_ = nanoseconds_of(now_);
    JournalOptions options;
    options.directory = folder.path();
    options.version = "1.2.3";
    options.build = std::move(build);
    options.snapshot_every = 1s;
    options.segment_bytes = segment_bytes;
    options.boot = "one";
    options.clock_shift = 7h;
    options.mono = [this] { return from_nanoseconds<MonoTime>(clock_ns_); };
    options.wall = [this] { return from_nanoseconds<WallTime>(clock_ns_ + kOffset); };
    options.continues = before.has_value();
    if (raised != nullptr) options.alerts = remembered_text(memory_of(*raised, {}, 0ns));
    writer_.emplace(options, text);
    if (before) engine_.resume(setup_of(text));
    if (raised != nullptr) engine_.resume_alerts(*raised);
  }

  void hear(const EventBody& body) {
    const Event event{{.exchange_time = from_nanoseconds<VenueTime>(nanoseconds_of(now_) + kOffset),
                       .received = now_,
                       .instrument = make_instrument_id(Venue::Deribit, 0),
                       .connection = ConnectionId{0},
                       .venue = Venue::Deribit},
                      body};
    writer_->record(event);
    if (!std::holds_alternative<EndOfCycle>(body)) engine_.apply(event);
  }
  void connect() {
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
    hear(InstrumentListed{contract});
    hear(FeedStatus{FeedPhase::Live, FeedDownReason::None});
    hear(BookBegin{.snapshot = true});
    hear(BookLevel{.price = Price::from_raw(96'000'000'000'000), .size = Size::from_raw(1'000'000'000), .side = Side::Buy});
    hear(BookLevel{.price = Price::from_raw(96'010'000'000'000), .size = Size::from_raw(1'000'000'000), .side = Side::Sell});
    hear(BookEnd{.sequence = 1});
  }
  void end_cycle() {
    hear(EndOfCycle{});
    engine_.end_cycle(now_);
    tables[engine_.cycles()] = shown(engine_);
    if (!writer_->snapshot_due(now_)) return;
    writer_->record_snapshot(now_, [this](std::vector<std::byte>& out) { engine_.save(out); });
    for (int patience = 0; patience < 60'000 && !writer_->snapshot_due(now_ + 1s); ++patience) std::this_thread::sleep_for(1ms);
  }
  void run(int cycles) {
    for (int i = 0; i < cycles; ++i) {
      now_ += 100ms;
      clock_ns_ = nanoseconds_of(now_);
      hear(Mark{.price = 96'000.0 + static_cast<double>(nanoseconds_of(now_) % 977), .index = 95'990.0 + i});
      end_cycle();
    }
  }
  [[nodiscard]] MonoTime now() const { return now_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  std::map<std::uint64_t, std::string> tables;  ///< by cycle

 private:
  MonoTime now_;
  std::atomic<std::int64_t> clock_ns_{0};
  Engine engine_;
  std::optional<JournalWriter> writer_;
};

constexpr MonoTime kBegin = from_nanoseconds<MonoTime>(1'000'000'000);

/// A life of so many cycles, with a snapshot every ten of them and at its first; what it showed last.
std::string live(const testing::TemporaryFolder& folder, int cycles) {
  Life life{folder, configuration(1'000), kBegin};
  life.connect();
  life.run(cycles);
  return shown(life.engine());
}

struct Outcome {
  std::optional<Recovered> recovered;
  std::string reason;  ///< why not
  std::vector<std::string> told;
};

Outcome recover(const testing::TemporaryFolder& folder, std::chrono::nanoseconds a_look_takes = 0ns) {
  Outcome outcome;
  std::int64_t clock = 0;
  RecoveryOptions options;
  options.directory = folder.path();
  options.build = kBuild;
  options.mono = [&] { return from_nanoseconds<MonoTime>(clock += a_look_takes.count()); };
  options.tell = [&](const std::string& line) { outcome.told.push_back(line); };
  auto result = recover_engine(options);
  if (result.ok())
    outcome.recovered = std::move(result).value();
  else
    outcome.reason = result.error();
  return outcome;
}

bool told(const Outcome& outcome, std::string_view words) {
  for (const std::string& line : outcome.told)
    if (line.find(words) != std::string::npos) return true;
  return false;
}

void spoil(const std::filesystem::path& file) {
  std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
  bytes.seekp(200);
  bytes.put('\x7f');
}

TEST_SUITE("daemon/journal/recovery") {
  TEST_CASE("the engine that is recovered shows what the one that died showed, to the bit") {
    for (const int cycles : {1, 11, 25, 47}) {
      CAPTURE(cycles);
      const testing::TemporaryFolder folder;
      const std::string before = live(folder, cycles);
      const Outcome outcome = recover(folder);
      REQUIRE(outcome.recovered.has_value());
      CHECK(outcome.told.empty());
      CHECK(shown(outcome.recovered->engine) == before);
      CHECK(outcome.recovered->engine.cycles() == static_cast<std::uint64_t>(cycles));
      CHECK(outcome.recovered->replayed.cycles < 11);
      CHECK(nanoseconds_of(outcome.recovered->until) == nanoseconds_of(kBegin) + cycles * 100'000'000LL + kOffset);
    }
  }

  TEST_CASE("a process that died before it heard anything changes nothing, also where a snapshot ends the journal before it") {
    for (const int cycles : {11, 14}) {  // a snapshot is taken at the eleventh
      CAPTURE(cycles);
      const testing::TemporaryFolder folder;
      const std::string before = live(folder, cycles);
      for (int died = 0; died < 2; ++died) {
        Outcome outcome = recover(folder);
        REQUIRE(outcome.recovered.has_value());
        CHECK(outcome.recovered->engine.cycles() == static_cast<std::uint64_t>(cycles));
        CHECK(outcome.recovered->replayed.continued == outcome.recovered->replayed.sessions - 1);
        const MonoTime later = outcome.recovered->engine.now() + (died + 1) * 1s;
        Life{folder, configuration(1'000), later, std::move(outcome.recovered)};
      }
      CHECK(recover(folder).recovered->engine.cycles() == static_cast<std::uint64_t>(cycles));
    }
  }

  TEST_CASE("events behind the last cycle are known to it, though they were not shown") {
    const testing::TemporaryFolder folder;
    std::string expected;
    {
      Life life{folder, configuration(1'000), kBegin};
      life.connect();
      life.run(15);
      life.hear(Mark{.price = 12'345, .index = 95'000});
      life.hear(FeedStatus{FeedPhase::Live, FeedDownReason::None});
    }
    Outcome outcome = recover(folder);
    REQUIRE(outcome.recovered.has_value());
    Engine& engine = outcome.recovered->engine;
    CHECK(engine.cycles() == 15);
    engine.end_cycle(engine.now());
    const FigureTable& figures = engine.figures();
    CHECK(figures.at(figures.find(Figure::MarkPrice, {"deribit", "BTC-PERPETUAL"})).value == 12'345);
  }

  TEST_CASE("a torn tail is cut at the last good block and told, and what stands before it is recovered") {
    const testing::TemporaryFolder folder;
    const std::string before = live(folder, 14);
    {
      std::ofstream torn{segments_in(folder.path()).back().path, std::ios::app | std::ios::binary};
      torn << "HWJ\x01half a block";
    }
    const Outcome outcome = recover(folder);
    REQUIRE(outcome.recovered.has_value());
    CHECK(told(outcome, "a torn tail"));
    CHECK(shown(outcome.recovered->engine) == before);
  }

  TEST_CASE("a damaged snapshot is told of and the one before it taken, which comes to the same") {
    const testing::TemporaryFolder folder;
    const std::string before = live(folder, 35);
    spoil(snapshots_in(folder.path()).back().path);
    const Outcome outcome = recover(folder);
    REQUIRE(outcome.recovered.has_value());
    CHECK(told(outcome, "is damaged"));
    CHECK(outcome.recovered->replayed.cycles > 10);
    CHECK(shown(outcome.recovered->engine) == before);
  }

  TEST_CASE("where nothing is, or nothing is good, or another build has saved it, there is nothing to go on from") {
    const testing::TemporaryFolder folder;
    const Outcome nothing = recover(folder);
    CHECK_FALSE(nothing.recovered.has_value());
    CHECK(nothing.told.empty());
    CHECK(nothing.reason == "no snapshot to go on from");
    live(folder, 25);
    for (const SnapshotFile& file : snapshots_in(folder.path())) spoil(file.path);
    const Outcome spoilt = recover(folder);
    CHECK_FALSE(spoilt.recovered.has_value());
    CHECK(spoilt.reason.starts_with("the newest snapshot is damaged at byte "));

    const testing::TemporaryFolder other;
    {
      Life life{other, configuration(1'000), kBegin, std::nullopt, "another"};
      life.connect();
      life.run(3);
    }
    const Outcome refused = recover(other);
    CHECK_FALSE(refused.recovered.has_value());
    CHECK(told(refused, "is of another build of the program"));
    CHECK(refused.reason == "the newest snapshot is of another build of the program");
  }

  TEST_CASE("a tail that takes too long is given up, and told") {
    const testing::TemporaryFolder folder;
    {
      Life life{folder, configuration(1'000), kBegin};
      life.connect();
      life.run(9);
      for (int i = 0; i < 3'000; ++i) life.hear(Mark{.price = 96'000.0 + i, .index = 95'990});
    }
    CHECK(recover(folder).recovered.has_value());
    const Outcome late = recover(folder, 3s);
    CHECK_FALSE(late.recovered.has_value());
    CHECK(told(late, "given up"));
    CHECK(late.reason == "replaying to the journal's end would take too long");
  }

  TEST_CASE("many events do not wait for the interval: a snapshot comes sooner") {
    const testing::TemporaryFolder folder;
    JournalOptions options;
    options.directory = folder.path();
    options.snapshot_events = 100;
    options.mono = [] { return kBegin; };
    options.wall = [] { return from_nanoseconds<WallTime>(kOffset); };
    JournalWriter writer{options, configuration(1'000)};
    CHECK(writer.snapshot_due(kBegin));
    writer.record_snapshot(kBegin, [](std::vector<std::byte>& out) { out.resize(8); });
    for (int i = 0; i < 98; ++i) writer.record(Event{});
    for (int patience = 0; patience < 60'000 && writer.counters().snapshots == 0; ++patience) std::this_thread::sleep_for(1ms);
    CHECK_FALSE(writer.snapshot_due(kBegin));
    writer.record(Event{});
    writer.record(Event{});
    bool due = false;
    for (int patience = 0; patience < 60'000 && !due; ++patience) {
      due = writer.snapshot_due(kBegin);
      std::this_thread::sleep_for(1ms);
    }
    CHECK(due);
  }

  TEST_CASE(
      "a replay over a death and a new life shows after every cycle what was shown, under a configuration that changed meanwhile") {
    const testing::TemporaryFolder folder;
    std::map<std::uint64_t, std::string> lived;
    MonoTime died{};
    {
      Life life{folder, configuration(1'000), kBegin};
      life.connect();
      life.run(24);
      life.hear(Mark{.price = 12'345, .index = 95'000});  // behind the last cycle
      lived = life.tables;
      died = life.now();
    }
    for (int again = 0; again < 2; ++again) {
      Outcome outcome = recover(folder);
      REQUIRE(outcome.recovered.has_value());
      // The first of them is told of an alert that the engine does not know.
      const std::vector<RaisedAlert> raised{{"High", R"(venue="deribit",instrument="BTC-PERPETUAL")", died - 7s}};
      Life life{folder,
                configuration(2'000 + again),
                died + 5s,
                std::move(outcome.recovered),
                std::string{kBuild},
                again == 0 ? &raised : nullptr};
      life.end_cycle();  // before anything was heard
      life.connect();
      life.run(17);
      lived.insert(life.tables.begin(), life.tables.end());
      died = life.now();
    }
    CHECK(lived.size() == 24 + 2 * 18);
    const std::string fires =
        R"(hedgewatch_alert_statealert="High",severity="warn",state="firing" )" + std::to_string(std::bit_cast<std::uint64_t>(1.0));
    CHECK(lived[24].find(fires) == std::string::npos);
    CHECK(lived[25].find(fires) != std::string::npos);

    std::size_t compared = 0;
    std::string first_difference;
    ReplaySettings settings;
    settings.after_cycle = [&](WallTime, const Engine& engine) {
      ++compared;
      if (first_difference.empty() && lived[engine.cycles()] != shown(engine))
        first_difference = "cycle " + std::to_string(engine.cycles());
    };
    settings.tell = [](const std::string& line) { FAIL_CHECK(line); };
    JournalReader journal{segments_in(folder.path())};
    const ReplayTotals totals = replay_journal(journal, settings);
    CHECK(first_difference == "");
    CHECK(compared == lived.size());
    CHECK(totals.sessions == 3);
    CHECK(totals.continued == 2);
    // The first cycle of a new life shows nothing that is made of prices.
    CHECK(lived[25].find("hedgewatch_mark_price") != std::string::npos);
    CHECK(lived[25] != lived[24]);
  }

  TEST_CASE("a session that continues one which is not there begins anew in a replay") {
    const testing::TemporaryFolder folder;
    live(folder, 12);
    const std::vector<SegmentFile> first = segments_in(folder.path());
    {
      Outcome outcome = recover(folder);
      REQUIRE(outcome.recovered.has_value());
      Life life{folder, configuration(1'000), kBegin + 10s, std::move(outcome.recovered)};
      life.connect();
      life.run(3);
    }
    for (const SegmentFile& segment : first) std::filesystem::remove(segment.path);
    JournalReader journal{segments_in(folder.path())};
    std::uint64_t cycles = 0;
    ReplaySettings settings;
    settings.after_cycle = [&](WallTime, const Engine& engine) { cycles = engine.cycles(); };
    const ReplayTotals totals = replay_journal(journal, settings);
    CHECK(totals.continued == 0);
    CHECK(cycles == 3);
  }

  TEST_CASE("a session that goes on under a configuration that is not understood begins anew under the next that is") {
    const testing::TemporaryFolder folder;
    live(folder, 12);
    {
      JournalOptions options;
      options.directory = folder.path();
      options.continues = true;
      options.mono = [] { return kBegin + 10s; };
      options.wall = [] { return from_nanoseconds<WallTime>(kOffset); };
      JournalWriter writer{options, "no configuration"};
      writer.record_configuration(writer.announce_configuration(configuration(2'000)));
      writer.record(Event{.header = {.received = kBegin + 11s}, .body = EndOfCycle{}});
    }
    JournalReader journal{segments_in(folder.path())};
    std::uint64_t cycles = 0;
    std::vector<std::string> told;
    ReplaySettings settings;
    settings.after_cycle = [&](WallTime, const Engine& engine) { cycles = engine.cycles(); };
    settings.tell = [&](const std::string& line) { told.push_back(line); };
    const ReplayTotals totals = replay_journal(journal, settings);
    CHECK(totals.faults);
    REQUIRE(told.size() == 1);
    CHECK(told[0].starts_with("a configuration in the journal is not understood: "));
    CHECK(totals.sessions == 2);
    CHECK(totals.cycles == 13);
    CHECK(cycles == 1);
  }

  TEST_CASE("events are numbered behind what a snapshot knows, also when the disk has lost the events before it") {
    const testing::TemporaryFolder folder;
    live(folder, 25);
    const std::uint64_t known = snapshots_in(folder.path()).back().sequence;
    for (const SegmentFile& segment : segments_in(folder.path())) std::filesystem::resize_file(segment.path, 600);
    CHECK(next_sequence(folder.path()) == known);
    Outcome outcome = recover(folder);
    REQUIRE(outcome.recovered.has_value());
    CHECK(outcome.recovered->replayed.events == 0);

    // The next life begins where the snapshot ends, and is found again from there, without a snapshot of its own.
    std::map<std::uint64_t, std::string> lived;
    std::string before;
    {
      Life life{folder, configuration(1'000), kBegin + 10s, std::move(outcome.recovered)};
      life.connect();
      life.run(3);
      lived = life.tables;
      before = shown(life.engine());
    }
    for (const SnapshotFile& file : snapshots_in(folder.path()))
      if (file.sequence > known) std::filesystem::remove(file.path);
    const Outcome again = recover(folder);
    REQUIRE(again.recovered.has_value());
    CHECK(again.recovered->replayed.continued == 1);
    CHECK(shown(again.recovered->engine) == before);

    std::size_t compared = 0;
    ReplaySettings settings;
    settings.start = read_snapshot(snapshots_in(folder.path()).back().path).value();
    settings.after_cycle = [&](WallTime, const Engine& engine) {
      ++compared;
      CHECK(lived[engine.cycles()] == shown(engine));
    };
    JournalReader journal{segments_in(folder.path())};
    CHECK(replay_journal(journal, settings).continued == 1);
    CHECK(compared == lived.size());
  }

  TEST_CASE("an engine does not go on over a segment that is missing right behind its snapshot: an older one is taken, or none") {
    const testing::TemporaryFolder folder;
    {
      Life life{folder, configuration(1'000), kBegin, std::nullopt, std::string{kBuild}, nullptr, 1};
      life.connect();
      life.run(35);
    }
    CHECK(recover(folder).recovered->engine.cycles() == 35);
    std::vector<SnapshotFile> snapshots = snapshots_in(folder.path());
    REQUIRE(snapshots.size() == 4);
    const std::uint64_t place = snapshots[2].sequence;
    std::filesystem::remove(snapshots[3].path);
    std::size_t behind = 0;
    for (const SegmentFile& segment : segments_in(folder.path())) {
      if (segment.sequence > place) ++behind;
      if (segment.sequence == place) std::filesystem::remove(segment.path);
    }
    REQUIRE(behind > 0);

    // From the older one the journal is gone through as a replay of all of it does: anew behind the hole.
    const auto replayed = [&](std::optional<JournalSnapshot> start) {
      std::string last;
      ReplaySettings settings;
      settings.start = std::move(start);
      settings.after_cycle = [&](WallTime, const Engine& engine) { last = shown(engine); };
      JournalReader journal{segments_in(folder.path())};
      const ReplayTotals totals = replay_journal(journal, settings);
      CHECK(totals.sessions == 2);
      CHECK(totals.continued == 0);
      return last;
    };
    const std::string anew = replayed(std::nullopt);
    CHECK(replayed(read_snapshot(snapshots[2].path).value()) == anew);
    const Outcome older = recover(folder);
    CHECK(told(older, " events behind the snapshot are missing in the journal"));
    REQUIRE(older.recovered.has_value());
    CHECK(older.recovered->snapshot == snapshots[1].taken);
    CHECK(older.recovered->engine.cycles() < 35);
    CHECK(shown(older.recovered->engine) == anew);

    for (const std::size_t i : {0U, 1U}) std::filesystem::remove(snapshots[i].path);
    const Outcome none = recover(folder);
    CHECK_FALSE(none.recovered.has_value());
    CHECK(none.reason.ends_with(" events behind the snapshot are missing in the journal"));
  }

  TEST_CASE("nor does it over events right behind its snapshot that are damaged") {
    const testing::TemporaryFolder folder;
    live(folder, 35);
    const std::vector<SnapshotFile> snapshots = snapshots_in(folder.path());
    for (const SnapshotFile& file : snapshots)
      if (file.path != snapshots.front().path) std::filesystem::remove(file.path);
    CHECK(recover(folder).recovered.has_value());
    const std::filesystem::path segment = segments_in(folder.path()).back().path;
    const std::string bytes = read_text_file(segment.string()).value();
    BlockWalker walker{bytes};
    std::uint64_t place = 0;
    for (std::uint64_t begins = 0; const auto step = walker.next(); begins = walker.offset())
      if (step->block && step->block->kind == BlockKind::Events && step->block->sequence == snapshots.front().sequence)
        place = begins;
    REQUIRE(place > 0);
    {
      std::fstream file{segment, std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(static_cast<std::streamoff>(place + kBlockHeaderBytes + 1));
      file.put('\x7f');
    }
    const Outcome outcome = recover(folder);
    CHECK_FALSE(outcome.recovered.has_value());
    CHECK(told(outcome, "damaged bytes"));
    CHECK(outcome.reason.ends_with(" events behind the snapshot are missing in the journal"));
  }

  TEST_CASE("the clock is set on only where it is another one, so far that the engine's time goes on with the calendar's") {
    const testing::TemporaryFolder folder;
    live(folder, 10);
    const Outcome outcome = recover(folder);
    REQUIRE(outcome.recovered.has_value());
    const Recovered& recovered = *outcome.recovered;
    const MonoTime last = recovered.engine.now();
    const auto wall = [](MonoTime mono) { return from_nanoseconds<WallTime>(nanoseconds_of(mono) + kOffset); };
    // The same clock, and a calendar that was corrected a little.
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s)}) == 0ns);
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 30s}) == 0ns);
    // The machine was started anew ten minutes ago, an hour after the end.
    const MonoTime booted = from_nanoseconds<MonoTime>(0) + 10min;
    CHECK(booted + steady_clock_shift(recovered, {booted, wall(last) + 1h}) == last + 1h);
    // A calendar that was set back: the engine's time stands, and does not go back.
    CHECK(last - 500ms + steady_clock_shift(recovered, {last - 500ms, wall(last) - 1h}) == last);
    // The machine slept for two hours.
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 2h}) == 2h);
  }

  TEST_CASE("on the same start of the machine the clock is the session's own, whatever the calendar says") {
    const testing::TemporaryFolder folder;
    live(folder, 10);
    Outcome outcome = recover(folder);
    REQUIRE(outcome.recovered.has_value());
    Recovered& recovered = *outcome.recovered;
    const MonoTime last = recovered.engine.now();
    const auto wall = [](MonoTime mono) { return from_nanoseconds<WallTime>(nanoseconds_of(mono) + kOffset); };
    CHECK(recovered.session.boot == "one");
    CHECK(recovered.session.clock_shift_ns == std::chrono::nanoseconds{7h}.count());
    recovered.session.clock_shift_ns = 0;
    // A session that does not say of which start it is, or a machine that does not: by the calendar.
    recovered.session.boot.clear();
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 1h, "one"}) == 1h);
    recovered.session.boot = "one";
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 1h, ""}) == 1h);
    // The calendar was set on, or back, by an hour after the start.
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 1h, "one"}) == 0ns);
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) - 1h, "one"}) == 0ns);
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 1h, "two"}) == 1h);
    // That session had set its clock on by 300 hours, since the machine was started anew before it.
    recovered.session.clock_shift_ns = std::chrono::nanoseconds{300h}.count();
    CHECK(steady_clock_shift(recovered, {last + 5s - 300h, wall(last + 5s) + 1h, "one"}) == 300h);
    CHECK(steady_clock_shift(recovered, {last + 5s, wall(last + 5s) + 1h, "one", 300h}) == 0ns);
    // A clock that cannot be the same, as in another time namespace, does not take the engine's time back.
    const MonoTime early = last - 301h;
    CHECK(early + steady_clock_shift(recovered, {early, wall(last) + 1h, "one"}) == last + 1h);
  }
}

}  // namespace
}  // namespace hedgewatch
