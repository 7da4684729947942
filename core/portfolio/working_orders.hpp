#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/market/event.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// The orders of one account that rest on the venue, as it states them. Bounded.
class WorkingOrders {
 public:
  static constexpr std::size_t kMaxOrders = 8'192;
  /// Orders of which nothing rests that are still known when they are told of again.
  static constexpr std::size_t kMostGone = 256;

  struct Order {
    std::uint64_t order = 0;
    InstrumentId instrument = kNoInstrument;
    Size remaining;  ///< signed: a bid is positive
    bool named = false;
  };

  /// True when no other order was in this instrument: somebody has to begin to look at it.
  bool apply(const WorkingOrder& order, InstrumentId instrument);
  void begin_snapshot();
  /// What was not named since begin_snapshot() no longer rests.
  void end_snapshot();
  /// What rests may have been filled or cancelled since: only a whole statement makes it known again.
  void lose_connection();

  /// Stated whole since the connection came, and none had to be refused.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Whether the venue has ever told of an order or begun a statement. A lost connection does not undo it.
  [[nodiscard]] bool told() const { return told_; }
  /// Orders that the venue told of for the first time while the list was whole: those that were placed since. One that was done at
  /// once, or that waits for its trigger, counts too, and each once as long as it is among the newest kMostGone of its kind.
  [[nodiscard]] std::uint64_t placed() const { return placed_; }
  /// By instrument, then order.
  [[nodiscard]] std::span<const Order> orders() const { return orders_; }

  /// See StateArchive.
  void visit_state(auto& archive) { archive(orders_, gone_, oldest_gone_, placed_, told_, complete_, snapshot_open_, refused_); }

 private:
  struct Gone {
    std::uint64_t order = 0;
    InstrumentId instrument = kNoInstrument;

    friend bool operator==(const Gone&, const Gone&) = default;
  };
  void remember(const Gone& gone);

  std::vector<Order> orders_;
  std::vector<Gone> gone_;       ///< a ring once it is full
  std::size_t oldest_gone_ = 0;  ///< what the next one takes the place of, of a full ring
  std::uint64_t placed_ = 0;
  bool told_ = false;
  bool complete_ = false;
  bool snapshot_open_ = false;
  bool refused_ = false;  ///< since the statement began
};

}  // namespace hedgewatch
