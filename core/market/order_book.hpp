#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/market/event.hpp"
#include "core/types/nano.hpp"

namespace hedgewatch {

/// One instrument's resting orders by exact price. Sizes are absolute. Bounded: beyond the capacity the worst level is let go and
/// counted, so what is kept is the best part. Nothing is to be read between begin() and end(), or after invalidate().
class OrderBook {
 public:
  struct Level {
    Price price;
    Size size;
    friend bool operator==(const Level&, const Level&) = default;
  };

  static constexpr std::size_t kDefaultDepth = 1'000;

  /// Takes its memory at once.
  explicit OrderBook(std::size_t depth = kDefaultDepth);

  void begin(bool snapshot);
  /// Size 0 removes the level. A removal of a level that is not there is counted and otherwise nothing.
  void set(Side side, Price price, Size size);
  void end(std::uint64_t sequence);
  /// Not to be believed until the next snapshot.
  void invalidate();

  /// A snapshot came, nothing invalidated it since, and no change is half applied.
  [[nodiscard]] bool valid() const { return synchronised_ && !changing_; }
  /// Best bid at or above best ask: no market looks so at rest. False while either side is empty.
  [[nodiscard]] bool crossed() const;
  /// Nothing on an empty side.
  [[nodiscard]] std::optional<Level> best_bid() const { return best(bids_); }
  [[nodiscard]] std::optional<Level> best_ask() const { return best(asks_); }
  /// The worst level first, the best one last.
  [[nodiscard]] std::span<const Level> levels(Side side) const { return side == Side::Buy ? bids_ : asks_; }
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  /// Levels let go because the book was full, since the last snapshot.
  [[nodiscard]] std::uint64_t truncated() const { return truncated_; }
  /// Removals of levels that were not there, since the last snapshot.
  [[nodiscard]] std::uint64_t unknown_removals() const { return unknown_removals_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(depth_, bids_, asks_, sequence_, truncated_, unknown_removals_, synchronised_, changing_);
  }

 private:
  static std::optional<Level> best(const std::vector<Level>& levels) {
    return levels.empty() ? std::nullopt : std::optional{levels.back()};
  }

  std::size_t depth_;
  std::vector<Level> bids_;  ///< ascending: the best at the back, where changes are cheapest
  std::vector<Level> asks_;  ///< descending
  std::uint64_t sequence_ = 0;
  std::uint64_t truncated_ = 0;
  std::uint64_t unknown_removals_ = 0;
  bool synchronised_ = false;
  bool changing_ = false;
};

}  // namespace hedgewatch
