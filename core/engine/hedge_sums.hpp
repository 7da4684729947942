#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/desk.hpp"
#include "core/engine/engine_setup.hpp"
#include "core/engine/forward_followers.hpp"
#include "core/engine/part_sums.hpp"
#include "core/hedge/hedge_relationship.hpp"
#include "core/pricing/lane_columns.hpp"

namespace hedgewatch {

/// What the positions of each part add to each hedge, from unit risks alone: no position's valuation or risk has to be up to date.
/// A sum is sum_hedge() of the risks as they would be then, but that options of the item are added up by lanes. Never allocates
/// after lay_out().
class HedgeSums {
 public:
  HedgeSums(const Desk& desk, const PartSums& parts, const ForwardFollowers& followers)
      : desk_{desk}, parts_{parts}, followers_{followers} {}

  /// A new structure, after `parts` was laid out. `lots`: the contract's lot of each holding.
  void lay_out(std::span<const HedgeSetup> setups, std::span<const double> lots);

  /// Whether sum() has it: a hedge whose deltas move with the smile needs its positions' slopes.
  [[nodiscard]] static bool has(const HedgeSetup& setup) { return setup.smile == kStickyStrike; }
  /// The newest sum of the part that stands at `place` among the hedge's parts, as this setup of the hedge has it.
  [[nodiscard]] HedgeSum sum(std::uint32_t hedge, std::size_t place, const HedgeSetup& setup);

 private:
  /// A position that is not added up by lanes: a leg, or no option.
  struct Single {
    std::uint32_t holding = 0;
    double share = 0;
    double lot = 0;
    bool leg = false;
  };
  struct Followed {
    std::uint32_t expiry = 0;
    bool item = false;
    bool legs = false;
  };
  /// One part of one hedge.
  struct Entry {
    std::uint32_t part = 0;
    std::size_t first_in_hedge = 0;  ///< the part's first holding among those of the hedge
    std::size_t first_share = 0;     ///< of the part's lanes
    std::vector<Single> singles;
    std::vector<Followed> followed;
    std::uint64_t version = 0;  ///< of the part when the rest was made
    bool judged = false;
    bool open = false;
    Quality item;
    Quality legs;
    Quality vega;
  };

  void deal_out(const Hedge& hedge, Entry& entry, std::span<const double> lots);
  void judge(const Hedge& hedge, Entry& entry) const;

  const Desk& desk_;
  const PartSums& parts_;
  const ForwardFollowers& followers_;
  std::vector<std::size_t> first_entry_;  ///< by hedge
  std::vector<Entry> entries_;            ///< those of a hedge together, parallel to its parts
  LaneColumns shares_;                    ///< of the item's options, parallel to the lanes of their parts; 0: not added up by lanes
};

}  // namespace hedgewatch
