#include "daemon/commands/replay_pace.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;
using namespace std::chrono_literals;

TEST_SUITE("daemon/commands/replay_pace") {
  TEST_CASE("a moment is due when its share of the recorded time has passed, and late ones at once") {
    ReplayPace pace{20};
    CHECK(pace.wait_for(WallTime{1'000s}, MonoTime{50s}) == 0ns);
    CHECK(pace.wait_for(WallTime{1'020s}, MonoTime{50s}) == 1s);
    CHECK(pace.wait_for(WallTime{1'020s}, MonoTime{50s + 750ms}) == 250ms);
    CHECK(pace.wait_for(WallTime{1'020s}, MonoTime{60s}) == 0ns);
    // What was late is made up for.
    CHECK(pace.wait_for(WallTime{1'240s}, MonoTime{60s}) == 2s);
  }

  TEST_CASE("without a speed nothing waits") {
    ReplayPace pace{std::nullopt};
    CHECK(pace.wait_for(WallTime{1'000s}, MonoTime{}) == 0ns);
    CHECK(pace.wait_for(WallTime{9'000s}, MonoTime{}) == 0ns);
  }

  TEST_CASE("the line says where the replay is, how fast it goes and how long it will take, four times a second") {
    ReplayProgress progress{WallTime{1'000s}, WallTime{9'000s}};
    CHECK(progress.line(WallTime{1'000s}, MonoTime{50s}) == "1970-01-01T00:16:40.000Z  0 %");
    CHECK(!progress.line(WallTime{1'500s}, MonoTime{50s + 200ms}));
    CHECK(progress.line(WallTime{3'000s}, MonoTime{150s}) == "1970-01-01T00:50:00.000Z  25 %  x20  0:05:00 left");
    CHECK(progress.line(WallTime{9'000s}, MonoTime{450s}) == "1970-01-01T02:30:00.000Z  100 %  x20");
  }

  TEST_CASE("where the end is not known it says neither a share nor a time") {
    ReplayProgress progress{std::nullopt, std::nullopt};
    CHECK(progress.line(WallTime{1'000s}, MonoTime{50s}) == "1970-01-01T00:16:40.000Z");
    CHECK(progress.line(WallTime{1'100s}, MonoTime{55s}) == "1970-01-01T00:18:20.000Z  x20");
  }
}
