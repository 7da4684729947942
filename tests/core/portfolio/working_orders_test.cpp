#include "core/portfolio/working_orders.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

constexpr InstrumentId kPerpetual{1};
constexpr InstrumentId kOption{2};

WorkingOrder resting(std::uint64_t order, std::int64_t raw, Side side = Side::Buy) {
  return {.order = order, .remaining = Size::from_raw(raw), .side = side};
}

}  // namespace

TEST_SUITE("core/portfolio/working_orders") {
  TEST_CASE("an order stands by its number until nothing of it remains, asks are negative") {
    WorkingOrders orders;
    CHECK(orders.apply(resting(5, 100), kPerpetual));
    CHECK_FALSE(orders.apply(resting(4, 30, Side::Sell), kPerpetual));
    CHECK(orders.apply(resting(5, 7), kOption));
    REQUIRE(orders.orders().size() == 3);
    CHECK(orders.orders()[0].order == 4);
    CHECK(orders.orders()[0].remaining == Size::from_raw(-30));
    CHECK_FALSE(orders.apply(resting(5, 60), kPerpetual));
    CHECK(orders.orders()[1].remaining == Size::from_raw(60));
    CHECK_FALSE(orders.apply(resting(5, 0), kPerpetual));
    CHECK_FALSE(orders.apply(resting(99, 0), kPerpetual));
    CHECK(orders.orders().size() == 2);
  }

  TEST_CASE("the list is whole after a statement, and what it does not name is gone") {
    WorkingOrders orders;
    CHECK(orders.apply(resting(1, 10), kPerpetual));
    CHECK_FALSE(orders.complete());
    orders.end_snapshot();
    CHECK_FALSE(orders.complete());
    orders.begin_snapshot();
    CHECK_FALSE(orders.apply(resting(2, 20), kPerpetual));
    orders.end_snapshot();
    CHECK(orders.complete());
    REQUIRE(orders.orders().size() == 1);
    CHECK(orders.orders()[0].order == 2);
    orders.lose_connection();
    CHECK_FALSE(orders.complete());
  }

  TEST_CASE("orders that are told of for the first time are counted as placed, those of a whole statement are not") {
    WorkingOrders orders;
    static_cast<void>(orders.apply(resting(1, 10), kPerpetual));
    CHECK(orders.placed() == 0);
    orders.begin_snapshot();
    static_cast<void>(orders.apply(resting(2, 10), kPerpetual));
    orders.end_snapshot();
    CHECK(orders.placed() == 0);
    static_cast<void>(orders.apply(resting(2, 5), kPerpetual));
    static_cast<void>(orders.apply(resting(2, 0), kPerpetual));
    CHECK(orders.placed() == 0);
    static_cast<void>(orders.apply(resting(3, 10), kPerpetual));
    static_cast<void>(orders.apply(resting(4, 0), kPerpetual));  // done before it could rest
    CHECK(orders.placed() == 2);
    orders.lose_connection();
    static_cast<void>(orders.apply(resting(5, 10), kPerpetual));
    CHECK(orders.placed() == 2);
  }

  TEST_CASE("an order of which nothing rests counts once, however often it is told of") {
    WorkingOrders orders;
    orders.begin_snapshot();
    static_cast<void>(orders.apply(resting(1, 0), kPerpetual));  // waits for its trigger
    orders.end_snapshot();
    const auto tell = [&](std::uint64_t number, std::int64_t raw, InstrumentId instrument = kPerpetual) {
      static_cast<void>(orders.apply(resting(number, raw), instrument));
      return orders.placed();
    };
    CHECK(tell(1, 0) == 0);
    CHECK(tell(2, 0) == 1);
    CHECK(tell(2, 0) == 1);
    CHECK(tell(2, 10) == 1);  // its trigger was reached
    CHECK(tell(2, 0) == 1);
    CHECK(tell(3, 10) == 2);
    CHECK(tell(3, 0) == 2);
    CHECK(tell(3, 0) == 2);  // filled, and told of once more
    CHECK(tell(3, 0, kOption) == 3);

    // Among so many it is forgotten in the end.
    for (std::uint64_t i = 0; i < WorkingOrders::kMostGone - 1; ++i) tell(100 + i, 0);
    CHECK(tell(3, 0, kOption) == 3 + WorkingOrders::kMostGone - 1);
    CHECK(tell(2, 0) == 3 + WorkingOrders::kMostGone);
  }

  TEST_CASE("that orders are told at all is known from the first one or the first statement on, over a lost connection too") {
    WorkingOrders by_order;
    CHECK_FALSE(by_order.told());
    static_cast<void>(by_order.apply(resting(1, 0), kPerpetual));
    CHECK(by_order.told());
    WorkingOrders by_statement;
    by_statement.begin_snapshot();
    CHECK(by_statement.told());
    by_statement.lose_connection();
    CHECK(by_statement.told());
  }

  TEST_CASE("beyond its bound a list is not whole, and a shorter statement heals it") {
    WorkingOrders orders;
    orders.begin_snapshot();
    for (std::uint64_t i = 0; i <= WorkingOrders::kMaxOrders; ++i) static_cast<void>(orders.apply(resting(i, 1), kPerpetual));
    orders.end_snapshot();
    CHECK(orders.orders().size() == WorkingOrders::kMaxOrders);
    CHECK_FALSE(orders.complete());
    orders.begin_snapshot();
    static_cast<void>(orders.apply(resting(1, 1), kPerpetual));
    orders.end_snapshot();
    CHECK(orders.complete());
  }
}
