#include "feeds/json_reader.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdlib>
#include <random>
#include <string>

using namespace hedgewatch;

namespace {

/// The number in `[NUMBER]`.
std::optional<Decimal> number(const std::string& written) {
  static simdjson::padded_string text;
  static JsonReader reader;
  text = simdjson::padded_string{"[" + written + "]"};
  Decimal decimal;
  if (!reader.start(text) || !reader.array([&] { return reader.number(decimal); })) return std::nullopt;
  return decimal;
}

JsonFault fault_of(const std::string& written) {
  const simdjson::padded_string text{written};
  JsonReader reader;
  Decimal decimal;
  if (reader.start(text)) static_cast<void>(reader.array([&] { return reader.number(decimal); }));
  return reader.fault();
}

}  // namespace

TEST_SUITE("feeds/json_reader") {
  TEST_CASE("a key's first eight bytes end at its quote") {
    const std::string text = "iv\":0.5,,,,,,,,,";
    CHECK(JsonKey{text.data()}.prefix() == key_prefix("iv"));
    CHECK(JsonKey{text.data()}.is("iv"));
    CHECK_FALSE(JsonKey{text.data()}.is("i"));
    const std::string longer = "best_bid_price\":1,,,,,,";
    CHECK(JsonKey{longer.data()}.prefix() == key_prefix("best_bid_amount"));
    CHECK(JsonKey{longer.data()}.is("best_bid_price"));
    const std::string exact = "mark_iv8\":1,,,,,,";
    CHECK(JsonKey{exact.data()}.prefix() == key_prefix("mark_iv8"));
    const std::string empty = "\":1,,,,,,,,,";
    CHECK(JsonKey{empty.data()}.prefix() == 0);
  }

  TEST_CASE("doubles come out as the nearest, like strtod's") {
    std::mt19937_64 random{7};
    for (int i = 0; i < 20'000; ++i) {
      std::string text = std::to_string(random() % 1'000'000'000'000);
      if (i % 3 != 0) text += "." + std::to_string(random() % 100'000'000);
      if (i % 4 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
      if (i % 5 == 0) text = "-" + text;
      const auto decimal = number(text);
      CAPTURE(text);
      REQUIRE(decimal.has_value());
      const auto value = decimal->to_double();
      REQUIRE(value.has_value());
      CHECK(std::bit_cast<std::uint64_t>(*value) == std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)));
    }
    CHECK(number("0.1234567890123456789012345")->to_double() == 0.1234567890123456789012345);
    CHECK_FALSE(number("1e400")->to_double().has_value());
    CHECK(number("1e-400")->to_double() == 0.0);
    CHECK(number("-0.0")->to_double() == 0.0);
    // Beyond what a double holds, however it is written: too large is none, too small is 0.
    const std::string zeros(400, '0');
    CHECK_FALSE(number("1" + zeros + ".25")->to_double().has_value());
    CHECK_FALSE(number("-12.5e99999999999999999999")->to_double().has_value());
    CHECK_FALSE(number("0.001e500")->to_double().has_value());
    CHECK(number("0." + zeros + "1")->to_double() == 0.0);
    CHECK(number("1234.5e-99999999999999999999")->to_double() == 0.0);
    CHECK(number("0." + zeros + "1e450")->to_double() == 1e49);
    CHECK(number("1" + zeros + "e-390")->to_double() == 1e10);
  }

  TEST_CASE("exact prices are exact or refused") {
    CHECK(number("6.55e-6")->to_nano() == 6'550);
    CHECK(number("0.000000001")->to_nano() == 1);
    CHECK(number("-88410.5")->to_nano() == -88'410'500'000'000);
    CHECK(number("1.00000000000000000000000")->to_nano() == 1'000'000'000);
    CHECK(number("9223372036.854775807")->to_nano() == INT64_MAX);
    CHECK_FALSE(number("9223372036.854775808")->to_nano().has_value());
    CHECK_FALSE(number("0.0000000001")->to_nano().has_value());
    CHECK_FALSE(number("1e40")->to_nano().has_value());
  }

  TEST_CASE("identities go up to 2^64, also when written as 10.0") {
    CHECK(number("18446744073709551615")->to_unsigned() == UINT64_MAX);
    CHECK_FALSE(number("18446744073709551616")->to_unsigned().has_value());
    CHECK_FALSE(number("19999999999999999999")->to_unsigned().has_value());
    CHECK(number("9007199254740993")->to_unsigned() == 9007199254740993U);
    CHECK(number("10.0")->to_unsigned() == 10U);
    CHECK(number("1.5e1")->to_unsigned() == 15U);
    CHECK_FALSE(number("10.5")->to_unsigned().has_value());
    CHECK_FALSE(number("-1")->to_unsigned().has_value());
    CHECK(number("-1")->to_signed() == -1);
    CHECK(number("0e99999999999")->to_unsigned() == 0U);
  }

  TEST_CASE("what JSON does not call a number is none") {
    for (const char* wrong : {"01", "1.", "-", "+1", ".5", "1e", "1e+", "0x1", "1_0", "--1", "1.e5", "nan", "Infinity", "12\x01"}) {
      const std::string text{wrong};
      CAPTURE(text);
      CHECK_FALSE(number(text).has_value());
    }
    CHECK(fault_of("[\"1\"]") == JsonFault::WrongType);
    CHECK(fault_of("[1 2]") == JsonFault::NotJson);
    CHECK(fault_of("[1,]") != JsonFault::None);
    CHECK(fault_of("[1") == JsonFault::Truncated);
    CHECK(fault_of("[1,\"") == JsonFault::Truncated);
    CHECK(fault_of("{}") == JsonFault::WrongType);
    CHECK(fault_of("[1]") == JsonFault::None);
  }

  TEST_CASE("skipping keeps count of brackets and their kinds") {
    const auto skips = [](const std::string& written) {
      const simdjson::padded_string text{written};
      JsonReader reader;
      return reader.start(text) && reader.skip() && reader.at_end();
    };
    CHECK(skips(R"([{"a":[{}, "]", 1, null]}])"));
    CHECK_FALSE(skips("[{]}"));
    CHECK_FALSE(skips("[[]"));
    CHECK_FALSE(skips(std::string(100, '[') + std::string(100, ']')));
  }

  TEST_CASE("words are whole words") {
    const auto boolean = [](const std::string& written) -> std::optional<bool> {
      const simdjson::padded_string text{written};
      JsonReader reader;
      bool value = false;
      if (!reader.start(text) || !reader.array([&] { return reader.boolean(value); })) return std::nullopt;
      return value;
    };
    CHECK(boolean("[true]") == std::optional{true});
    CHECK(boolean("[ false ]") == std::optional{false});
    CHECK_FALSE(boolean("[truex]").has_value());
    CHECK_FALSE(boolean("[tru]").has_value());
    CHECK_FALSE(boolean("[null]").has_value());
  }
}
