#include "feeds/value_scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

#include "feeds/decimal_text.hpp"

using namespace hedgewatch;
using namespace hedgewatch::scanning;

namespace {

/// A text with enough behind it to be looked at.
class Place {
 public:
  explicit Place(std::string_view text, char behind = ',') {
    text_.fill(behind);
    std::copy(text.begin(), text.end(), text_.begin());
  }
  [[nodiscard]] const char* begin() const { return text_.data(); }

 private:
  std::array<char, 128> text_{};
};

template <class Scan>
void numbers_are_those_of_the_general_reader() {
  std::mt19937_64 random{5};
  for (int i = 0; i < 100'000; ++i) {
    std::string text = i % 4 == 0 ? "-" : "";
    text += std::to_string(random() >> random() % 64);
    if (i % 3 != 0) text += "." + std::string(random() % 6, '0') + std::to_string(random() >> random() % 64);
    CAPTURE(text);
    const Place place{text};
    const ShortNumber number = Scan{}.short_number(place.begin());
    if (text.size() > 15) {
      // One more fits where the sign is not counted.
      if (number.behind != nullptr) CHECK(text.size() == 16);
      if (number.behind == nullptr) continue;
    }
    const auto expected = decimal_from(text);
    REQUIRE(expected.has_value());
    REQUIRE(number.behind == place.begin() + text.size());
    CHECK(number.mantissa == expected->mantissa);
    CHECK(-static_cast<std::int32_t>(number.decimals) == expected->exponent);
    CHECK(number.negative == expected->negative);
  }
}

template <class Scan>
void what_is_no_short_number_is_refused() {
  for (const char* text : {"", "-", "00", "01", "-01", "00.5", "1.", "-1.", ".5", "-.5", "+1", "x", "null", "\"", "--1",
                           "1234567890123456", "-1234567890123456", "12345678.12345678", "0.123456789012345678"}) {
    CAPTURE(text);
    CHECK(Scan{}.short_number(Place{text}.begin()).behind == nullptr);
  }
  // What stands behind a number is not part of it, whatever it is.
  for (const char behind : {',', '}', '"', 'e', '.', '-', ' ', '\0', '\xff', '/', ':'}) {
    CAPTURE(behind);
    const Place place{"-120.250", behind};
    const ShortNumber number = Scan{}.short_number(place.begin());
    CHECK(number.behind == place.begin() + 8);
    CHECK(number.mantissa == 120'250);
    CHECK(number.decimals == 3);
    CHECK(number.negative);
  }
}

template <class Scan>
void texts_are_the_same_where_no_character_differs() {
  const std::string text = R"(,"estimated_delivery_price":"abc)";
  REQUIRE(text.size() == 32);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::uint32_t tail = length == text.size() ? 0 : ~0U << length;
    for (std::size_t at = 0; at < text.size(); ++at) {
      CAPTURE(length);
      CAPTURE(at);
      std::string other = text;
      other[at] = static_cast<char>(other[at] ^ 0x80);
      CHECK(Scan{}.same_text(Place{text}.begin(), other.data(), tail) == (at >= length));
    }
    CHECK(Scan{}.same_text(Place{text}.begin(), text.data(), tail));
  }
}

}  // namespace

TEST_SUITE("feeds/value_scan") {
  TEST_CASE("short numbers are those of the general reader, by every set of instructions") {
    numbers_are_those_of_the_general_reader<PlainScan>();
#ifdef __x86_64__
    if (machine_scans_wide()) numbers_are_those_of_the_general_reader<WideScan>();
#endif
  }

  TEST_CASE("what is no short number is refused, by every set of instructions") {
    what_is_no_short_number_is_refused<PlainScan>();
#ifdef __x86_64__
    if (machine_scans_wide()) what_is_no_short_number_is_refused<WideScan>();
#endif
  }

  TEST_CASE("texts are the same where no character differs, by every set of instructions") {
    texts_are_the_same_where_no_character_differs<PlainScan>();
#ifdef __x86_64__
    if (machine_scans_wide()) texts_are_the_same_where_no_character_differs<WideScan>();
#endif
  }

  TEST_CASE("a text ends at its quote, unless something comes before that has another meaning") {
    const std::string text(40, 'a');
    for (std::size_t length : {0U, 1U, 15U, 16U, 17U, 40U}) {
      CAPTURE(length);
      const std::string inside = text.substr(0, length);
      const Place place{inside + "\"", 'b'};
      CHECK(closing_quote(place.begin(), place.begin() + 60) == place.begin() + length);
      CHECK(closing_quote(place.begin(), place.begin() + length) == nullptr);
      for (const char odd : {'\\', '\n', '\x1f', '\x7f', '\x80', '\xc3'}) {
        const Place other{inside + odd + "\"", 'b'};
        CHECK(closing_quote(other.begin(), other.begin() + 60) == nullptr);
      }
    }
  }
}
