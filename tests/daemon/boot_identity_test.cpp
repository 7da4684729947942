#include "daemon/boot_identity.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

TEST_SUITE("daemon/boot_identity") {
  TEST_CASE("this start of the machine has an identity of one line, and it is the same at every look") {
    const std::string once = boot_identity();
    CHECK(once.size() == 36);
    CHECK(once.find_first_not_of("0123456789abcdef-") == std::string::npos);
    CHECK(boot_identity() == once);
  }
}

}  // namespace hedgewatch
