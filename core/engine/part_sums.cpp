#include "core/engine/part_sums.hpp"

#include <algorithm>

namespace hedgewatch {

void PartSums::lay_out(std::span<const Holding> holdings, const InstrumentRegistry& registry) {
  held_.assign(holdings.size(), {});
  settled_.assign(holdings.size(), {});
  places_.clear();
  parts_.assign(desk_.parts.size(), {});
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].expiries.reserve(desk_.parts[p].holding_count);
  for (std::uint32_t h = 0; h < holdings.size(); ++h) {
    places_.push_back(desk_.tracked_of_slot[index_of(holdings[h].slot)]);
    refreshed(h, holdings[h], registry.contract(holdings[h].slot));
  }
}

void PartSums::refreshed(std::uint32_t holding, const Holding& held, const Contract& contract) {
  const PositionRisk& risk = risks_[holding];
  const std::uint32_t place = places_[holding];
  const InstrumentValuation& valuation = desk_.tracked[place].last_valuation;
  const bool counts = risk.delta.ok() && !valuation.expired && !risk.flat;
  held_[holding] = {.size = counts ? held.position.size : 0, .unit = followers_.unit_of(place)};
  Settled& settled = settled_[holding];
  settled = {.value = risk.value,
             .priced_coins = risk.bounds.priced_coins,
             .unpriced_coins = risk.bounds.unpriced_coins,
             .unpriced_usd = risk.bounds.unpriced_usd,
             .delta = risk.delta,
             .greeks = risk.greeks,
             .greeks_usd = risk.greeks_usd,
             .bounds = risk.bounds.quality,
             .size = risk.bounds.size,
             .value_quality = risk.value_quality};
  settled.flags = static_cast<std::uint8_t>(
      (risk.on_fallback ? kFallback : 0) | (risk.flat ? 0 : kOpen) | (!risk.flat && risk.value_in_coins ? kValueNeedsIndex : 0) |
      (risk.bounds.low_coins != risk.bounds.high_coins ? kBounded : 0) | (counts ? kCounts : 0));
  if (!risk.flat && followers_.follows(place)) {
    settled.expiry = followers_.expiry_of(place);
    settled.delta = settled.greeks = worst(held.position.quality, valuation.pricing_vol);
    const Quality dollars = is_dollar_quoted(contract) ? Quality{} : Quality::unknown(FigureReason::MixedNumeraire);
    settled.greeks_usd = worst(settled.greeks, dollars);
    if (counts) settled.bounds = settled.delta;
  }
  parts_[desk_.part_of_holding[holding]].known = false;
}

bool PartSums::follows(std::uint32_t part, std::uint32_t expiry) const {
  const auto& expiries = parts_[part].expiries;
  return std::any_of(expiries.begin(), expiries.end(), [&](const FollowedExpiry& one) { return one.expiry == expiry; });
}

void PartSums::note_followed(SettledPart& part, const Settled& position) {
  const bool bounds = (position.flags & kCounts) != 0;
  for (FollowedExpiry& one : part.expiries)
    if (one.expiry == position.expiry) {
      one.bounds = one.bounds || bounds;
      return;
    }
  part.expiries.push_back({.expiry = position.expiry, .bounds = bounds});
}

void PartSums::settle(std::uint32_t part) {
  SettledPart& result = parts_[part];
  const Part& range = desk_.parts[part];
  result.expiries.clear();
  ExposureSum sum;
  unsigned flags = 0;
  for (const Settled& position : std::span{settled_}.subspan(range.first_holding, range.holding_count)) {
    sum.value = sum.value + position.value;
    sum.bounds.priced_coins += position.priced_coins;
    sum.bounds.unpriced_coins += position.unpriced_coins;
    sum.bounds.unpriced_usd += position.unpriced_usd;
    sum.delta = worst(sum.delta, position.delta);
    sum.greeks = worst(sum.greeks, position.greeks);
    sum.greeks_usd = worst(sum.greeks_usd, position.greeks_usd);
    sum.bounds.quality = worst(sum.bounds.quality, position.bounds);
    sum.bounds.size = worst(sum.bounds.size, position.size);
    sum.value_quality = worst(sum.value_quality, position.value_quality);
    flags |= position.flags;
    sum.fallback_positions += position.flags & kFallback;
    if (position.expiry != kNoPlace) note_followed(result, position);
  }
  sum.open = (flags & kOpen) != 0;
  sum.value_needs_index = (flags & kValueNeedsIndex) != 0;
  result.sum = sum;
  result.bounded = (flags & kBounded) != 0;
  result.known = true;
}

ExposureSum PartSums::sum(std::uint32_t part) {
  if (!parts_[part].known) settle(part);
  const SettledPart& settled = parts_[part];
  const Part& range = desk_.parts[part];
  const auto held = std::span{held_}.subspan(range.first_holding, range.holding_count);
  const std::span<const UnitRisk> units = followers_.units();
  ExposureSum sum = settled.sum;
  for (const FollowedExpiry& followed : settled.expiries) {
    const Quality& forward = followers_.forward_quality(followed.expiry);
    sum.delta = worst(sum.delta, forward);
    sum.greeks = worst(sum.greeks, forward);
    sum.greeks_usd = worst(sum.greeks_usd, forward);
    if (followed.bounds) sum.bounds.quality = worst(sum.bounds.quality, forward);
  }
  sum.total = sum_units(held, units);
  sum.bounds.low_coins = sum.bounds.high_coins = sum.total.delta_black_scholes_coins;
  if (!settled.bounded) return sum;
  sum.bounds.low_coins = sum.bounds.high_coins = 0;
  for (std::uint32_t h = 0; h < held.size(); ++h) {
    const double delta = held[h].size * units[held[h].unit].delta_black_scholes_coins;
    const DeltaBounds& bounds = risks_[range.first_holding + h].bounds;
    sum.bounds.low_coins += held[h].size != 0 ? delta : bounds.low_coins;
    sum.bounds.high_coins += held[h].size != 0 ? delta : bounds.high_coins;
  }
  return sum;
}

}  // namespace hedgewatch
