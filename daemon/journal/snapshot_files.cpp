#include "daemon/journal/snapshot_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "daemon/file_descriptor.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/text_file.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kEnding = ".snapshot";
constexpr std::string_view kUnfinished = ".unfinished";
constexpr std::size_t kNewestKept = 2;

std::string errno_words(std::string_view what, const std::filesystem::path& file) {
  return std::string{what} + ' ' + file.string() + ": " + std::strerror(errno);
}

bool write_whole(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string snapshot_name(std::uint64_t sequence, WallTime taken) {
  return std::filesystem::path{segment_name(sequence, taken)}.stem().string() + std::string{kEnding};
}

std::optional<SnapshotFile> parse_snapshot_name(const std::filesystem::path& path) {
  if (path.extension() != kEnding) return std::nullopt;
  const auto named = parse_segment_name(path.stem().string() + ".journal");
  if (!named) return std::nullopt;
  return SnapshotFile{.path = path, .sequence = named->sequence, .taken = named->begun, .bytes = 0};
}

std::vector<SnapshotFile> snapshots_in(const std::filesystem::path& directory) {
  std::vector<SnapshotFile> snapshots;
  std::error_code fault;
  for (std::filesystem::directory_iterator entry{directory, fault}, end; !fault && entry != end; entry.increment(fault))
    if (auto snapshot = parse_snapshot_name(entry->path())) {
      std::error_code ignored;
      const auto size = entry->file_size(ignored);
      snapshot->bytes = ignored ? 0 : size;
      snapshots.push_back(std::move(*snapshot));
    }
  std::sort(snapshots.begin(), snapshots.end(), [](const SnapshotFile& a, const SnapshotFile& b) {
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.taken < b.taken;
  });
  return snapshots;
}

std::optional<std::string> write_snapshot(const std::filesystem::path& directory, const JournalSnapshot& snapshot) {
  std::string bytes;
  const auto append = [&](BlockKind kind, std::string_view payload) {
    append_block(
        bytes, {.kind = kind, .sequence = snapshot.sequence, .count = 0, .first = snapshot.taken, .payload = std::string{payload}});
  };
  append(BlockKind::Session, session_text(snapshot.session));
  append(BlockKind::Configuration, snapshot.configuration);
  for (std::string_view rest = snapshot.state; !rest.empty(); rest.remove_prefix(std::min(rest.size(), kLongestPayload)))
    append(BlockKind::State, rest.substr(0, kLongestPayload));
  // Without its end a file of several blocks would be a whole one of fewer.
  append(BlockKind::State, {});

  const std::filesystem::path path = directory / snapshot_name(snapshot.sequence, snapshot.taken);
  const std::filesystem::path unfinished = path.string() + std::string{kUnfinished};
  {
    const FileDescriptor file{::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)};
    if (file.number() < 0) return errno_words("cannot make", unfinished);
    if (!write_whole(file.number(), bytes) || ::fdatasync(file.number()) != 0) {
      std::string words = errno_words("cannot write", unfinished);
      ::unlink(unfinished.c_str());
      return words;
    }
  }
  std::error_code fault;
  std::filesystem::rename(unfinished, path, fault);
  if (!fault) return std::nullopt;
  ::unlink(unfinished.c_str());
  return "cannot name " + path.string() + ": " + fault.message();
}

Result<JournalSnapshot, std::string> read_snapshot(const std::filesystem::path& path) {
  std::error_code unknown;
  if (std::filesystem::file_size(path, unknown) > kLargestState && !unknown) return std::string{"is too large"};
  const auto bytes = read_text_file(path.string(), std::numeric_limits<std::size_t>::max());
  if (!bytes.ok()) return std::string{"cannot be opened"};
  JournalSnapshot snapshot;
  BlockWalker walker{bytes.value()};
  std::size_t blocks = 0;
  bool ended = false;
  while (auto step = walker.next()) {
    if (!step->block) return "is damaged at byte " + std::to_string(step->damage->offset);
    JournalBlock& block = *step->block;
    const BlockKind expected = blocks == 0 ? BlockKind::Session : blocks == 1 ? BlockKind::Configuration : BlockKind::State;
    if (block.kind != expected || ended) return std::string{"is no snapshot"};
    if (blocks == 0) {
      auto session = parse_session(block.payload);
      if (!session) return std::string{"is no snapshot"};
      snapshot.session = std::move(*session);
      snapshot.sequence = block.sequence;
      snapshot.taken = block.first;
    } else if (blocks == 1) {
      snapshot.configuration = std::move(block.payload);
    } else {
      ended = block.payload.empty();
      if (snapshot.state.size() + block.payload.size() > kLargestState) return std::string{"is too large"};
      snapshot.state += block.payload;
    }
    ++blocks;
  }
  if (!ended) return std::string{"is cut"};
  return snapshot;
}

void keep_snapshots(const std::filesystem::path& directory) {
  const std::vector<SnapshotFile> snapshots = snapshots_in(directory);
  const std::vector<SegmentFile> segments = segments_in(directory);
  const auto segment_of = [&](std::uint64_t sequence) {
    return std::upper_bound(segments.begin(), segments.end(), sequence,
                            [](std::uint64_t place, const SegmentFile& segment) { return place < segment.sequence; }) -
           segments.begin();
  };
  std::ptrdiff_t newest_segment = 0;  // 0: before all of them
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    const std::ptrdiff_t segment = segment_of(snapshots[i].sequence);
    const bool first = segment > newest_segment;
    newest_segment = std::max(newest_segment, segment);
    if (i + kNewestKept >= snapshots.size() || first) continue;
    std::error_code ignored;
    std::filesystem::remove(snapshots[i].path, ignored);
  }
}

void remove_unfinished_snapshots(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> unfinished;
  std::error_code fault;
  for (std::filesystem::directory_iterator entry{directory, fault}, end; !fault && entry != end; entry.increment(fault)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() == kUnfinished && parse_snapshot_name(path.parent_path() / path.stem())) unfinished.push_back(path);
  }
  for (const std::filesystem::path& path : unfinished) std::filesystem::remove(path, fault);
}

bool is_of_build(const JournalSnapshot& snapshot, std::string_view build) {
  return !build.empty() && snapshot.session.build == build;
}

std::optional<JournalSnapshot> newest_snapshot(std::span<const SnapshotFile> oldest_first, WallTime until, std::string_view build,
                                               const std::function<void(const std::string&)>& tell) {
  bool told_of_others = false;
  for (std::size_t i = oldest_first.size(); i-- > 0;) {
    if (oldest_first[i].taken > until) continue;
    auto snapshot = read_snapshot(oldest_first[i].path);
    const bool other = snapshot.ok() && !is_of_build(snapshot.value(), build);
    if (snapshot.ok() && !other) return std::move(snapshot).value();
    if (!tell || (other && std::exchange(told_of_others, true))) continue;
    tell(oldest_first[i].path.string() + ": " + (other ? "is of another build of the program" : snapshot.error()) +
         ", passed over");
  }
  return std::nullopt;
}

}  // namespace hedgewatch
