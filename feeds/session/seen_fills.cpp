#include "feeds/session/seen_fills.hpp"

#include <algorithm>

namespace hedgewatch {

bool SeenFills::first_time(InstrumentId instrument, const Fill& fill, VenueTime at) {
  if (fill.sequence == 0) return true;
  const Key key{.sequence = fill.sequence, .instrument = instrument, .side = fill.side};
  const auto end = ring_.begin() + static_cast<std::ptrdiff_t>(count_);
  if (std::any_of(ring_.begin(), end, [&](const Entry& entry) { return entry.key == key; })) return false;
  Entry& place = ring_[next_];
  if (count_ == kCapacity)
    forgotten_to_ = std::max(forgotten_to_, place.at);
  else
    ++count_;
  place = {key, at};
  next_ = (next_ + 1) % kCapacity;
  return true;
}

}  // namespace hedgewatch
