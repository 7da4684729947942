#include "feeds/simulator/resting_orders.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <vector>

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

SyntheticMarketConfig world() {
  SyntheticMarketConfig config;
  config.seed = 3;
  config.step = 10s;
  config.strikes_per_side = 1;
  config.underlyings = {{.currency = "BTC", .index_usd = 96'000}};
  return config;
}

}  // namespace

TEST_SUITE("feeds/simulator/resting_orders") {
  TEST_CASE("a bid and an ask stand around each perpetual, on its grid, and are never reached") {
    SyntheticMarket market{world()};
    RestingOrders resting{50'000, market};
    REQUIRE(resting.orders().size() == 2);
    MarketChanges changes;
    std::vector<RestingOrder> changed;
    std::size_t moved = 0;
    for (int i = 0; i < 2'000; ++i) {
      market.step(changes);
      resting.step(market, changed);
      CHECK(changed.size() % 2 == 0);
      moved += changed.size() / 2;
      for (std::size_t pair = 0; pair < changed.size(); pair += 2) {
        CHECK_FALSE(changed[pair].open);
        CHECK(changed[pair + 1].open);
        CHECK(changed[pair + 1].order_id > changed[pair].order_id);
      }
      const MarketInstrument& perpetual = market.instruments()[market.perpetual_of(0)];
      const RestingOrder& bid = resting.orders()[0];
      const RestingOrder& ask = resting.orders()[1];
      CHECK(bid.buy);
      CHECK_FALSE(ask.buy);
      CHECK(bid.price < perpetual.mark_price);
      CHECK(ask.price > perpetual.mark_price);
      CHECK(bid.amount == 50'000);
      const double ticks = bid.price / perpetual.tick;
      CHECK(std::abs(ticks - std::round(ticks)) < 1e-6);
    }
    CHECK(moved > 5);
  }

  TEST_CASE("without a size there are none") {
    SyntheticMarket market{world()};
    RestingOrders resting{0, market};
    std::vector<RestingOrder> changed;
    resting.step(market, changed);
    CHECK(resting.orders().empty());
    CHECK(changed.empty());
  }
}
