#include "daemon/log.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

struct Written {
  std::vector<std::string> lines;
  MonoTime now = MonoTime{} + 1h;

  Log::Options options(bool journal = true, LogLevel least = LogLevel::Info) {
    return {.least = least,
            .journal = journal,
            .write = [this](std::string_view line) { lines.emplace_back(line); },
            .mono = [this] { return now; },
            .wall = [] { return from_nanoseconds<WallTime>(1'700'000'000'012'000'000); }};
  }
};

}  // namespace

TEST_SUITE("daemon/log") {
  TEST_CASE("a message is one line with the journal's priority in front") {
    Written written;
    Log log{written.options()};
    log.info("deribit", "live", "7 instruments");
    log.error("http", "bad\nrequest", "\x1b[2J");
    REQUIRE(written.lines.size() == 2);
    CHECK(written.lines[0] == "<6>deribit: live: 7 instruments\n");
    CHECK(written.lines[1] == "<3>http: bad request:  [2J\n");
  }

  TEST_CASE("outside the journal a line starts with the time") {
    Written written;
    Log log{written.options(false)};
    log.warning("engine", "slow");
    CHECK(written.lines.at(0) == "2023-11-14T22:13:20.012Z warning engine: slow\n");
  }

  TEST_CASE("what is below the level is left out") {
    Written written;
    Log log{written.options()};
    log.debug("engine", "detail");
    CHECK(written.lines.empty());
    log.set_level(LogLevel::Debug);
    log.debug("engine", "detail");
    CHECK(written.lines.size() == 1);
  }

  TEST_CASE("a message that keeps coming is counted and told once") {
    Written written;
    Log log{written.options()};
    for (int time = 0; time < 42; ++time) log.warning("deribit", "reconnecting", std::to_string(time));
    CHECK(written.lines.size() == Log::kBurst);
    log.info("deribit", "another thing");
    CHECK(written.lines.size() == Log::kBurst + 1);
    written.now += 10s;
    log.tick();
    CHECK(written.lines.size() == Log::kBurst + 1);
    written.now += 30s;
    log.tick();
    REQUIRE(written.lines.size() == Log::kBurst + 2);
    CHECK(written.lines.back() == "<4>deribit: reconnecting: repeated 37 more times\n");
    log.tick();
    CHECK(written.lines.size() == Log::kBurst + 2);
    log.warning("deribit", "reconnecting", "again");
    CHECK(written.lines.back() == "<4>deribit: reconnecting: again\n");
  }

  TEST_CASE("a page is critical, whatever the level, and none is counted away") {
    Written written;
    Log log{written.options(true, LogLevel::Error)};
    for (int time = 0; time < 42; ++time) log.write(LogLevel::Critical, "alert", "fires: NetDelta", std::to_string(time));
    REQUIRE(written.lines.size() == 42);
    CHECK(written.lines.back() == "<2>alert: fires: NetDelta: 41\n");
  }

  TEST_CASE("what is still counted is told at the end") {
    Written written;
    {
      Log log{written.options()};
      for (int time = 0; time < Log::kBurst + 2; ++time) log.info("a", "b");
    }
    CHECK(written.lines.back() == "<6>a: b: repeated 2 more times\n");
  }

  TEST_CASE("kinds of messages are bounded") {
    Written written;
    Log log{written.options()};
    for (int kind = 0; kind < 5'000; ++kind) log.info("a", std::to_string(kind));
    CHECK(written.lines.size() == 5'000);
  }
}

}  // namespace hedgewatch
