#include "daemon/log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace hedgewatch {

namespace {

/// syslog's numbers, which the journal reads.
std::string_view priority(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "<7>";
    case LogLevel::Info:
      return "<6>";
    case LogLevel::Warning:
      return "<4>";
    case LogLevel::Error:
      return "<3>";
    case LogLevel::Critical:
      return "<2>";
  }
  return "<6>";
}

std::string_view word(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug ";
    case LogLevel::Info:
      return "";
    case LogLevel::Warning:
      return "warning ";
    case LogLevel::Error:
      return "error ";
    case LogLevel::Critical:
      return "critical ";
  }
  return "";
}

/// A message is one line whatever it quotes.
void append_printable(std::string& line, std::string_view text) {
  for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
}

void append_time(std::string& line, WallTime now) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  constexpr std::int64_t kPerMillisecond = 1'000'000;
  const std::time_t seconds = nanoseconds_of(now) / kPerSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  line.append(text.data(), size);
  const int milliseconds = static_cast<int>(nanoseconds_of(now) % kPerSecond / kPerMillisecond);
  const int written = std::snprintf(text.data(), text.size(), ".%03dZ ", milliseconds);
  line.append(text.data(), static_cast<std::size_t>(written));
}

/// systemd names the device and inode of the journal's stream, so that a program whose standard error was redirected knows it.
bool standard_error_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (stream == nullptr) return false;
  struct stat status {};
  if (::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino) == stream;
}

}  // namespace

Log::Log(Options options) : options_{std::move(options)} {}

Log::~Log() {
  for (auto& [key, kind] : kinds_) tell_repeats(key, kind);
}

Log::Options Log::standard_error(LogLevel least) {
  return {.least = least,
          .journal = standard_error_is_journal(),
          .write =
              [](std::string_view line) {
                // A log that cannot be written has nobody to be told.
                [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
              },
          .mono = [] { return from_nanoseconds<MonoTime>(std::chrono::steady_clock::now().time_since_epoch().count()); },
          .wall = [] { return from_nanoseconds<WallTime>(std::chrono::system_clock::now().time_since_epoch().count()); }};
}

void Log::set_level(LogLevel least) {
  const std::scoped_lock lock{mutex_};
  options_.least = least;
}

void Log::write(LogLevel level, std::string_view source, std::string_view text, std::string_view detail) {
  const std::scoped_lock lock{mutex_};
  if (level < options_.least) return;
  // Each page is a page of its own: none is counted away.
  if (level == LogLevel::Critical) return write_line(level, source, text, detail);
  const MonoTime now = options_.mono();
  if (kinds_.size() >= kMaxKinds) {
    const auto oldest = std::ranges::min_element(kinds_, {}, [](const auto& entry) { return entry.second.window_start; });
    tell_repeats(oldest->first, oldest->second);
    kinds_.erase(oldest);
  }
  const auto [found, is_new] = kinds_.try_emplace(Key{source, text});
  Kind& kind = found->second;
  if (is_new || now - kind.window_start >= kWindow) {
    tell_repeats(found->first, kind);
    kind = {.level = level, .window_start = now};
  }
  kind.level = level;
  if (kind.written == kBurst) {
    ++kind.withheld;
    return;
  }
  ++kind.written;
  write_line(level, source, text, detail);
}

void Log::tick() {
  const std::scoped_lock lock{mutex_};
  const MonoTime now = options_.mono();
  for (auto entry = kinds_.begin(); entry != kinds_.end();) {
    if (now - entry->second.window_start < kWindow) {
      ++entry;
      continue;
    }
    tell_repeats(entry->first, entry->second);
    entry = kinds_.erase(entry);
  }
}

void Log::tell_repeats(const Key& key, Kind& kind) {
  if (kind.withheld == 0) return;
  write_line(kind.level, key.first, key.second, "repeated " + std::to_string(kind.withheld) + " more times");
  kind.withheld = 0;
}

void Log::write_line(LogLevel level, std::string_view source, std::string_view text, std::string_view detail) {
  line_.clear();
  if (options_.journal) {
    line_ += priority(level);
  } else {
    append_time(line_, options_.wall());
    line_ += word(level);
  }
  append_printable(line_, source);
  line_ += ": ";
  append_printable(line_, text);
  if (!detail.empty()) {
    line_ += ": ";
    append_printable(line_, detail);
  }
  line_ += '\n';
  options_.write(line_);
}

}  // namespace hedgewatch
