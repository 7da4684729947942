#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/frames.hpp"
#include "feeds/deribit/json_tree.hpp"

// The property everywhere: an error that leaves nothing behind, or the right events; never a wrong one.

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

/// `"price":0.5` and the like of an event's line.
std::set<std::string> fields_of(const std::string& line) {
  std::set<std::string> fields;
  std::size_t from = 1;
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at] != ',' && line[at] != '}') continue;
    fields.insert(line.substr(from, at - from));
    from = at + 1;
  }
  return fields;
}

struct Sweep {
  std::string name;
  std::string text;
  std::vector<std::string> expected;
  bool ok = false;
};

std::vector<Sweep> sweeps() {
  std::vector<Sweep> result;
  for (const std::string& name : frame_names()) {
    Bench bench;
    Sweep sweep{name, frame_text(name), {}, false};
    sweep.ok = bench.decode(sweep.text).ok();
    sweep.expected = bench.lines();
    result.push_back(std::move(sweep));
  }
  return result;
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

void gives_the_same(const Sweep& sweep, const std::string& text) {
  Bench bench;
  const auto decoded = bench.decode(text);
  CAPTURE(sweep.name);
  CAPTURE(text);
  REQUIRE(decoded.ok() == sweep.ok);
  // With the keys the order of a message's parts may change, such as bids and asks.
  REQUIRE(sorted(bench.lines()) == sorted(sweep.expected));
}

void is_an_error_or_the_same(const Sweep& sweep, const std::string& text) {
  Bench bench;
  const auto decoded = bench.decode(text);
  CAPTURE(sweep.name);
  CAPTURE(text);
  if (!decoded.ok()) {
    REQUIRE(bench.batch.empty());
  } else if (sweep.name == "reply_instruments") {
    // A listing that cannot be read is left out alone.
    REQUIRE(bench.decoder.detail().left_out_rows <= 2);
    const std::set<std::string> known{sweep.expected.begin(), sweep.expected.end()};
    for (const std::string& line : bench.lines()) REQUIRE(known.contains(line));
  } else {
    REQUIRE(bench.lines() == sweep.expected);
  }
}

/// 12.5 as 1.25e1 and the like.
std::string in_exponent_form(const std::string& number) {
  std::string digits;
  std::size_t point = std::string::npos;
  const bool negative = number.front() == '-';
  for (const char c : number.substr(negative ? 1 : 0)) {
    if (c == 'e' || c == 'E') return number;
    if (c == '.')
      point = digits.size();
    else
      digits += c;
  }
  if (point == std::string::npos) point = digits.size();
  const auto exponent = static_cast<long>(point) - 1;
  std::string text = negative ? "-" : "";
  text += digits.substr(0, 1) + "." + (digits.size() > 1 ? digits.substr(1) : std::string{"0"});
  return text + (exponent < 0 ? "E-" : "e+") + std::to_string(exponent < 0 ? -exponent : exponent);
}

}  // namespace

TEST_SUITE("feeds/deribit/decoder_robustness") {
  TEST_CASE("every fixture decodes") {
    for (const Sweep& sweep : sweeps()) {
      CAPTURE(sweep.name);
      CHECK(sweep.ok);
    }
  }

  TEST_CASE("a frame cut at any byte is an error") {
    for (const Sweep& sweep : sweeps()) {
      const std::string whole = sweep.text.substr(0, sweep.text.find_last_of('}') + 1);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        Bench bench;
        const std::string cut = whole.substr(0, size);
        const auto decoded = bench.decode(cut);
        CAPTURE(sweep.name);
        CAPTURE(cut);
        CHECK_FALSE(decoded.ok());
        CHECK(bench.batch.empty());
      }
    }
  }

  TEST_CASE("what stands in memory behind a cut frame is not read as part of it") {
    // The rest of the frame stays where it was, where a reader that trusts the closing bracket would find it.
    for (const Sweep& sweep : sweeps()) {
      const std::string whole = sweep.text.substr(0, sweep.text.find_last_of('}') + 1);
      const std::string padded = whole + std::string(simdjson::SIMDJSON_PADDING, '}');
      for (std::size_t size = 1; size < whole.size(); ++size) {
        Bench bench;
        const simdjson::padded_string_view cut{padded.data(), size, padded.size()};
        const auto decoded = bench.decoder.decode(cut, MonoTime{}, bench.batch);
        CAPTURE(sweep.name);
        CAPTURE(size);
        CHECK_FALSE(decoded.ok());
        CHECK(bench.batch.empty());
      }
    }
  }

  TEST_CASE("the order of keys, blanks and unknown fields change nothing") {
    for (const Sweep& sweep : sweeps()) {
      const JsonNode tree = json_tree(sweep.text);
      gives_the_same(sweep, json_text(tree));
      gives_the_same(sweep, json_text(tree, {.reversed = true}));
      gives_the_same(sweep, json_text(tree, {.spaced = true}));
      for (const char* unknown :
           {R"("brand_new":{"a":[1,{"b":"}]"}],"c":null})", R"("x":"a \"quoted\" \\ thing")", R"("instrument_nam":"BTC")",
            R"("instrument_name_2":"BTC")", R"("":[])", R"("starbase_timestamp":18446744073709551616999)"})
        gives_the_same(sweep, json_text(tree, {.unknown = unknown}));
    }
  }

  TEST_CASE("numbers in exponent form and integers with a decimal are the same numbers") {
    for (const Sweep& sweep : sweeps()) {
      const JsonNode tree = json_tree(sweep.text);
      gives_the_same(sweep, json_text(tree, {.scalar = [](const JsonNode& node) {
                                        return node.is_number() ? in_exponent_form(node.scalar) : node.scalar;
                                      }}));
      gives_the_same(sweep, json_text(tree, {.scalar = [](const JsonNode& node) {
                                        // Twenty digits and a point are more than an identity has room for: an error, and no venue
                                        // writes them.
                                        const bool integer = node.is_number() &&
                                                             node.scalar.find_first_of(".eE") == std::string::npos &&
                                                             node.scalar.size() < 20;
                                        return integer ? node.scalar + ".0" : node.scalar;
                                      }}));
    }
  }

  TEST_CASE("a value of the wrong type is an error, or nobody reads it") {
    for (const Sweep& sweep : sweeps()) {
      JsonNode tree = json_tree(sweep.text);
      each_field(tree, [&](const std::string& key, JsonNode& value) {
        const JsonNode good = value;
        for (const char* wrong :
             {"true", "{}", "[]", R"("some words")", "{\"a\":[1]}", "tru", "nul", "-", "01", "1.", ".5", "0x10", "\"open"}) {
          // Text for text and list for list are other values, not other types.
          if (good.is_text() && wrong[0] == '"') continue;
          if (good.kind == '[' && wrong[0] == '[') continue;
          if (key == "\"greeks\"" && wrong[0] == '{') continue;
          if ((good.scalar == "true" || good.scalar == "false") && std::string{wrong} == "true") continue;
          // That it was sent at all is the whole message.
          if (sweep.name == "market_maker_protection" && key == "\"data\"") continue;
          // A list of another kind of rows is read as what it then is.
          if (key == "\"result\"" || key == "\"summaries\"") continue;
          value = JsonNode{0, wrong, {}, {}};
          is_an_error_or_the_same(sweep, json_text(tree));
        }
        value = good;
      });
    }
  }

  TEST_CASE("null makes a value absent or the frame an error, and changes no other value") {
    for (const Sweep& sweep : sweeps()) {
      JsonNode tree = json_tree(sweep.text);
      each_scalar(tree, [&](JsonNode& value) {
        const JsonNode good = value;
        value.scalar = "null";
        const std::string text = json_text(tree);
        Bench bench;
        const auto decoded = bench.decode(text);
        CAPTURE(sweep.name);
        CAPTURE(text);
        if (!decoded.ok()) {
          CHECK(bench.batch.empty());
        } else {
          std::set<std::string> known;
          for (const std::string& line : sweep.expected) known.merge(fields_of(line));
          for (const std::string& line : bench.lines())
            for (const std::string& field : fields_of(line)) {
              CAPTURE(field);
              CHECK(known.contains(field));
            }
        }
        value = good;
      });
    }
  }

  TEST_CASE("numbers that nothing can hold are errors or left out, never something else") {
    for (const Sweep& sweep : sweeps()) {
      JsonNode tree = json_tree(sweep.text);
      each_scalar(tree, [&](JsonNode& value) {
        if (!value.is_number()) return;
        const JsonNode good = value;
        for (const char* huge :
             {"1e400", "-1e400", "1e999999999999", "123456789012345678901234567890", "1e-30", "18446744073709551616"}) {
          value.scalar = huge;
          const std::string text = json_text(tree);
          Bench bench;
          const auto decoded = bench.decode(text);
          CAPTURE(sweep.name);
          CAPTURE(text);
          if (!decoded.ok()) {
            CHECK(bench.batch.empty());
          } else {
            // The value arrives as it is, or not at all.
            for (const Event& event : bench.batch.events()) {
              if (const auto* quote = std::get_if<Quote>(&event.body)) {
                CHECK((!quote->bid || quote->bid_size.raw() > 0));
                CHECK((!quote->ask || quote->ask_size.raw() > 0));
              }
              if (const auto* mark = std::get_if<Mark>(&event.body)) {
                CHECK_FALSE(mark->price < 0);
                CHECK_FALSE(mark->price > 1e300);
              }
            }
          }
        }
        value = good;
      });
    }
  }

  TEST_CASE("text behind the frame is an error") {
    for (const Sweep& sweep : sweeps())
      for (const char* more : {"{}", "}", "]", ",", "null", "x"}) {
        Bench bench;
        CAPTURE(sweep.name);
        const std::string behind{more};
        CAPTURE(behind);
        CHECK_FALSE(bench.decode(sweep.text + more).ok());
      }
  }

  TEST_CASE("what is no object is an error") {
    for (const char* text :
         {"", " ", "[]", "{", "}", "null", "7", "\"a\"", "{}", "[{}]", "{\"jsonrpc\":\"2.0\"}", "\xff",
          "{\"method\":\"subscription\"}", "{\"method\":\"subscription\",\"params\":{}}",
          "{\"method\":\"subscription\",\"params\":[]}", "{\"method\":\"heartbeat\",\"params\":{\"type\":\"new\"}}",
          "{\"method\":\"nothing\",\"params\":{}}"}) {
      Bench bench;
      const std::string frame{text};
      CAPTURE(frame);
      CHECK_FALSE(bench.decode(frame).ok());
    }
  }
}
