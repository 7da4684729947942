#include "daemon/alerting/raised_alerts_file.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {
namespace {

TEST_SUITE("daemon/alerting/raised_alerts_file") {
  TEST_CASE("what is remembered comes back, and lines that make no sense are left out") {
    const std::vector<RememberedAlert> alerts{
        {"One", R"(hedge="a\tb")", from_nanoseconds<WallTime>(1'790'000'000'000'000'001)},
        {"Two", "", from_nanoseconds<WallTime>(5)},
        {"Three", R"(hedge="b")", from_nanoseconds<WallTime>(6),
         RememberedAlert::Acknowledged{from_nanoseconds<WallTime>(7), -0.1}},
        {"Four", "", from_nanoseconds<WallTime>(8), RememberedAlert::Acknowledged{from_nanoseconds<WallTime>(9), std::nullopt}}};
    const std::vector<RememberedOverride> overrides{{"Five", R"(hedge="c")", -2.5, from_nanoseconds<WallTime>(10)}};
    const std::string text = remembered_text({.alerts = alerts, .overrides = overrides});
    const auto memory = parse_remembered("no alert\nx\ty\tz\n1\tName\tlabels\tnever\t5\nlimit\tOne\t\t5\tnan\n" + text + "12\tcut");
    const auto& back = memory.alerts;
    REQUIRE(memory.overrides.size() == 1);
    CHECK(memory.overrides[0].rule == "Five");
    CHECK(memory.overrides[0].labels == R"(hedge="c")");
    CHECK(memory.overrides[0].level == -2.5);
    CHECK(memory.overrides[0].until == from_nanoseconds<WallTime>(10));
    REQUIRE(back.size() == 4);
    CHECK(back[0].rule == "One");
    CHECK(back[0].labels == R"(hedge="a\tb")");
    CHECK(back[0].since == from_nanoseconds<WallTime>(1'790'000'000'000'000'001));
    CHECK(!back[0].acknowledged.has_value());
    CHECK(back[1].labels.empty());
    REQUIRE(back[2].acknowledged.has_value());
    CHECK(back[2].acknowledged->until == from_nanoseconds<WallTime>(7));
    CHECK(back[2].acknowledged->value == -0.1);
    REQUIRE(back[3].acknowledged.has_value());
    CHECK(!back[3].acknowledged->value.has_value());
  }

  TEST_CASE("what a webhook has not accepted is marked, acknowledged or not, and a file of before the mark has none") {
    const std::vector<RememberedAlert> alerts{{"One", R"(hedge="a")", from_nanoseconds<WallTime>(5), std::nullopt, true},
                                              {"Two", "", from_nanoseconds<WallTime>(6),
                                               RememberedAlert::Acknowledged{from_nanoseconds<WallTime>(7), std::nullopt}, true},
                                              {"Three", "", from_nanoseconds<WallTime>(8)}};
    const auto back =
        parse_remembered(remembered_text({.alerts = alerts, .overrides = {}}) + "9\tFour\t\n9\tFive\t\t10\t0.5\n").alerts;
    REQUIRE(back.size() == 5);
    CHECK(back[0].untold);
    CHECK(back[0].labels == R"(hedge="a")");
    CHECK_FALSE(back[0].acknowledged.has_value());
    CHECK(back[1].untold);
    REQUIRE(back[1].acknowledged.has_value());
    CHECK(back[1].acknowledged->until == from_nanoseconds<WallTime>(7));
    CHECK_FALSE(back[1].acknowledged->value.has_value());
    for (std::size_t i = 2; i < back.size(); ++i) CHECK_FALSE(back[i].untold);
    CHECK(back[4].acknowledged->value == 0.5);
  }

  TEST_CASE("an end that a receiver lacks comes back with its times, and a line of one that makes no sense is left out") {
    const std::vector<RememberedEnd> ended{
        {"One", R"(hedge="a\tb")", from_nanoseconds<WallTime>(1'790'000'000'000'000'001), from_nanoseconds<WallTime>(7), true},
        {"Two", "", from_nanoseconds<WallTime>(5), from_nanoseconds<WallTime>(6), false}};
    const std::string text =
        remembered_text({.alerts = {{"Three", "", from_nanoseconds<WallTime>(8)}}, .overrides = {}, .ended = ended});
    const AlertMemory back = parse_remembered("ended\tFour\t\tnever\t5\nended\tFive\t\t5\t\nended\tSix\t\t5\n" + text);
    REQUIRE(back.ended.size() == 2);
    CHECK(back.ended[0].rule == "One");
    CHECK(back.ended[0].labels == R"(hedge="a\tb")");
    CHECK(back.ended[0].since == from_nanoseconds<WallTime>(1'790'000'000'000'000'001));
    CHECK(back.ended[0].ended == from_nanoseconds<WallTime>(7));
    CHECK(back.ended[0].untold);
    CHECK(back.ended[1].rule == "Two");
    CHECK_FALSE(back.ended[1].untold);
    REQUIRE(back.alerts.size() == 1);
    CHECK(back.alerts[0].rule == "Three");
    CHECK(back.overrides.empty());
  }

  TEST_CASE("a file that cannot be written is said so") { CHECK(!write_remembered("/nonexistent/alerts", {})); }
}

}  // namespace
}  // namespace hedgewatch
