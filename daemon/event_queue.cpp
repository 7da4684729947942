#include "daemon/event_queue.hpp"

#include <concurrentqueue/concurrentqueue.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/engine_waiter.hpp"
#include "daemon/held_back_values.hpp"

namespace hedgewatch {

namespace {

struct QueueTraits : moodycamel::ConcurrentQueueDefaultTraits {
  static const std::size_t BLOCK_SIZE = 512;
  /// Blocks that one producer may hold without a new index: growing it would allocate.
  static const std::size_t EXPLICIT_INITIAL_INDEX_SIZE = 1024;
  /// Only with tokens.
  static const std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 0;
};
using Queue = moodycamel::ConcurrentQueue<Event, QueueTraits>;

/// Blocks of one producer that are neither full nor free: at its head and at its tail.
constexpr std::size_t kPartialBlocks = 2;
constexpr std::size_t kMostCapacity = (QueueTraits::EXPLICIT_INITIAL_INDEX_SIZE - kPartialBlocks) * QueueTraits::BLOCK_SIZE;
/// This share of a producer's way is kept for events that must not be lost.
constexpr std::size_t kReserveDivisor = 8;
constexpr std::size_t kMostLostBooks = 256;

/// The counter has one writer.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

std::size_t checked_capacity(const EventQueueSetup& setup) {
  if (setup.producers == 0 || setup.producers >= static_cast<std::size_t>(kNoConnection))
    throw std::invalid_argument{"event queue: the number of producers must be between 1 and 254"};
  if (setup.capacity < kReserveDivisor || setup.capacity > kMostCapacity)
    throw std::invalid_argument{"event queue: the capacity must be between 8 and " + std::to_string(kMostCapacity)};
  if (setup.held_back == 0 || setup.held_back > kMostCapacity)
    throw std::invalid_argument{"event queue: values held back must be between 1 and " + std::to_string(kMostCapacity)};
  return setup.capacity;
}

std::size_t elements_to_reserve(const EventQueueSetup& setup) {
  const std::size_t blocks = (checked_capacity(setup) + QueueTraits::BLOCK_SIZE - 1) / QueueTraits::BLOCK_SIZE + kPartialBlocks;
  return setup.producers * blocks * QueueTraits::BLOCK_SIZE;
}

}  // namespace

class EventQueue::Producer final : public EventSink {
 public:
  Producer(Queue& queue, EngineWaiter& waiter, const EventQueueSetup& setup, ConnectionId connection)
      : queue_{queue},
        waiter_{waiter},
        token_{queue},
        held_{setup.held_back},
        capacity_{setup.capacity},
        market_capacity_{setup.capacity - setup.capacity / kReserveDivisor},
        connection_{connection} {
    lost_books_.reserve(kMostLostBooks);
  }

  Delivery deliver(const EventBatch& batch) override {
    const std::span<const Event> events = batch.events();
    if (events.empty()) return {};
    lost_books_.clear();
    if (broken_ && !announce_break(events.front().header)) {
      add(counters.refused, events.size());
      return {.outcome = DeliveryOutcome::Broken, .lost_books = {}};
    }
    const bool way_clear = held_.empty() || send_held_back();
    if (way_clear && events.size() <= room(market_capacity_) && enqueue(events)) {
      waiter_.wake();
      return {};
    }
    const DeliveryOutcome outcome = deliver_reduced(events);
    waiter_.wake();
    return {.outcome = outcome, .lost_books = lost_books_};
  }

  bool flush() override {
    if (broken_ && !announce_break({})) return false;
    if (held_.empty()) return true;
    const bool done = send_held_back();
    waiter_.wake();
    return done;
  }

  std::size_t take(std::span<Event> out) {
    const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    const std::size_t waiting = static_cast<std::size_t>(sent_.load(std::memory_order_acquire) - taken);
    if (waiting == 0 || out.empty()) return 0;
    Event* first = out.data();
    const std::size_t count = queue_.try_dequeue_bulk_from_producer(token_, first, std::min(waiting, out.size()));
    taken_.store(taken + count, std::memory_order_release);
    return count;
  }

  [[nodiscard]] std::size_t depth() const {
    const std::uint64_t taken = taken_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(sent_.load(std::memory_order_seq_cst) - taken);
  }

  EventQueueCounters counters;

 private:
  /// Acquires what the engine released: its reads of the blocks that are about to be written again.
  [[nodiscard]] std::size_t in_flight() const {
    return static_cast<std::size_t>(sent_.load(std::memory_order_relaxed) - taken_.load(std::memory_order_acquire));
  }
  [[nodiscard]] std::size_t room(std::size_t limit) const {
    const std::size_t used = in_flight();
    return used < limit ? limit - used : 0;
  }

  [[nodiscard]] bool enqueue(std::span<const Event> events) {
    if (!queue_.try_enqueue_bulk(token_, events.data(), events.size())) return false;
    const std::uint64_t sent = sent_.load(std::memory_order_relaxed) + events.size();
    // Sequentially consistent with the waiter's announcement: either it sees these events or wake() sees it asleep.
    sent_.store(sent, std::memory_order_seq_cst);
    add(counters.delivered, events.size());
    const std::uint64_t depth = sent - taken_.load(std::memory_order_relaxed);
    if (depth > counters.high_water.load(std::memory_order_relaxed)) counters.high_water.store(depth, std::memory_order_relaxed);
    return true;
  }

  /// True when nothing is held back any more. A partial move costs a rebuild, so it waits until a fair part fits.
  bool send_held_back() {
    const std::size_t free = room(market_capacity_);
    if (free < held_.size() && free < market_capacity_ / 4) return false;
    const std::size_t count = std::min(free, held_.size());
    if (!enqueue(held_.values().first(count))) return false;
    held_.drop_front(count);
    counters.held_back.store(held_.size(), std::memory_order_relaxed);
    return held_.empty();
  }

  DeliveryOutcome deliver_reduced(std::span<const Event> events) {
    for (std::size_t position = 0; position < events.size();) {
      const std::size_t count = std::holds_alternative<BookBegin>(events[position].body) ? book_change_length(events, position) : 1;
      const std::span<const Event> part = events.subspan(position, count);
      if (!deliver_part(part)) {
        break_connection(part.front().header);
        add(counters.refused, events.size() - position);
        return DeliveryOutcome::Broken;
      }
      position += count;
    }
    if (!held_.empty()) send_held_back();
    return DeliveryOutcome::Conflated;
  }

  static std::size_t book_change_length(std::span<const Event> events, std::size_t begin) {
    std::size_t end = begin + 1;
    while (end < events.size() && !std::holds_alternative<BookEnd>(events[end].body)) ++end;
    return std::min(end + 1, events.size()) - begin;
  }

  /// False: the connection is broken.
  bool deliver_part(std::span<const Event> part) {
    const Event& event = part.front();
    if (is_conflatable(event.body)) return hold_back(event);
    if (const auto* begin = std::get_if<BookBegin>(&event.body)) return deliver_book_change(part, begin->snapshot);
    const bool loss_harms_nobody = std::holds_alternative<Trade>(event.body) || std::holds_alternative<BookLevel>(event.body) ||
                                   std::holds_alternative<BookEnd>(event.body);
    if (!loss_harms_nobody) return room(capacity_) > 0 && enqueue(part);
    if (room(market_capacity_) == 0 || !enqueue(part)) add(counters.refused, 1);
    return true;
  }

  bool deliver_book_change(std::span<const Event> change, bool snapshot) {
    const EventHeader& header = change.front().header;
    const bool invalidated = held_.has_invalidated(header.instrument);
    if (!invalidated && change.size() <= room(market_capacity_) && enqueue(change)) return true;
    add(counters.refused, change.size());
    // The session knows already that an invalidated book is lost; not that the snapshot meant to heal it is.
    if (invalidated && !snapshot) return true;
    if (lost_books_.size() == kMostLostBooks) return false;
    lost_books_.push_back(header.instrument);
    add(counters.lost_books, 1);
    return invalidated || hold_back({.header = header, .body = BookInvalidated{}});
  }

  bool hold_back(const Event& event) {
    switch (held_.put(event)) {
      case HeldBackValues::Put::Full:
        return false;
      case HeldBackValues::Put::Replaced:
        add(counters.conflated, 1);
        break;
      case HeldBackValues::Put::Added:
        counters.held_back.store(held_.size(), std::memory_order_relaxed);
        break;
    }
    return true;
  }

  void break_connection(const EventHeader& header) {
    broken_ = true;
    break_header_ = {.received = header.received, .connection = connection_, .venue = header.venue};
    add(counters.breaks, 1);
    announce_break(break_header_);
  }

  /// Nothing passes before the engine is told. `now` dates the news, if it has a receive time.
  bool announce_break(const EventHeader& now) {
    if (room(capacity_) == 0) return false;
    break_header_.received = std::max(break_header_.received, now.received);
    const Event down{.header = break_header_, .body = FeedStatus{.phase = FeedPhase::Down, .reason = FeedDownReason::Overflow}};
    if (!enqueue({&down, 1})) return false;
    broken_ = false;
    waiter_.wake();
    return true;
  }

  Queue& queue_;
  EngineWaiter& waiter_;
  moodycamel::ProducerToken token_;
  HeldBackValues held_;
  std::vector<InstrumentId> lost_books_;
  std::size_t capacity_;
  std::size_t market_capacity_;
  EventHeader break_header_{};
  ConnectionId connection_;
  bool broken_ = false;
  alignas(64) std::atomic<std::uint64_t> sent_{0};
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

struct EventQueue::Storage {
  Storage(const EventQueueSetup& setup, EngineWaiter& waiter) : queue{elements_to_reserve(setup)} {
    for (std::size_t number = 0; number < setup.producers; ++number)
      producers.push_back(std::make_unique<Producer>(queue, waiter, setup, ConnectionId{static_cast<std::uint8_t>(number)}));
  }

  Queue queue;
  std::vector<std::unique_ptr<Producer>> producers;
};

EventQueue::EventQueue(const EventQueueSetup& setup, EngineWaiter& waiter)
    : producer_count_{setup.producers}, storage_{std::make_unique<Storage>(setup, waiter)} {}

EventQueue::~EventQueue() = default;

EventSink& EventQueue::sink(ConnectionId connection) { return *storage_->producers.at(static_cast<std::size_t>(connection)); }

const EventQueueCounters& EventQueue::counters(ConnectionId connection) const {
  return storage_->producers.at(static_cast<std::size_t>(connection))->counters;
}

std::size_t EventQueue::take(std::span<Event> out) {
  std::size_t filled = 0;
  for (std::size_t turn = 0; turn < producer_count_ && filled < out.size(); ++turn) {
    filled += storage_->producers[next_producer_]->take(out.subspan(filled));
    next_producer_ = next_producer_ + 1 == producer_count_ ? 0 : next_producer_ + 1;
  }
  return filled;
}

bool EventQueue::empty() const {
  return std::all_of(storage_->producers.begin(), storage_->producers.end(),
                     [](const std::unique_ptr<Producer>& producer) { return producer->depth() == 0; });
}

std::size_t EventQueue::depth() const {
  std::size_t sum = 0;
  for (const auto& producer : storage_->producers) sum += producer->depth();
  return sum;
}

}  // namespace hedgewatch
