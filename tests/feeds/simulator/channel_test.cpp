#include "feeds/simulator/channel.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch::simulator;

TEST_SUITE("feeds/simulator/channel") {
  TEST_CASE("intervals of one channel share a topic, the aggregated book excepted") {
    CHECK(parse_channel("ticker.BTC-PERPETUAL.raw")->topic() == parse_channel("ticker.BTC-PERPETUAL.100ms")->topic());
    CHECK(parse_channel("book.BTC-PERPETUAL.raw")->topic() == parse_channel("book.BTC-PERPETUAL.100ms")->topic());
    CHECK(parse_channel("book.BTC-PERPETUAL.raw")->topic() != parse_channel("book.BTC-PERPETUAL.agg2")->topic());
    CHECK(parse_channel("user.portfolio.BTC")->topic() == parse_channel("user.portfolio.btc")->topic());
  }

  TEST_CASE("channels by instrument and by kind are told apart") {
    const auto by_name = parse_channel("trades.ETH-PERPETUAL.100ms");
    REQUIRE(by_name.has_value());
    CHECK(by_name->subject == "ETH-PERPETUAL");
    CHECK(by_name->contracts.empty());
    const auto by_kind = parse_channel("user.changes.any.any.100ms");
    REQUIRE(by_kind.has_value());
    CHECK(by_kind->contracts == "any");
    CHECK(by_kind->is_private());
  }

  TEST_CASE("a grouped book has a group and a depth that the venue knows") {
    const auto book = parse_channel("book.BTC-PERPETUAL.none.20.100ms");
    REQUIRE(book.has_value());
    CHECK(book->kind == ChannelKind::GroupedBook);
    CHECK(book->depth == 20);
    for (const char* name :
         {"book.BTC-PERPETUAL.none.7.100ms", "book.BTC-PERPETUAL.3.10.100ms", "book.BTC-PERPETUAL.none.10.raw"}) {
      const std::string shown{name};
      CAPTURE(shown);
      CHECK_FALSE(parse_channel(name).has_value());
    }
  }

  TEST_CASE("names outside the grammar are no channels") {
    for (const char* name : {"",
                             ".",
                             "ticker",
                             "ticker.BTC-PERPETUAL",
                             "ticker.BTC-PERPETUAL.1s",
                             "ticker..raw",
                             "book",
                             "book.X",
                             "trades",
                             "trades.raw",
                             "quote",
                             "quote.A.B",
                             "user",
                             "user.changes",
                             "user.changes.raw",
                             "instrument.state.any",
                             "instrument.state.nothing.BTC",
                             "markprice.futures.btc_usd",
                             "platform_state.x",
                             "perpetual.X"}) {
      const std::string shown{name};
      CAPTURE(shown);
      CHECK_FALSE(parse_channel(name).has_value());
    }
  }
}
