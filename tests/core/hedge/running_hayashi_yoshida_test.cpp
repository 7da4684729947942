#include "core/hedge/running_hayashi_yoshida.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <vector>

using namespace hedgewatch;
using namespace std::chrono_literals;
using Path = RunningHayashiYoshida::Path;

namespace {

VenueTime stamp(std::chrono::nanoseconds since_epoch) { return VenueTime{since_epoch}; }

}  // namespace

TEST_SUITE("core/hedge/running_hayashi_yoshida") {
  TEST_CASE("overlapping returns are multiplied and touching ones are not") {
    RunningHayashiYoshida running{4};
    running.add(Path::Exposure, stamp(1s), 100);
    running.add(Path::Hedge, stamp(1s), 100);
    running.add(Path::Hedge, stamp(2s), 105);
    running.add(Path::Exposure, stamp(3s), 110);
    running.add(Path::Hedge, stamp(3s), 110);
    running.add(Path::Hedge, stamp(4s), 200);
    running.close_bar(stamp(10s));
    const double move = std::log(1.1);
    CHECK(running.over(1).covariance == doctest::Approx(move * move));
    CHECK(running.over(1).squares_exposure == doctest::Approx(move * move));
  }

  TEST_CASE("of equal stamps the last one counts, an earlier stamp says nothing, and neither does a price of nothing") {
    RunningHayashiYoshida running{4};
    for (const Path path : {Path::Exposure, Path::Hedge}) running.add(path, stamp(1s), 100);
    running.add(Path::Exposure, stamp(2s), 300);
    running.add(Path::Hedge, stamp(2s), 120);
    running.add(Path::Exposure, stamp(2s), 110);
    running.add(Path::Exposure, stamp(1s), 900);
    running.add(Path::Exposure, stamp(3s), 0);
    running.add(Path::Hedge, stamp(3s), std::nan(""));
    running.close_bar(stamp(3s));
    CHECK(running.over(1).covariance == doctest::Approx(std::log(1.1) * std::log(1.2)));
  }

  TEST_CASE("what has left the window is gone whole, and a product is of the bar in which its later return closes") {
    RunningHayashiYoshida running{2};
    running.add(Path::Exposure, stamp(0s), 100);
    running.add(Path::Hedge, stamp(0s), 100);
    running.add(Path::Exposure, stamp(1s), 1e9);  // an outlier
    running.close_bar(stamp(1s));
    CHECK(running.over(2).covariance == 0);
    running.add(Path::Hedge, stamp(2s), 101);  // began with the outlier
    running.close_bar(stamp(2s));
    CHECK(running.over(1).covariance == doctest::Approx(std::log(1e7) * std::log(1.01)));
    CHECK_FALSE(running.over(1).correlation().has_value());
    running.add(Path::Exposure, stamp(3s), 1.02e9);
    running.add(Path::Hedge, stamp(3s), 102);
    running.close_bar(stamp(3s));
    running.add(Path::Exposure, stamp(4s), 1.01e9);
    running.add(Path::Hedge, stamp(4s), 101.5);
    running.close_bar(stamp(4s));
    const double a = std::log(1.02);
    const double b = std::log(1.01 / 1.02);
    // The return of the exposure to 3 s began at 1 s, so the hedge's return that closed at 2 s overlaps it, too.
    const double overlap = a * (std::log(1.01) + std::log(102.0 / 101)) + b * std::log(101.5 / 102);
    CHECK(running.over(2).covariance == doctest::Approx(overlap));
    CHECK(running.over(9).covariance == doctest::Approx(overlap));
  }

  TEST_CASE("without ticks there is no correlation, and none while a path stands still") {
    RunningHayashiYoshida running{3};
    CHECK_FALSE(running.over(3).correlation().has_value());
    for (int i = 0; i < 3; ++i) {
      running.add(Path::Exposure, stamp(i * 1s), 100);
      running.add(Path::Hedge, stamp(i * 1s), 100 + i);
      running.close_bar(stamp(i * 1s));
    }
    CHECK_FALSE(running.over(3).correlation().has_value());
  }
}
