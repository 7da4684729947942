#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include <simdjson.h>

#include "core/types/nano.hpp"

namespace hedgewatch {

/// A number as it was written: sign, digits and power of ten, before any type has decided what it can hold.
struct Decimal {
  std::uint64_t mantissa = 0;  ///< every digit, when `exact`
  std::int32_t exponent = 0;   ///< value = mantissa * 10^exponent
  bool negative = false;
  bool exact = true;       ///< false: more digits than the mantissa holds; then only `token` tells
  std::string_view token;  ///< as written

  /// The nearest double. Nothing when it is too large for one.
  [[nodiscard]] std::optional<double> to_double() const {
    // Both factors are exact doubles, so one operation rounds once: Clinger's fast path.
    static constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    constexpr std::uint64_t kExactIntegers = std::uint64_t{1} << 53;
    if (!exact || mantissa > kExactIntegers || exponent < -22 || exponent > 22) return unusual_double();
    const auto integer = static_cast<double>(mantissa);
    const double value = exponent < 0 ? integer / kPowers[static_cast<std::size_t>(-exponent)]
                                      : integer * kPowers[static_cast<std::size_t>(exponent)];
    return negative ? -value : value;
  }
  /// Nothing when it has a non-zero digit beyond the ninth decimal, or does not fit.
  [[nodiscard]] std::optional<std::int64_t> to_nano() const {
    static constexpr std::array<std::uint64_t, 10> kPowers{1,       10,        100,        1'000,       10'000,
                                                           100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
    constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::int32_t shift = exponent + 9;
    if (!exact || shift < 0 || shift > 9) return unusual_nano();
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(mantissa, kPowers[static_cast<std::size_t>(shift)], &product) || product > kLargest)
      return std::nullopt;
    const auto magnitude = static_cast<std::int64_t>(product);
    return negative ? -magnitude : magnitude;
  }
  /// Integers also when written 10.0 or 1e1. Nothing for fractions, negatives and what does not fit.
  [[nodiscard]] std::optional<std::uint64_t> to_unsigned() const;
  [[nodiscard]] std::optional<std::int64_t> to_signed() const;

 private:
  [[nodiscard]] std::optional<double> unusual_double() const;
  [[nodiscard]] std::optional<std::int64_t> unusual_nano() const;
};

/// The first eight bytes of a key, zero behind a shorter one: what a switch over keys compares.
constexpr std::uint64_t key_prefix(std::string_view key) {
  std::uint64_t prefix = 0;
  for (std::size_t at = 0; at < key.size() && at < 8; ++at)
    prefix |= static_cast<std::uint64_t>(static_cast<unsigned char>(key[at])) << (8 * at);
  return prefix;
}

/// A key of an object, still in the frame. Keys that are written with escapes match nothing: no venue writes any.
class JsonKey {
 public:
  explicit JsonKey(const char* first) : first_{first} {}

  [[nodiscard]] std::uint64_t prefix() const {
    std::uint64_t word = 0;
    std::memcpy(&word, first_, sizeof word);
    // Marks the highest bit of every byte that is a quote; all from the first of them on is not the key's.
    const std::uint64_t quotes = word ^ 0x2222222222222222U;
    const std::uint64_t found = (quotes - 0x0101010101010101U) & ~quotes & 0x8080808080808080U;
    return found == 0 ? word : word & ((found & (~found + 1)) / 128 - 1);
  }
  [[nodiscard]] bool is(std::string_view name) const {
    return std::memcmp(first_, name.data(), name.size()) == 0 && first_[name.size()] == '"';
  }

 private:
  const char* first_;
};

enum class JsonFault : std::uint8_t { None, NotJson, Truncated, WrongType, BadNumber };

/// Pulls values out of a text whose structural characters simdjson has indexed (its first stage, with the kernel that suits the
/// processor). Every step is checked against the index, so a cut or malformed text is a fault and never read past. The first
/// fault stays; after it every call fails. Values that nobody asks for are skipped by their brackets alone.
class JsonReader {
 public:
  /// Texts longer than this are refused. A whole list of instruments has a few megabytes.
  static constexpr std::size_t kLongestText = std::size_t{64} << 20;

  JsonReader();

  /// Starts over with `text`, which must outlive the reading. Allocates only when it is longer than any before.
  [[nodiscard]] bool start(simdjson::padded_string_view text);

  [[nodiscard]] JsonFault fault() const { return fault_; }
  /// A fault that only the caller could see. Always false.
  bool fail(JsonFault fault) {
    if (fault_ == JsonFault::None) fault_ = fault;
    return false;
  }
  /// Sets aside a fault of a value that was consumed whole, such as a wrong type.
  void forgive() { fault_ = JsonFault::None; }

  /// The next structural character or first character of a scalar; NUL at the end of the text.
  [[nodiscard]] char peek() const { return at_ < end_ ? text_[*at_] : '\0'; }
  [[nodiscard]] bool at_end() const { return at_ >= end_; }

  /// A place in the text to come back to.
  using Position = const std::uint32_t*;
  [[nodiscard]] Position position() const { return at_; }
  void seek(Position position) { at_ = position; }

  /// Calls on_field(key) for each field; it must consume the value and return true, or return false to stop with a fault.
  template <class OnField>
  [[nodiscard]] bool object(OnField&& on_field) {
    const std::uint32_t* at = at_;
    if (at >= end_ || text_[*at] != '{') return wrong_type();
    ++at;
    if (at < end_ && text_[*at] == '}') {
      at_ = at + 1;
      return true;
    }
    for (;;) {
      // A field is a key, a colon, a value and what follows it: one check of the end serves all four.
      if (end_ - at < 4) return cut(at);
      if (text_[at[0]] != '"' || text_[at[1]] != ':') return fail(JsonFault::NotJson);
      at_ = at + 2;
      if (!on_field(JsonKey{text_ + at[0] + 1})) return fail(JsonFault::NotJson);
      at = at_;
      if (at >= end_) return fail(JsonFault::Truncated);
      const char next = text_[*at];
      ++at;
      if (next == ',') continue;
      if (next != '}') return fail(JsonFault::NotJson);
      at_ = at;
      return true;
    }
  }

  /// Calls on_item() for each item; the same contract.
  template <class OnItem>
  [[nodiscard]] bool array(OnItem&& on_item) {
    if (peek() != '[') return wrong_type();
    ++at_;
    if (peek() == ']') {
      ++at_;
      return true;
    }
    for (;;) {
      if (!on_item()) return fail(JsonFault::NotJson);
      if (at_end()) return fail(JsonFault::Truncated);
      const char next = text_[*at_];
      ++at_;
      if (next == ',') continue;
      return next == ']' || fail(JsonFault::NotJson);
    }
  }

  /// Steps over one value of any kind.
  [[nodiscard]] bool skip();
  /// The text between the quotes, escapes left as they are.
  [[nodiscard]] bool string(std::string_view& out) {
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
  [[nodiscard]] bool number(Decimal& out) {
    const char found = peek();
    if (found != '-' && !is_digit(found)) return wrong_type();
    const char* const first = text_ + *at_;
    const char* c = first + (found == '-' ? 1 : 0);
    const char* const digits = c;
    std::uint64_t mantissa = 0;
    for (std::uint64_t digit = digit_of(*c); digit <= 9; digit = digit_of(*++c)) mantissa = mantissa * 10 + digit;
    std::ptrdiff_t count = c - digits;
    if (count == 0 || (*digits == '0' && count > 1)) return fail(JsonFault::BadNumber);
    std::ptrdiff_t decimals = 0;
    if (*c == '.') {
      const char* const fraction = ++c;
      for (std::uint64_t digit = digit_of(*c); digit <= 9; digit = digit_of(*++c)) mantissa = mantissa * 10 + digit;
      decimals = c - fraction;
      if (decimals == 0) return fail(JsonFault::BadNumber);
      count += decimals;
    }
    out.mantissa = mantissa;
    out.exponent = -static_cast<std::int32_t>(decimals);
    out.negative = found == '-';
    out.exact = count <= kDigitsThatFit;
    if (*c == 'e' || *c == 'E' || !out.exact) [[unlikely]] {
      c = unusual_number(digits, c, count, out);
      if (c == nullptr) return false;
    }
    if (c != text_ + at_[1] && !is_space(*c)) return fail(JsonFault::BadNumber);
    out.token = {first, static_cast<std::size_t>(c - first)};
    ++at_;
    return true;
  }
  [[nodiscard]] bool boolean(bool& out);
  /// True, and steps over it, when the value is null. No fault otherwise.
  [[nodiscard]] bool skip_null() { return peek() == 'n' && is_null(); }

 private:
  static constexpr std::ptrdiff_t kDigitsThatFit = 19;

  static bool is_digit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }
  /// Above 9 when it is no digit.
  static std::uint64_t digit_of(char c) { return std::uint64_t{static_cast<unsigned char>(c)} - '0'; }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

  [[nodiscard]] bool wrong_type();
  /// What is behind `at` is too little for a field.
  [[nodiscard]] bool cut(const std::uint32_t* at);
  /// Exponents, and more digits than fit; returns what is behind the number, or nothing.
  [[nodiscard]] const char* unusual_number(const char* digits, const char* c, std::ptrdiff_t count, Decimal& out);
  [[nodiscard]] bool is_null();

  std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer_;
  const char* text_ = "";
  std::size_t size_ = 0;
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* end_ = nullptr;
  JsonFault fault_ = JsonFault::None;
};

}  // namespace hedgewatch
