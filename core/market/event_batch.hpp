#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/market/event.hpp"

namespace hedgewatch {

/// A bounded list of events whose memory is taken once and reused for every frame.
class EventBatch {
 public:
  /// A whole option chain or a deep book snapshot fits.
  static constexpr std::size_t kDefaultCapacity = 32'768;

  explicit EventBatch(std::size_t capacity = kDefaultCapacity) : capacity_{capacity} { events_.reserve(capacity); }

  /// False when the batch is full; then nothing was added.
  [[nodiscard]] bool push(const Event& event) {
    if (events_.size() == capacity_) return false;
    events_.push_back(event);
    return true;
  }
  /// The same, built in place from one of the bodies.
  template <class Body>
  [[nodiscard]] bool push(const EventHeader& header, const Body& body) {
    if (events_.size() == capacity_) return false;
    events_.emplace_back(header, body);
    return true;
  }
  /// Forgets everything after the first `size` events.
  void truncate(std::size_t size) {
    if (size < events_.size()) events_.resize(size, Event{});
  }

  [[nodiscard]] std::size_t size() const { return events_.size(); }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] std::span<const Event> events() const { return events_; }
  [[nodiscard]] std::span<Event> events() { return events_; }

 private:
  std::size_t capacity_;
  std::vector<Event> events_;
};

}  // namespace hedgewatch
