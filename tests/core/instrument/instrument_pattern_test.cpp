#include "core/instrument/instrument_pattern.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

TEST_SUITE("core/instrument/instrument_pattern") {
  TEST_CASE("patterns overlap when one name could match both") {
    const auto overlap = [](const char* a, const char* b) {
      const InstrumentPattern one{Venue::Deribit, a};
      const InstrumentPattern other{Venue::Deribit, b};
      CHECK(one.overlaps(other) == other.overlaps(one));
      return one.overlaps(other);
    };
    CHECK(overlap("BTC-PERPETUAL", "BTC-PERPETUAL"));
    CHECK(overlap("BTC-*", "*-PERPETUAL"));
    CHECK(overlap("BTC-*-C", "BTC-27MAR26-*"));
    CHECK(overlap("*", "A"));
    CHECK(overlap("A*", "A"));
    CHECK(overlap("*A*", "B*"));
    CHECK_FALSE(overlap("BTC-PERPETUAL", "BTC-27MAR26"));
    CHECK_FALSE(overlap("BTC-*-C", "BTC-*-P"));
    CHECK_FALSE(overlap("ETH-*", "BTC-*"));
    CHECK_FALSE(overlap("*AB", "*A"));
    CHECK_FALSE(InstrumentPattern{Venue::Okx, "*"}.overlaps({Venue::Deribit, "*"}));
  }
}
