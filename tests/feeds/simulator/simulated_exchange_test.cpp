#include <doctest/doctest.h>

#include "feeds/simulator/simulated_exchange.hpp"

namespace hedgewatch::simulator {

TEST_CASE("A request's header is found without regard to case, the first one counts and an absent one is empty") {
  const HttpQuestion question{.verb = "GET", .target = "/", .headers = {{"X-Key", "one"}, {"x-key", "two"}}};
  CHECK(question.header("x-KEY") == "one");
  CHECK(question.header("X-Ke").empty());
  CHECK(question.header("X-Keys").empty());
}

}  // namespace hedgewatch::simulator
