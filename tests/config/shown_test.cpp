#include "config/shown.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using namespace hedgewatch;

TEST_SUITE("config/shown") {
  TEST_CASE("a text is shown on one line, quoted and bounded") {
    CHECK(shown("plain") == "\"plain\"");
    CHECK(shown("a\"b\\c") == "\"a\\\"b\\\\c\"");
    CHECK(shown(std::string_view{"\0\n\x7f", 3}) == "\"\\x00\\x0a\\x7f\"");
    CHECK(shown(std::string(60, 'x')) == '"' + std::string(60, 'x') + '"');
    CHECK(shown(std::string(61, 'x')) == '"' + std::string(60, 'x') + "...\"");
  }

  TEST_CASE("a long text is never cut inside a character") {
    CHECK(shown(std::string(59, 'x') + "\xC3\xA4") == '"' + std::string(59, 'x') + "...\"");
  }

  TEST_CASE("numbers are shown in their shortest form") {
    CHECK(shown(0.1) == "0.1");
    CHECK(shown(-250.0) == "-250");
    CHECK(shown(std::numeric_limits<double>::quiet_NaN()) == "nan");
    CHECK(shown(-std::numeric_limits<double>::infinity()) == "-inf");
  }

  TEST_CASE("the nearest choice is the one that was most likely meant") {
    const std::vector<std::string_view> choices{"endpoint", "currencies", "watch", "books"};
    CHECK(nearest("endpont", choices) == "endpoint");
    CHECK(nearest("curencies", choices) == "currencies");
    CHECK(nearest("wacth", choices) == "watch");
    CHECK(nearest("book", choices) == "books");
    CHECK(nearest("colour", choices) == "");
    CHECK(nearest("", choices) == "");
    CHECK(nearest("x", {}) == "");
  }
}
