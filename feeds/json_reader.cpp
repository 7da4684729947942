#include "feeds/json_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hedgewatch {

namespace {

constexpr std::size_t kDeepestSkip = 64;

/// mantissa * 10^exponent as an integer; nothing when it has a fraction or does not fit.
std::optional<std::uint64_t> scaled(std::uint64_t mantissa, std::int32_t exponent) {
  if (mantissa == 0) return 0;
  for (; exponent < 0; ++exponent) {
    if (mantissa % 10 != 0) return std::nullopt;
    mantissa /= 10;
  }
  for (; exponent > 0; --exponent) {
    if (mantissa > std::numeric_limits<std::uint64_t>::max() / 10) return std::nullopt;
    mantissa *= 10;
  }
  return mantissa;
}

std::optional<std::int64_t> with_sign(std::uint64_t magnitude, bool negative) {
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const auto value = static_cast<std::int64_t>(magnitude);
  return negative ? -value : value;
}

}  // namespace

namespace {

/// Of which power of ten the number's first digit is that is not 0: 0 for units, -1 for tenths. As JSON writes numbers.
std::int64_t leading_power(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  const std::size_t end = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, end);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  const std::int64_t power = first < point ? point - first - 1 : point - first;
  if (end == number.size()) return power;
  std::string_view written = number.substr(end + 1);
  const bool below = written.starts_with('-');
  if (below || written.starts_with('+')) written.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto [rest, error] = std::from_chars(written.data(), written.data() + written.size(), exponent);
  if (error != std::errc{}) exponent = std::numeric_limits<std::int64_t>::max() / 2;
  return below ? power - exponent : power + exponent;
}

}  // namespace

std::optional<double> Decimal::unusual_double() const {
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc{}) return value;
  if (error == std::errc::result_out_of_range && leading_power(token) < 0) return negative ? -0.0 : 0.0;
  return std::nullopt;
}

std::optional<std::int64_t> Decimal::unusual_nano() const {
  if (!exact) return detail::parse_nano(token);
  const auto magnitude = scaled(mantissa, exponent + 9);
  return magnitude ? with_sign(*magnitude, negative) : std::nullopt;
}

std::optional<std::uint64_t> Decimal::to_unsigned() const {
  if (!exact || (negative && mantissa != 0)) return std::nullopt;
  return scaled(mantissa, exponent);
}

std::optional<std::int64_t> Decimal::to_signed() const {
  if (!exact) return std::nullopt;
  const auto magnitude = scaled(mantissa, exponent);
  return magnitude ? with_sign(*magnitude, negative) : std::nullopt;
}

JsonReader::JsonReader() = default;

bool JsonReader::start(simdjson::padded_string_view text) {
  text_ = text.data();
  size_ = text.size();
  at_ = end_ = nullptr;
  fault_ = JsonFault::None;
  if (size_ > kLongestText) return fail(JsonFault::NotJson);
  if (!indexer_ || indexer_->capacity() < size_) {
    constexpr std::size_t kUsualFrame = std::size_t{64} << 10;
    const std::size_t capacity = std::max(kUsualFrame, size_ + size_ / 2);
    indexer_.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, simdjson::DEFAULT_MAX_DEPTH, indexer_) !=
        simdjson::SUCCESS)
      return fail(JsonFault::NotJson);
  }
  const auto code = indexer_->stage1(reinterpret_cast<const std::uint8_t*>(text_), size_, simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS) return fail(code == simdjson::UNCLOSED_STRING ? JsonFault::Truncated : JsonFault::NotJson);
  if (indexer_->n_structural_indexes == 0) return fail(JsonFault::NotJson);
  at_ = indexer_->structural_indexes.get();
  end_ = at_ + indexer_->n_structural_indexes;
  // A whole object or array ends in its bracket. So every scalar has a structural character behind it, inside the text.
  const char last = text_[*(end_ - 1)];
  if (last != '}' && last != ']') return fail(peek() == '{' || peek() == '[' ? JsonFault::Truncated : JsonFault::NotJson);
  return true;
}

bool JsonReader::wrong_type() {
  if (at_end()) return fail(JsonFault::Truncated);
  const char found = peek();
  const bool value = found == '{' || found == '[' || found == '"' || found == '-' || is_digit(found) || found == 't' ||
                     found == 'f' || found == 'n';
  return fail(value ? JsonFault::WrongType : JsonFault::NotJson);
}

bool JsonReader::cut(const std::uint32_t* at) {
  at_ = at;
  // The closing bracket stands last: a comma before it, or a bracket of the other kind, is no cut.
  const bool begun = at < end_ && text_[*at] == '"' && end_ - at >= 2 && text_[at[1]] == ':';
  return fail(at >= end_ || begun ? JsonFault::Truncated : JsonFault::NotJson);
}

bool JsonReader::skip() {
  const std::uint32_t* at = at_;
  if (at >= end_) return fail(JsonFault::Truncated);
  const char first = text_[*at];
  if (first == '}' || first == ']' || first == ',' || first == ':') return fail(JsonFault::NotJson);
  ++at;
  if (first != '{' && first != '[') {
    at_ = at;
    return true;
  }
  std::uint64_t braces = first == '{' ? 1 : 0;  // one bit for each open bracket: is it a brace
  for (std::size_t depth = 1; depth != 0; ++at) {
    if (at >= end_) return fail(JsonFault::Truncated);
    const char found = text_[*at];
    if (found == '{' || found == '[') {
      if (++depth == kDeepestSkip) return fail(JsonFault::NotJson);
      braces = braces << 1 | static_cast<std::uint64_t>(found == '{');
    } else if (found == '}' || found == ']') {
      if ((braces & 1) != static_cast<std::uint64_t>(found == '}')) return fail(JsonFault::NotJson);
      braces >>= 1;
      --depth;
    }
  }
  at_ = at;
  return true;
}

const char* JsonReader::unusual_number(const char* digits, const char* c, std::ptrdiff_t count, Decimal& out) {
  // Twenty digits fit too when they start with 1 and did not wrap: identities go up to 2^64.
  constexpr std::uint64_t kTwentyDigits = 10'000'000'000'000'000'000U;
  if (count == kDigitsThatFit + 1 && *digits == '1' && out.mantissa >= kTwentyDigits) out.exact = true;
  if (*c != 'e' && *c != 'E') return c;
  ++c;
  const bool negative = *c == '-';
  if (*c == '-' || *c == '+') ++c;
  if (!is_digit(*c)) {
    fail(JsonFault::BadNumber);
    return nullptr;
  }
  constexpr std::int32_t kFarOut = 100'000;
  std::int32_t written = 0;
  for (; is_digit(*c); ++c)
    if (written < kFarOut) written = written * 10 + (*c - '0');
  // A text of some megabytes can hold a number of as many decimals: the sum still fits.
  out.exponent += negative ? -written : written;
  return c;
}

bool JsonReader::boolean(bool& out) {
  const char found = peek();
  if (found != 't' && found != 'f') return wrong_type();
  const std::string_view word = found == 't' ? "true" : "false";
  const char* const first = text_ + *at_;
  if (std::memcmp(first, word.data(), word.size()) != 0) return fail(JsonFault::NotJson);
  const char* const after = first + word.size();
  if (after != text_ + at_[1] && !is_space(*after)) return fail(JsonFault::NotJson);
  out = found == 't';
  ++at_;
  return true;
}

bool JsonReader::is_null() {
  const char* const first = text_ + *at_;
  if (std::memcmp(first, "null", 4) != 0) return false;
  if (first + 4 != text_ + at_[1] && !is_space(first[4])) return false;
  ++at_;
  return true;
}

}  // namespace hedgewatch
