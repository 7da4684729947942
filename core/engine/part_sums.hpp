#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/desk.hpp"
#include "core/engine/forward_followers.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/unit_risk_kernel.hpp"

namespace hedgewatch {

/// Sums of the desk's parts, kept apart by what moves them: unit risks with every forward, all else with a position's own news
/// only. A sum is sum_positions() of the part's risks as they would be if they were all up to date, but that options are added up
/// by lanes; whether their unit risks were made one by one or in columns does not show in it. Never allocates after lay_out().
class PartSums {
 public:
  PartSums(const Desk& desk, const std::vector<PositionRisk>& risks, const ForwardFollowers& followers)
      : desk_{desk}, risks_{risks}, followers_{followers} {}

  /// A new structure, or a restored one with its risks.
  void lay_out(std::span<const Holding> holdings, const InstrumentRegistry& registry);
  /// The risk of a position was made anew.
  void refreshed(std::uint32_t holding, const Holding& held, const Contract& contract);
  /// Whether options that follow an expiry's forward are among the part's.
  [[nodiscard]] bool follows(std::uint32_t part, std::uint32_t expiry) const;
  /// The part's sum now.
  [[nodiscard]] ExposureSum sum(std::uint32_t part);

  /// What a position adds to sums, and how far it may be believed; of an option that follows its expiry's forward, as though that
  /// were known for good.
  struct Held {
    double size = 0;                  ///< signed, in the contract's SizeUnit; 0 where it does not count
    std::uint32_t unit = 0;           ///< where ForwardFollowers has its unit risk
    std::uint32_t expiry = kNoPlace;  ///< whose forward it follows
    Quality delta;
    Quality greeks_usd;
    bool counts = false;  ///< neither flat nor expired, with a known delta; its size may be 0 all the same: lots that cancel out
    bool open = false;    ///< not flat
  };
  [[nodiscard]] Held held(std::uint32_t holding) const;
  /// Changes with whatever may change anything but the sizes and units of a part's held().
  [[nodiscard]] std::uint64_t version(std::uint32_t part) const { return parts_[part].version; }
  /// The part's options, and the place of a holding among their lanes; kNoPlace: it is no option.
  [[nodiscard]] HeldLanes lanes(std::uint32_t part) const {
    return {std::span{groups_}.subspan(parts_[part].first_block, parts_[part].block_count),
            sizes_.data(0) + parts_[part].first_block * kLaneGroup};
  }
  [[nodiscard]] std::uint32_t lane_in_part(std::uint32_t holding) const {
    const std::uint32_t cell = cells_[holding];
    return cell == kNoPlace ? kNoPlace
                            : cell - parts_[desk_.part_of_holding[holding]].first_block * static_cast<std::uint32_t>(kLaneGroup);
  }

 private:
  /// What stays of a position while only forwards move.
  struct Amounts {
    SplitAmount value;
    double priced_coins = 0;
    double unpriced_coins = 0;
    double unpriced_usd = 0;

    friend bool operator==(const Amounts& a, const Amounts& b) {
      return a.value.coins == b.value.coins && a.value.usd == b.value.usd && a.priced_coins == b.priced_coins &&
             a.unpriced_coins == b.unpriced_coins && a.unpriced_usd == b.unpriced_usd;
    }
  };
  enum Concern : std::uint8_t { kDelta, kGreeks, kGreeksUsd, kBounds, kSize, kValue, kConcerns };
  using Qualities = std::array<Quality, kConcerns>;
  /// The same for how far it may be believed; of an option that follows its forward without that forward.
  struct Judgement {
    Qualities qualities;
    std::uint32_t expiry = kNoPlace;  ///< whose forward it follows
    std::uint8_t flags = 0;

    friend bool operator==(const Judgement&, const Judgement&) = default;
  };
  enum Flag : std::uint8_t {
    kFallback = 1,
    kOpen = 2,
    kValueNeedsIndex = 4,
    kBounded = 8,  ///< its delta is not known: its bounds are not those of the sum
    kCounts = 16,
    kAlike = 32  ///< the same is said of deltas, Greeks and bounds
  };
  struct FollowedExpiry {
    std::uint32_t expiry = 0;
    bool bounds = false;  ///< the bounds of the delta follow it too
  };
  struct SettledPart {
    Amounts amounts;
    Qualities qualities;
    std::vector<FollowedExpiry> expiries;
    std::vector<std::uint32_t> others;  ///< holdings that are no options, in order
    std::uint64_t version = 0;
    std::uint32_t first_block = 0;  ///< of the groups
    std::uint32_t block_count = 0;
    std::uint32_t fallback_positions = 0;
    std::uint8_t flags = 0;  ///< of all positions together
    bool added = false;      ///< the amounts are up to date
    bool judged = false;     ///< so is the rest
  };

  static void note_followed(SettledPart& part, const Judgement& position);
  /// One position's judgement changed: takes it over without looking at the others, where that says enough.
  static void rejudge(SettledPart& part, const Judgement& before, const Judgement& after);
  void add_up(std::uint32_t part);
  void judge(std::uint32_t part);

  const Desk& desk_;
  const std::vector<PositionRisk>& risks_;
  const ForwardFollowers& followers_;
  void place_in_lanes(std::uint32_t part);

  std::vector<double> counted_;       ///< the sizes that count; parallel to the portfolio's holdings, as the next four
  std::vector<std::uint32_t> cells_;  ///< where the size stands among sizes_; kNoPlace: no option
  std::vector<Amounts> amounts_;
  std::vector<Judgement> judgements_;
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> groups_;  ///< lane groups, those of a part together
  LaneColumns sizes_;                  ///< kLaneGroup for each of them, 0 where the part holds nothing
  std::vector<SettledPart> parts_;     ///< parallel to the desk's
};

}  // namespace hedgewatch
