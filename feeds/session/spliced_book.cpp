#include "feeds/session/spliced_book.hpp"

namespace hedgewatch {

bool SplicedBook::contained(const Change& change, std::uint64_t known) const {
  // A future's change that ends with the snapshot's number brings nothing new, but the next one names it: it is kept.
  return rule_ == SpliceRule::NamedPredecessor && !joined_to_stream_ ? change.last < known : change.last <= known;
}

bool SplicedBook::joins(const Change& change, std::uint64_t known) const {
  if (rule_ == SpliceRule::NextNumber) return change.first <= known + 1;
  return change.first <= known || change.previous == known;
}

bool SplicedBook::continues(const Change& change, std::uint64_t known) const {
  return rule_ == SpliceRule::NextNumber ? change.first == known + 1 : change.previous == known;
}

void SplicedBook::hold(const FrameDetail& change, std::span<const Event> events) {
  if (changes_.size() == kMostHeld) {
    changes_.erase(changes_.begin());
    ++overflowed_;
  }
  changes_.push_back({change.first_sequence, change.sequence, change.previous, {events.begin(), events.end()}});
}

SpliceVerdict SplicedBook::on_change(const FrameDetail& change, std::span<const Event> events) {
  if (!live_) {
    hold(change, events);
    return SpliceVerdict::Hold;
  }
  const Change next{change.first_sequence, change.sequence, change.previous, {}};
  if (contained(next, last_)) return SpliceVerdict::Ignore;
  if (joined_to_stream_ ? continues(next, last_) : joins(next, last_)) {
    last_ = next.last;
    joined_to_stream_ = true;
    return SpliceVerdict::Apply;
  }
  live_ = false;
  changes_.clear();
  hold(change, events);
  return SpliceVerdict::Invalidate;
}

SnapshotVerdict SplicedBook::on_snapshot(std::uint64_t last_update_id) {
  if (live_) return SnapshotVerdict::Unasked;
  joined_.clear();
  std::uint64_t known = last_update_id;
  bool follows = false;
  joined_to_stream_ = false;
  for (const Change& change : changes_) {
    if (contained(change, known)) continue;
    if (follows ? !continues(change, known) : !joins(change, known)) {
      // What was held has a hole, or begins behind the snapshot: only a later snapshot can be joined.
      joined_.clear();
      joined_to_stream_ = false;
      return SnapshotVerdict::TooOld;
    }
    follows = joined_to_stream_ = true;
    known = change.last;
    joined_.insert(joined_.end(), change.events.begin(), change.events.end());
  }
  changes_.clear();
  live_ = true;
  last_ = known;
  return SnapshotVerdict::Joined;
}

void SplicedBook::reset() {
  live_ = joined_to_stream_ = false;
  changes_.clear();
  joined_.clear();
}

bool SplicedBook::on_lost() {
  const bool was_live = live_;
  reset();
  return was_live;
}

}  // namespace hedgewatch
