#include "core/alert/alert_rule.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {
namespace {

TEST_SUITE("core/alert/alert_rule") {
  TEST_CASE("labels of a row are found by their whole name") {
    constexpr std::string_view kRow = R"(book="a,b=\"c\"",underlying="BTC",view="x")";
    CHECK(label_value(kRow, "book") == R"(a,b=\"c\")");
    CHECK(label_value(kRow, "underlying") == "BTC");
    CHECK(label_value(kRow, "view") == "x");
    CHECK(label_value(kRow, "vie").empty());
    CHECK(label_value(kRow, "c").empty());
    CHECK(label_value("", "book").empty());
  }

  TEST_CASE("a rule without labels takes every row, a star any run of characters") {
    CHECK(matches({}, R"(hedge="one")"));
    CHECK(matches({{"hedge", "one"}}, R"(hedge="one",greek="delta")"));
    CHECK(!matches({{"hedge", "on"}}, R"(hedge="one")"));
    CHECK(matches({{"connection", "*/*"}}, R"(venue="deribit",connection="deribit/main")"));
    CHECK(!matches({{"connection", "*/*"}}, R"(venue="deribit",connection="deribit")"));
    CHECK(matches({{"hedge", "a*c*"}}, R"(hedge="abbcb")"));
    CHECK(!matches({{"hedge", "a*cd"}}, R"(hedge="abbcb")"));
    CHECK(!matches({{"account", "*x"}}, R"(hedge="one")"));
  }
}

}  // namespace
}  // namespace hedgewatch
