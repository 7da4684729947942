#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/time.hpp"

namespace hedgewatch {

/// One file of a journal. Its name says where it begins: the number of its first event and the time it was begun.
struct SegmentFile {
  std::filesystem::path path;
  std::uint64_t sequence = 0;
  WallTime begun{};
  std::uint64_t bytes = 0;
};

/// `00000000000000012345-1790000000000000000.journal`
[[nodiscard]] std::string segment_name(std::uint64_t sequence, WallTime begun);
/// Nothing when it is not such a name.
[[nodiscard]] std::optional<SegmentFile> parse_segment_name(const std::filesystem::path& path);

/// The segments of a directory in the order of their events; other files are passed over. Empty when it cannot be read.
[[nodiscard]] std::vector<SegmentFile> segments_in(const std::filesystem::path& directory);

/// Those that are read after a snapshot that does not know the event with that number: a session that begins with it comes behind
/// one that the snapshot is of.
[[nodiscard]] std::vector<SegmentFile> segments_from(std::vector<SegmentFile> segments, std::uint64_t sequence);

/// The number that the next event gets: beyond everything that any segment holds, also a torn one, and any snapshot knows.
[[nodiscard]] std::uint64_t next_sequence(const std::filesystem::path& directory);

/// Deletes the oldest segments, and the snapshots of places in them, while all together exceed `max_bytes`, and those whose
/// successor was begun longer ago than `max_age`. The newest segment is never deleted. How many are left.
std::uint64_t keep_within(const std::filesystem::path& directory, std::uint64_t max_bytes, std::chrono::nanoseconds max_age,
                          WallTime now);

/// What a session block tells.
struct JournalSession {
  std::string version;              ///< of the program that wrote it
  std::int64_t wall_offset_ns = 0;  ///< calendar time minus receive time, when the process began to write
  std::int64_t begun_ns = 0;        ///< steady clock then, which tells processes apart; 0 in journals that do not say
  std::string build = {};           ///< identity of the program's file; empty in journals that do not say
  bool continues = false;           ///< its engine went on from where the journal ended before it
  std::string boot = {};            ///< of the machine: boot_identity(); empty in journals that do not say
  std::int64_t clock_shift_ns = 0;  ///< in its times, beyond that machine's steady clock
  friend bool operator==(const JournalSession&, const JournalSession&) = default;
};
[[nodiscard]] std::string session_text(const JournalSession& session);
[[nodiscard]] std::optional<JournalSession> parse_session(std::string_view text);

}  // namespace hedgewatch
