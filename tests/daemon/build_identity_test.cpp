#include "daemon/build_identity.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

TEST_SUITE("daemon/build_identity") {
  TEST_CASE("this program has an identity, and it is the same at every look") {
    const std::string once = build_identity();
    CHECK(once.size() >= 32);
    CHECK(once.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(build_identity() == once);
  }
}

}  // namespace hedgewatch
