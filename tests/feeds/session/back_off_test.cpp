#include "feeds/session/back_off.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace hedgewatch {

using namespace std::chrono_literals;

TEST_SUITE("feeds/session/back_off") {
  TEST_CASE("delays double up to the longest") {
    BackOff back_off{{.first = 1s, .longest = 30s}};
    for (const auto expected : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) CHECK(back_off.next(1) == expected);
    CHECK(back_off.failures() == 7);
  }

  TEST_CASE("half of a delay is drawn, at the longest too") {
    BackOff back_off{{.first = 4s, .longest = 6s}};
    CHECK(back_off.next(0) == 2s);
    CHECK(back_off.next(0) == 3s);
    CHECK(back_off.next(0.5) == 4500ms);
  }

  TEST_CASE("a draw outside its range waits longest") {
    BackOff back_off{{.first = 1s, .longest = 1s}};
    for (const double jitter : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) CHECK(back_off.next(jitter) == 1s);
  }

  TEST_CASE("success starts over") {
    BackOff back_off;
    for (int failure = 0; failure < 100; ++failure) CHECK(back_off.next(1) <= 30s);
    back_off.reset();
    CHECK(back_off.next(1) == 1s);
  }

  TEST_CASE("the longest delay holds for the first one too, and nothing overflows") {
    BackOff inverted{{.first = 10s, .longest = 3s}};
    CHECK(inverted.next(1) == 3s);
    BackOff huge{{.first = 1s, .longest = std::chrono::nanoseconds::max()}};
    std::chrono::nanoseconds last{};
    for (int failure = 0; failure < 80; ++failure) {
      const auto delay = huge.next(1);
      CHECK(delay >= last);
      last = delay;
    }
  }
}

}  // namespace hedgewatch
