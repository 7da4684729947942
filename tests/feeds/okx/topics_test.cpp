#include "feeds/okx/topics.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

TEST_SUITE("feeds/okx/topics") {
  TEST_CASE("a topic is a channel and what it is about, and the channel decides in which field that stands") {
    const auto is = [](std::string_view topic, std::string_view channel, std::string_view field, std::string_view value) {
      const okx::Subscription found = okx::subscription_of(topic);
      CHECK(found == okx::Subscription{std::string{channel}, std::string{field}, std::string{value}});
      std::string again;
      okx::write_topic(again, found.channel, found.value);
      CHECK(again == topic);
    };
    is("books:BTC-USD-SWAP", "books", "instId", "BTC-USD-SWAP");
    is("index-tickers:USDT-USD", "index-tickers", "instId", "USDT-USD");
    is("opt-summary:BTC-USD", "opt-summary", "instFamily", "BTC-USD");
    is("instruments:OPTION", "instruments", "instType", "OPTION");
    is("positions:ANY", "positions", "instType", "ANY");
    is("orders:ANY", "orders", "instType", "ANY");
    is("account", "account", "", "");
  }

  TEST_CASE("a refusal names its topic in words, with or without a blank behind the comma") {
    std::string topic;
    CHECK(okx::topic_in_words("Wrong URL or channel:index-tickers, instId:BTC-USDT-SWAP doesn't exist.", topic));
    CHECK(topic == "index-tickers:BTC-USDT-SWAP");
    CHECK(okx::topic_in_words("Wrong URL or channel:opt-summary,instFamily:BTC-USD doesn't exist.", topic));
    CHECK(topic == "opt-summary:BTC-USD");
    CHECK(okx::topic_in_words("Wrong URL or channel:account doesn't exist.", topic));
    CHECK(topic == "account");
    CHECK_FALSE(okx::topic_in_words("Invalid args", topic));
  }
}
