#include "feeds/okx/errors.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

TEST_SUITE("feeds/okx/errors") {
  TEST_CASE("a key that will not do is given up, too many requests pause, and faults of the service pass") {
    for (const std::int64_t code : {50101, 50105, 50111, 50113, 50119, 60005, 60007, 60024, 60032})
      CHECK(okx::reaction_to(code) == StreamReaction::Refused);
    for (const std::int64_t code : {50011, 50013, 50040, 60014, 60023, 429})
      CHECK(okx::reaction_to(code) == StreamReaction::BackOff);
    CHECK(okx::reaction_to(63999) == StreamReaction::Maintenance);
    CHECK(okx::reaction_to(64007) == StreamReaction::Reconnect);
    CHECK(okx::reaction_to(60011) == StreamReaction::Login);
    CHECK(okx::reaction_to(50001) == StreamReaction::Maintenance);
    CHECK(okx::reaction_to(60018) == StreamReaction::Note);
  }

  TEST_CASE("what a call would have told stays unknown under an error nobody knows: it is asked again") {
    for (const std::int64_t code : {1, 2, 50102, 50112, 59999, 502}) CHECK(okx::reaction_to(code) == StreamReaction::Retry);
    // On the socket the same would ask for ever.
    CHECK(okx::reaction_to(69999) == StreamReaction::Note);
  }
}
