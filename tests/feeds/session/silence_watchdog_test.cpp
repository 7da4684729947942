#include "feeds/session/silence_watchdog.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

using namespace std::chrono_literals;

TEST_SUITE("feeds/session/silence_watchdog") {
  constexpr MonoTime kStart{1h};
  constexpr SilenceLimits kLimits{.any_frame = 75s, .market_data = 20s};

  TEST_CASE("a link without frames is dead at its limit, not before") {
    SilenceWatchdog watchdog{kLimits};
    watchdog.start(kStart);
    CHECK(watchdog.check(kStart + 75s - 1ns) == Silence::None);
    CHECK(watchdog.check(kStart + 75s) == Silence::NoFrames);
    CHECK(watchdog.deadline() == kStart + 75s);
  }

  TEST_CASE("heartbeats keep the link alive but do not stand for data") {
    SilenceWatchdog watchdog{kLimits};
    watchdog.start(kStart);
    watchdog.expect_market_data(kStart + 1s);
    watchdog.on_frame(kStart + 15s);
    CHECK(watchdog.deadline() == kStart + 21s);
    CHECK(watchdog.check(kStart + 21s) == Silence::NoMarketData);
    watchdog.on_market_data(kStart + 21s);
    CHECK(watchdog.check(kStart + 21s) == Silence::None);
    CHECK(watchdog.deadline() == kStart + 41s);
  }

  TEST_CASE("data is not missed before it is expected, nor while it is excused") {
    SilenceWatchdog watchdog{kLimits};
    watchdog.start(kStart);
    CHECK(watchdog.check(kStart + 30s) == Silence::None);
    watchdog.expect_market_data(kStart + 30s);
    watchdog.excuse_market_data();
    CHECK(watchdog.check(kStart + 60s) == Silence::None);
    watchdog.on_market_data(kStart + 60s);
    CHECK(watchdog.deadline() == kStart + 135s);
  }

  TEST_CASE("expecting data again does not prolong a silence") {
    SilenceWatchdog watchdog{kLimits};
    watchdog.start(kStart);
    watchdog.expect_market_data(kStart);
    watchdog.expect_market_data(kStart + 19s);
    CHECK(watchdog.check(kStart + 20s) == Silence::NoMarketData);
  }

  TEST_CASE("a closed connection owes nothing, and a new one starts afresh") {
    SilenceWatchdog watchdog{kLimits};
    CHECK_FALSE(watchdog.deadline().has_value());
    watchdog.on_frame(kStart);
    CHECK_FALSE(watchdog.deadline().has_value());
    watchdog.start(kStart);
    watchdog.expect_market_data(kStart);
    watchdog.stop();
    CHECK(watchdog.check(kStart + 1h) == Silence::None);
    watchdog.start(kStart + 2h);
    CHECK(watchdog.deadline() == kStart + 2h + 75s);
  }
}

}  // namespace hedgewatch
