#include "feeds/session/secret.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

using namespace hedgewatch;

TEST_SUITE("feeds/session/secret") {
  TEST_CASE("a secret is moved, never copied, and leaves nothing where it was") {
    static_assert(!std::is_copy_constructible_v<Secret>);
    static_assert(!std::is_copy_assignable_v<Secret>);
    Secret first{"short"};
    Secret second{std::move(first)};
    CHECK(second.view() == "short");
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): what is left behind is the point
    Secret third{"something else"};
    third = std::move(second);
    CHECK(third.view() == "short");
    CHECK(second.empty());  // NOLINT(bugprone-use-after-move)
  }

  TEST_CASE("wiping overwrites the bytes before they are given up") {
    std::string text(100, 's');
    const char* bytes = text.data();
    wipe(text);
    CHECK(text.empty());
    CHECK(bytes[50] == '\0');
  }
}
