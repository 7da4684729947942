#include "feeds/session/sequence_tracker.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

TEST_SUITE("feeds/session/sequence_tracker") {
  TEST_CASE("a gap stays a gap until the next snapshot") {
    SequenceTracker book;
    CHECK(book.on_snapshot(10) == SequenceVerdict::Apply);
    CHECK(book.on_delta(10, 11) == SequenceVerdict::Apply);
    CHECK(book.on_delta(12, 13) == SequenceVerdict::Resync);
    CHECK(book.on_delta(11, 12) == SequenceVerdict::Resync);  // the missing one, too late
    CHECK_FALSE(book.last().has_value());
    CHECK(book.on_snapshot(20) == SequenceVerdict::Apply);
    CHECK(book.on_delta(20, 25) == SequenceVerdict::Apply);
    CHECK(book.last() == 25);
  }

  TEST_CASE("nothing is applied before the first snapshot or after invalidation") {
    SequenceTracker book;
    CHECK(book.on_delta(0, 1) == SequenceVerdict::Resync);
    book.on_snapshot(1);
    book.invalidate();
    CHECK(book.on_delta(1, 2) == SequenceVerdict::Resync);
  }

  TEST_CASE("a repeated or older change is ignored and harms nothing") {
    SequenceTracker book;
    book.on_snapshot(10);
    CHECK(book.on_delta(5, 9) == SequenceVerdict::Ignore);
    CHECK(book.on_delta(9, 10) == SequenceVerdict::Ignore);
    CHECK(book.on_delta(10, 12) == SequenceVerdict::Apply);
    CHECK(book.on_delta(10, 12) == SequenceVerdict::Ignore);
    CHECK(book.on_delta(12, 13) == SequenceVerdict::Apply);
  }

  TEST_CASE("a change that starts before what is known and leads beyond it is a gap") {
    SequenceTracker book;
    book.on_snapshot(10);
    CHECK(book.on_delta(9, 11) == SequenceVerdict::Resync);
  }

  TEST_CASE("a chain that stands still or restarts below is followed") {
    SequenceTracker book;
    book.on_snapshot(10);
    CHECK(book.on_delta(10, 10) == SequenceVerdict::Apply);
    CHECK(book.on_delta(10, 3) == SequenceVerdict::Apply);
    CHECK(book.on_delta(3, 5) == SequenceVerdict::Apply);
  }

  TEST_CASE("a venue that counts anew without saying so is not ignored for ever") {
    SequenceTracker book;
    book.on_snapshot(1'000'000);
    for (std::uint64_t sequence = 1; sequence <= SequenceTracker::kMostIgnored; ++sequence)
      REQUIRE(book.on_delta(sequence - 1, sequence) == SequenceVerdict::Ignore);
    CHECK(book.on_delta(SequenceTracker::kMostIgnored, SequenceTracker::kMostIgnored + 1) == SequenceVerdict::Resync);
  }
}

}  // namespace hedgewatch
