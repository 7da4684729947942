#include "config/text_screen.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/parser.hpp"

using namespace hedgewatch;

namespace {

std::string place(std::string_view toml) {
  const auto refused = screen(toml);
  return refused ? std::to_string(refused->at.line) + ':' + std::to_string(refused->at.column) : "";
}

}  // namespace

TEST_SUITE("config/text_screen") {
  TEST_CASE("comments and quoted texts may hold any character") {
    CHECK(place("") == "");
    CHECK(place("# \u00e9t\u00e9\na = 1") == "");
    CHECK(place("a = \"\u00e9\" # \u00e9") == "");
    CHECK(place("a = '\u00e9\\'") == "");
    CHECK(place("a = \"\\\"\u00e9\"") == "");
    CHECK(place("a = \"\"\"x\n\u00e9\"\"\"\n") == "");
    CHECK(place("a = '''x\n'\u00e9''''\n") == "");
    CHECK(place("\xEF\xBB\xBF# mark\n") == "");
  }

  TEST_CASE("elsewhere the place is told in lines and characters") {
    CHECK(place("\u00e9 = 1") == "1:1");
    CHECK(place("a = 1\nb = \"\u00e9\u00e9\"\u00e9") == "2:9");
    CHECK(place("a =\u00a01") == "1:4");
    CHECK(place("a = \"x\n\u00e9") == "2:1");
    CHECK(place("a = '''x'''\u00e9") == "1:12");
    CHECK(place("a = \"x\" \xff") == "1:9");
  }

  TEST_CASE("a character after a backslash counts as outside") {
    CHECK(place("a = \"\\\u00e9\"") == "1:7");
    CHECK(place("a = \"\"\"\\\n  \u00e9\"\"\"") == "2:3");
  }

  TEST_CASE("a chain of dots is refused before it is nested") {
    std::string key = "a";
    for (int i = 1; i < 16; ++i) key += ".b";
    CHECK(place(key + " = 1.5") == "");
    CHECK(place("[" + key + "]\n" + key + " = [1.5, 2.5]\n") == "");
    CHECK(place("\n" + key + ".c = 1") == "2:32");
    CHECK(place("[" + key + ".'c']") == "1:33");
    std::string chain = "a";
    for (int i = 0; i < 1'000'000; ++i) chain += ".a";
    const auto result = parse_config(chain + " = 1", "x");
    REQUIRE_FALSE(result.ok());
    CHECK(result.error()[0].text() == "x:1:32: is a key of more than 16 parts, must be shorter");
  }

  TEST_CASE("a header in which no name begins is refused, and brackets of values are none") {
    CHECK(place("[=]") == "1:2");
    CHECK(place("a = 1\n [[[b]]]") == "2:4");
    CHECK(place("[[ {") == "1:4");
    CHECK(place("[\n") == "1:2");
    CHECK(place("a = [1, 2]\n[.a]") == "2:2");
    CHECK(place("[a]\n[[b]]\n[ \"c\" ]\n[[ 'd' ]]\n[-]\n[]\n[") == "");
    CHECK(place("a = [\n[+1.5, 2],\n  [{ b = 1 }],\n[[.5]],\n]\n") == "");
    CHECK(place("a = \"\"\"\n[=]\"\"\"\n# [=]\n") == "");
  }

  TEST_CASE("a brace that closes where a value must begin is refused") {
    CHECK(place("s=[}") == "1:4");
    CHECK(place("s = [1, # [\n }") == "2:2");
    CHECK(place("a = {}\nb = [{}, { c = [1] }]\n") == "");
  }

  TEST_CASE("the parser refuses such a text in one line") {
    const auto result = parse_config("[daemon]\nwait\u00e9 = \"adaptive\"\n", "x");
    REQUIRE_FALSE(result.ok());
    REQUIRE(result.error().size() == 1);
    CHECK(result.error()[0].text() == "x:2:5: is no TOML (a character beyond ASCII), must stand in quotes or a comment");
  }
}
