#pragma once

#include <cstdint>
#include <span>

#include "core/market/event_batch.hpp"

namespace hedgewatch {

enum class DeliveryOutcome : std::uint8_t {
  Complete,   ///< everything is on its way, in order
  Conflated,  ///< the way was full: market data was reduced to the newest values; nothing that must not be lost was lost
  Broken      ///< something that must not be lost could not be taken: the connection must be closed and resynchronised
};

struct Delivery {
  DeliveryOutcome outcome = DeliveryOutcome::Complete;
  /// Books that the taker has declared invalid because their changes found no room: the session must fetch a new snapshot.
  /// Valid until the next call.
  std::span<const InstrumentId> lost_books;
};

/// Takes the events of one connection. Called by that connection's thread only; never waits and never throws.
class EventSink {
 public:
  virtual ~EventSink() = default;

  /// Takes the batch whole or as Delivery says; the caller empties the batch.
  virtual Delivery deliver(const EventBatch& batch) = 0;
  /// Tries again to hand on what is held back. True when nothing is held back any more.
  virtual bool flush() = 0;
};

}  // namespace hedgewatch
