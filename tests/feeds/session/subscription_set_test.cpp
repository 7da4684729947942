#include "feeds/session/subscription_set.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hedgewatch {

namespace {
using Names = std::vector<std::string>;
using Accepted = std::vector<std::string_view>;
}  // namespace

TEST_SUITE("feeds/session/subscription_set") {
  TEST_CASE("channels are asked for once, in the order of asking, within the limits of a request") {
    SubscriptionSet set{{.channels = 100, .channels_per_request = 2, .bytes_per_request = 1'000}};
    for (const char* name : {"c", "a", "b", "a"}) REQUIRE(set.want(name));
    const auto first = set.take_subscribe();
    CHECK(first.channels == Names{"c", "a"});
    const auto second = set.take_subscribe();
    CHECK(second.channels == Names{"b"});
    CHECK(second.number != first.number);
    CHECK(set.take_subscribe().channels.empty());
    CHECK(set.count(SubscriptionState::Requested) == 3);
  }

  TEST_CASE("a request's size counts names, quotes and commas, and one huge name still goes") {
    SubscriptionSet set{{.channels = 100, .channels_per_request = 10, .bytes_per_request = 10}};
    for (const char* name : {"aa", "bb", "cc", "a name that is longer than a request"}) REQUIRE(set.want(name));
    CHECK(set.take_subscribe().channels == Names{"aa", "bb"});
    CHECK(set.take_subscribe().channels == Names{"cc"});
    CHECK(set.take_subscribe().channels.size() == 1);
  }

  TEST_CASE("what the reply leaves out is refused and named") {
    SubscriptionSet set;
    for (const char* name : {"ticker.A", "ticker.B", "ticker.C"}) REQUIRE(set.want(name));
    const auto batch = set.take_subscribe();
    CHECK_FALSE(set.settled());
    CHECK(set.on_subscribed(batch.number, Accepted{"ticker.C", "never.asked", "ticker.A"}) == Names{"ticker.B"});
    CHECK(set.settled());
    CHECK(set.accepts("ticker.A"));
    CHECK_FALSE(set.accepts("ticker.B"));
    CHECK_FALSE(set.accepts("never.asked"));
    CHECK(set.on_subscribed(batch.number, Accepted{}).empty());  // the same reply again
    CHECK(set.count(SubscriptionState::Confirmed) == 2);
    set.retry_refused();
    CHECK(set.take_subscribe().channels == Names{"ticker.B"});
  }

  TEST_CASE("an empty reply refuses everything") {
    SubscriptionSet set;
    REQUIRE(set.want("a"));
    REQUIRE(set.want("b"));
    CHECK(set.on_subscribed(set.take_subscribe().number, Accepted{}) == Names{"a", "b"});
  }

  TEST_CASE("a failed request is due again") {
    SubscriptionSet set;
    REQUIRE(set.want("a"));
    set.on_failed(set.take_subscribe().number);
    CHECK(set.take_subscribe().channels == Names{"a"});
  }

  TEST_CASE("replies of an earlier connection change nothing") {
    SubscriptionSet set;
    REQUIRE(set.want("a"));
    const auto old = set.take_subscribe();
    set.on_connection_lost();
    CHECK(set.generation() == 1);
    const auto batch = set.take_subscribe();
    CHECK(batch.channels == Names{"a"});
    CHECK(set.on_subscribed(old.number, Accepted{}).empty());
    CHECK(set.count(SubscriptionState::Requested) == 1);
    CHECK(set.on_subscribed(batch.number, Accepted{"a"}).empty());
    CHECK(set.count(SubscriptionState::Confirmed) == 1);
  }

  TEST_CASE("renewing leaves first, waits, and subscribes again") {
    SubscriptionSet set;
    REQUIRE(set.want("book.A"));
    set.on_subscribed(set.take_subscribe().number, Accepted{"book.A"});
    set.renew("book.A");
    CHECK_FALSE(set.accepts("book.A"));
    CHECK(set.take_subscribe().channels.empty());
    REQUIRE(set.want("book.A"));  // changes nothing about the renewal
    const auto leaving = set.take_unsubscribe();
    CHECK(leaving.channels == Names{"book.A"});
    CHECK(set.take_subscribe().channels.empty());
    CHECK(set.on_unsubscribed(leaving.number) == Names{"book.A"});
    CHECK(set.take_subscribe().channels == Names{"book.A"});
  }

  TEST_CASE("an unwanted channel goes, whatever became of its request") {
    SubscriptionSet set;
    for (const char* name : {"wanted", "requested", "refused", "confirmed"}) REQUIRE(set.want(name));
    set.unwant("wanted");
    const auto batch = set.take_subscribe();
    set.unwant("requested");
    CHECK(set.on_subscribed(batch.number, Accepted{"requested", "confirmed"}) == Names{"refused"});
    set.unwant("refused");
    set.unwant("confirmed");
    set.unwant("unknown");
    const auto leaving = set.take_unsubscribe();
    CHECK(leaving.channels == Names{"requested", "confirmed"});
    set.on_failed(leaving.number);
    CHECK(set.take_unsubscribe().channels == Names{"requested", "confirmed"});
    set.on_connection_lost();
    CHECK(set.size() == 0);
    CHECK(set.take_subscribe().channels.empty());
  }

  TEST_CASE("wanting a channel that is being left brings it back") {
    SubscriptionSet set;
    REQUIRE(set.want("a"));
    set.on_subscribed(set.take_subscribe().number, Accepted{"a"});
    set.unwant("a");
    REQUIRE(set.want("a"));
    CHECK(set.accepts("a"));
    CHECK(set.take_unsubscribe().channels.empty());
    set.unwant("a");
    const auto leaving = set.take_unsubscribe();
    REQUIRE(set.want("a"));
    set.on_unsubscribed(leaving.number);
    CHECK(set.take_subscribe().channels == Names{"a"});
  }

  TEST_CASE("the set is bounded") {
    SubscriptionSet set{{.channels = 2, .channels_per_request = 500, .bytes_per_request = 1'000}};
    CHECK(set.want("a"));
    CHECK(set.want("b"));
    CHECK_FALSE(set.want("c"));
    CHECK(set.want("a"));
    CHECK(set.size() == 2);
  }
}

}  // namespace hedgewatch
