#include "feeds/session/sequence_tracker.hpp"

namespace hedgewatch {

SequenceVerdict SequenceTracker::on_snapshot(std::uint64_t sequence) {
  last_ = sequence;
  ignored_ = 0;
  return SequenceVerdict::Apply;
}

SequenceVerdict SequenceTracker::on_delta(std::uint64_t previous, std::uint64_t sequence) {
  if (!last_) return SequenceVerdict::Resync;
  if (previous == *last_) {
    last_ = sequence;
    ignored_ = 0;
    return SequenceVerdict::Apply;
  }
  // A change that starts before what is known but leads beyond it would leave out a part: that is a gap as well.
  if (previous < *last_ && sequence <= *last_ && ignored_ < kMostIgnored) {
    ++ignored_;
    return SequenceVerdict::Ignore;
  }
  last_.reset();
  ignored_ = 0;
  return SequenceVerdict::Resync;
}

}  // namespace hedgewatch
