#include "daemon/exposition/negotiation.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

TEST_SUITE("daemon/exposition/negotiation") {
  TEST_CASE("Prometheus's own header gets OpenMetrics") {
    CHECK(preferred_format("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                           "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == MetricsFormat::OpenMetrics);
  }

  TEST_CASE("nothing, anything, and what we do not have get the text format") {
    CHECK(preferred_format("") == MetricsFormat::Text);
    CHECK(preferred_format("*/*") == MetricsFormat::Text);
    CHECK(preferred_format("application/json") == MetricsFormat::Text);
    CHECK(preferred_format("application/openmetrics-text;version=0.0.1") == MetricsFormat::Text);
    CHECK(preferred_format(",;=,;q=;,") == MetricsFormat::Text);
  }

  TEST_CASE("the better quality wins and zero refuses") {
    CHECK(preferred_format("application/openmetrics-text; q=0.2, text/plain") == MetricsFormat::Text);
    CHECK(preferred_format("Application/OpenMetrics-Text ; Q=0.9, text/plain;q=0.5") == MetricsFormat::OpenMetrics);
    CHECK(preferred_format("application/openmetrics-text;q=0") == MetricsFormat::Text);
    CHECK(preferred_format("application/openmetrics-text;q=nan") == MetricsFormat::Text);
  }

  TEST_CASE("gzip is used only when asked for") {
    CHECK(accepts_gzip("gzip"));
    CHECK(accepts_gzip("deflate, GZIP;q=0.1"));
    CHECK_FALSE(accepts_gzip(""));
    CHECK_FALSE(accepts_gzip("deflate"));
    CHECK_FALSE(accepts_gzip("gzip;q=0"));
    CHECK_FALSE(accepts_gzip("xgzip"));
  }
}

}  // namespace hedgewatch
