#include "daemon/alerting/raised_alerts_file.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {
namespace {

TEST_SUITE("daemon/alerting/raised_alerts_file") {
  TEST_CASE("what is remembered comes back, and lines that make no sense are left out") {
    const std::vector<RememberedAlert> alerts{{"One", R"(hedge="a\tb")", from_nanoseconds<WallTime>(1'790'000'000'000'000'001)},
                                              {"Two", "", from_nanoseconds<WallTime>(5)}};
    const std::string text = remembered_text(alerts);
    const auto back = parse_remembered("no alert\nx\ty\tz\n" + text + "12\tcut");
    REQUIRE(back.size() == 2);
    CHECK(back[0].rule == "One");
    CHECK(back[0].labels == R"(hedge="a\tb")");
    CHECK(back[0].since == from_nanoseconds<WallTime>(1'790'000'000'000'000'001));
    CHECK(back[1].labels.empty());
  }

  TEST_CASE("a file that cannot be written is said so") { CHECK(!write_remembered("/nonexistent/alerts", {})); }
}

}  // namespace
}  // namespace hedgewatch
