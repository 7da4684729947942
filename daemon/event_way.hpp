#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "core/market/event.hpp"

namespace hedgewatch {

/// From one thread to one other: bounded, in order, and what is put at once is seen at once. All its memory is taken at
/// construction.
///
/// A ring of which every place is used in turn would drag `capacity` events through the caches though only a few ever wait. So
/// there are two: events go through the short ring, which stays in the cache, and take the deep one from when it is full until all
/// that waited has been taken. The deep one is used from its first place on each time, so that as much of it is resident as ever
/// waited. Events are numbered from 0; the writer publishes at which number the other ring begins. Such a number is replaced only
/// after everything had been taken, so after it was used.
class EventWay {  // NOLINT(clang-analyzer-optin.performance.Padding): what either side writes has a cache line of its own
 public:
  /// Events for the short ring: 64 KiB, which a core's second cache holds beside other things.
  static constexpr std::size_t kShort = 512;

  EventWay(std::size_t capacity, bool reader_sleeps)
      : reader_sleeps_{reader_sleeps},
        short_size_{std::min(std::bit_ceil(capacity), kShort)},
        deep_size_{std::bit_ceil(capacity)},
        short_{places(short_size_)},
        deep_{places(deep_size_)} {}

  // ---- the writer's thread

  /// Whether so many more keep the number of events in flight within `limit`, which is at most the capacity.
  [[nodiscard]] bool has_room(std::size_t events, std::size_t limit) {
    if (in_flight(seen_taken_) + events <= limit) return true;
    return in_flight(look_at_taken()) + events <= limit;
  }
  /// How many more do; 0 when there are as many already.
  [[nodiscard]] std::size_t room(std::size_t limit) {
    const std::size_t used = in_flight(look_at_taken());
    return used < limit ? limit - used : 0;
  }
  /// There must be room for them.
  void put(std::span<const Event> events) {
    if (writes_deep_ && in_flight(look_at_taken()) == 0) {
      begin_short_.store(written_, std::memory_order_relaxed);
      writes_deep_ = false;
    }
    if (!writes_deep_ && !has_room(events.size(), short_size_)) {
      begin_deep_.store(written_, std::memory_order_relaxed);
      writes_deep_ = true;
      deep_written_from_ = written_;
    }
    if (writes_deep_)
      copy_in(events, deep_.get(), static_cast<std::size_t>(written_ - deep_written_from_) & (deep_size_ - 1), deep_size_);
    else
      copy_in(events, short_.get(), static_cast<std::size_t>(written_) & (short_size_ - 1), short_size_);
    written_ += events.size();
    // In one total order with the waiter's announcement: either it sees these events or who wakes it sees it asleep. That waits for
    // all stores before it, so it is not done for a reader that never sleeps.
    if (reader_sleeps_)
      sent_.store(written_, std::memory_order_seq_cst);
    else
      sent_.store(written_, std::memory_order_release);
  }

  // ---- the reader's thread

  struct Taken {
    std::size_t count = 0;   ///< at the front of `out`
    std::size_t waited = 0;  ///< in flight before; since this only grows between two takes, its greatest value is among these
  };
  Taken take(std::span<Event> out) {
    const std::uint64_t sent = sent_.load(std::memory_order_acquire);
    if (sent == read_) return {};
    Taken taken{.waited = static_cast<std::size_t>(sent - read_)};
    while (taken.count < out.size() && read_ != sent) taken.count += take_from_one_ring(out.subspan(taken.count), sent);
    if (taken.count != 0) taken_.store(read_, std::memory_order_release);
    return taken;
  }

  // ---- any thread

  /// Events in flight; exact only when nobody moves.
  [[nodiscard]] std::size_t depth() const {
    const std::uint64_t taken = taken_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(sent_.load(std::memory_order_seq_cst) - taken);
  }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  static constexpr std::align_val_t kCacheLine{64};

  struct Free {
    void operator()(Event* places) const { ::operator delete(places, kCacheLine); }
  };
  using Ring = std::unique_ptr<Event, Free>;
  /// Memory that nobody has touched: what is never needed is never resident.
  static Ring places(std::size_t size) { return Ring{static_cast<Event*>(::operator new(size * sizeof(Event), kCacheLine))}; }

  [[nodiscard]] std::size_t in_flight(std::uint64_t taken) const { return static_cast<std::size_t>(written_ - taken); }
  /// Acquires what the reader released: its reads of the places that are about to be written again.
  std::uint64_t look_at_taken() { return seen_taken_ = taken_.load(std::memory_order_acquire); }

  /// A single event is moved in line: a copy of any length is a call that first chooses by size, which a hop would notice.
  static void copy(const Event* from, std::size_t count, Event* to) {
    static_assert(std::is_trivially_copyable_v<Event>);
    if (count == 1)
      std::memcpy(static_cast<void*>(to), from, sizeof(Event));
    else if (count != 0)
      std::memcpy(static_cast<void*>(to), from, count * sizeof(Event));
  }
  static void copy_in(std::span<const Event> events, Event* ring, std::size_t at, std::size_t size) {
    const std::size_t until_end = std::min(events.size(), size - at);
    copy(events.data(), until_end, ring + at);
    copy(events.data() + until_end, events.size() - until_end, ring);
  }

  std::size_t take_from_one_ring(std::span<Event> out, std::uint64_t sent) {
    if (reads_deep_ && begin_short_.load(std::memory_order_relaxed) == read_) reads_deep_ = false;
    std::uint64_t end = sent;
    if (!reads_deep_) {
      // One that lies before what is to be read was used before.
      const std::uint64_t deep = begin_deep_.load(std::memory_order_relaxed);
      if (deep == read_) {
        reads_deep_ = true;
        deep_read_from_ = deep;
      }
      if (deep > read_) end = std::min(sent, deep);
    }
    const Event* const ring = reads_deep_ ? deep_.get() : short_.get();
    const std::size_t size = reads_deep_ ? deep_size_ : short_size_;
    const std::size_t at = static_cast<std::size_t>(reads_deep_ ? read_ - deep_read_from_ : read_) & (size - 1);
    const std::size_t count = std::min({static_cast<std::size_t>(end - read_), out.size(), size - at});
    copy(ring + at, count, out.data());
    read_ += count;
    return count;
  }

  bool reader_sleeps_;
  std::size_t short_size_;
  std::size_t deep_size_;
  Ring short_;
  Ring deep_;
  // The writer's own.
  alignas(64) std::uint64_t written_ = 0;
  std::uint64_t seen_taken_ = 0;
  std::uint64_t deep_written_from_ = 0;
  bool writes_deep_ = false;
  // What it publishes: nothing else, because the reader looks at it again and again, and takes the line away each time.
  alignas(64) std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> begin_deep_{kNever};
  std::atomic<std::uint64_t> begin_short_{kNever};
  // The reader's.
  alignas(64) std::atomic<std::uint64_t> taken_{0};
  std::uint64_t read_ = 0;
  std::uint64_t deep_read_from_ = 0;
  bool reads_deep_ = false;
};

}  // namespace hedgewatch
