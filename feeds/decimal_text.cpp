#include "feeds/decimal_text.hpp"

namespace hedgewatch {

std::optional<Decimal> decimal_from(std::string_view text) {
  constexpr std::size_t kDigitsThatFit = 19;
  constexpr std::int32_t kFarOut = 100'000;
  Decimal out;
  out.token = text;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    out.negative = true;
    ++at;
  }
  const std::size_t first = at;
  std::size_t significant = 0;  // digits behind the leading zeros
  const auto take = [&](char c) {
    if (significant != 0 || c != '0') ++significant;
    if (significant <= kDigitsThatFit) out.mantissa = out.mantissa * 10 + static_cast<std::uint64_t>(c - '0');
  };
  for (; at < text.size() && is_digit(text[at]); ++at) take(text[at]);
  if (at == first || (text[first] == '0' && at - first > 1)) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) take(text[at]);
    if (at == fraction || at - fraction > static_cast<std::size_t>(kFarOut)) return std::nullopt;
    out.exponent = -static_cast<std::int32_t>(at - fraction);
  }
  out.exact = significant <= kDigitsThatFit;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool negative = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (at == text.size() || !is_digit(text[at])) return std::nullopt;
    std::int32_t written = 0;
    for (; at < text.size() && is_digit(text[at]); ++at)
      if (written < kFarOut) written = written * 10 + (text[at] - '0');
    out.exponent += negative ? -written : written;
  }
  if (at != text.size()) return std::nullopt;
  return out;
}

}  // namespace hedgewatch
