#include "daemon/journal/journal_writer.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/journal/event_codec.hpp"
#include "daemon/journal/journal_reader.hpp"
#include "feeds/transport/clock.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"

namespace hedgewatch {
namespace {

JournalOptions options(const testing::TemporaryFolder& folder) {
  JournalOptions result;
  result.directory = folder.path();
  result.version = "1.2.3";
  result.mono = mono_now;
  result.wall = wall_now;
  return result;
}

Event event_at(std::int64_t number, const EventBody& body, std::uint32_t instrument = 1) {
  return {{.exchange_time = from_nanoseconds<VenueTime>(1'790'000'000'000'000'000 + number),
           .received = from_nanoseconds<MonoTime>(5'000'000'000 + number),
           .instrument = make_instrument_id(Venue::Deribit, instrument),
           .account = AccountId{0},
           .connection = ConnectionId{0},
           .venue = Venue::Deribit},
          body};
}

Event mark(std::int64_t number, double price) { return event_at(number, Mark{.price = price}); }

Event listed(std::string_view name, std::uint32_t instrument) {
  Contract contract;
  contract.name = InstrumentName::from(name).value();
  contract.contract_size = 1;
  contract.lot = 1;
  return event_at(0, InstrumentListed{contract}, instrument);
}

std::string bytes_of(const Event& event) {
  std::string bytes;
  encode_event(bytes, event);
  return bytes;
}

struct Told {
  std::vector<Event> events;
  std::vector<std::uint64_t> sequences;
  std::vector<Event> restated;
  std::vector<std::string> configurations;
  std::vector<JournalDamage> damage;
  std::uint64_t lost = 0;
  std::size_t sessions = 0;
};

Told read(std::vector<SegmentFile> segments) {
  Told told;
  JournalReader reader{std::move(segments)};
  while (auto item = reader.next()) {
    if (const auto* event = std::get_if<JournaledEvent>(&*item)) {
      told.events.push_back(event->event);
      told.sequences.push_back(event->sequence);
    }
    if (const auto* event = std::get_if<RestatedEvent>(&*item)) told.restated.push_back(event->event);
    if (const auto* text = std::get_if<ConfigurationText>(&*item)) told.configurations.push_back(text->text);
    if (const auto* damage = std::get_if<JournalDamage>(&*item)) told.damage.push_back(*damage);
    if (const auto* lost = std::get_if<LostEvents>(&*item)) told.lost += lost->count;
    if (std::holds_alternative<SessionStart>(*item)) ++told.sessions;
  }
  return told;
}

void cut_file(const std::filesystem::path& file, std::uintmax_t bytes) {
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - bytes);
}

TEST_SUITE("daemon/journal") {
  TEST_CASE("what is recorded comes back in order, with the configuration in force at each place") {
    const testing::TemporaryFolder folder;
    {
      JournalWriter writer{options(folder), "first = 1\n"};
      for (int number = 0; number < 1'000; ++number) writer.record(mark(number, number));
      const std::uint32_t change = writer.announce_configuration("second = 2\n");
      writer.record_configuration(change);
      writer.record(mark(1'000, 1'000));
    }
    const Told told = read(segments_in(folder.path()));
    REQUIRE(told.events.size() == 1'001);
    for (std::size_t i = 0; i < told.events.size(); ++i) {
      CHECK(told.sequences[i] == i);
      CHECK(bytes_of(told.events[i]) == bytes_of(mark(static_cast<std::int64_t>(i), static_cast<double>(i))));
    }
    CHECK(told.configurations == std::vector<std::string>{"first = 1\n", "second = 2\n"});
    CHECK(told.sessions == 1);
    CHECK(told.lost == 0);
    CHECK(told.damage.empty());
  }

  TEST_CASE("what a venue tells once is written at once with all before it, and other events wait for their block") {
    const testing::TemporaryFolder folder;
    JournalOptions patient = options(folder);
    patient.block_age = std::chrono::hours{1};
    JournalWriter writer{patient, "x = 1\n"};
    std::int64_t number = 0;
    const auto is_written_at_once = [&](const EventBody& body) {
      writer.record(mark(number++, 1));
      writer.record(event_at(number++, body));
      return testing::eventually([&] { return writer.counters().events == static_cast<std::uint64_t>(number); });
    };
    CHECK(is_written_at_once(Fill{}));
    CHECK(is_written_at_once(Transfer{}));
    CHECK(is_written_at_once(ForcedEvent{}));
    CHECK(is_written_at_once(AlertAcknowledged{}));
    CHECK(is_written_at_once(LimitOverridden{}));
    writer.record(mark(number, 3));
    CHECK(testing::eventually([&] { return writer.counters().oldest_waiting_ns != 0; }));
    CHECK(read(segments_in(folder.path())).events.size() == static_cast<std::size_t>(number));
  }

  TEST_CASE("what a venue tells once does not wait for the end of what comes behind it") {
    const testing::TemporaryFolder folder;
    JournalOptions patient = options(folder);
    patient.block_age = std::chrono::hours{1};
    JournalWriter writer{patient, "x = 1\n"};
    std::vector<Event> events{event_at(0, Fill{})};
    for (std::int64_t number = 1; number <= 4'000; ++number) events.push_back(mark(number, 1));
    writer.record(events);
    // The fill is written with those of its batch; the others are too few for a block, and wait.
    CHECK(testing::eventually([&] { return writer.counters().oldest_waiting_ns != 0; }));
    CHECK(writer.counters().events > 0);
    CHECK(writer.counters().events <= 512);
  }

  TEST_CASE("segments follow each other as one sequence, and the first that is left states what was true before it") {
    const testing::TemporaryFolder folder;
    JournalOptions small = options(folder);
    small.segment_bytes = 20'000;
    {
      JournalWriter writer{small, "x = 1\n"};
      writer.record(listed("BTC-PERPETUAL", 1));
      writer.record(event_at(1, FeedStatus{FeedPhase::Live, FeedDownReason::None}));
      // Numbers that do not compress, so that segments fill.
      std::uint64_t noise = 88'172'645'463'325'252ULL;
      for (int number = 2; number < 20'000; ++number) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        writer.record(mark(number, static_cast<double>(noise)));
        if (number % 512 == 0) std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    }
    std::vector<SegmentFile> segments = segments_in(folder.path());
    REQUIRE(segments.size() > 3);

    const Told whole = read(segments);
    CHECK(whole.sessions == 1);
    CHECK(whole.restated.empty());
    CHECK(whole.events.size() + whole.lost == 20'000);
    CHECK(whole.configurations.size() == 1);

    segments.erase(segments.begin(), segments.begin() + 2);
    const Told tail = read(segments);
    CHECK(tail.sessions == 1);
    REQUIRE(tail.restated.size() == 3);
    CHECK(std::holds_alternative<InstrumentListed>(tail.restated[0].body));
    CHECK(std::holds_alternative<FeedStatus>(tail.restated[1].body));
    CHECK(std::holds_alternative<Mark>(tail.restated[2].body));
    CHECK(tail.configurations == std::vector<std::string>{"x = 1\n"});
    REQUIRE(!tail.events.empty());
    // The restated mark is the newest before the first event of the tail.
    CHECK(tail.sequences.front() == segments.front().sequence);
    const auto before = whole.events[segments.front().sequence - 1];
    CHECK(std::get<Mark>(tail.restated[2].body).price == std::get<Mark>(before.body).price);
  }

  TEST_CASE("a torn tail is cut at the last good block, reported, and the next process goes on behind it") {
    const testing::TemporaryFolder folder;
    {
      JournalWriter writer{options(folder), "x = 1\n"};
      for (int number = 0; number < 100; ++number) writer.record(mark(number, number));
    }
    {
      std::ofstream torn{segments_in(folder.path()).front().path, std::ios::app | std::ios::binary};
      torn << "HWJ\x01half a block";
    }
    {
      JournalWriter writer{options(folder), "x = 1\n"};
      writer.record(mark(500, 500));
    }
    const Told told = read(segments_in(folder.path()));
    CHECK(told.events.size() == 101);
    CHECK(told.sequences.back() == 100);
    CHECK(told.sessions == 2);
    REQUIRE(told.damage.size() == 1);
    CHECK(told.damage[0].torn_tail);
    cut_file(segments_in(folder.path()).back().path, 5);
    CHECK(read(segments_in(folder.path())).damage.size() == 2);
  }

  TEST_CASE("two processes are two sessions, also when their clocks lie equally far apart") {
    const testing::TemporaryFolder folder;
    for (const std::int64_t start : {1'000, 2'000}) {
      JournalOptions fixed = options(folder);
      fixed.mono = [start] { return from_nanoseconds<MonoTime>(start); };
      fixed.wall = [start] { return from_nanoseconds<WallTime>(start + 1'790'000'000'000'000'000); };
      JournalWriter writer{fixed, "x = 1\n"};
      writer.record(mark(start, 1));
    }
    CHECK(read(segments_in(folder.path())).sessions == 2);
  }

  TEST_CASE(
      "when the writer cannot keep up the engine does not wait: events are counted, and the journal says how many are missing") {
    const testing::TemporaryFolder folder;
    JournalOptions small = options(folder);
    small.capacity = 512;
    std::uint64_t lost = 0;
    {
      JournalWriter writer{small, "x = 1\n"};
      std::vector<Event> many;
      for (int number = 0; number < 200'000; ++number) many.push_back(mark(number, number));
      writer.record(many);
      lost = writer.counters().lost_events.load();
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
      writer.record(mark(1'000'000, 1));
    }
    REQUIRE(lost > 0);
    const Told told = read(segments_in(folder.path()));
    CHECK(told.lost == lost);
    CHECK(told.events.size() == 200'001 - lost);
    CHECK(std::get<Mark>(told.events.back().body).price == 1);
  }

  TEST_CASE("old segments go when the journal is too large, never the newest") {
    const testing::TemporaryFolder folder;
    JournalOptions small = options(folder);
    small.segment_bytes = 4'000;
    small.max_bytes = 60'000;  // two of the blocks that these events make
    {
      JournalWriter writer{small, "x = 1\n"};
      for (int number = 0; number < 60'000; ++number) {
        writer.record(mark(number, static_cast<double>(number) * 1.000'1));
        if (number % 512 == 0) std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    }
    const std::vector<SegmentFile> segments = segments_in(folder.path());
    std::uint64_t total = 0;
    for (const SegmentFile& segment : segments) total += segment.bytes;
    REQUIRE(!segments.empty());
    CHECK(segments.front().sequence > 0);
    CHECK(total < 60'000 + segments.back().bytes + 4'000);
    const Told told = read(segments);
    CHECK(told.damage.empty());
    REQUIRE(!told.events.empty());
    CHECK(std::get<Mark>(told.events.back().body).price == 59'999 * 1.000'1);
  }

  TEST_CASE("a directory that cannot be written is told at the start") {
    JournalOptions nowhere;
    nowhere.directory = "/nonexistent/journal";
    nowhere.mono = mono_now;
    nowhere.wall = wall_now;
    CHECK_THROWS_AS((JournalWriter{nowhere, ""}), std::runtime_error);
  }
}

}  // namespace
}  // namespace hedgewatch
