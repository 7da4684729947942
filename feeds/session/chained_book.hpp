#pragma once

#include <cstdint>

#include "feeds/frame_detail.hpp"
#include "feeds/session/book_synchroniser.hpp"

namespace hedgewatch {

/// A book whose stream brings its own snapshot, judged message by message in a venue's own terms: OKX names the predecessor of each
/// change, Bybit counts changes by one and carries a number beside it that never falls. A venue whose service was started anew may
/// count from below once: a change that names what is known as its predecessor is taken, whatever its own number.
class ChainedBook {
 public:
  explicit ChainedBook(BookTimings timings = {}) : synchroniser_{timings} {}

  BookVerdict on_message(const FrameDetail& message);
  /// A check of the book's content failed, or it was lost on our own side.
  BookVerdict on_lost() { return synchroniser_.on_lost(); }

  /// What is to be sent and when, and whether the book is whole.
  [[nodiscard]] BookSynchroniser& synchroniser() { return synchroniser_; }
  [[nodiscard]] const BookSynchroniser& synchroniser() const { return synchroniser_; }

 private:
  BookSynchroniser synchroniser_;
  std::uint64_t cross_sequence_ = 0;
};

}  // namespace hedgewatch
