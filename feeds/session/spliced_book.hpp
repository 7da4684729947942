#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/market/event.hpp"
#include "feeds/frame_detail.hpp"

namespace hedgewatch {

/// How a change is joined to what stands before it.
enum class SpliceRule : std::uint8_t {
  NamedPredecessor,  ///< each change names the last number of the one before (Binance's futures and options)
  NextNumber         ///< each change begins with the next number (Binance's spot)
};

enum class SpliceVerdict : std::uint8_t {
  Apply,      ///< continues what is known
  Hold,       ///< kept until a snapshot comes
  Ignore,     ///< contained in what is known
  Invalidate  ///< something is missing: the book is void from now on, and a snapshot is due; the change was kept for it
};

enum class SnapshotVerdict : std::uint8_t {
  Joined,  ///< apply the snapshot, then held()
  TooOld,  ///< what was held starts behind it: ask again, slower each time
  Unasked  ///< the book is whole: nothing to do
};

/// A book whose changes come by stream and whose snapshot comes by request, so that the two have to be joined: changes are held
/// until the snapshot is there, those that it contains are dropped, and the first one left must contain the snapshot's number or
/// follow it. A missing change voids the book until a new snapshot; the subscription stays.
class SplicedBook {
 public:
  /// More changes than this are not held: the oldest go first, since a later snapshot joins the younger ones.
  static constexpr std::size_t kMostHeld = 2'048;

  explicit SplicedBook(SpliceRule rule) : rule_{rule} {}

  /// `events` are the message's, from BookBegin to BookEnd; they are copied when the verdict is Hold or Invalidate.
  SpliceVerdict on_change(const FrameDetail& change, std::span<const Event> events);
  SnapshotVerdict on_snapshot(std::uint64_t last_update_id);
  /// The subscription or the connection ended: everything is void.
  void reset();
  /// The book was lost on our own side. True when it was whole.
  bool on_lost();

  /// A snapshot has to be asked for.
  [[nodiscard]] bool wants_snapshot() const { return !live_; }
  [[nodiscard]] bool live() const { return live_; }
  /// After Joined: the events to apply behind the snapshot's. Valid until the next call.
  [[nodiscard]] std::span<const Event> held() const { return joined_; }
  /// Changes that found no room.
  [[nodiscard]] std::uint64_t overflowed() const { return overflowed_; }

 private:
  struct Change {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::optional<std::uint64_t> previous;
    std::vector<Event> events;
  };
  /// Whether the change may stand directly behind a snapshot that ends with `known`.
  [[nodiscard]] bool joins(const Change& change, std::uint64_t known) const;
  [[nodiscard]] bool continues(const Change& change, std::uint64_t known) const;
  [[nodiscard]] bool contained(const Change& change, std::uint64_t known) const;
  void hold(const FrameDetail& change, std::span<const Event> events);

  SpliceRule rule_;
  bool live_ = false;
  bool joined_to_stream_ = false;  ///< a change has followed the snapshot
  std::uint64_t last_ = 0;
  std::vector<Change> changes_;
  std::vector<Event> joined_;
  std::uint64_t overflowed_ = 0;
};

}  // namespace hedgewatch
