#include "daemon/event_queue.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/engine_waiter.hpp"
#include "daemon/event_way.hpp"
#include "daemon/held_back_values.hpp"

namespace hedgewatch {

namespace {

/// 64 MiB of events a connection.
constexpr std::size_t kMostCapacity = std::size_t{1} << 19;
/// This share of a producer's way is kept for events that must not be lost.
constexpr std::size_t kReserveDivisor = 8;
constexpr std::size_t kMostLostBooks = 256;

/// The counter has one writer.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

void check(const EventQueueSetup& setup) {
  if (setup.producers == 0 || setup.producers >= static_cast<std::size_t>(kNoConnection))
    throw std::invalid_argument{"event queue: the number of producers must be between 1 and 254"};
  if (setup.capacity < kReserveDivisor || setup.capacity > kMostCapacity)
    throw std::invalid_argument{"event queue: the capacity must be between 8 and " + std::to_string(kMostCapacity)};
  if (setup.held_back == 0 || setup.held_back > kMostCapacity)
    throw std::invalid_argument{"event queue: values held back must be between 1 and " + std::to_string(kMostCapacity)};
}

}  // namespace

class EventQueue::Producer final : public EventSink {
 public:
  Producer(EngineWaiter& waiter, const EventQueueSetup& setup, ConnectionId connection)
      : waiter_{waiter},
        way_{setup.capacity, waiter.mode() != WaitMode::BusyPoll},
        held_{setup.held_back},
        capacity_{setup.capacity},
        market_capacity_{setup.capacity - setup.capacity / kReserveDivisor},
        conflate_above_{std::min(setup.conflate_above, market_capacity_)},
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
    const bool way_clear = (held_.empty() || send_held_back()) && way_.has_room(0, conflate_above_);
    if (way_clear && enqueue_within(market_capacity_, events)) {
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
    const EventWay::Taken taken = way_.take(out);
    if (taken.waited > most_taken_at_) {
      most_taken_at_ = taken.waited;
      raise_high_water(taken.waited);
    }
    return taken.count;
  }

  [[nodiscard]] std::size_t depth() const { return way_.depth(); }

  EventQueueCounters counters;

 private:
  void enqueue(std::span<const Event> events) {
    way_.put(events);
    add(counters.delivered, events.size());
  }
  [[nodiscard]] bool enqueue_within(std::size_t limit, std::span<const Event> events) {
    if (!way_.has_room(events.size(), limit)) return false;
    enqueue(events);
    return true;
  }

  /// Only what waits longest is told, so that the writer need not look at what the reader has taken.
  void raise_high_water(std::size_t depth) {
    std::uint64_t highest = counters.high_water.load(std::memory_order_relaxed);
    while (highest < depth && !counters.high_water.compare_exchange_weak(highest, depth, std::memory_order_relaxed)) {
    }
  }

  /// True when nothing is held back any more. A partial move costs a rebuild, so it waits until a fair part fits.
  bool send_held_back() {
    const std::size_t free = way_.room(conflate_above_);
    if (free < held_.size() && free < conflate_above_ / 4) return false;
    const std::size_t count = std::min(free, held_.size());
    enqueue(held_.values().first(count));
    held_.drop_front(count);
    counters.held_back.store(held_.size(), std::memory_order_relaxed);
    return held_.empty();
  }

  DeliveryOutcome deliver_reduced(std::span<const Event> events) {
    raise_high_water(way_.depth());
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
    if (!loss_harms_nobody) return enqueue_within(capacity_, part);
    if (!enqueue_within(market_capacity_, part)) add(counters.refused, 1);
    return true;
  }

  bool deliver_book_change(std::span<const Event> change, bool snapshot) {
    const EventHeader& header = change.front().header;
    const bool invalidated = held_.has_invalidated(header.instrument);
    if (!invalidated && enqueue_within(market_capacity_, change)) return true;
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
        // Nothing older of it waits there, so it may go ahead of what does.
        return enqueue_within(market_capacity_, {&event, 1});
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
    if (!way_.has_room(1, capacity_)) return false;
    break_header_.received = std::max(break_header_.received, now.received);
    const Event down{.header = break_header_, .body = FeedStatus{.phase = FeedPhase::Down, .reason = FeedDownReason::Overflow}};
    enqueue({&down, 1});
    broken_ = false;
    waiter_.wake();
    return true;
  }

  EngineWaiter& waiter_;
  EventWay way_;
  HeldBackValues held_;
  std::vector<InstrumentId> lost_books_;
  std::size_t capacity_;
  std::size_t market_capacity_;
  std::size_t conflate_above_;
  EventHeader break_header_{};
  ConnectionId connection_;
  bool broken_ = false;
  alignas(64) std::size_t most_taken_at_ = 0;  ///< the reader's
};

struct EventQueue::Storage {
  Storage(const EventQueueSetup& setup, EngineWaiter& waiter) {
    check(setup);
    for (std::size_t number = 0; number < setup.producers; ++number)
      producers.push_back(std::make_unique<Producer>(waiter, setup, ConnectionId{static_cast<std::uint8_t>(number)}));
  }

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
