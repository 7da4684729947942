#include "core/types/nano.hpp"

#include <cstddef>
#include <limits>

namespace hedgewatch::detail {

namespace {

constexpr int kDecimals = 9;
/// Digits that one mantissa may have before it surely overflows; leading zeros are not counted.
constexpr std::uint64_t kMantissaLimit = std::numeric_limits<std::uint64_t>::max() / 10 - 1;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::int64_t> parse_nano(std::string_view text) {
  std::size_t at = 0;
  const bool negative = at < text.size() && text[at] == '-';
  if (negative) ++at;

  std::uint64_t mantissa = 0;
  int exponent = 0;
  bool any_digit = false;
  bool fraction = false;
  // Trailing zeros are held back, so that 1.0000000000000000000000 is as exact as 1.
  int pending_zeros = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !fraction) {
      if (!any_digit) return std::nullopt;
      fraction = true;
      if (at + 1 >= text.size() || !is_digit(text[at + 1])) return std::nullopt;
      continue;
    }
    if (!is_digit(c)) break;
    any_digit = true;
    if (fraction) --exponent;
    if (c == '0') {
      ++pending_zeros;
      continue;
    }
    for (; pending_zeros > 0 && mantissa != 0; --pending_zeros) {
      if (mantissa > kMantissaLimit) return std::nullopt;
      mantissa *= 10;
    }
    pending_zeros = 0;
    if (mantissa > kMantissaLimit) return std::nullopt;
    mantissa = mantissa * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (!any_digit) return std::nullopt;
  exponent += pending_zeros;

  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool negative_exponent = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (at >= text.size()) return std::nullopt;
    int written = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (written > 10'000) return mantissa == 0 ? std::optional<std::int64_t>{0} : std::nullopt;
      written = written * 10 + (text[at] - '0');
    }
    exponent += negative_exponent ? -written : written;
  }
  if (at != text.size()) return std::nullopt;
  if (mantissa == 0) return 0;

  int shift = exponent + kDecimals;
  for (; shift < 0; ++shift) {
    if (mantissa % 10 != 0) return std::nullopt;
    mantissa /= 10;
  }
  constexpr auto kMaximum = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  for (; shift > 0; --shift) {
    if (mantissa > kMaximum / 10) return std::nullopt;
    mantissa *= 10;
  }
  if (mantissa > kMaximum) return std::nullopt;
  const auto magnitude = static_cast<std::int64_t>(mantissa);
  return negative ? -magnitude : magnitude;
}

}  // namespace hedgewatch::detail
