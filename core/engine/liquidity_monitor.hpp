#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/hour_move_monitor.hpp"
#include "core/hedge/depth_walk.hpp"
#include "core/hedge/recent_distribution.hpp"

namespace hedgewatch {

/// What it would cost to trade each hedge's net delta to zero in the order books of its legs, per venue and over all of them.
/// Every cycle judges the books; they are walked ten times a second of the engine's time, a bounded number of levels a cycle.
class LiquidityMonitor : public DeskMonitor {
 public:
  /// `hours` is laid out and ends its cycles before this one, and outlives it.
  explicit LiquidityMonitor(const HourMoveMonitor& hours) : hours_{&hours} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct DemandRows {
    RowId slippage = kNoRow;
    RowId cost = kNoRow;
    RowId fillable = kNoRow;
    RowId filled = kNoRow;
  };
  struct Learnt {
    static constexpr std::size_t kSamples = 240;  ///< four hours of minutes
    RecentDistribution depth{kSamples};
    MonoTime next_sample{};

    void visit_state(auto& archive) { archive(depth, next_sample); }
  };
  /// The books of one hedge on one venue, or on all.
  struct Group {
    std::string key;  ///< hedge and venue: what was learnt is found again by it
    std::uint32_t hedge = 0;
    std::vector<InstrumentSlot> books;
    DemandRows now;
    DemandRows after_hour;
    RowId bid_depth = kNoRow;
    RowId ask_depth = kNoRow;
    RowId evaporation = kNoRow;
    RowId rank = kNoRow;
    RowId spread = kNoRow;
    Learnt learnt;
    // of the last walk
    std::size_t seen_usable = 0;
    bool seen_known = false;
    MonoTime walked{};
    bool settled = false;  ///< there is one, and its books are usable still

    void visit_state(auto& archive) {
      archive(key, hedge, books, now, after_hour, bid_depth, ask_depth, evaporation, rank, spread, learnt, seen_usable, seen_known,
              walked, settled);
    }
  };
  /// The usable books of a group, and what they are worth together.
  struct Usable {
    std::array<DepthSide, kMostSplitBooks> bids;
    std::array<DepthSide, kMostSplitBooks> asks;
    std::size_t count = 0;
    double tightest_spread = 0;
    Quality quality;
  };

  [[nodiscard]] static Usable usable_books(const DeskView& view, const Group& group);
  void publish_unknown(const Publisher& out, const Group& group, const Quality& quality) const;
  /// Levels touched.
  std::size_t publish_demand(const Publisher& out, const DemandRows& rows, const Usable& books, const Estimate& net,
                             double within) const;
  std::size_t walk(const DeskView& view, const Publisher& out, Group& group, const Usable& books);

  const HourMoveMonitor* hours_;
  std::vector<Group> groups_;
  std::size_t next_ = 0;
};

}  // namespace hedgewatch
