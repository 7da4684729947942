#include "feeds/frame_layout.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "feeds/binance/decoder.hpp"
#include "feeds/decimal_text.hpp"
#include "feeds/deribit/frames.hpp"
#include "feeds/deribit/json_tree.hpp"
#include "feeds/venue_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

enum Field : std::uint8_t { kName, kPrice, kSize, kId };
constexpr std::array kFields{LayoutField{"kind", kFixedField}, LayoutField{"data.name", kName, ValueType::Text},
                             LayoutField{"data.price", kPrice, ValueType::Real},
                             LayoutField{"data.more.size", kSize, ValueType::Nano}, LayoutField{"data.id", kId, ValueType::Whole}};
constexpr MessagePattern kPattern{kFields, "data."};

/// Layouts, and the frame whose views they give.
struct Reading {
  explicit Reading(ScanWidth width = ScanWidth::Widest) : layouts{width} {}
  bool read(const std::string& text) {
    frame = simdjson::padded_string{text};
    return layouts.read(frame);
  }
  void learn(const std::string& text, std::uint8_t kind = 0) { layouts.learn(text, kPattern, kind); }

  FrameLayouts layouts;
  simdjson::padded_string frame;
};

const std::string kFrame =
    R"({"kind":"quote","data":{"name":"BTC-1","open":12.5,"price":0.0625,"more":{"size":"3.10"},"state":"open"}})";

/// What is said of a frame, in words.
template <class Bench, class Detail>
std::string account(const Result<Decoded, DecodeError>& decoded, const Bench& bench, const Detail& detail) {
  std::string text;
  if (decoded.ok()) {
    text = "kind " + std::to_string(static_cast<int>(decoded.value().kind)) + " " + std::string{decoded.value().channel};
  } else {
    text = "fault " + std::string{label(decoded.error().fault)} + " " + std::string{decoded.error().channel} + " " +
           std::string{decoded.error().field};
  }
  text += " of " + std::string{detail.channel_name} + "/" + std::string{detail.label} + " instrument " +
          std::to_string(static_cast<std::uint32_t>(detail.instrument)) + " rows " + std::to_string(detail.rows) + " unknown " +
          std::to_string(detail.unknown_rows) + " refused " + std::to_string(detail.refused_fields) + "\n";
  for (const std::string& line : bench.lines()) text += line + "\n";
  return text;
}

/// A frame with one fault or oddity at a time: each byte replaced, left out or doubled, and cut behind it.
template <class Use>
void each_mutation(const std::string& frame, Use&& use) {
  for (std::size_t at = 0; at < frame.size(); ++at) {
    for (const char c : {'0', '9', '-', '.', 'e', '"', '\\', '{', '}', '[', ',', ':', ' ', 'n', 'x', '\x01', '\x80', '/'}) {
      std::string other = frame;
      other[at] = c;
      use(other);
    }
    use(frame.substr(0, at) + frame.substr(at + 1));
    use(frame.substr(0, at) + frame[at] + frame.substr(at));
    use(frame.substr(0, at));
  }
  JsonNode tree = json_tree(frame);
  each_scalar(tree, [&](JsonNode& value) {
    const JsonNode good = value;
    for (const char* odd : {"",
                            "null",
                            "true",
                            "0",
                            "-0",
                            "0.0",
                            "-0.0",
                            "1e3",
                            "1E-7",
                            "1e400",
                            "12345678901234567890",
                            "0.1234567890123456789",
                            "123456789.123456789",
                            "1234567.5",
                            "00",
                            "01",
                            "1.",
                            ".5",
                            "-",
                            "+1",
                            "1.2.3",
                            "1e",
                            "0x10",
                            "{}",
                            "[]",
                            "\"\"",
                            "\"1.5\"",
                            "\"-2\"",
                            "\"1.5x\"",
                            "\"a\\\"b\"",
                            "\"\\u0041\"",
                            "\"\xc3\xa9\"",
                            "\"\xc3\"",
                            "9007199254740993",
                            "99999999999999999999",
                            "1e-1",
                            "1.5e1000",
                            "0.0000000001",
                            "5e-324",
                            "tru",
                            "nulll"}) {
      value.scalar = odd;
      use(json_text(tree));
    }
    value = good;
  });
  use(frame + " ");
  use(" " + frame);
  use(frame + "}");
  use(json_text(tree, {.spaced = true}));
  use(json_text(tree, {.reversed = true}));
}

}  // namespace

TEST_SUITE("feeds/frame_layout") {
  TEST_CASE("a frame of a learned layout is read with other values") {
    Reading reading;
    CHECK_FALSE(reading.read(kFrame));
    reading.learn(kFrame, 7);
    REQUIRE(reading.read(R"({"kind":"quote","data":{"name":"ETHER-22","open":7,"price":-12.5e3,"more":{"size":"0"},"state":""}})"));
    CHECK(reading.layouts.kind() == 7);
    CHECK(reading.layouts.text(kName) == "ETHER-22");
    CHECK(reading.layouts.form(kPrice) == ValueForm::Given);
    CHECK(reading.layouts.real(kPrice) == -12'500);
    CHECK(reading.layouts.form(kSize) == ValueForm::Given);
    CHECK(reading.layouts.count(kSize) == 0);
    CHECK(reading.layouts.form(kId) == ValueForm::Absent);
    CHECK(reading.layouts.matched() == 1);
    CHECK(reading.layouts.missed() == 1);
  }

  TEST_CASE("null and nothing between quotes are no numbers, and what was there before is forgotten") {
    Reading reading;
    reading.learn(kFrame);
    REQUIRE(reading.read(kFrame));
    REQUIRE(reading.read(R"({"kind":"quote","data":{"name":"A","open":null,"price":null,"more":{"size":""},"state":"open"}})"));
    CHECK(reading.layouts.form(kPrice) == ValueForm::Null);
    CHECK_FALSE(is_present(reading.layouts.real(kPrice)));
    CHECK(reading.layouts.form(kSize) == ValueForm::Null);
    CHECK(reading.layouts.count(kSize) == 0);
  }

  TEST_CASE("a number that cannot be held exactly is refused, not rounded") {
    Reading reading;
    reading.learn(kFrame);
    for (const char* size : {"0.0000000001", "12345678901234", "1e-10", "9223372036.854775808"}) {
      CAPTURE(size);
      REQUIRE(reading.read(R"({"kind":"quote","data":{"name":"A","open":1,"price":1,"more":{"size":")" + std::string{size} +
                           R"("},"state":"open"}})"));
      CHECK(reading.layouts.form(kSize) == ValueForm::Refused);
      CHECK(reading.layouts.count(kSize) == 0);
    }
  }

  TEST_CASE("a value of another kind than the lesson's is not read") {
    Reading reading;
    reading.learn(kFrame);
    for (const char* other :
         {R"({"kind":"quote","data":{"name":null,"open":12.5,"price":0.0625,"more":{"size":"3.10"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"A","open":"12.5","price":0.0625,"more":{"size":"3.10"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"A","open":12.5,"price":true,"more":{"size":"3.10"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"A","open":12.5,"price":"1","more":{"size":"3.10"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"A","open":12.5,"price":1,"more":{"size":3.10},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"A","open":12.5,"price":1,"more":{"size":"3,1"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"A","open":12.5,"price":1,"more":{"size":"null"},"state":"open"}})"}) {
      CAPTURE(other);
      CHECK_FALSE(reading.read(other));
    }
  }

  TEST_CASE("what differs outside of the values is not read") {
    Reading reading;
    reading.learn(kFrame);
    for (const char* other :
         {R"({"kind":"other","data":{"name":"BTC-1","open":12.5,"price":0.0625,"more":{"size":"3.10"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"BTC-1","open":12.5,"price":0.0625,"more":{"size":"3.10"}}})",
          R"({"kind":"quote","data":{"name":"BTC-1","open":12.5,"pricf":0.0625,"more":{"size":"3.10"},"state":"open"}})",
          R"({"kind":"quote","data":{"name":"BTC-1","open":12.5,"price":0.0625,"more":{"size":"3.10"},"state":"open"}} )"})
      CHECK_FALSE(reading.read(other));
    CHECK(reading.read(kFrame));
  }

  TEST_CASE("layouts that begin alike are told apart where they part") {
    Reading reading;
    const std::string with_more = R"({"kind":"quote","data":{"name":"BTC-1","price":0.0625,"more":{"size":"3.10"}}})";
    const std::string without = R"({"kind":"quote","data":{"name":"BTC-1","price":0.0625}})";
    const std::string otherwise = R"({"kind":"quote","data":{"name":"BTC-1","size":1}})";
    reading.learn(with_more, 1);
    reading.learn(without, 2);
    reading.learn(otherwise, 3);
    for (int round = 0; round < 3; ++round) {
      REQUIRE(reading.read(with_more));
      CHECK(reading.layouts.kind() == 1);
      CHECK(reading.layouts.count(kSize) == 3'100'000'000);
      REQUIRE(reading.read(without));
      CHECK(reading.layouts.kind() == 2);
      CHECK(reading.layouts.form(kSize) == ValueForm::Absent);
      REQUIRE(reading.read(otherwise));
      CHECK(reading.layouts.kind() == 3);
      CHECK(reading.layouts.form(kPrice) == ValueForm::Absent);
      CHECK_FALSE(is_present(reading.layouts.real(kPrice)));
      CHECK(reading.layouts.text(kName) == "BTC-1");
    }
  }

  TEST_CASE("values in arrays, a field twice, and values outside of the pattern are not learned") {
    for (const char* text :
         {R"({"kind":"quote","data":{"name":"A","price":1,"levels":[1]}})",
          R"({"kind":"quote","data":{"name":"A","price":1,"price":2}})", R"({"kind":"quote","data":{"name":"A","price":1},"id":7})",
          R"({"kind":"quote","data.name":"A"})", R"({"kind":"quote","data":{"na\u006de":"A"}})", R"([{"kind":"quote"}])"}) {
      Reading reading;
      CAPTURE(text);
      reading.learn(text);
      CHECK(reading.layouts.size() == 0);
      CHECK_FALSE(reading.read(text));
    }
  }

  TEST_CASE("a known layout is not learned again, and a shuffling venue does not fill the memory") {
    Reading reading;
    for (int i = 0; i < 20; ++i) reading.learn(kFrame);
    CHECK(reading.layouts.size() == 1);
    for (int i = 0; i < 1'000; ++i) reading.learn(R"({"kind":"quote","data":{"extra)" + std::to_string(i) + R"(":1,"price":2}})");
    CHECK(reading.layouts.size() == FrameLayouts::kMostLayouts);
    CHECK(reading.layouts.missed() == 1'020);
    // The newest lesson took the place of an old layout.
    CHECK(reading.read(R"({"kind":"quote","data":{"extra939":1,"price":2}})"));
  }

  TEST_CASE("numbers are the same bits as those of the general reader, by every set of instructions") {
    std::mt19937_64 random{11};
    Reading reading;
    Reading by_plain{ScanWidth::Plain};
    const std::string lesson = R"({"data":{"price":1,"more":{"size":1},"id":1}})";
    reading.learn(lesson);
    by_plain.learn(lesson);
    for (int i = 0; i < 50'000; ++i) {
      std::string text = std::to_string(random() >> random() % 64);
      if (i % 3 != 0) text += "." + std::to_string(random() >> random() % 64);
      if (i % 7 == 0) text = "0." + std::string(random() % 12, '0') + std::to_string(random() % 1'000'000);
      if (i % 11 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
      if (i % 5 == 0) text = "-" + text;
      CAPTURE(text);
      const auto expected = decimal_from(text);
      REQUIRE(expected.has_value());
      const std::string frame = R"({"data":{"price":)" + text + R"(,"more":{"size":)" + text + R"(},"id":)" + text + "}}";
      // One of too many digits is left to the general reader.
      const bool read = reading.read(frame);
      REQUIRE(by_plain.read(frame) == read);
      if (!read) {
        CHECK(text.size() > 16);
        continue;
      }
      CHECK(std::bit_cast<std::uint64_t>(by_plain.layouts.real(kPrice)) ==
            std::bit_cast<std::uint64_t>(reading.layouts.real(kPrice)));
      CHECK(by_plain.layouts.count(kSize) == reading.layouts.count(kSize));
      CHECK(by_plain.layouts.count(kId) == reading.layouts.count(kId));
      CHECK(std::bit_cast<std::uint64_t>(reading.layouts.real(kPrice)) ==
            std::bit_cast<std::uint64_t>(expected->to_double().value_or(0)));
      CHECK(reading.layouts.form(kSize) == (expected->to_nano() ? ValueForm::Given : ValueForm::Refused));
      CHECK(reading.layouts.count(kSize) == expected->to_nano().value_or(0));
      CHECK(reading.layouts.form(kId) == (expected->to_signed() ? ValueForm::Given : ValueForm::Refused));
      CHECK(reading.layouts.count(kId) == expected->to_signed().value_or(0));
    }
  }

  TEST_CASE("what stands in memory behind a cut frame is not read as part of it") {
    FrameLayouts layouts;
    layouts.learn(kFrame, kPattern, 0);
    const std::string padded = kFrame + std::string(simdjson::SIMDJSON_PADDING, '}');
    for (std::size_t size = 0; size < kFrame.size(); ++size) {
      // Nothing but the padding belongs to the frame, so its end is its memory's.
      const std::size_t there = size + simdjson::SIMDJSON_PADDING;
      const auto memory = std::make_unique<char[]>(there);
      std::copy_n(padded.begin(), std::min(there, padded.size()), memory.get());
      CAPTURE(size);
      CHECK_FALSE(layouts.read(simdjson::padded_string_view{memory.get(), size, there}));
    }
  }

  TEST_CASE("Deribit: with its layout known, whatever is done to a ticker, the general decoder says the same") {
    std::uint64_t matched = 0;
    for (const char* name : {"ticker_option", "ticker_perpetual", "ticker_future", "ticker_linear_option"}) {
      const std::string frame = frame_text(name);
      const std::string whole = frame.substr(0, frame.find_last_of('}') + 1);
      const auto knowing = std::make_unique<Bench>();
      REQUIRE(knowing->decode(whole).ok());
      REQUIRE(knowing->decode(whole).ok());
      REQUIRE(knowing->decoder.layouts().matched() == 1);
      each_mutation(whole, [&](const std::string& text) {
        const auto general = std::make_unique<Bench>();
        const std::string expected = account(general->decode(text), *general, general->decoder.detail());
        CAPTURE(text);
        REQUIRE(general->decoder.layouts().matched() == 0);
        REQUIRE(account(knowing->decode(text), *knowing, knowing->decoder.detail()) == expected);
      });
      matched += knowing->decoder.layouts().matched();
    }
    CHECK(matched > 1'000);
  }

  TEST_CASE("Binance: with its layout known, whatever is done to best prices, the general decoder says the same") {
    std::uint64_t matched = 0;
    for (const char* name : {"book_ticker", "book_ticker_spot"}) {
      const std::string frame = venue_frame("binance", name);
      const std::string whole = frame.substr(0, frame.find_last_of('}') + 1);
      const auto bench = [&] {
        auto made = std::make_unique<VenueBench<binance::Decoder>>(Venue::Binance, DecodingOptions{.connection = ConnectionId{1}});
        for (const char* symbol : {"ETHUSDT", "ETHUSDT-SPOT", "BTCUSDT", "BTCUSDT-SPOT"})
          made->symbols.add(*binance::contract_from_name(symbol));
        made->decoder = std::make_unique<binance::Decoder>(made->symbols, std::nullopt, made->options);
        return made;
      };
      const auto knowing = bench();
      REQUIRE(knowing->decode(whole).ok());
      REQUIRE(knowing->decode(whole).ok());
      REQUIRE(knowing->decoder->layouts().matched() == 1);
      each_mutation(whole, [&](const std::string& text) {
        const auto general = bench();
        const std::string expected = account(general->decode(text), *general, general->decoder->detail());
        CAPTURE(text);
        REQUIRE(general->decoder->layouts().matched() == 0);
        REQUIRE(account(knowing->decode(text), *knowing, knowing->decoder->detail()) == expected);
      });
      matched += knowing->decoder->layouts().matched();
    }
    CHECK(matched > 200);
  }
}
