#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "feeds/binance/decoder.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/decimal_text.hpp"
#include "feeds/deribit/json_tree.hpp"
#include "feeds/okx/decoder.hpp"
#include "feeds/venue_bench.hpp"

// The property everywhere: an error that leaves nothing behind, or the right events; never a wrong one.

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Outcome {
  bool ok = false;
  std::size_t listed = 0;
  std::vector<std::string> lines;
};

template <class Decoder, class Make>
Outcome outcome(Venue venue, Make&& make, const std::string& text) {
  VenueBench<Decoder> bench{venue, kImplying};
  bench.decoder = make(bench.symbols, bench.options);
  const auto decoded = bench.decode(text);
  if (!decoded.ok()) REQUIRE(bench.batch.empty());
  return {decoded.ok(), bench.symbols.size(), bench.lines()};
}

Outcome outcome(std::string_view venue, const std::string& text) {
  if (venue == "bybit")
    return outcome<bybit::Decoder>(
        Venue::Bybit,
        [](SymbolTable& symbols, const DecodingOptions& options) {
          return std::make_unique<bybit::Decoder>(symbols, bybit::Category::Linear, options);
        },
        text);
  if (venue == "okx")
    return outcome<okx::Decoder>(
        Venue::Okx,
        [](SymbolTable& symbols, const DecodingOptions& options) { return std::make_unique<okx::Decoder>(symbols, options); },
        text);
  return outcome<binance::Decoder>(
      Venue::Binance,
      [](SymbolTable& symbols, const DecodingOptions& options) {
        return std::make_unique<binance::Decoder>(symbols, std::nullopt, options);
      },
      text);
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

template <class OnFixture>
void each_fixture(OnFixture&& on_fixture) {
  for (const std::string_view venue : {"binance", "bybit", "okx"})
    for (const std::string& name : venue_frame_names(venue)) {
      CAPTURE(name);
      const std::string text = venue_frame(venue, name);
      on_fixture(venue, text.substr(0, text.find_last_of("}]") + 1));
    }
}

}  // namespace

TEST_SUITE("feeds/venue_robustness") {
  TEST_CASE("every fixture decodes") {
    each_fixture([](std::string_view venue, const std::string& text) { CHECK(outcome(venue, text).ok); });
  }

  TEST_CASE("a frame cut at any byte is an error and lists nothing") {
    each_fixture([](std::string_view venue, const std::string& text) {
      for (std::size_t size = 0; size < text.size(); ++size) {
        const Outcome cut = outcome(venue, text.substr(0, size));
        CAPTURE(size);
        REQUIRE_FALSE(cut.ok);
        REQUIRE(cut.listed == 0);
      }
    });
  }

  TEST_CASE("the order of keys changes nothing") {
    each_fixture([](std::string_view venue, const std::string& text) {
      const Outcome straight = outcome(venue, text);
      const Outcome reversed = outcome(venue, json_text(json_tree(text), {.reversed = true}));
      CHECK(reversed.ok == straight.ok);
      CHECK(sorted(reversed.lines) == sorted(straight.lines));
    });
  }

  TEST_CASE("a byte changed anywhere gives an error or events, and never a crash") {
    each_fixture([](std::string_view venue, const std::string& text) {
      for (std::size_t at = 0; at < text.size(); at += 7)
        for (const char c : {'"', '}', '-', 'x', '0'}) {
          std::string changed = text;
          changed[at] = c;
          static_cast<void>(outcome(venue, changed));
        }
    });
  }

  TEST_CASE("an array or an object in the place of any value is an error, or its value was not asked for") {
    each_fixture([](std::string_view venue, const std::string& text) {
      const Outcome right = outcome(venue, text);
      for (std::size_t at = text.find(":\""); at != std::string::npos; at = text.find(":\"", at + 1)) {
        const std::size_t end = text.find('"', at + 2);
        std::string changed = text;
        changed.replace(at + 1, end - at, "[{}]");
        const Outcome other = outcome(venue, changed);
        CAPTURE(changed);
        if (other.ok) CHECK(sorted(other.lines) == sorted(right.lines));
      }
    });
  }
}

TEST_SUITE("feeds/decimal_text") {
  TEST_CASE("numbers as texts: exact, with exponents, and nothing else") {
    CHECK(decimal_from("0.00000123")->to_nano() == 1230);
    CHECK(decimal_from("-12.5")->to_nano() == -12'500'000'000);
    CHECK(decimal_from("1.2e-7")->to_nano() == 120);
    CHECK(decimal_from("8.55E4")->to_double() == 85500.0);
    CHECK(decimal_from("0")->to_nano() == 0);
    // Longer than a mantissa, as some venues pad their numbers.
    CHECK(decimal_from("9999999999.0000000000000000")->to_double() == 9999999999.0);
    CHECK(decimal_from("0.0000000000000000000000001")->to_double() == 1e-25);
    for (const char* text : {"", "-", "+1", "1.", ".5", "01", "1e", "0x10", "1 ", " 1", "nan", "inf", "1,5", "--1"}) {
      CAPTURE(text);
      CHECK_FALSE(decimal_from(text).has_value());
    }
  }
}

TEST_SUITE("feeds/frame_reader") {
  TEST_CASE("contracts times their size, exactly or not at all") {
    constexpr std::int64_t kOne = 1'000'000'000;
    CHECK(in_size_units(415 * kOne, 0.01) == 4'150'000'000);
    CHECK(in_size_units(-3 * kOne, 100) == -300 * kOne);
    CHECK(in_size_units(kOne / 2, 100) == 50 * kOne);
    CHECK(in_size_units(300 * kOne, 1 * 0.01) == 3 * kOne);
    CHECK(in_size_units(7 * kOne, 0.1 * 0.1) == 70'000'000);
    CHECK_FALSE(in_size_units(1, 0.1).has_value());
    CHECK_FALSE(in_size_units(9'000'000'000 * kOne, 10).has_value());
    CHECK_FALSE(in_size_units(kOne, 0).has_value());
    CHECK_FALSE(in_size_units(kOne, kAbsent).has_value());
  }
}
