#include "daemon/memory_lock.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/resource.h>

namespace hedgewatch {

TEST_SUITE("daemon/memory_lock") {
  TEST_CASE("memory is locked only under a limit that no later allocation can meet") {
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_MEMLOCK, &before) == 0);
    const struct rlimit finite {
      65'536, before.rlim_max
    };
    REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &finite) == 0);
    CHECK(lock_memory() == "the limit of locked memory is 65536 bytes, must be infinite (LimitMEMLOCK=)");

    const struct rlimit infinite {
      RLIM_INFINITY, RLIM_INFINITY
    };
    if (::setrlimit(RLIMIT_MEMLOCK, &infinite) == 0) {
      CHECK(lock_memory().empty());
      ::munlockall();
    } else {
      MESSAGE("this system does not let the limit be raised: the lock itself was not tried");
    }
    ::setrlimit(RLIMIT_MEMLOCK, &before);
  }
}

}  // namespace hedgewatch
