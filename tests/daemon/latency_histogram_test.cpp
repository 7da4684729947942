#include "daemon/latency_histogram.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

using namespace std::chrono_literals;

TEST_SUITE("daemon/latency_histogram") {
  TEST_CASE("a duration counts in every bucket that holds it") {
    LatencyHistogram histogram;
    histogram.record(1us);
    histogram.record(1001ns);
    histogram.record(3ms);
    histogram.record(60s);
    const auto reading = histogram.read();
    CHECK(reading.cumulative[0] == 1);
    CHECK(reading.cumulative[1] == 2);
    CHECK(reading.cumulative[10] == 2);
    CHECK(reading.cumulative[11] == 3);
    CHECK(reading.cumulative[LatencyHistogram::kBoundsNanoseconds.size() - 1] == 3);
    CHECK(reading.cumulative.back() == 4);
    CHECK(reading.sum_seconds == doctest::Approx(60.003002001));
  }

  TEST_CASE("a clock that stepped back counts as nothing") {
    LatencyHistogram histogram;
    histogram.record(-5s);
    CHECK(histogram.read().cumulative[0] == 1);
    CHECK(histogram.read().sum_seconds == 0);
  }
}

}  // namespace hedgewatch
