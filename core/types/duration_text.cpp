#include "core/types/duration_text.hpp"

#include <array>
#include <cstdint>
#include <limits>

namespace hedgewatch {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
/// From large to small, so that the first that divides is the shortest way to say it.
constexpr std::array kUnits{Unit{"d", 86'400'000'000'000},
                            Unit{"h", 3'600'000'000'000},
                            Unit{"m", 60'000'000'000},
                            Unit{"s", 1'000'000'000},
                            Unit{"ms", 1'000'000},
                            Unit{"us", 1'000},
                            Unit{"ns", 1}};

constexpr bool is_digit(char character) { return character >= '0' && character <= '9'; }

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::size_t at = 0;
  std::int64_t whole = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (whole > (kMost - (text[at] - '0')) / 10) return std::nullopt;
    whole = whole * 10 + (text[at] - '0');
  }
  if (at == 0) return std::nullopt;

  std::string_view fraction;
  if (at < text.size() && text[at] == '.') {
    const std::size_t begin = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    fraction = text.substr(begin, at - begin);
    if (fraction.empty()) return std::nullopt;
  }

  for (const Unit& unit : kUnits) {
    if (text.substr(at) != unit.name) continue;
    if (whole > kMost / unit.nanoseconds) return std::nullopt;
    std::int64_t total = whole * unit.nanoseconds;
    std::int64_t rest = unit.nanoseconds;
    for (const char digit : fraction) {
      if (digit != '0' && rest % 10 != 0) return std::nullopt;
      rest /= 10;
      const std::int64_t part = (digit - '0') * rest;
      if (total > kMost - part) return std::nullopt;
      total += part;
    }
    return std::chrono::nanoseconds{total};
  }
  return std::nullopt;
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const Unit& unit : kUnits)
    if (count % unit.nanoseconds == 0) return std::to_string(count / unit.nanoseconds) + std::string{unit.name};
  return std::to_string(count) + "ns";
}

}  // namespace hedgewatch
