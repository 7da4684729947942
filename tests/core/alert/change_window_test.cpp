#include "core/alert/change_window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace hedgewatch {

using namespace std::chrono_literals;

TEST_SUITE("core/alert/change_window") {
  constexpr MonoTime kStart = from_nanoseconds<MonoTime>(1'000'000'000'000);

  TEST_CASE("the first value has not changed, and a later one by its distance from the farthest of the window") {
    ChangeWindow window{60s};
    CHECK(window.observe(10, kStart) == 0);
    CHECK(window.observe(13, kStart + 10s) == 3);
    CHECK(window.observe(9, kStart + 20s) == 4);
    CHECK(window.observe(11, kStart + 21s) == 2);
  }

  TEST_CASE("what is older than the window no longer counts") {
    ChangeWindow window{60s};
    window.observe(10, kStart);
    CHECK(window.observe(20, kStart + 60s) == 10);
    CHECK(window.observe(20, kStart + 62s) == 0);
    // After a silence longer than the window nothing is compared.
    CHECK(window.observe(50, kStart + 10min) == 0);
  }

  TEST_CASE("over random walks it agrees with a search through every value, but for one sixtieth of the window") {
    constexpr std::chrono::nanoseconds kWindow = 30s;
    ChangeWindow window{kWindow};
    std::vector<std::pair<MonoTime, double>> seen;
    std::uint64_t state = 7;
    double value = 0;
    MonoTime now = kStart;
    for (int i = 0; i < 5'000; ++i) {
      state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
      value += static_cast<double>(static_cast<std::int64_t>(state) >> 40);
      now += std::chrono::milliseconds{(state >> 33) % 200};
      seen.emplace_back(now, value);
      const auto farthest = [&](std::chrono::nanoseconds age) {
        double distance = 0;
        for (const auto& [at, earlier] : seen)
          if (now - at <= age) distance = std::max(distance, std::abs(value - earlier));
        return distance;
      };
      const double change = window.observe(value, now);
      CAPTURE(i);
      CHECK(change >= farthest(kWindow - kWindow / 30));
      CHECK(change <= farthest(kWindow + kWindow / 30));
    }
  }
}

}  // namespace hedgewatch
