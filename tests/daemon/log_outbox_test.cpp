#include "daemon/log_outbox.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hedgewatch {

namespace {

struct Written {
  std::vector<std::string> lines;
  Log log{{.least = LogLevel::Info,
           .journal = true,
           .write = [this](std::string_view line) { lines.emplace_back(line); },
           .mono = [] { return MonoTime{}; },
           .wall = [] { return WallTime{}; }}};
};

}  // namespace

TEST_SUITE("daemon/log_outbox") {
  TEST_CASE("messages wait until they are written, once and in order") {
    Written written;
    LogOutbox outbox;
    outbox.add(LogLevel::Info, "market", "connected");
    outbox.add(LogLevel::Error, "account", "refused", "13004");
    outbox.add(LogLevel::Debug, "market", "says nothing of interest");
    CHECK(written.lines.empty());
    outbox.write_to(written.log);
    CHECK(written.lines == std::vector<std::string>{"<6>market: connected\n", "<3>account: refused: 13004\n"});
    outbox.write_to(written.log);
    CHECK(written.lines.size() == 2);
  }

  TEST_CASE("messages beyond the bound are counted, and the count is told once") {
    Written written;
    LogOutbox outbox;
    for (std::size_t index = 0; index < LogOutbox::kCapacity + 3; ++index)
      outbox.add(LogLevel::Info, "market", "message " + std::to_string(index));
    outbox.write_to(written.log);
    REQUIRE(written.lines.size() == LogOutbox::kCapacity + 1);
    CHECK(written.lines[LogOutbox::kCapacity - 1] == "<6>market: message 1023\n");
    CHECK(written.lines.back() == "<4>log: messages found no room and were lost: 3\n");
    outbox.add(LogLevel::Info, "market", "another");
    outbox.write_to(written.log);
    CHECK(written.lines.back() == "<6>market: another\n");
  }
}

}  // namespace hedgewatch
