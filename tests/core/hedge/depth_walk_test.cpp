#include "core/hedge/depth_walk.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

using namespace hedgewatch;

namespace {

OrderBook::Level level(double price, double size) {
  return {Price::from_raw(std::llround(price * 1e9)), Size::from_raw(std::llround(size * 1e9))};
}

/// Asks 101 and 102 of two coins each, mid 100.
const std::vector<OrderBook::Level> kAsks{level(102, 2), level(101, 2)};
/// Bids 99 and 98 of two coins each.
const std::vector<OrderBook::Level> kBids{level(98, 2), level(99, 2)};

DepthSide coins(const std::vector<OrderBook::Level>& levels, double mid = 100) { return {.levels = levels, .mid = mid}; }
DepthSide dollars(const std::vector<OrderBook::Level>& levels, double mid = 100) {
  return {.levels = levels, .mid = mid, .unit = SizeUnit::Quote};
}

}  // namespace

TEST_SUITE("core/hedge/depth_walk") {
  TEST_CASE("an order pays the levels from the best one on, and slippage is positive for both sides") {
    const DepthWalk buy = walk_depth(coins(kAsks), Side::Buy, 3);
    CHECK(buy.average_price == doctest::Approx((2 * 101.0 + 102) / 3));
    CHECK(buy.worst_price == 102);
    CHECK(buy.levels_touched == 2);
    CHECK(slippage_ratio(buy, 100).value() == doctest::Approx(4.0 / 3 / 100));
    CHECK(slippage_cost(buy, coins(kAsks), Side::Buy).value() == doctest::Approx(4));
    const DepthWalk sell = walk_depth(coins(kBids), Side::Sell, 3);
    CHECK(slippage_cost(sell, coins(kBids), Side::Sell).value() == doctest::Approx(4));
  }

  TEST_CASE("dollars buy coins at each price: the mean is harmonic and the loss is in coins") {
    const std::vector<OrderBook::Level> asks{level(125, 1'000), level(100, 1'000)};
    const DepthWalk walk = walk_depth(dollars(asks), Side::Buy, 2'000);
    CHECK(walk.average_price == doctest::Approx(2'000 / (10.0 + 8)));
    // 18 coins instead of 20: two coins lost, worth 200 dollars at the mid.
    CHECK(slippage_cost(walk, dollars(asks), Side::Buy).value() == doctest::Approx(200));
  }

  TEST_CASE("an order that the book cannot fill has no cost, only the share that is filled") {
    const DepthWalk walk = walk_depth(coins(kAsks), Side::Buy, 5);
    CHECK(walk.unfilled == doctest::Approx(1));
    CHECK(walk.filled_ratio() == doctest::Approx(0.8));
    CHECK_FALSE(slippage_ratio(walk, 100).has_value());
    CHECK_FALSE(slippage_cost(walk, coins(kAsks), Side::Buy).has_value());
  }

  TEST_CASE("an order of nothing is filled and has no mean price to slip from") {
    const DepthWalk walk = walk_depth(coins(kAsks), Side::Buy, 0);
    CHECK(walk.filled_ratio() == 1);
    CHECK(walk.levels_touched == 0);
    CHECK_FALSE(slippage_ratio(walk, 100).has_value());
    CHECK(walk_depth({}, Side::Buy, 1).filled_ratio() == 0);
  }

  TEST_CASE("depth within a distance counts whole levels up to and at the limit") {
    CHECK(depth_within(coins(kAsks), Side::Buy, 0.005).coins == 0);
    CHECK(depth_within(coins(kAsks), Side::Buy, 0.0101).coins == 2);
    CHECK(depth_within(coins(kBids), Side::Sell, 0.02).coins == 4);
    CHECK(depth_within(coins(kBids), Side::Sell, 0.02).quote == 400);
    CHECK(depth_within(dollars(kBids), Side::Sell, 0.02).coins == doctest::Approx(0.04));
  }

  TEST_CASE("one book split over is one book walked") {
    const std::array books{coins(kAsks)};
    const DepthSplit split = split_depth(books, Side::Buy, 3);
    CHECK(split.cost_quote == doctest::Approx(4));
    CHECK(split.marginal_ratio == doctest::Approx(0.02));
    CHECK(split.whole());
    const std::vector<OrderBook::Level> asks{level(125, 1'000), level(100, 1'000)};
    const std::array inverse{dollars(asks)};
    CHECK(split_depth(inverse, Side::Buy, 20).cost_quote == doctest::Approx(200));
  }

  TEST_CASE("two books are taken cheapest level first, each against its own mid") {
    // The second trades ten dollars higher and is tighter: its basis is no cost, its spread is less.
    const std::vector<OrderBook::Level> tight{level(112, 1), level(110.5, 1)};
    const std::array books{coins(kAsks), coins(tight, 110)};
    std::array<double, 2> sizes{};
    const DepthSplit split = split_depth(books, Side::Buy, 3, sizes);
    CHECK(sizes[0] == doctest::Approx(2));
    CHECK(sizes[1] == doctest::Approx(1));
    CHECK(split.cost_quote == doctest::Approx(2 * 1 + 0.5));
    CHECK(split.whole());
  }

  TEST_CASE("no split costs more than any of its books alone") {
    const std::vector<OrderBook::Level> other{level(104, 3), level(101.2, 0.5), level(100.4, 0.7)};
    const std::array both{coins(kAsks), coins(other)};
    for (double size = 0.25; size <= 4; size += 0.25) {
      CAPTURE(size);
      const DepthSplit split = split_depth(both, Side::Buy, size);
      CHECK(split.whole());
      for (const DepthSide& one : both) {
        const DepthWalk alone = walk_depth(one, Side::Buy, size);
        if (const auto cost = slippage_cost(alone, one, Side::Buy)) CHECK(split.cost_quote <= *cost + 1e-9);
      }
    }
  }

  TEST_CASE("a split beyond all books says how much they take") {
    const std::array both{coins(kAsks), coins(kAsks)};
    const DepthSplit split = split_depth(both, Side::Buy, 10);
    CHECK_FALSE(split.whole());
    CHECK(split.filled_ratio() == doctest::Approx(0.8));
    CHECK(split_depth({}, Side::Buy, 1).filled_ratio() == 0);
  }
}
