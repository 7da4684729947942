#include "feeds/json_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace hedgewatch {

namespace {

constexpr std::size_t kDeepestSkip = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

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

std::optional<double> Decimal::to_double() const {
  // Both factors are exact doubles, so one operation rounds once: Clinger's fast path.
  constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr std::uint64_t kExactIntegers = std::uint64_t{1} << 53;
  if (exact && mantissa <= kExactIntegers && exponent >= -22 && exponent <= 22) {
    const auto integer = static_cast<double>(mantissa);
    const double value = exponent < 0 ? integer / kPowers[static_cast<std::size_t>(-exponent)]
                                      : integer * kPowers[static_cast<std::size_t>(exponent)];
    return negative ? -value : value;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc{}) return value;
  if (error == std::errc::result_out_of_range && exponent < 0) return negative ? -0.0 : 0.0;
  return std::nullopt;
}

std::optional<std::int64_t> Decimal::to_nano() const {
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

bool JsonReader::malformed() { return fail(at_end() ? JsonFault::Truncated : JsonFault::NotJson); }

bool JsonReader::skip() {
  std::uint64_t braces = 0;  // one bit for each open bracket: is it a brace
  std::size_t depth = 0;
  do {
    if (at_end()) return fail(JsonFault::Truncated);
    const char found = text_[*at_];
    switch (found) {
      case '{':
      case '[':
        if (++depth == kDeepestSkip) return fail(JsonFault::NotJson);
        braces = braces << 1 | static_cast<std::uint64_t>(found == '{');
        break;
      case '}':
      case ']':
        if (depth == 0 || (braces & 1) != static_cast<std::uint64_t>(found == '}')) return fail(JsonFault::NotJson);
        braces >>= 1;
        --depth;
        break;
      case ',':
      case ':':
        if (depth == 0) return fail(JsonFault::NotJson);
        break;
      default:
        break;
    }
    ++at_;
  } while (depth != 0);
  return true;
}

bool JsonReader::string(std::string_view& out) {
  if (peek() != '"') return wrong_type();
  const char* const first = text_ + *at_ + 1;
  // Between a string and the next structural character there is only space: the quote is found from behind.
  const char* last = text_ + at_[1] - 1;
  while (last >= first && is_space(*last)) --last;
  if (last < first || *last != '"') return fail(JsonFault::NotJson);
  out = {first, static_cast<std::size_t>(last - first)};
  ++at_;
  return true;
}

bool JsonReader::number(Decimal& out) {
  const char found = peek();
  if (found != '-' && !is_digit(found)) return wrong_type();
  const char* const first = text_ + *at_;
  const char* c = first;
  out.negative = *c == '-';
  if (out.negative) ++c;
  if (!is_digit(*c)) return fail(JsonFault::BadNumber);

  std::uint64_t mantissa = 0;
  const char* const digits = c;
  for (; is_digit(*c); ++c) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*c - '0');
  if (*digits == '0' && c - digits > 1) return fail(JsonFault::BadNumber);
  std::ptrdiff_t count = c - digits;
  std::int64_t exponent = 0;
  if (*c == '.') {
    const char* const fraction = ++c;
    for (; is_digit(*c); ++c) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*c - '0');
    if (c == fraction) return fail(JsonFault::BadNumber);
    exponent = fraction - c;
    count += c - fraction;
  }
  constexpr std::ptrdiff_t kDigitsThatFit = 19;
  // Twenty digits fit too when they start with 1 and did not wrap: identities go up to 2^64.
  constexpr std::uint64_t kTwentyDigits = 10'000'000'000'000'000'000U;
  out.exact = count <= kDigitsThatFit || (count == kDigitsThatFit + 1 && *digits == '1' && mantissa >= kTwentyDigits);
  if (*c == 'e' || *c == 'E') {
    ++c;
    const bool negative = *c == '-';
    if (*c == '-' || *c == '+') ++c;
    if (!is_digit(*c)) return fail(JsonFault::BadNumber);
    constexpr std::int64_t kFarOut = 100'000;
    std::int64_t written = 0;
    for (; is_digit(*c); ++c)
      if (written < kFarOut) written = written * 10 + (*c - '0');
    exponent += negative ? -written : written;
  }
  if (c != text_ + at_[1] && !is_space(*c)) return fail(JsonFault::BadNumber);
  out.mantissa = mantissa;
  out.exponent = static_cast<std::int32_t>(exponent);
  out.token = {first, static_cast<std::size_t>(c - first)};
  ++at_;
  return true;
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

bool JsonReader::skip_null() {
  if (peek() != 'n') return false;
  const char* const first = text_ + *at_;
  if (std::memcmp(first, "null", 4) != 0) return false;
  if (first + 4 != text_ + at_[1] && !is_space(first[4])) return false;
  ++at_;
  return true;
}

}  // namespace hedgewatch
