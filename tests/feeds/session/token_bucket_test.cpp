#include "feeds/session/token_bucket.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

namespace hedgewatch {

using namespace std::chrono_literals;

TEST_SUITE("feeds/session/token_bucket") {
  constexpr MonoTime kStart{1h};

  TEST_CASE("a burst is served until the pool is dry, then at the pace of the refill") {
    TokenBucket bucket{30'000, 10'000};
    for (int request = 0; request < 10; ++request) REQUIRE(bucket.take(3'000, kStart));
    CHECK_FALSE(bucket.take(3'000, kStart));
    CHECK(bucket.available_at(3'000, kStart) == kStart + 300ms);
    CHECK_FALSE(bucket.take(3'000, kStart + 300ms - 1ns));
    CHECK(bucket.take(3'000, kStart + 300ms));
  }

  TEST_CASE("the moment it names is exact for awkward rates") {
    for (const std::uint32_t rate : {1U, 3U, 7U, 999'999'937U}) {
      CAPTURE(rate);
      TokenBucket bucket{10, rate};
      REQUIRE(bucket.take(10, kStart));
      MonoTime now = kStart;
      for (int request = 0; request < 20; ++request) {
        const auto at = bucket.available_at(7, now);
        REQUIRE(at.has_value());
        if (*at > now) CHECK_FALSE(bucket.take(7, *at - 1ns));
        REQUIRE(bucket.take(7, *at));
        now = *at;
      }
    }
  }

  TEST_CASE("the pool never holds more than its capacity, however long it rests") {
    TokenBucket bucket{100, std::numeric_limits<std::uint32_t>::max()};
    REQUIRE(bucket.take(100, kStart));
    CHECK(bucket.available(MonoTime::max()) == 100);
  }

  TEST_CASE("what exceeds the capacity, or comes from a pool without refill, never becomes available") {
    TokenBucket bucket{100, 10};
    CHECK_FALSE(bucket.available_at(101, kStart).has_value());
    TokenBucket dry{100, 0};
    REQUIRE(dry.take(100, kStart));
    CHECK_FALSE(dry.available_at(1, kStart + 1h).has_value());
  }

  TEST_CASE("time that steps back refills nothing twice") {
    TokenBucket bucket{10, 1};
    REQUIRE(bucket.take(10, kStart + 10s));
    CHECK_FALSE(bucket.take(1, kStart));
    CHECK(bucket.available(kStart + 13s) == 3);
    REQUIRE(bucket.take(0, kStart));
    CHECK(bucket.available(kStart + 13s) == 3);
    CHECK(bucket.available_at(4, kStart) == kStart + 14s);
  }

  TEST_CASE("a drained pool starts from nothing") {
    TokenBucket bucket{10, 2};
    bucket.drain(kStart);
    CHECK(bucket.available(kStart) == 0);
    CHECK(bucket.available_at(10, kStart) == kStart + 5s);
  }
}

}  // namespace hedgewatch
