#include "daemon/journal/journal_files.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <system_error>

#include "daemon/journal/journal_block.hpp"

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

std::uint64_t next_sequence(const std::filesystem::path& directory) {
  const std::vector<SegmentFile> segments = segments_in(directory);
  if (segments.empty()) return 0;
  std::uint64_t next = segments.back().sequence;
  std::ifstream file{segments.back().path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  BlockWalker walker{bytes};
  while (const auto step = walker.next())
    if (step->block && step->block->kind == BlockKind::Events) next = std::max(next, step->block->sequence + step->block->count);
  return next;
}

std::uint64_t keep_within(const std::filesystem::path& directory, std::uint64_t max_bytes, std::chrono::nanoseconds max_age,
                          WallTime now) {
  const std::vector<SegmentFile> segments = segments_in(directory);
  std::uint64_t total = 0;
  for (const SegmentFile& segment : segments) total += segment.bytes;
  std::size_t first = 0;
  while (first + 1 < segments.size() && (total > max_bytes || now - segments[first + 1].begun > max_age)) {
    std::error_code fault;
    std::filesystem::remove(segments[first].path, fault);
    if (fault) break;
    total -= segments[first].bytes;
    ++first;
  }
  return segments.size() - first;
}

std::string session_text(const JournalSession& session) {
  return session.version + '\n' + std::to_string(session.wall_offset_ns) + '\n' + std::to_string(session.begun_ns);
}

std::optional<JournalSession> parse_session(std::string_view text) {
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return std::nullopt;
  const std::string_view times = text.substr(line + 1);
  const std::size_t second = times.find('\n');
  const auto offset = whole_number<std::int64_t>(times.substr(0, second));
  const auto begun = second == std::string_view::npos ? 0 : whole_number<std::int64_t>(times.substr(second + 1));
  if (!offset || !begun) return std::nullopt;
  return JournalSession{.version = std::string{text.substr(0, line)}, .wall_offset_ns = *offset, .begun_ns = *begun};
}

}  // namespace hedgewatch
