#include "daemon/alerting/raised_alerts_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "daemon/file_descriptor.hpp"

namespace hedgewatch {

std::string remembered_text(const std::vector<RememberedAlert>& alerts) {
  std::string text;
  for (const RememberedAlert& alert : alerts)
    text += std::to_string(nanoseconds_of(alert.since)) + '\t' + alert.rule + '\t' + alert.labels + '\n';
  return text;
}

std::vector<RememberedAlert> parse_remembered(std::string_view text) {
  std::vector<RememberedAlert> alerts;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
    if (second == std::string_view::npos) continue;
    std::int64_t since = 0;
    const auto [end, fault] = std::from_chars(line.data(), line.data() + first, since);
    if (fault != std::errc{} || end != line.data() + first) continue;
    alerts.push_back({.rule = std::string{line.substr(first + 1, second - first - 1)},
                      .labels = std::string{line.substr(second + 1)},
                      .since = from_nanoseconds<WallTime>(since)});
  }
  return alerts;
}

bool write_remembered(const std::string& file, const std::vector<RememberedAlert>& alerts) {
  const std::string text = remembered_text(alerts);
  const std::string next = file + ".next";
  {
    const FileDescriptor descriptor{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (descriptor.number() < 0) return false;
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t written = ::write(descriptor.number(), rest.data(), rest.size());
      if (written < 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(descriptor.number()) != 0) return false;
  }
  return std::rename(next.c_str(), file.c_str()) == 0;
}

}  // namespace hedgewatch
