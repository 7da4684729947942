#include "daemon/alerting/raised_alerts_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "daemon/file_descriptor.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kLimitLine = "limit";
constexpr std::string_view kEndedLine = "ended";
constexpr std::string_view kUntold = "\tuntold";

/// The text up to the next tab, which is taken away with it.
std::string_view next_field(std::string_view& line) {
  const std::string_view field = line.substr(0, line.find('\t'));
  line.remove_prefix(std::min(line.size(), field.size() + 1));
  return field;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

std::string shortest_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

MonoTime mono_of(WallTime time, std::chrono::nanoseconds offset) {
  return from_nanoseconds<MonoTime>(nanoseconds_of(time) - offset.count());
}
WallTime wall_of(MonoTime time, std::chrono::nanoseconds offset) {
  return from_nanoseconds<WallTime>(nanoseconds_of(time) + offset.count());
}

/// Nothing when the rest of the line, without its first word, makes no sense.
std::optional<RememberedOverride> limit_of(std::string_view rest) {
  RememberedOverride limit;
  limit.rule = next_field(rest);
  limit.labels = next_field(rest);
  const auto until = whole_number<std::int64_t>(next_field(rest));
  const auto level = whole_number<double>(rest);
  if (!until || !level || !std::isfinite(*level)) return std::nullopt;
  limit.until = from_nanoseconds<WallTime>(*until);
  limit.level = *level;
  return limit;
}

std::optional<RememberedEnd> end_of(std::string_view rest, bool untold) {
  RememberedEnd end;
  end.rule = next_field(rest);
  end.labels = next_field(rest);
  const auto since = whole_number<std::int64_t>(next_field(rest));
  const auto ended = whole_number<std::int64_t>(rest);
  if (!since || !ended) return std::nullopt;
  end.since = from_nanoseconds<WallTime>(*since);
  end.ended = from_nanoseconds<WallTime>(*ended);
  end.untold = untold;
  return end;
}

}  // namespace

std::vector<RaisedAlert> raised_in(const AlertMemory& memory, std::chrono::nanoseconds offset) {
  std::vector<RaisedAlert> raised;
  for (const RememberedAlert& alert : memory.alerts) {
    raised.push_back({.rule = alert.rule, .labels = alert.labels, .since = mono_of(alert.since, offset)});
    if (alert.acknowledged)
      raised.back().acknowledgement = {.until = mono_of(alert.acknowledged->until, offset), .value = alert.acknowledged->value};
  }
  return raised;
}

std::vector<OverriddenLimit> overridden_in(const AlertMemory& memory, std::chrono::nanoseconds offset) {
  std::vector<OverriddenLimit> overridden;
  for (const RememberedOverride& limit : memory.overrides)
    overridden.push_back({.rule = limit.rule, .labels = limit.labels, .level = limit.level, .until = mono_of(limit.until, offset)});
  return overridden;
}

AlertMemory memory_of(const std::vector<RaisedAlert>& raised, const std::vector<OverriddenLimit>& overridden,
                      std::chrono::nanoseconds offset) {
  AlertMemory memory;
  for (const RaisedAlert& alert : raised) {
    memory.alerts.push_back({.rule = alert.rule, .labels = alert.labels, .since = wall_of(alert.since, offset)});
    if (alert.acknowledgement)
      memory.alerts.back().acknowledged = {.until = wall_of(alert.acknowledgement->until, offset),
                                           .value = alert.acknowledgement->value};
  }
  for (const OverriddenLimit& limit : overridden)
    memory.overrides.push_back(
        {.rule = limit.rule, .labels = limit.labels, .level = limit.level, .until = wall_of(limit.until, offset)});
  return memory;
}

std::string remembered_text(const AlertMemory& memory) {
  std::string text;
  for (const RememberedOverride& limit : memory.overrides) {
    text.append(kLimitLine).append("\t").append(limit.rule).append("\t").append(limit.labels).append("\t");
    text.append(std::to_string(nanoseconds_of(limit.until))).append("\t").append(shortest_text(limit.level)).append("\n");
  }
  for (const RememberedAlert& alert : memory.alerts) {
    text += std::to_string(nanoseconds_of(alert.since)) + '\t' + alert.rule + '\t' + alert.labels;
    if (alert.acknowledged) {
      text += '\t' + std::to_string(nanoseconds_of(alert.acknowledged->until)) + '\t';
      if (alert.acknowledged->value) text += shortest_text(*alert.acknowledged->value);
    }
    if (alert.untold) text += kUntold;
    text += '\n';
  }
  for (const RememberedEnd& end : memory.ended) {
    text.append(kEndedLine).append("\t").append(end.rule).append("\t").append(end.labels).append("\t");
    text.append(std::to_string(nanoseconds_of(end.since))).append("\t").append(std::to_string(nanoseconds_of(end.ended)));
    if (end.untold) text += kUntold;
    text += '\n';
  }
  return text;
}

AlertMemory parse_remembered(std::string_view text) {
  AlertMemory memory;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const bool untold = line.ends_with(kUntold);
    if (untold) line.remove_suffix(kUntold.size());
    const auto tabs = std::count(line.begin(), line.end(), '\t');
    const std::string_view first = next_field(line);
    if (tabs == 4 && first == kLimitLine) {
      if (auto limit = limit_of(line)) memory.overrides.push_back(std::move(*limit));
      continue;
    }
    if (tabs == 4 && first == kEndedLine) {
      if (auto end = end_of(line, untold)) memory.ended.push_back(std::move(*end));
      continue;
    }
    const auto since = whole_number<std::int64_t>(first);
    if ((tabs != 2 && tabs != 4) || !since) continue;
    RememberedAlert alert;
    alert.since = from_nanoseconds<WallTime>(*since);
    alert.rule = next_field(line);
    alert.labels = next_field(line);
    alert.untold = untold;
    if (tabs == 4) {
      const auto until = whole_number<std::int64_t>(next_field(line));
      if (!until) continue;
      alert.acknowledged = {.until = from_nanoseconds<WallTime>(*until), .value = whole_number<double>(line)};
    }
    memory.alerts.push_back(std::move(alert));
  }
  return memory;
}

bool write_remembered(const std::string& file, const AlertMemory& memory) {
  const std::string text = remembered_text(memory);
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
