#include "feeds/session/chained_book.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

FrameDetail message(BookForm form, std::uint64_t sequence, std::optional<std::uint64_t> previous = {}, std::uint64_t cross = 0) {
  FrameDetail detail;
  detail.book = form;
  detail.sequence = sequence;
  detail.previous = previous;
  detail.cross_sequence = cross;
  return detail;
}

ChainedBook live(std::uint64_t sequence, std::uint64_t cross = 0) {
  ChainedBook book;
  book.synchroniser().on_subscribe_sent(MonoTime{});
  CHECK(book.on_message(message(BookForm::Snapshot, sequence, {}, cross)) == BookVerdict::Apply);
  return book;
}

}  // namespace

TEST_SUITE("feeds/session/chained_book") {
  TEST_CASE("numbers may jump, as long as each change names the one before") {
    ChainedBook book = live(400);
    CHECK(book.on_message(message(BookForm::Change, 407, 400)) == BookVerdict::Apply);
    CHECK(book.on_message(message(BookForm::Change, 500, 407)) == BookVerdict::Apply);
    CHECK(book.on_message(message(BookForm::Change, 600, 501)) == BookVerdict::Invalidate);
    CHECK(book.on_message(message(BookForm::Change, 700, 600)) == BookVerdict::Ignore);
  }

  TEST_CASE("a message that says only that nothing changed keeps the chain; one that begins anew is taken once") {
    ChainedBook book = live(400);
    CHECK(book.on_message(message(BookForm::Change, 400, 400)) == BookVerdict::Apply);
    CHECK(book.on_message(message(BookForm::Change, 3, 400)) == BookVerdict::Apply);
    CHECK(book.on_message(message(BookForm::Change, 9, 3)) == BookVerdict::Apply);
  }

  TEST_CASE("the number beside the chain never falls") {
    ChainedBook book = live(41, 9001);
    CHECK(book.on_message(message(BookForm::Change, 42, 41, 9001)) == BookVerdict::Apply);
    CHECK(book.on_message(message(BookForm::Change, 43, 42, 8999)) == BookVerdict::Invalidate);
  }

  TEST_CASE("before the snapshot nothing is taken, and a repeated change is not taken twice") {
    ChainedBook book;
    CHECK(book.on_message(message(BookForm::Change, 42, 41)) == BookVerdict::Ignore);
    book = live(41);
    CHECK(book.on_message(message(BookForm::Change, 42, 41)) == BookVerdict::Apply);
    CHECK(book.on_message(message(BookForm::Change, 42, 41)) == BookVerdict::Ignore);
  }
}
