#include "daemon/journal/snapshot_files.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/journal/journal_block.hpp"
#include "support/temporary_folder.hpp"

namespace hedgewatch {
namespace {

WallTime wall(std::int64_t seconds) { return from_nanoseconds<WallTime>(1'790'000'000'000'000'000 + seconds * 1'000'000'000); }

JournalSnapshot snapshot_at(std::uint64_t sequence, std::int64_t seconds) {
  return {.sequence = sequence,
          .taken = wall(seconds),
          .session =
              {.version = "1.2.3", .wall_offset_ns = 77, .build = "b1", .continues = true, .boot = "a-boot", .clock_shift_ns = -5},
          .configuration = "x = 1\n",
          .state = std::string(5'000, 'a') + std::to_string(sequence)};
}

std::vector<std::uint64_t> kept(const testing::TemporaryFolder& folder) {
  std::vector<std::uint64_t> sequences;
  for (const SnapshotFile& file : snapshots_in(folder.path())) sequences.push_back(file.sequence);
  return sequences;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}
void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
}

TEST_SUITE("daemon/journal/snapshot_files") {
  TEST_CASE("a small file that stands for more than any engine's state is refused before it takes the memory") {
    const testing::TemporaryFolder folder;
    std::string bytes;
    append_block(bytes, {.kind = BlockKind::Session, .payload = session_text({.version = "1", .wall_offset_ns = 0})});
    append_block(bytes, {.kind = BlockKind::Configuration, .payload = "x = 1\n"});
    std::string zeros;
    append_block(zeros, {.kind = BlockKind::State, .payload = std::string(kLongestPayload, '\0')});
    for (std::size_t size = 0; size <= kLargestState; size += kLongestPayload) bytes += zeros;
    CHECK(bytes.size() < kLargestState / 1'000);
    write(folder.path() / "large", bytes);
    const auto snapshot = read_snapshot(folder.path() / "large");
    REQUIRE_FALSE(snapshot.ok());
    CHECK(snapshot.error() == "is too large");
  }

  TEST_CASE("a snapshot is read as it was written, and nothing else is left in the folder") {
    const testing::TemporaryFolder folder;
    const JournalSnapshot before = snapshot_at(12, 3);
    REQUIRE_FALSE(write_snapshot(folder.path(), before).has_value());
    const std::vector<SnapshotFile> files = snapshots_in(folder.path());
    REQUIRE(files.size() == 1);
    CHECK(files[0].sequence == 12);
    CHECK(files[0].taken == wall(3));
    const auto after = read_snapshot(files[0].path);
    REQUIRE(after.ok());
    CHECK(after.value().sequence == 12);
    CHECK(after.value().taken == wall(3));
    CHECK(after.value().session.version == "1.2.3");
    CHECK(after.value().session == before.session);
    CHECK(after.value().configuration == before.configuration);
    CHECK(after.value().state == before.state);
    CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
  }

  TEST_CASE("a file with a wrong byte or a missing end is refused, wherever that is") {
    const testing::TemporaryFolder folder;
    REQUIRE_FALSE(write_snapshot(folder.path(), snapshot_at(1, 1)).has_value());
    const std::filesystem::path path = snapshots_in(folder.path()).front().path;
    const std::string good = contents(path);
    for (std::size_t place = 0; place < good.size(); ++place) {
      CAPTURE(place);
      std::string bad = good;
      bad[place] = static_cast<char>(bad[place] ^ 0x20);
      write(path, bad);
      CHECK_FALSE(read_snapshot(path).ok());
      write(path, good.substr(0, place));
      CHECK_FALSE(read_snapshot(path).ok());
    }
    write(path, good + good);
    CHECK_FALSE(read_snapshot(path).ok());
    write(path, good);
    CHECK(read_snapshot(path).ok());
  }

  TEST_CASE("the newest good one until a moment is taken, and a bad one is passed over and told") {
    const testing::TemporaryFolder folder;
    for (int i = 0; i < 3; ++i)
      REQUIRE_FALSE(write_snapshot(folder.path(), snapshot_at(static_cast<std::uint64_t>(10 * i), i)).has_value());
    const std::vector<SnapshotFile> files = snapshots_in(folder.path());
    std::vector<std::string> told;
    const auto tell = [&](const std::string& line) { told.push_back(line); };
    CHECK(newest_snapshot(files, wall(9), "b1", tell)->sequence == 20);
    CHECK(newest_snapshot(files, wall(1), "b1", tell)->sequence == 10);
    CHECK_FALSE(newest_snapshot(files, wall(-1), "b1", tell).has_value());
    CHECK(told.empty());
    write(files[2].path, "no snapshot");
    CHECK(newest_snapshot(files, wall(9), "b1", tell)->sequence == 10);
    REQUIRE(told.size() == 1);
    CHECK(told[0] == files[2].path.string() + ": is damaged at byte 0, passed over");
    CHECK_FALSE(newest_snapshot(files, wall(9), "b2", tell).has_value());
    REQUIRE(told.size() == 3);
    CHECK(told[2] == files[1].path.string() + ": is of another build of the program, passed over");
  }

  TEST_CASE("builds without an identity are not the same one") {
    JournalSnapshot snapshot = snapshot_at(1, 1);
    CHECK(is_of_build(snapshot, "b1"));
    CHECK_FALSE(is_of_build(snapshot, ""));
    snapshot.session.build.clear();
    CHECK_FALSE(is_of_build(snapshot, "b1"));
    CHECK_FALSE(is_of_build(snapshot, ""));
    const testing::TemporaryFolder folder;
    REQUIRE_FALSE(write_snapshot(folder.path(), snapshot).has_value());
    CHECK_FALSE(newest_snapshot(snapshots_in(folder.path()), wall(9), "", {}).has_value());
  }

  TEST_CASE("what a process has left half written is deleted, and nothing else") {
    const testing::TemporaryFolder folder;
    REQUIRE_FALSE(write_snapshot(folder.path(), snapshot_at(1, 1)).has_value());
    write(folder.path() / (snapshot_name(2, wall(2)) + ".unfinished"), "half");
    write(folder.path() / "notes.unfinished", "not ours");
    remove_unfinished_snapshots(folder.path());
    CHECK(kept(folder) == std::vector<std::uint64_t>{1});
    CHECK(std::filesystem::exists(folder.path() / "notes.unfinished"));
    CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 2);
  }

  TEST_CASE("snapshots count in what the journal may hold, and go with the segment that they are of") {
    const testing::TemporaryFolder folder;
    for (const std::uint64_t sequence : {100U, 200U, 300U}) {
      write(folder.path() / segment_name(sequence, wall(0)), std::string(1'000, 'x'));
      REQUIRE_FALSE(write_snapshot(folder.path(), snapshot_at(sequence + 10, 1)).has_value());
    }
    const std::uint64_t snapshot_bytes = snapshots_in(folder.path()).front().bytes;
    CHECK(snapshot_bytes > 100);
    CHECK(keep_within(folder.path(), 3'000 + 3 * snapshot_bytes, std::chrono::hours{1}, wall(1)) == 3);
    CHECK(keep_within(folder.path(), 2'999 + 3 * snapshot_bytes, std::chrono::hours{1}, wall(1)) == 2);
    CHECK(kept(folder) == std::vector<std::uint64_t>{210, 310});
    CHECK(keep_within(folder.path(), 2'000 + 2 * snapshot_bytes, std::chrono::hours{1}, wall(1)) == 2);
    CHECK(keep_within(folder.path(), 1, std::chrono::hours{1}, wall(1)) == 1);
    CHECK(kept(folder) == std::vector<std::uint64_t>{310});
  }

  TEST_CASE("the newest two are kept, and of older ones the first in each segment that is there") {
    const testing::TemporaryFolder folder;
    write(folder.path() / segment_name(100, wall(0)), "");
    write(folder.path() / segment_name(200, wall(10)), "");
    for (const std::uint64_t sequence : {50U, 110U, 120U, 130U, 200U, 210U, 220U, 230U})
      REQUIRE_FALSE(write_snapshot(folder.path(), snapshot_at(sequence, 1)).has_value());
    keep_snapshots(folder.path());
    CHECK(kept(folder) == std::vector<std::uint64_t>{110, 200, 220, 230});
  }

  TEST_CASE("a folder that cannot be written to is a fault in words") {
    CHECK(write_snapshot("/nonexistent", snapshot_at(1, 1)).value().starts_with("cannot make /nonexistent/"));
  }
}

}  // namespace
}  // namespace hedgewatch
