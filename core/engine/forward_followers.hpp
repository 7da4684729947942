#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/deferred_rows.hpp"
#include "core/engine/desk.hpp"
#include "core/engine/touched_set.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/market_state.hpp"
#include "core/portfolio/portfolio.hpp"
#include "core/pricing/option_batch.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/risk/position_risk.hpp"
#include "core/risk/unit_risk_kernel.hpp"
#include "core/risk/valuation_batch.hpp"

namespace hedgewatch {

/// Options whose newest vol came without a forward follow the forward of their expiry. When it moves, nothing else of them does:
/// all of an expiry are priced in columns and only their unit risks are kept, which is what the sums of books need. Their
/// valuations, risks and rows wait until somebody asks for them, and are then made from the same inputs, to the bit what would have
/// been made at once. Never allocates after lay_out().
class ForwardFollowers {
 public:
  /// What is valued and where it stands. Outlives this.
  struct Sources {
    Desk& desk;
    std::vector<PositionRisk>& risks;
    const InstrumentRegistry& registry;
    const MarketState& market;
    const Portfolio& portfolio;
    DeferredRows& rows;
    FigureTable& table;
  };
  explicit ForwardFollowers(const Sources& sources) : at_{sources} {}

  /// A new structure, or a restored one: nothing follows and nothing waits.
  void lay_out();

  /// The instrument is being valued by itself, and priced from these inputs.
  void note_market(std::uint32_t place, const OptionMarket& priced_from);
  /// It was valued by itself: learns whether it follows from now on.
  void valued(std::uint32_t place);

  /// An expiry's forward, how far it may be believed, the index of its options, and in which cycle.
  struct Moved {
    ExpiryId expiry = kNoExpiry;
    double forward = 0;
    Quality quality;
    Estimate index;
    MonoTime now{};
    std::uint64_t sizes_version = 0;  ///< changes whenever the quality of any position's size may have
  };
  /// The forward moved: reprices what follows it, and touches every instrument that leans on it but has to be valued by itself.
  void follow(const Moved& moved, TouchedSet& touched_instruments);

  [[nodiscard]] bool follows(std::uint32_t place) const {
    const std::uint32_t lane = unit_of_place_[place];
    return lane < lanes_ && has(following_, lane);
  }
  /// Of options that follow, the expiry and its forward's quality as of the newest repricing.
  [[nodiscard]] std::uint32_t expiry_of(std::uint32_t place) const { return expiry_of_group_[unit_of_place_[place] / kLaneGroup]; }
  [[nodiscard]] const Quality& forward_quality(std::uint32_t expiry) const { return expiries_[expiry].quality; }

  /// Unit risks of options as of the newest repricing, in columns, and how many lanes there are. Options of one expiry that are
  /// held in the same book stand together.
  [[nodiscard]] const UnitColumns& columns() const { return columns_; }
  [[nodiscard]] std::uint32_t lanes() const { return lanes_; }
  /// Where the unit risk of a place of the desk stands: a lane, or beyond all lanes.
  [[nodiscard]] std::uint32_t unit_of(std::uint32_t place) const { return unit_of_place_[place]; }
  [[nodiscard]] UnitRisk unit(std::uint32_t unit) const { return unit < lanes_ ? columns_.at(unit) : others_[unit - lanes_]; }
  [[nodiscard]] double unit_delta(std::uint32_t unit) const {
    return unit < lanes_ ? columns_.delta_black_scholes_coins(unit) : others_[unit - lanes_].delta_black_scholes_coins;
  }

  /// The instrument's valuation and its positions' risks, made up to date. The Greeks in the venue's own convention may be older.
  const InstrumentValuation& valuation(std::uint32_t place) {
    settle(place);
    return at_.desk.tracked[place].last_valuation;
  }
  /// The same with the Greeks in the venue's own convention.
  const InstrumentValuation& published_valuation(std::uint32_t place);
  /// Makes everything up to date, so that rows can be written.
  void settle_all();

 private:
  struct Expiry {
    std::uint32_t first_group = 0;
    std::uint32_t group_count = 0;
    double forward = 0;
    Quality quality;
    Estimate index;
    MonoTime made{};
    std::uint64_t sizes_version = 0;
  };
  using Lanes = std::vector<std::uint16_t>;  ///< a bit a lane, one word a lane group
  static bool has(const Lanes& lanes, std::uint32_t lane) { return (lanes[lane / kLaneGroup] >> lane % kLaneGroup & 1) != 0; }
  static void set(Lanes& lanes, std::uint32_t lane, bool on);
  void set_unit(std::uint32_t unit, const UnitRisk& risk) {
    if (unit < lanes_)
      columns_.set(unit, risk);
    else
      others_[unit - lanes_] = risk;
  }

  void settle(std::uint32_t place) {
    const std::uint32_t lane = unit_of_place_[place];
    if (lane < lanes_ && has(waiting_, lane)) settle_lane(lane);
  }
  void settle_lane(std::uint32_t lane);
  void publish(std::uint32_t lane);

  Sources at_;
  std::uint32_t lanes_ = 0;
  std::vector<Expiry> expiries_;                ///< by ExpiryId
  std::vector<std::uint32_t> expiry_of_group_;  ///< by lane group
  std::vector<std::uint32_t> unit_of_place_;    ///< the lane, of options that could follow; the others come after the lanes
  std::vector<std::uint32_t> place_of_lane_;    ///< kNoPlace: padding
  UnitColumns columns_;                         ///< by lane
  std::vector<UnitRisk> others_;                ///< behind the lanes
  std::vector<OptionMarket> markets_;           ///< by lane: what it was last priced from; the forward is the expiry's
  LaneColumns coin_;                            ///< by lane: 1 when it settles in coin
  Lanes leaning_;                               ///< moves with its expiry's forward
  Lanes following_;                             ///< can be repriced in columns
  Lanes waiting_;                               ///< the valuation is older than the unit risk
  Lanes unpublished_;                           ///< so are the Greeks in the venue's own convention
  OptionBatch batch_;
  GreekColumns greeks_;  ///< of one block of lane groups
  ValuationBatch publishing_;
};

}  // namespace hedgewatch
