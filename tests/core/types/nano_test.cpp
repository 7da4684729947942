#include "core/types/nano.hpp"

#include <doctest/doctest.h>

#include <string>

namespace hedgewatch {

TEST_SUITE("core/types/nano") {
  TEST_CASE("a decimal is read exactly, whatever its notation") {
    CHECK(Price::parse("6.55e-6") == Price::parse("0.00000655"));
    CHECK(Price::parse("8.55e4")->raw() == 85'500'000'000'000);
    CHECK(Price::parse("1.0002E+6")->raw() == 1'000'200'000'000'000);
    CHECK(Price::parse("-0.5")->raw() == -500'000'000);
    CHECK(Price::parse("0.0")->raw() == 0);
    CHECK(Price::parse("0e99999999")->raw() == 0);
    CHECK(Price::parse("10.0000000000000000000000000")->raw() == 10'000'000'000);
    CHECK(Price::parse("100200300")->raw() == 100'200'300'000'000'000);
    CHECK(Price::parse("0.000000001")->raw() == 1);
    CHECK(Price::parse("9223372036.854775807")->raw() == 9'223'372'036'854'775'807);
  }

  TEST_CASE("what cannot be held exactly is refused") {
    for (const std::string text : {"1.0000000001", "1e-10", "9223372036.854775808", "1e300", "123456789012345678901234567890"}) {
      CAPTURE(text);
      CHECK_FALSE(Price::parse(text).has_value());
    }
  }

  TEST_CASE("what is no number is refused") {
    for (const std::string text :
         {"", "-", ".", ".5", "1.", "1..2", "1e", "1e+", "0x10", "1 ", " 1", "nan", "inf", "--1", "+1", "1.2.3", "1e5.0"}) {
      CAPTURE(text);
      CHECK_FALSE(Price::parse(text).has_value());
    }
  }
}

}  // namespace hedgewatch
