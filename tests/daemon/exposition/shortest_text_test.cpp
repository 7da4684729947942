#include "daemon/exposition/shortest_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace hedgewatch {

namespace {

std::string ours(double value) {
  std::array<char, kShortestTextRoom> out{};
  return {out.data(), write_shortest(out.data(), value)};
}

std::string standard(double value) {
  std::array<char, 64> out{};
  return {out.data(), std::to_chars(out.data(), out.data() + out.size(), value).ptr};
}

/// Counts values, of both signs, that differ from the standard library's text; shows the first of them.
class Comparison {
 public:
  void add(double value) {
    for (const double one : {value, -value}) {
      if (!std::isfinite(one) || ours(one) == standard(one)) continue;
      if (differing_++ == 0) CHECK(ours(one) == standard(one));
    }
  }
  /// With its neighbours.
  void add_around(double value) {
    add(value);
    add(std::nextafter(value, std::numeric_limits<double>::infinity()));
    add(std::nextafter(value, 0));
  }
  [[nodiscard]] int differing() const { return differing_; }

 private:
  int differing_ = 0;
};

}  // namespace

TEST_SUITE("daemon/exposition/shortest_text") {
  TEST_CASE("a value is written as a person would write it, or with an exponent where that is shorter") {
    CHECK(ours(0) == "0");
    CHECK(ours(-0.0) == "-0");
    CHECK(ours(61'250.5) == "61250.5");
    CHECK(ours(-0.1) == "-0.1");
    CHECK(ours(0.001) == "0.001");
    CHECK(ours(0.0001) == "1e-04");
    CHECK(ours(0.00012) == "0.00012");
    CHECK(ours(99'999) == "99999");
    CHECK(ours(100'000) == "1e+05");
    CHECK(ours(1.5e-7) == "1.5e-07");
    CHECK(ours(1.7976931348623157e308) == "1.7976931348623157e+308");
    CHECK(ours(5e-324) == "5e-324");
  }

  TEST_CASE("powers of two, of ten and what lies beside them read as the standard library writes them") {
    Comparison comparison;
    constexpr int kLeastExponent = -1'074;
    for (int exponent = kLeastExponent; exponent < std::numeric_limits<double>::max_exponent; ++exponent)
      comparison.add_around(std::ldexp(1, exponent));
    for (int exponent = -323; exponent <= std::numeric_limits<double>::max_exponent10; ++exponent)
      for (const char* digits : {"1", "2", "5", "9", "12", "125", "999", "1234567890123456"})
        comparison.add_around(std::stod("0." + std::string{digits} + "e" + std::to_string(exponent < -306 ? -306 : exponent)));
    CHECK(comparison.differing() == 0);
  }

  TEST_CASE("integers, prices and rates read as the standard library writes them") {
    Comparison comparison;
    for (int count = 0; count < 120'000; ++count) {
      comparison.add(count);
      comparison.add(count / 100.0);
      comparison.add(count * 1e-8);
      comparison.add(count * 1e5);
      comparison.add(count * 1e11 + 0.5);
    }
    comparison.add_around(9'007'199'254'740'992.0);
    comparison.add_around(1e22);
    CHECK(comparison.differing() == 0);
  }

  TEST_CASE("values of every size read as the standard library writes them") {
    Comparison comparison;
    std::mt19937_64 random{20'261'130};
    std::uniform_real_distribution<double> unit{0, 1};
    constexpr int kTries = 200'000;
    for (int count = 0; count < kTries; ++count) {
      comparison.add(std::bit_cast<double>(random()));
      comparison.add(unit(random) * std::pow(10, static_cast<int>(random() % 24) - 12));
      comparison.add(std::round(unit(random) * 1e9) * std::pow(10, -static_cast<int>(random() % 14)));
    }
    CHECK(comparison.differing() == 0);
  }
}

}  // namespace hedgewatch
