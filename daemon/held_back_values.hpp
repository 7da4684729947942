#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/market/event.hpp"

namespace hedgewatch {

/// Market values of which only the newest counts: a later one of the same kind and instrument replaces an earlier one.
[[nodiscard]] constexpr bool is_conflatable(const EventBody& body) {
  return std::holds_alternative<Quote>(body) || std::holds_alternative<Mark>(body) || std::holds_alternative<VenueGreeks>(body) ||
         std::holds_alternative<Funding>(body) || std::holds_alternative<IndexPrice>(body) ||
         std::holds_alternative<BookInvalidated>(body);
}

/// The newest value per kind and instrument (per venue and pair for index prices), oldest need first. Bounded, memory taken once.
/// Marks come with different parts: one that tells price and vol alone does not replace one that also tells forward or index. Of
/// an instrument's two marks the one with more parts stands first, and the other is never older.
class HeldBackValues {
 public:
  explicit HeldBackValues(std::size_t capacity);

  enum class Put : std::uint8_t { Added, Replaced, Full };
  /// Keeps a conflatable event. Replaced: it took the place of an older one. Full: it was not kept, and nothing waits here that it
  /// would have to follow.
  Put put(const Event& event);
  /// An invalidation of this book waits here.
  [[nodiscard]] bool has_invalidated(InstrumentId book) const;

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] std::span<const Event> values() const { return values_; }
  /// Forgets the first `count` values.
  void drop_front(std::size_t count);

 private:
  /// A waiting surface row of the mark's instrument becomes as new as the mark.
  void renew_surface_row(const Event& whole_mark);
  /// The slot of the event's key: the one that holds it, or the free one where it belongs.
  [[nodiscard]] std::size_t slot_of(const Event& event) const;

  std::size_t capacity_;
  std::vector<Event> values_;
  std::vector<std::uint32_t> slots_;  ///< open addressing; position in values_ plus 1, 0 is free
};

}  // namespace hedgewatch
