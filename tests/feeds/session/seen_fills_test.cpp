#include "feeds/session/seen_fills.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr InstrumentId kPerpetual{1};
constexpr InstrumentId kOption{2};

Fill numbered(std::uint64_t sequence, Side side = Side::Buy) {
  Fill fill;
  fill.sequence = sequence;
  fill.side = side;
  return fill;
}

}  // namespace

TEST_SUITE("feeds/session/seen_fills") {
  TEST_CASE("a fill is new once, by instrument, number and side") {
    SeenFills seen;
    CHECK(seen.first_time(kPerpetual, numbered(7), VenueTime{1s}));
    CHECK_FALSE(seen.first_time(kPerpetual, numbered(7), VenueTime{2s}));
    CHECK(seen.first_time(kOption, numbered(7), VenueTime{2s}));
    CHECK(seen.first_time(kPerpetual, numbered(8), VenueTime{2s}));
    CHECK(seen.first_time(kPerpetual, numbered(7, Side::Sell), VenueTime{2s}));
    CHECK_FALSE(seen.first_time(kPerpetual, numbered(7, Side::Sell), VenueTime{2s}));
  }

  TEST_CASE("fills without a number cannot be told apart") {
    SeenFills seen;
    CHECK(seen.first_time(kPerpetual, numbered(0), VenueTime{1s}));
    CHECK(seen.first_time(kPerpetual, numbered(0), VenueTime{1s}));
  }

  TEST_CASE("the oldest are forgotten, and until when is known") {
    const auto seen = std::make_unique<SeenFills>();
    for (std::uint64_t i = 1; i <= SeenFills::kCapacity; ++i)
      REQUIRE(seen->first_time(kPerpetual, numbered(i), VenueTime{std::chrono::seconds{i}}));
    CHECK(seen->forgotten_to() == kNoVenueTime);
    CHECK(seen->first_time(kPerpetual, numbered(SeenFills::kCapacity + 1), VenueTime{9'000s}));
    CHECK(seen->forgotten_to() == VenueTime{1s});
    CHECK_FALSE(seen->first_time(kPerpetual, numbered(2), VenueTime{9'000s}));
    CHECK(seen->first_time(kPerpetual, numbered(1), VenueTime{9'000s}));
  }
}
