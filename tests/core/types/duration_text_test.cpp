#include "core/types/duration_text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;
using namespace std::chrono_literals;

TEST_SUITE("core/types/duration_text") {
  TEST_CASE("a number with its unit is a duration") {
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("8h") == 8h);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("2d") == 48h);
    CHECK(parse_duration("3m") == 180s);
    CHECK(parse_duration("7us") == 7us);
    CHECK(parse_duration("0.000000001s") == 1ns);
    CHECK(parse_duration("1.250ms") == 1250us);
    CHECK(parse_duration("0s") == 0ns);
  }

  TEST_CASE("what cannot be held exactly is refused") {
    for (const char* text : {"", "5", "s", "-5s", "+5s", "5 s", "5S", "5sec", "5.s", ".5s", "1e3s", "0.5ns", "0.0000000001s",
                             "9223372036854775808ns", "106752d", "99999999999999999999s", "5s "}) {
      const std::string given = text;
      CAPTURE(given);
      CHECK_FALSE(parse_duration(given).has_value());
    }
    CHECK(parse_duration("9223372036854775807ns").has_value());
    CHECK(parse_duration("106751d").has_value());
  }

  TEST_CASE("a duration is written in the largest whole unit and reads back") {
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(120s) == "2m");
    CHECK(duration_text(1500ms) == "1500ms");
    CHECK(duration_text(48h) == "2d");
    CHECK(duration_text(0ns) == "0s");
    CHECK(parse_duration(duration_text(1234567ns)) == 1234567ns);
  }
}
