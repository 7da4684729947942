#include "daemon/core_dumps.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hedgewatch {

TEST_SUITE("daemon/core_dumps") {
  TEST_CASE("a process that forbids them is no longer dumpable") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    // In the child nothing but the question itself: its exit status is the answer.
    if (child == 0) ::_exit(forbid_core_dumps() ? ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) : 9);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 9);
  }
}

}  // namespace hedgewatch
