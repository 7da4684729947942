#include "feeds/session/spliced_book.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hedgewatch;

namespace {

FrameDetail change(std::uint64_t first, std::uint64_t last, std::optional<std::uint64_t> previous = {}) {
  FrameDetail detail;
  detail.book = BookForm::Change;
  detail.first_sequence = first;
  detail.sequence = last;
  detail.previous = previous;
  return detail;
}

/// Events that tell their message by its last number.
std::vector<Event> events_of(const FrameDetail& detail) { return {Event{{}, BookEnd{detail.sequence}}}; }

SpliceVerdict give(SplicedBook& book, const FrameDetail& detail) { return book.on_change(detail, events_of(detail)); }

std::vector<std::uint64_t> held(const SplicedBook& book) {
  std::vector<std::uint64_t> numbers;
  for (const Event& event : book.held()) numbers.push_back(std::get<BookEnd>(event.body).sequence);
  return numbers;
}

}  // namespace

TEST_SUITE("feeds/session/spliced_book") {
  TEST_CASE("of futures: what the snapshot contains is dropped, the first one left contains its number, then each names the last") {
    SplicedBook book{SpliceRule::NamedPredecessor};
    CHECK(give(book, change(90, 95, 89)) == SpliceVerdict::Hold);
    CHECK(give(book, change(96, 104, 95)) == SpliceVerdict::Hold);
    CHECK(give(book, change(105, 110, 104)) == SpliceVerdict::Hold);
    CHECK(book.on_snapshot(100) == SnapshotVerdict::Joined);
    CHECK(held(book) == std::vector<std::uint64_t>{104, 110});
    CHECK(give(book, change(111, 120, 110)) == SpliceVerdict::Apply);
    CHECK(give(book, change(111, 120, 110)) == SpliceVerdict::Ignore);
    CHECK(give(book, change(125, 130, 124)) == SpliceVerdict::Invalidate);
    CHECK(book.wants_snapshot());
    // The one that told of the gap is kept for the next snapshot.
    CHECK(book.on_snapshot(127) == SnapshotVerdict::Joined);
    CHECK(held(book) == std::vector<std::uint64_t>{130});
  }

  TEST_CASE("of futures: a change that ends with the snapshot's number anchors the chain") {
    SplicedBook book{SpliceRule::NamedPredecessor};
    give(book, change(96, 100, 95));
    CHECK(book.on_snapshot(100) == SnapshotVerdict::Joined);
    CHECK(held(book) == std::vector<std::uint64_t>{100});
    CHECK(give(book, change(150, 160, 100)) == SpliceVerdict::Apply);
  }

  TEST_CASE("of futures: a change that names the snapshot's number continues it, though its own numbers begin behind it") {
    SplicedBook book{SpliceRule::NamedPredecessor};
    CHECK(book.on_snapshot(100) == SnapshotVerdict::Joined);
    CHECK(give(book, change(150, 160, 100)) == SpliceVerdict::Apply);
  }

  TEST_CASE("a snapshot that ends before what was held is too old, and the held ones wait for a later one") {
    for (const auto rule : {SpliceRule::NamedPredecessor, SpliceRule::NextNumber}) {
      SplicedBook book{rule};
      give(book, change(110, 120, 105));
      CHECK(book.on_snapshot(100) == SnapshotVerdict::TooOld);
      CHECK(book.wants_snapshot());
      CHECK(book.on_snapshot(115) == SnapshotVerdict::Joined);
      CHECK(held(book) == std::vector<std::uint64_t>{120});
    }
  }

  TEST_CASE("of spot: the next number follows, and a change that ends with the snapshot's number is contained") {
    SplicedBook book{SpliceRule::NextNumber};
    give(book, change(90, 100));
    give(book, change(101, 103));
    CHECK(book.on_snapshot(100) == SnapshotVerdict::Joined);
    CHECK(held(book) == std::vector<std::uint64_t>{103});
    CHECK(give(book, change(104, 104)) == SpliceVerdict::Apply);
    CHECK(give(book, change(106, 107)) == SpliceVerdict::Invalidate);
  }

  TEST_CASE("a hole in what was held is found when it is joined") {
    SplicedBook book{SpliceRule::NextNumber};
    give(book, change(95, 101));
    give(book, change(103, 104));
    CHECK(book.on_snapshot(100) == SnapshotVerdict::TooOld);
    CHECK(book.on_snapshot(103) == SnapshotVerdict::Joined);
  }

  TEST_CASE("nothing waits for a snapshot that was not asked for, and what is held is bounded") {
    SplicedBook book{SpliceRule::NextNumber};
    for (std::uint64_t number = 1; number <= SplicedBook::kMostHeld + 5; ++number) give(book, change(number, number));
    CHECK(book.overflowed() == 5);
    CHECK(book.on_snapshot(5) == SnapshotVerdict::Joined);
    CHECK(book.held().size() == SplicedBook::kMostHeld);
    CHECK(book.on_snapshot(9) == SnapshotVerdict::Unasked);
    CHECK(book.on_lost());
    CHECK_FALSE(book.on_lost());
  }
}
