#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/desk.hpp"
#include "core/engine/forward_followers.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/unit_risk_kernel.hpp"

namespace hedgewatch {

/// Sums of the desk's parts, kept apart by what moves them: unit risks with every forward, all else with a position's own news
/// only. A sum is to the bit sum_positions() of the part's risks as they would be if they were all up to date. Never allocates
/// after lay_out().
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

 private:
  /// What stays of a position while only forwards move; qualities of an option that follows its forward are without that forward.
  struct Settled {
    SplitAmount value;
    double priced_coins = 0;
    double unpriced_coins = 0;
    double unpriced_usd = 0;
    Quality delta;
    Quality greeks;
    Quality greeks_usd;
    Quality bounds;
    Quality size;
    Quality value_quality;
    std::uint32_t expiry = kNoPlace;  ///< whose forward it follows
    std::uint8_t flags = 0;
  };
  enum Flag : std::uint8_t {
    kFallback = 1,
    kOpen = 2,
    kValueNeedsIndex = 4,
    kBounded = 8,  ///< its delta is not known: its bounds are not those of the sum
    kCounts = 16
  };
  struct FollowedExpiry {
    std::uint32_t expiry = 0;
    bool bounds = false;  ///< the bounds of the delta follow it too
  };
  struct SettledPart {
    ExposureSum sum;  ///< without unit risks, bounds of the delta, and the forwards that are followed
    std::vector<FollowedExpiry> expiries;
    bool bounded = false;
    bool known = false;
  };

  static void note_followed(SettledPart& part, const Settled& position);
  void settle(std::uint32_t part);

  const Desk& desk_;
  const std::vector<PositionRisk>& risks_;
  const ForwardFollowers& followers_;
  std::vector<HeldUnits> held_;  ///< parallel to the portfolio's holdings, as the next two
  std::vector<Settled> settled_;
  std::vector<std::uint32_t> places_;
  std::vector<SettledPart> parts_;  ///< parallel to the desk's
};

}  // namespace hedgewatch
