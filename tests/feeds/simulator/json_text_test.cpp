#include "feeds/simulator/json_text.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace hedgewatch::simulator;

TEST_SUITE("feeds/simulator/json_text") {
  TEST_CASE("numbers read back as the same double, in either form") {
    for (const double value : {0.0, 1.0, -12.5, 0.0001, 95'998.25, 1'234'560.0, 2.5e-7, 1e22, -8.1e-300}) {
      CAPTURE(value);
      CHECK(std::stod(json_number(value)) == value);
      CHECK(std::stod(json_exponent_number(value)) == value);
    }
    CHECK(json_number(3) == "3.0");
    CHECK(json_exponent_number(84'700) == "8.47e4");
    CHECK(json_exponent_number(0.00031) == "3.1e-4");
    CHECK(json_exponent_number(0) == "0.0");
  }

  TEST_CASE("a value that is no number becomes null, never a word that breaks the JSON") {
    CHECK(json_number(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(json_exponent_number(std::numeric_limits<double>::infinity()) == "null");
  }

  TEST_CASE("text is escaped") { CHECK(json_string("a\"b\\c\n") == R"("a\"b\\c\u000a")"); }

  TEST_CASE("text stays UTF-8, and what is none becomes letters that are") {
    CHECK(json_string("\u00e9") == "\"\u00e9\"");
    CHECK(json_string("a\xB2z") == R"("a\u00b2z")");
  }

  TEST_CASE("only letters of ASCII change case") { CHECK(lower_case("BTC_USD-1Z[") == "btc_usd-1z["); }

  TEST_CASE("the order of keys rotates and nothing is lost") {
    JsonObject object;
    object.integer("a", 1).text("b", "x").boolean("c", true);
    CHECK(object.str() == R"({"a":1,"b":"x","c":true})");
    CHECK(object.str(1) == R"({"b":"x","c":true,"a":1})");
    CHECK(object.str(5) == R"({"c":true,"a":1,"b":"x"})");
    CHECK(JsonObject{}.str(3) == "{}");
  }
}
