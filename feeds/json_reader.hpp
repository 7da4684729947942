#pragma once

#include <cstdint>
#include <cstring>
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
  [[nodiscard]] std::optional<double> to_double() const;
  /// Nothing when it has a non-zero digit beyond the ninth decimal, or does not fit.
  [[nodiscard]] std::optional<std::int64_t> to_nano() const;
  /// Integers also when written 10.0 or 1e1. Nothing for fractions, negatives and what does not fit.
  [[nodiscard]] std::optional<std::uint64_t> to_unsigned() const;
  [[nodiscard]] std::optional<std::int64_t> to_signed() const;
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
    if (peek() != '{') return wrong_type();
    ++at_;
    if (peek() == '}') {
      ++at_;
      return true;
    }
    for (;;) {
      if (peek() != '"') return malformed();
      const JsonKey key{text_ + *at_ + 1};
      ++at_;
      if (peek() != ':') return malformed();
      ++at_;
      if (!on_field(key)) return fail(JsonFault::NotJson);
      const char next = peek();
      if (next != ',' && next != '}') return malformed();
      ++at_;
      if (next == '}') return true;
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
      const char next = peek();
      if (next != ',' && next != ']') return malformed();
      ++at_;
      if (next == ']') return true;
    }
  }

  /// Steps over one value of any kind.
  [[nodiscard]] bool skip();
  /// The text between the quotes, escapes left as they are.
  [[nodiscard]] bool string(std::string_view& out);
  [[nodiscard]] bool number(Decimal& out);
  [[nodiscard]] bool boolean(bool& out);
  /// True, and steps over it, when the value is null. No fault otherwise.
  [[nodiscard]] bool skip_null();

 private:
  [[nodiscard]] bool wrong_type();
  [[nodiscard]] bool malformed();

  std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer_;
  const char* text_ = "";
  std::size_t size_ = 0;
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* end_ = nullptr;
  JsonFault fault_ = JsonFault::None;
};

}  // namespace hedgewatch
