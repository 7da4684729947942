#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/types/time.hpp"
#include "feeds/session/sequence_tracker.hpp"

namespace hedgewatch {

struct BookTimings {
  std::chrono::nanoseconds snapshot = std::chrono::seconds{5};     ///< from the subscribe request to the snapshot
  std::chrono::nanoseconds unsubscribe = std::chrono::seconds{5};  ///< from the unsubscribe request to its reply
};

enum class BookPhase : std::uint8_t {
  New,        ///< no snapshot yet
  Live,       ///< the chain is whole
  Resyncing,  ///< lost: the old subscription is being left
};

/// What the session does with one book message.
enum class BookVerdict : std::uint8_t {
  Apply,       ///< pass its events on
  Ignore,      ///< drop it; nothing has changed
  Invalidate,  ///< drop it, emit BookInvalidated once, then do what wants() says
};

/// What the session must send for this book's channel. It stays due until the session says that it was sent.
enum class BookRequest : std::uint8_t { None, Subscribe, Unsubscribe };

/// One book's way from subscription to a whole chain, and back after a gap. A venue gives no second snapshot to a channel that
/// is already subscribed, so a resync is: unsubscribe, wait for the reply (what arrives meanwhile belongs to the old
/// subscription), subscribe, wait for the snapshot.
class BookSynchroniser {
 public:
  explicit BookSynchroniser(BookTimings timings = {}) : timings_{timings} {}

  // What was sent and answered.
  void on_subscribe_sent(MonoTime now);
  void on_unsubscribe_sent(MonoTime now);
  void on_unsubscribed();
  /// Everything of this book is void; the next connection subscribes anew.
  void on_connection_lost();

  // What arrived.
  BookVerdict on_snapshot(std::uint64_t sequence);
  BookVerdict on_delta(std::uint64_t previous, std::uint64_t sequence);

  /// The book was lost on our own side (a full queue, a crossed book). Invalidate when it was live, else Ignore.
  BookVerdict on_lost();

  /// Acts on deadline() that has come: the request that got no answer is due again. Invalidate never comes out of it: a book
  /// that waits is not believed anyway.
  void on_deadline(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline() const { return deadline_; }

  [[nodiscard]] BookRequest wants() const;
  [[nodiscard]] BookPhase phase() const;
  [[nodiscard]] bool live() const { return step_ == Step::Live; }
  /// Requests in a row that brought no snapshot; for the session's patience.
  [[nodiscard]] std::uint32_t fruitless_attempts() const { return fruitless_; }

 private:
  enum class Step : std::uint8_t { ToSubscribe, AwaitSnapshot, Live, ToUnsubscribe, AwaitUnsubscribed };

  BookTimings timings_;
  SequenceTracker tracker_;
  std::optional<MonoTime> deadline_;
  std::uint32_t fruitless_ = 0;
  Step step_ = Step::ToSubscribe;
};

}  // namespace hedgewatch
