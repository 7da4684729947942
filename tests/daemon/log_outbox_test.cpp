#include "daemon/log_outbox.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hedgewatch {

namespace {

struct OutboxReader {
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
    OutboxReader reader;
    LogOutbox outbox;
    outbox.add(LogLevel::Info, "market", "connected");
    outbox.add(LogLevel::Error, "account", "refused", "13004");
    outbox.add(LogLevel::Debug, "market", "says nothing of interest");
    CHECK(reader.lines.empty());
    outbox.write_to(reader.log);
    CHECK(reader.lines == std::vector<std::string>{"<6>market: connected\n", "<3>account: refused: 13004\n"});
    outbox.write_to(reader.log);
    CHECK(reader.lines.size() == 2);
  }

  TEST_CASE("messages beyond the bound are counted, and the count is told once") {
    OutboxReader reader;
    LogOutbox outbox;
    for (std::size_t index = 0; index < LogOutbox::kCapacity + 3; ++index)
      outbox.add(LogLevel::Info, "market", "message " + std::to_string(index));
    outbox.write_to(reader.log);
    REQUIRE(reader.lines.size() == LogOutbox::kCapacity + 1);
    CHECK(reader.lines[LogOutbox::kCapacity - 1] == "<6>market: message 1023\n");
    CHECK(reader.lines.back() == "<4>log: messages found no room and were lost: 3\n");
    outbox.add(LogLevel::Info, "market", "another");
    outbox.write_to(reader.log);
    CHECK(reader.lines.back() == "<6>market: another\n");
  }
}

}  // namespace hedgewatch
