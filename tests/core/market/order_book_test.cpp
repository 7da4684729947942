#include "core/market/order_book.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

Price price(std::string_view text) { return Price::parse(text).value(); }
Size size(std::string_view text) { return Size::parse(text).value(); }

/// Bids 99, 98.5; asks 100, 101.
OrderBook quoted(std::size_t depth = 8) {
  OrderBook book{depth};
  book.begin(true);
  book.set(Side::Buy, price("98.5"), size("2"));
  book.set(Side::Sell, price("101"), size("4"));
  book.set(Side::Buy, price("99"), size("1"));
  book.set(Side::Sell, price("100"), size("3"));
  book.end(7);
  return book;
}

}  // namespace

TEST_SUITE("core/market/order_book") {
  TEST_CASE("the best levels are the highest bid and the lowest ask, in whatever order they came") {
    const OrderBook book = quoted();
    CHECK(book.valid());
    CHECK(book.sequence() == 7);
    CHECK(book.best_bid() == OrderBook::Level{price("99"), size("1")});
    CHECK(book.best_ask() == OrderBook::Level{price("100"), size("3")});
    CHECK_FALSE(book.crossed());
  }

  TEST_CASE("sizes are absolute, and size 0 removes a level") {
    OrderBook book = quoted();
    book.begin(false);
    book.set(Side::Buy, price("99"), size("5"));
    book.set(Side::Sell, price("100"), size("0"));
    book.end(8);
    CHECK(book.best_bid() == OrderBook::Level{price("99"), size("5")});
    CHECK(book.best_ask() == OrderBook::Level{price("101"), size("4")});
    CHECK(book.levels(Side::Buy).size() == 2);
  }

  TEST_CASE("removing a level that is not there is counted and changes nothing") {
    OrderBook book = quoted();
    book.begin(false);
    book.set(Side::Buy, price("98.75"), size("0"));
    book.end(8);
    CHECK(book.unknown_removals() == 1);
    CHECK(book.levels(Side::Buy).size() == 2);
  }

  TEST_CASE("a bid at or above the best ask is a crossed book") {
    OrderBook book = quoted();
    book.begin(false);
    book.set(Side::Buy, price("100"), size("1"));
    book.end(8);
    CHECK(book.crossed());
  }

  TEST_CASE("nothing is valid before a snapshot, within a change, or after an invalidation") {
    OrderBook book{8};
    CHECK_FALSE(book.valid());
    book.begin(false);
    book.set(Side::Buy, price("99"), size("1"));
    book.end(1);
    CHECK_FALSE(book.valid());
    book.begin(true);
    CHECK_FALSE(book.valid());
    book.end(2);
    CHECK(book.valid());
    CHECK_FALSE(book.best_bid().has_value());
    book.invalidate();
    CHECK_FALSE(book.valid());
    book.begin(false);
    book.end(3);
    CHECK_FALSE(book.valid());
  }

  TEST_CASE("a full side keeps the best levels and counts what it let go") {
    OrderBook book{2};
    book.begin(true);
    book.set(Side::Sell, price("103"), size("1"));
    book.set(Side::Sell, price("101"), size("1"));
    book.set(Side::Sell, price("104"), size("1"));
    book.set(Side::Sell, price("100"), size("1"));
    book.end(1);
    CHECK(book.truncated() == 2);
    REQUIRE(book.levels(Side::Sell).size() == 2);
    CHECK(book.levels(Side::Sell)[0].price == price("101"));
    CHECK(book.levels(Side::Sell)[1].price == price("100"));
  }

  TEST_CASE("an empty side has no best level and crosses nothing") {
    OrderBook book = quoted();
    book.begin(false);
    book.set(Side::Buy, price("99"), size("0"));
    book.set(Side::Buy, price("98.5"), size("0"));
    book.end(8);
    CHECK_FALSE(book.best_bid().has_value());
    CHECK_FALSE(book.crossed());
  }
}
