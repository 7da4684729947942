#include "core/alert/alert_identity.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

TEST_SUITE("core/alert/alert_identity") {
  TEST_CASE("an alert is told from those of another rule, figure or row, and its number is the one that journals hold") {
    const AlertIdentity one = identity_of("Ratio", Figure::HedgeRatio, R"(hedge="one")");
    CHECK(one == identity_of("Ratio", Figure::HedgeRatio, R"(hedge="one")"));
    CHECK(one != identity_of("Ratio", Figure::HedgeRatio, R"(hedge="two")"));
    CHECK(one != identity_of("Other", Figure::HedgeRatio, R"(hedge="one")"));
    CHECK(one.row == identity_of("Other", Figure::HedgeRatio, R"(hedge="one")").row);
    CHECK(one.row != identity_of("Ratio", Figure::HedgeWrongWay, R"(hedge="one")").row);
    // FNV-1a of "a", as published with the function.
    CHECK(identity_of("a", Figure::HedgeRatio, "").rule == 0xAF63DC4C8601EC8C);
  }
}

}  // namespace hedgewatch
