#include "daemon/journal/recovery_attempts.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.hpp"

namespace hedgewatch {

TEST_SUITE("daemon/journal/recovery_attempts") {
  TEST_CASE(
      "what ends the process each time it goes on is not gone on from for ever, and is tried again after a start without it") {
    const testing::TemporaryFolder folder;
    for (int turn = 0; turn < 2; ++turn) {
      for (unsigned start = 0; start < RecoveryAttempts::kMost; ++start) CHECK(RecoveryAttempts{folder.path()}.begin());
      CHECK_FALSE(RecoveryAttempts{folder.path()}.begin());
    }
  }

  TEST_CASE("a start that proves itself ends the count") {
    const testing::TemporaryFolder folder;
    for (unsigned start = 0; start < 4 * RecoveryAttempts::kMost; ++start) {
      RecoveryAttempts attempts{folder.path()};
      REQUIRE(attempts.begin());
      if (start % RecoveryAttempts::kMost == 3) attempts.proven();
    }
  }

  TEST_CASE("a count that cannot be read or written stops nobody, and one that was not begun is not forgotten") {
    const testing::TemporaryFolder folder;
    std::ofstream{folder.path() / "recovering"} << "what is this";
    CHECK(RecoveryAttempts{folder.path()}.begin());
    RecoveryAttempts nowhere{folder.path() / "missing"};
    CHECK(nowhere.begin());
    nowhere.proven();
    RecoveryAttempts{folder.path()}.proven();
    CHECK(std::filesystem::exists(folder.path() / "recovering"));
  }
}

}  // namespace hedgewatch
