#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/market/event.hpp"
#include "core/types/ids.hpp"
#include "feeds/event_sink.hpp"

namespace hedgewatch {

class EngineWaiter;

struct EventQueueSetup {
  std::size_t producers = 1;       ///< connections, numbered from 0 by ConnectionId
  std::size_t capacity = 65'536;   ///< events in flight per producer; at least one whole EventBatch
  std::size_t held_back = 16'384;  ///< newest values kept per producer while its way is full
  /// While more events than this are in flight, market values wait as newest values beside the queue: what the engine takes some
  /// milliseconds for. Behind all of `capacity` a value would be tens of milliseconds old when it is applied.
  std::size_t conflate_above = 8'192;
};

/// One producer's totals. Read by any thread.
struct EventQueueCounters {
  std::atomic<std::uint64_t> delivered{0};   ///< events put into the queue
  std::atomic<std::uint64_t> conflated{0};   ///< values replaced by a newer one of the same kind and instrument
  std::atomic<std::uint64_t> refused{0};     ///< events lost: trades, book changes of invalidated books, everything after a break
  std::atomic<std::uint64_t> lost_books{0};  ///< books declared invalid
  std::atomic<std::uint64_t> breaks{0};      ///< times the connection had to be declared broken
  std::atomic<std::uint64_t> high_water{0};  ///< most events in flight
  std::atomic<std::uint64_t> held_back{0};   ///< values waiting beside the queue now
};

/// From the feed threads to the engine thread. Bounded; all its memory is taken at construction. Events of one producer stay in
/// order, except that a conflated value takes the place of its newest.
///
/// While a producer's way is longer than `conflate_above`, quotes, marks, venue Greeks, funding and index prices are kept as newest
/// values beside the queue and follow as soon as it is shorter. When it is full, a book whose changes find no room is declared
/// invalid (BookInvalidated follows); trades are lost and counted; anything else must not be lost, so the connection is broken: a
/// FeedStatus Down with reason Overflow goes ahead of everything that comes after.
class EventQueue {
 public:
  EventQueue(const EventQueueSetup& setup, EngineWaiter& waiter);
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  /// The end of one connection. One thread at a time delivers into it.
  [[nodiscard]] EventSink& sink(ConnectionId connection);
  [[nodiscard]] const EventQueueCounters& counters(ConnectionId connection) const;
  [[nodiscard]] std::size_t producers() const { return producer_count_; }

  /// Fills `out` from the producers in turn; returns how many events. Engine thread only.
  std::size_t take(std::span<Event> out);
  /// Nothing is in flight. Engine thread.
  [[nodiscard]] bool empty() const;
  /// Events in flight; any thread, exact only when nobody moves.
  [[nodiscard]] std::size_t depth() const;

 private:
  class Producer;
  struct Storage;

  std::size_t producer_count_;
  std::size_t next_producer_ = 0;
  std::unique_ptr<Storage> storage_;
};

}  // namespace hedgewatch
