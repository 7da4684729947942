#include <doctest/doctest.h>

#include <chrono>

#include "feeds/simulator/paced_market.hpp"

namespace hedgewatch::simulator {

namespace {

using namespace std::chrono_literals;

constexpr MonoTime kFirst{5s};

SyntheticMarketConfig one_coin(std::uint64_t seed = 3) {
  SyntheticMarketConfig config;
  config.seed = seed;
  config.start = VenueTime{std::chrono::milliseconds{1'795'340'000'000}};
  config.strikes_per_side = 1;
  UnderlyingConfig coin;
  coin.currency = "BTC";
  coin.index_usd = 90'000;
  config.underlyings = {coin};
  return config;
}

int steps_taken(PacedMarket& paced, MonoTime now) {
  int steps = 0;
  paced.advance(now, [&steps](const MarketChanges& /*changes*/) { ++steps; });
  return steps;
}

}  // namespace

TEST_CASE("A paced market starts with the first call and takes the steps that are due") {
  PacedMarket paced{one_coin()};
  CHECK(steps_taken(paced, kFirst) == 0);
  CHECK(steps_taken(paced, kFirst + 99ms) == 0);
  CHECK(steps_taken(paced, kFirst + 350ms) == 3);
  CHECK(steps_taken(paced, kFirst + 400ms) == 1);
  CHECK(paced.venue_time(kFirst + 400ms) == one_coin().start + 400ms);
  CHECK(paced.market().now() == one_coin().start + 400ms);
}

TEST_CASE("After a long pause a paced market's clock has lost what was not caught up") {
  PacedMarket paced{one_coin()};
  static_cast<void>(steps_taken(paced, kFirst));
  CHECK(steps_taken(paced, kFirst + 1h) == PacedMarket::kMostStepsAtOnce);
  CHECK(paced.venue_time(kFirst + 1h) == paced.market().now());
  CHECK(steps_taken(paced, kFirst + 1h + 100ms) == 1);
}

TEST_CASE("The index of a seed is the same whoever trades, so venues of one seed agree on it") {
  PacedMarket quiet{one_coin()};
  PacedMarket busy{one_coin()};
  static_cast<void>(steps_taken(quiet, kFirst));
  static_cast<void>(steps_taken(busy, kFirst));
  for (int second = 1; second <= 20; ++second) {
    busy.market().submit(busy.market().perpetual_of(0), true, 500'000);
    static_cast<void>(steps_taken(quiet, kFirst + std::chrono::seconds{second}));
    static_cast<void>(steps_taken(busy, kFirst + std::chrono::seconds{second}));
  }
  CHECK(quiet.market().underlyings()[0].index_usd == busy.market().underlyings()[0].index_usd);
  CHECK(quiet.market().underlyings()[0].index_usd != one_coin().underlyings[0].index_usd);
}

}  // namespace hedgewatch::simulator
