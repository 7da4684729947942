#include "daemon/commands/csv.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>
#include <string>

using namespace hedgewatch;

namespace {

std::string written(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

}  // namespace

TEST_SUITE("daemon/commands/csv") {
  TEST_CASE("fields are found by name, comments and blank lines are passed over but counted") {
    std::istringstream in{"\xEF\xBB\xBF# made by hand\nb, a ,c\r\n\n1,2,3\r\n# not a row\n4,\"five, \"\"5\"\"\",6"};
    CsvReader reader{in};
    REQUIRE(reader.has_header());
    const auto a = reader.column("a");
    REQUIRE(a.has_value());
    CHECK_FALSE(reader.column("d").has_value());
    REQUIRE(reader.next());
    CHECK(reader.line() == 4);
    CHECK(reader.field(*a) == "2");
    CHECK(reader.field(2) == "3");
    CHECK(reader.row_fault().empty());
    REQUIRE(reader.next());
    CHECK(reader.line() == 6);
    CHECK(reader.field(*a) == "five, \"5\"");
    CHECK(reader.field(2) == "6");
    CHECK_FALSE(reader.next());
  }

  TEST_CASE("a row of another width than the header is a fault, and the next one is read") {
    std::istringstream in{"a,b\n1\n1,2,3\n1,\n"};
    CsvReader reader{in};
    REQUIRE(reader.next());
    CHECK(reader.row_fault() == "has 1 fields, the header has 2");
    CHECK(reader.field(1).empty());
    REQUIRE(reader.next());
    CHECK(reader.row_fault() == "has 3 fields, the header has 2");
    REQUIRE(reader.next());
    CHECK(reader.row_fault().empty());
  }

  TEST_CASE("only a last column of notes may hold commas") {
    std::istringstream in{"a,note\n1,round, then square\n"};
    CsvReader reader{in};
    REQUIRE(reader.next());
    CHECK(reader.row_fault().empty());
    CHECK(reader.field(0) == "1");
  }

  TEST_CASE("an input without a header says so") {
    std::istringstream in{"# nothing here\n\n"};
    CsvReader reader{in};
    CHECK_FALSE(reader.has_header());
    CHECK_FALSE(reader.next());
  }

  TEST_CASE("a number is the whole text or nothing") {
    CHECK(parse_number("-1.5e3") == -1500);
    CHECK(parse_number("+2") == 2);
    CHECK_FALSE(parse_number("").has_value());
    CHECK_FALSE(parse_number("1,5").has_value());
    CHECK_FALSE(parse_number("1 ").has_value());
    CHECK_FALSE(parse_number("0x10").has_value());
    CHECK_FALSE(parse_number("+-1").has_value());
    CHECK_FALSE(parse_number("1e999").has_value());
    CHECK(std::isnan(parse_number("nan").value()));
  }

  TEST_CASE("numbers are written in their shortest form that reads back the same") {
    CHECK(written(0.1) == "0.1");
    CHECK(written(-0.0) == "0");
    CHECK(written(std::nan("")).empty());
    CHECK(written(HUGE_VAL).empty());
    for (const double value : {1.0 / 3, 6.02214076e23, -5e-324, 61'250.5}) CHECK(parse_number(written(value)) == value);
  }

  TEST_CASE("a field is quoted where it would be read otherwise") {
    std::string out;
    append_field(out, "plain");
    append_field(out, "a,\"b\"");
    CHECK(out == "plain\"a,\"\"b\"\"\"");
  }
}
