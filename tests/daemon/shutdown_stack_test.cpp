#include "daemon/shutdown_stack.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace hedgewatch {

TEST_SUITE("daemon/shutdown_stack") {
  TEST_CASE("steps run in reverse, past one that fails, once") {
    std::string order;
    std::string failed;
    ShutdownStack stack{[&](const std::string& name, const std::string& reason) { failed = name + ": " + reason; }};
    stack.push("first", [&] { order += '1'; });
    stack.push("second", [] { throw std::runtime_error{"stuck"}; });
    stack.push("third", [&] { order += '3'; });
    stack.run();
    stack.run();
    CHECK(order == "31");
    CHECK(failed == "second: stuck");
  }

  TEST_CASE("an abandoned start-up is undone") {
    bool undone = false;
    {
      ShutdownStack stack{[](const std::string&, const std::string&) {}};
      stack.push("socket", [&] { undone = true; });
    }
    CHECK(undone);
  }
}

}  // namespace hedgewatch
