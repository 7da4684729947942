#include "daemon/journal/journal_files.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <system_error>

#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/snapshot_files.hpp"
#include "daemon/text_file.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr std::size_t kDigits = 20;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, number);
  if (fault != std::errc{} || end != last) return std::nullopt;
  return number;
}

std::string padded(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kDigits - digits.size(), '0') + digits;
}

}  // namespace

std::string segment_name(std::uint64_t sequence, WallTime begun) {
  return padded(sequence) + '-' + std::to_string(nanoseconds_of(begun)) + std::string{kSuffix};
}

std::optional<SegmentFile> parse_segment_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view stem = std::string_view{name}.substr(0, name.size() - kSuffix.size());
  const std::size_t dash = stem.find('-');
  if (dash != kDigits) return std::nullopt;
  const auto sequence = whole_number<std::uint64_t>(stem.substr(0, dash));
  const auto begun = whole_number<std::int64_t>(stem.substr(dash + 1));
  if (!sequence || !begun) return std::nullopt;
  return SegmentFile{.path = path, .sequence = *sequence, .begun = from_nanoseconds<WallTime>(*begun), .bytes = 0};
}

std::vector<SegmentFile> segments_in(const std::filesystem::path& directory) {
  std::vector<SegmentFile> segments;
  std::error_code fault;
  for (std::filesystem::directory_iterator entry{directory, fault}, end; !fault && entry != end; entry.increment(fault)) {
    auto segment = parse_segment_name(entry->path());
    if (!segment) continue;
    std::error_code ignored;
    const auto size = entry->file_size(ignored);
    segment->bytes = ignored ? 0 : size;
    segments.push_back(std::move(*segment));
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.begun < b.begun;
  });
  return segments;
}

std::vector<SegmentFile> segments_from(std::vector<SegmentFile> segments, std::uint64_t sequence) {
  const auto first = std::lower_bound(segments.begin(), segments.end(), sequence,
                                      [](const SegmentFile& segment, std::uint64_t place) { return segment.sequence < place; });
  if (first != segments.begin()) segments.erase(segments.begin(), std::prev(first));
  return segments;
}

std::uint64_t next_sequence(const std::filesystem::path& directory) {
  const std::vector<SegmentFile> segments = segments_in(directory);
  const std::vector<SnapshotFile> snapshots = snapshots_in(directory);
  // A machine that crashed may have kept a snapshot and lost the events before it.
  std::uint64_t next = snapshots.empty() ? 0 : snapshots.back().sequence;
  if (segments.empty()) return next;
  next = std::max(next, segments.back().sequence);
  const auto bytes = read_text_file(segments.back().path.string(), std::numeric_limits<std::size_t>::max());
  if (!bytes.ok()) return next;
  BlockWalker walker{bytes.value(), std::numeric_limits<std::uint64_t>::max()};
  while (const auto step = walker.next())
    if (step->block && step->block->kind == BlockKind::Events) next = std::max(next, step->block->sequence + step->block->count);
  return next;
}

std::uint64_t keep_within(const std::filesystem::path& directory, std::uint64_t max_bytes, std::chrono::nanoseconds max_age,
                          WallTime now) {
  const std::vector<SegmentFile> segments = segments_in(directory);
  const std::vector<SnapshotFile> snapshots = snapshots_in(directory);
  std::uint64_t total = 0;
  for (const SegmentFile& segment : segments) total += segment.bytes;
  for (const SnapshotFile& snapshot : snapshots) total += snapshot.bytes;
  std::size_t first = 0;
  std::size_t first_snapshot = 0;
  while (first + 1 < segments.size() && (total > max_bytes || now - segments[first + 1].begun > max_age)) {
    std::error_code fault;
    std::filesystem::remove(segments[first].path, fault);
    if (fault) break;
    total -= segments[first].bytes;
    ++first;
    for (; first_snapshot < snapshots.size() && snapshots[first_snapshot].sequence < segments[first].sequence; ++first_snapshot) {
      std::filesystem::remove(snapshots[first_snapshot].path, fault);
      total -= snapshots[first_snapshot].bytes;
    }
  }
  return segments.size() - first;
}

std::string session_text(const JournalSession& session) {
  return session.version + '\n' + std::to_string(session.wall_offset_ns) + '\n' + std::to_string(session.begun_ns) + '\n' +
         session.build + '\n' + (session.continues ? "1" : "0") + '\n' + session.boot + '\n' +
         std::to_string(session.clock_shift_ns);
}

std::optional<JournalSession> parse_session(std::string_view text) {
  // Older journals say less; a newer one may say more.
  const auto next_line = [&text]() -> std::optional<std::string_view> {
    if (text.data() == nullptr) return std::nullopt;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
  };
  const auto version = next_line();
  const auto offset_text = next_line();
  if (!version || !offset_text) return std::nullopt;
  const auto offset = whole_number<std::int64_t>(*offset_text);
  const auto begun = whole_number<std::int64_t>(next_line().value_or("0"));
  if (!offset || !begun) return std::nullopt;
  JournalSession session{.version = std::string{*version}, .wall_offset_ns = *offset, .begun_ns = *begun};
  session.build = next_line().value_or("");
  session.continues = next_line().value_or("0") == "1";
  session.boot = next_line().value_or("");
  const auto shift = whole_number<std::int64_t>(next_line().value_or("0"));
  if (!shift) return std::nullopt;
  session.clock_shift_ns = *shift;
  return session;
}

}  // namespace hedgewatch
