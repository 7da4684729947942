#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/engine/engine_setup.hpp"
#include "core/metric/quality.hpp"
#include "core/risk/book_exposure.hpp"

namespace hedgewatch {

/// Net and gross of one Greek over the positions of a relationship: gross adds sizes, so it is what could offset.
struct NetGross {
  double net = 0;
  double gross = 0;  ///< not negative
};

/// 1 - |net| / gross, in [0, 1]; 1 is neutral. Nothing when gross is 0: then there is nothing to be neutral about.
[[nodiscard]] std::optional<double> neutrality_ratio(const NetGross& greek);

/// -legs / item; 1 is fully hedged. The caller has made sure that the item is not near nothing.
[[nodiscard]] double hedge_ratio(double item_delta, double legs_delta);
[[nodiscard]] double over_hedge(double ratio, double target_ratio);
[[nodiscard]] double under_hedge(double ratio, double target_ratio);
/// The legs add to the item's delta instead of offsetting it.
[[nodiscard]] bool wrong_way(double item_delta, double legs_delta);
/// Below this size of the item's delta its ratios say nothing: one lot, 5 % of the legs' gross delta, or the soft limit.
[[nodiscard]] double conclusive_from_coins(double lot_coins, double legs_gross_coins, double soft_limit_coins);

/// Item and legs of one relationship within one index group of its book.
struct HedgeSum {
  double item_coins = 0;
  double legs_coins = 0;
  double legs_gross_coins = 0;
  double lot_coins = 0;  ///< the largest lot among the legs that are held
  NetGross delta;
  NetGross gamma;  ///< coins per percent
  NetGross vega;   ///< dollars per vol point
  Quality item;
  Quality legs;
  Quality gamma_quality;
  Quality vega_quality;
  bool open = false;
};

/// The part of a position in this instrument that is the hedge's leg, by the first of its patterns that matches; nothing: it is of
/// the item.
[[nodiscard]] std::optional<double> leg_share(const HedgeSetup& setup, Venue venue, std::string_view instrument);

/// Coins that one unit of an instrument adds to the delta of the relationship, in its view and by its smile rule:
/// delta + (1 - skew-stickiness ratio) * smile_delta_coins. Equity is not in here.
[[nodiscard]] double relationship_delta(const UnitRisk& unit, const HedgeSetup& setup);
/// How far that may be believed: the slope of the smile counts only where the rule needs it.
[[nodiscard]] Quality relationship_delta_quality(const Quality& delta, const Quality& smile, const HedgeSetup& setup);

/// Whether both take the same positions, and the same parts of them, for item and legs; no shares at all are whole ones.
[[nodiscard]] bool takes_the_same(const HedgeSetup& one, const HedgeSetup& other);

/// `is_leg` and `shares` run parallel to `positions`; a share is the part of a position that counts, 1 in the item; 0: it is not of
/// the hedge at all. Deltas as relationship_delta() has them.
[[nodiscard]] HedgeSum sum_hedge(std::span<const PositionRisk> positions, std::span<const unsigned char> is_leg,
                                 std::span<const double> shares, const HedgeSetup& setup);

struct HedgePart {
  HedgeSum sum;
  Estimate index_price;
  bool cross = false;  ///< legs of another underlying: their coins are not the item's
};

/// What makes coins of the item of the coins of legs that are of another underlying: a dollar of legs moves with the item as
/// 1 / beta dollars of it.
struct CrossRate {
  Estimate beta{1, {}};  ///< of the item's returns on the legs'; positive
  Estimate item_price;   ///< dollars per coin of the item
};

struct HedgeFigures {
  Quality held;  ///< of the positions and their deltas, whatever is known of beta and prices
  Estimate item_delta_coins;
  Estimate legs_delta_coins;
  Estimate net_delta_coins;
  Estimate net_delta_usd;
  Estimate ratio;
  Estimate over;
  Estimate under;
  Estimate wrong_way;
  Estimate neutrality_delta;
  Estimate neutrality_gamma;
  Estimate neutrality_vega;
  Estimate usage_delta;
  Estimate usage_gamma;  ///< Empty without a limit
  Estimate usage_vega;   ///< Empty without a limit
};

/// `book` is the quality of knowing which positions there are; `equity` belongs to the item and is used in the with_equity view
/// only. Legs of another underlying count in deltas alone: their gamma and vega are of another price.
[[nodiscard]] HedgeFigures hedge_figures(const HedgeSetup& setup, std::span<const HedgePart> parts, const EquityPart& equity,
                                         const Quality& book, const CrossRate& cross = {});

}  // namespace hedgewatch
