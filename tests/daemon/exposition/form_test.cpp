#include "daemon/exposition/form.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

TEST_SUITE("daemon/exposition/form") {
  TEST_CASE("fields come decoded and in their order") {
    const auto form = parse_form("alert=NetDelta&hedge=short+straddle&asset=%42TC%2f&empty=");
    REQUIRE(form.has_value());
    REQUIRE(form->size() == 4);
    CHECK((*form)[0] == std::pair<std::string, std::string>{"alert", "NetDelta"});
    CHECK((*form)[1].second == "short straddle");
    CHECK((*form)[2].second == "BTC/");
    CHECK((*form)[3].second.empty());
    CHECK(parse_form("")->empty());
  }

  TEST_CASE("what is no form is refused whole") {
    for (const char* text : {"alert", "=value", "a=1&b", "a=%4", "a=%", "a=%4G", "a=%+1", "a=1&&b=2"}) {
      const std::string shown{text};
      CAPTURE(shown);
      CHECK(!parse_form(text).has_value());
    }
  }
}

}  // namespace hedgewatch
