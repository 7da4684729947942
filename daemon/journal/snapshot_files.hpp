#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "daemon/journal/journal_files.hpp"

namespace hedgewatch {

/// All that an engine knew at one place of the journal.
struct JournalSnapshot {
  std::uint64_t sequence = 0;  ///< of the first event that it does not know
  WallTime taken{};
  JournalSession session;     ///< that wrote it
  std::string configuration;  ///< the text in force
  std::string state;          ///< Engine::save
};

/// One file of a snapshot, beside the segments. Its name says what it is of.
struct SnapshotFile {
  std::filesystem::path path;
  std::uint64_t sequence = 0;
  WallTime taken{};
  std::uint64_t bytes = 0;
};

/// `00000000000000012345-1790000000000000000.snapshot`
[[nodiscard]] std::string snapshot_name(std::uint64_t sequence, WallTime taken);
/// Nothing when it is not such a name.
[[nodiscard]] std::optional<SnapshotFile> parse_snapshot_name(const std::filesystem::path& path);
/// The snapshots of a directory, the oldest first; other files are passed over. Empty when it cannot be read.
[[nodiscard]] std::vector<SnapshotFile> snapshots_in(const std::filesystem::path& directory);

/// Writes the file whole under another name, to the disk, and only then under its own. The fault in words, if there was one: then
/// nothing is left of it. `state` must not be empty.
[[nodiscard]] std::optional<std::string> write_snapshot(const std::filesystem::path& directory, const JournalSnapshot& snapshot);

/// No engine's state is larger: a file cannot ask for more memory.
inline constexpr std::size_t kLargestState = std::size_t{256} << 20;
/// What is damaged, cut, too large, or written by another version is an error in words.
[[nodiscard]] Result<JournalSnapshot, std::string> read_snapshot(const std::filesystem::path& path);

/// Keeps the newest two, and of the others the first in each segment, for a replay that begins there; deletes the rest, and what is
/// older than the oldest segment.
void keep_snapshots(const std::filesystem::path& directory);

/// Deletes what a process that died has left half written.
void remove_unfinished_snapshots(const std::filesystem::path& directory);

/// Whether that build of the program took it. A build without an identity is nobody's, also not its own.
[[nodiscard]] bool is_of_build(const JournalSnapshot& snapshot, std::string_view build);

/// The newest good snapshot that this build of the program took until then, if any; each that is not good is told of, and once
/// that there are others' as well.
[[nodiscard]] std::optional<JournalSnapshot> newest_snapshot(std::span<const SnapshotFile> oldest_first, WallTime until,
                                                             std::string_view build,
                                                             const std::function<void(const std::string&)>& tell);

}  // namespace hedgewatch
