#include "feeds/session/book_synchroniser.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

using namespace std::chrono_literals;

namespace {
constexpr MonoTime kStart{1h};

BookSynchroniser live_book(std::uint64_t sequence) {
  BookSynchroniser book;
  book.on_subscribe_sent(kStart);
  REQUIRE(book.on_snapshot(sequence) == BookVerdict::Apply);
  return book;
}
}  // namespace

TEST_SUITE("feeds/session/book_synchroniser") {
  TEST_CASE("changes before the snapshot are ignored, those after it applied") {
    BookSynchroniser book;
    CHECK(book.wants() == BookRequest::Subscribe);
    book.on_subscribe_sent(kStart);
    CHECK(book.wants() == BookRequest::None);
    CHECK(book.on_delta(7, 8) == BookVerdict::Ignore);
    CHECK(book.phase() == BookPhase::New);
    CHECK(book.on_snapshot(10) == BookVerdict::Apply);
    CHECK(book.on_delta(9, 10) == BookVerdict::Ignore);
    CHECK(book.on_delta(10, 12) == BookVerdict::Apply);
    CHECK(book.live());
    CHECK_FALSE(book.deadline().has_value());
  }

  TEST_CASE("a gap invalidates once, then leaves, waits for the reply and subscribes again") {
    BookSynchroniser book = live_book(10);
    CHECK(book.on_delta(11, 12) == BookVerdict::Invalidate);
    CHECK(book.on_delta(12, 13) == BookVerdict::Ignore);
    CHECK(book.wants() == BookRequest::Unsubscribe);
    CHECK(book.phase() == BookPhase::Resyncing);
    book.on_unsubscribe_sent(kStart);
    CHECK(book.wants() == BookRequest::None);
    CHECK(book.on_snapshot(14) == BookVerdict::Ignore);  // still of the old subscription
    book.on_unsubscribed();
    CHECK(book.wants() == BookRequest::Subscribe);
    CHECK(book.on_snapshot(15) == BookVerdict::Ignore);
    book.on_subscribe_sent(kStart + 1s);
    CHECK(book.on_delta(15, 16) == BookVerdict::Ignore);
    CHECK(book.on_snapshot(20) == BookVerdict::Apply);
    CHECK(book.on_delta(20, 21) == BookVerdict::Apply);
  }

  TEST_CASE("a snapshot that nobody asked for is taken while live") {
    BookSynchroniser book = live_book(10);
    CHECK(book.on_snapshot(40) == BookVerdict::Apply);
    CHECK(book.on_delta(40, 41) == BookVerdict::Apply);
    CHECK(book.on_delta(10, 11) == BookVerdict::Ignore);
  }

  TEST_CASE("a snapshot that does not come in time is asked for anew by leaving first") {
    BookSynchroniser book;
    book.on_subscribe_sent(kStart);
    CHECK(book.deadline() == kStart + 5s);
    book.on_deadline(kStart + 5s - 1ns);
    CHECK(book.wants() == BookRequest::None);
    book.on_deadline(kStart + 5s);
    CHECK(book.wants() == BookRequest::Unsubscribe);
    CHECK(book.fruitless_attempts() == 1);
    book.on_unsubscribe_sent(kStart + 6s);
    book.on_deadline(kStart + 11s);  // nor did the reply
    CHECK(book.wants() == BookRequest::Unsubscribe);
    CHECK(book.fruitless_attempts() == 2);
    book.on_unsubscribe_sent(kStart + 11s);
    book.on_unsubscribed();
    book.on_subscribe_sent(kStart + 12s);
    CHECK(book.on_snapshot(3) == BookVerdict::Apply);
    CHECK(book.fruitless_attempts() == 0);
  }

  TEST_CASE("a book lost on our own side is resynchronised like a gap") {
    BookSynchroniser book = live_book(10);
    CHECK(book.on_lost() == BookVerdict::Invalidate);
    CHECK(book.on_lost() == BookVerdict::Ignore);
    CHECK(book.wants() == BookRequest::Unsubscribe);
  }

  TEST_CASE("a new connection starts from nothing") {
    BookSynchroniser book = live_book(10);
    book.on_connection_lost();
    CHECK(book.on_delta(10, 11) == BookVerdict::Ignore);
    CHECK(book.wants() == BookRequest::Subscribe);
    CHECK(book.phase() == BookPhase::New);
    CHECK_FALSE(book.deadline().has_value());
  }

  TEST_CASE("replies that nobody waits for change nothing") {
    BookSynchroniser book = live_book(10);
    book.on_unsubscribed();
    book.on_unsubscribe_sent(kStart);
    book.on_subscribe_sent(kStart);
    book.on_deadline(kStart + 1h);
    CHECK(book.live());
    CHECK(book.on_delta(10, 11) == BookVerdict::Apply);
  }
}

}  // namespace hedgewatch
