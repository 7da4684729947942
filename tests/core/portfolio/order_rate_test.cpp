#include "core/portfolio/order_rate.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace hedgewatch;
using namespace std::chrono_literals;

TEST_SUITE("core/portfolio/order_rate") {
  TEST_CASE("an order counts from when it was seen until a whole window later") {
    OrderRate rate{{.orders = 3, .window = 10s}};
    const MonoTime start = from_nanoseconds<MonoTime>(5'000'000'000);
    CHECK(rate.left(start) == 3);
    rate.add(start);
    rate.add(start + 4s);
    CHECK(rate.left(start + 4s) == 1);
    CHECK(rate.left(start + 10s - 1ns) == 1);
    CHECK(rate.left(start + 10s) == 2);
    CHECK(rate.left(start + 14s) == 3);
  }

  TEST_CASE("beyond the allowance nothing is left, and the newest orders are those that are remembered") {
    OrderRate rate{{.orders = 2, .window = 10s}};
    const MonoTime start{};
    for (int second = 0; second < 7; ++second) rate.add(start + second * 1s);
    CHECK(rate.left(start + 7s) == 0);
    CHECK(rate.left(start + 14s) == 0);
    CHECK(rate.left(start + 15s) == 1);
    CHECK(rate.left(start + 16s) == 2);
  }

  TEST_CASE("it is whole after a window without a gap") {
    OrderRate rate{{.orders = 2, .window = 10s}};
    const MonoTime start{};
    CHECK_FALSE(rate.whole(start + 60s));
    rate.watch(start, true);
    rate.watch(start + 5s, true);
    CHECK_FALSE(rate.whole(start + 10s - 1ns));
    CHECK(rate.whole(start + 10s));
    rate.watch(start + 11s, false);
    CHECK_FALSE(rate.whole(start + 12s));
    rate.watch(start + 12s, true);
    CHECK_FALSE(rate.whole(start + 21s));
    CHECK(rate.whole(start + 22s));
  }
}
