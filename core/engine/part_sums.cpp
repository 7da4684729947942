#include "core/engine/part_sums.hpp"

#include <algorithm>

namespace hedgewatch {

namespace {

void add_unit(UnitRisk& sum, double size, const UnitRisk& unit) {
  sum.delta_black_scholes_coins += size * unit.delta_black_scholes_coins;
  sum.delta_net_transaction_coins += size * unit.delta_net_transaction_coins;
  sum.gamma_coins_per_percent += size * unit.gamma_coins_per_percent;
  sum.gamma_usd_per_percent += size * unit.gamma_usd_per_percent;
  sum.vega_usd_per_vol_point += size * unit.vega_usd_per_vol_point;
  sum.theta_usd_per_day += size * unit.theta_usd_per_day;
  sum.rho_usd_per_percent += size * unit.rho_usd_per_percent;
  sum.vanna_coins_per_vol_point += size * unit.vanna_coins_per_vol_point;
  sum.volga_usd_per_vol_point_squared += size * unit.volga_usd_per_vol_point_squared;
  sum.charm_coins_per_day += size * unit.charm_coins_per_day;
}

}  // namespace

void PartSums::lay_out(std::span<const Holding> holdings, const InstrumentRegistry& registry) {
  counted_.assign(holdings.size(), 0);
  cells_.assign(holdings.size(), kNoPlace);
  groups_.clear();
  amounts_.assign(holdings.size(), {});
  judgements_.assign(holdings.size(), {});
  places_.clear();
  parts_.assign(desk_.parts.size(), {});
  for (const Holding& holding : holdings) places_.push_back(desk_.tracked_of_slot[index_of(holding.slot)]);
  for (std::uint32_t p = 0; p < parts_.size(); ++p) {
    parts_[p].expiries.reserve(desk_.parts[p].holding_count);
    place_in_lanes(p);
  }
  sizes_ = LaneColumns{1, groups_.size() * kLaneGroup, 0};
  for (std::uint32_t h = 0; h < holdings.size(); ++h) refreshed(h, holdings[h], registry.contract(holdings[h].slot));
}

void PartSums::place_in_lanes(std::uint32_t part) {
  SettledPart& settled = parts_[part];
  const Part& range = desk_.parts[part];
  settled.first_block = static_cast<std::uint32_t>(groups_.size());
  std::vector<std::uint32_t> groups;
  for (std::uint32_t h = range.first_holding; h < range.first_holding + range.holding_count; ++h) {
    const std::uint32_t unit = followers_.unit_of(places_[h]);
    if (unit < followers_.lanes())
      groups.push_back(unit / kLaneGroup);
    else
      settled.others.push_back(h);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  for (std::uint32_t h = range.first_holding; h < range.first_holding + range.holding_count; ++h) {
    const std::uint32_t unit = followers_.unit_of(places_[h]);
    if (unit >= followers_.lanes()) continue;
    const auto block = std::lower_bound(groups.begin(), groups.end(), unit / kLaneGroup) - groups.begin();
    cells_[h] =
        static_cast<std::uint32_t>((settled.first_block + static_cast<std::size_t>(block)) * kLaneGroup + unit % kLaneGroup);
  }
  settled.block_count = static_cast<std::uint32_t>(groups.size());
  groups_.insert(groups_.end(), groups.begin(), groups.end());
}

PartSums::Held PartSums::held(std::uint32_t holding) const {
  const Judgement& judgement = judgements_[holding];
  return {.size = counted_[holding],
          .unit = followers_.unit_of(places_[holding]),
          .expiry = judgement.expiry,
          .delta = judgement.qualities[kDelta],
          .greeks_usd = judgement.qualities[kGreeksUsd],
          .counts = (judgement.flags & kCounts) != 0,
          .open = (judgement.flags & kOpen) != 0};
}

void PartSums::refreshed(std::uint32_t holding, const Holding& held, const Contract& contract) {
  const PositionRisk& risk = risks_[holding];
  const std::uint32_t place = places_[holding];
  const InstrumentValuation& valuation = desk_.tracked[place].last_valuation;
  const bool counts = risk.delta.ok() && !valuation.expired && !risk.flat;
  counted_[holding] = counts ? held.position.size : 0;
  if (cells_[holding] != kNoPlace) sizes_.data(0)[cells_[holding]] = counted_[holding];
  const Amounts amounts{.value = risk.value,
                        .priced_coins = risk.bounds.priced_coins,
                        .unpriced_coins = risk.bounds.unpriced_coins,
                        .unpriced_usd = risk.bounds.unpriced_usd};
  Judgement judgement{
      .qualities = {risk.delta, risk.greeks, risk.greeks_usd, risk.bounds.quality, risk.bounds.size, risk.value_quality}};
  judgement.flags = static_cast<std::uint8_t>(
      (risk.on_fallback ? kFallback : 0) | (risk.flat ? 0 : kOpen) | (!risk.flat && risk.value_in_coins ? kValueNeedsIndex : 0) |
      (risk.bounds.low_coins != risk.bounds.high_coins ? kBounded : 0) | (counts ? kCounts : 0));
  if (!risk.flat && followers_.follows(place)) {
    const Quality own = worst(held.position.quality, valuation.pricing_vol);
    const Quality dollars = is_dollar_quoted(contract) ? Quality{} : Quality::unknown(FigureReason::MixedNumeraire);
    judgement.expiry = followers_.expiry_of(place);
    judgement.qualities[kDelta] = judgement.qualities[kGreeks] = own;
    judgement.qualities[kGreeksUsd] = worst(own, dollars);
    if (counts) judgement.qualities[kBounds] = own;
  }
  const Qualities& said = judgement.qualities;
  if (said[kGreeks] == said[kDelta] && said[kGreeksUsd] == said[kDelta] && said[kBounds] == said[kDelta])
    judgement.flags = static_cast<std::uint8_t>(judgement.flags | kAlike);
  SettledPart& part = parts_[desk_.part_of_holding[holding]];
  if (!(amounts_[holding] == amounts)) part.added = false;
  if (!(judgements_[holding] == judgement)) ++part.version;
  if (part.judged) rejudge(part, judgements_[holding], judgement);
  amounts_[holding] = amounts;
  judgements_[holding] = judgement;
}

void PartSums::rejudge(SettledPart& part, const Judgement& before, const Judgement& after) {
  part.judged = before.flags == after.flags && before.expiry == after.expiry;
  for (std::size_t i = 0; i < kConcerns; ++i) {
    Quality& whole = part.qualities[i];
    const Quality& old = before.qualities[i];
    if (old == after.qualities[i]) continue;
    // The whole may be what it is because of this one.
    if (old.as_of() == whole.as_of() || (!whole.ok() && same_verdict(old, whole))) part.judged = false;
    whole = worst(whole, after.qualities[i]);
  }
}

bool PartSums::follows(std::uint32_t part, std::uint32_t expiry) const {
  const auto& expiries = parts_[part].expiries;
  return std::any_of(expiries.begin(), expiries.end(), [&](const FollowedExpiry& one) { return one.expiry == expiry; });
}

void PartSums::note_followed(SettledPart& part, const Judgement& position) {
  const bool bounds = (position.flags & kCounts) != 0;
  for (FollowedExpiry& one : part.expiries)
    if (one.expiry == position.expiry) {
      one.bounds = one.bounds || bounds;
      return;
    }
  part.expiries.push_back({.expiry = position.expiry, .bounds = bounds});
}

void PartSums::add_up(std::uint32_t part) {
  const Part& range = desk_.parts[part];
  Amounts sum;
  for (const Amounts& position : std::span{amounts_}.subspan(range.first_holding, range.holding_count)) {
    sum.value = sum.value + position.value;
    sum.priced_coins += position.priced_coins;
    sum.unpriced_coins += position.unpriced_coins;
    sum.unpriced_usd += position.unpriced_usd;
  }
  parts_[part].amounts = sum;
  parts_[part].added = true;
}

void PartSums::judge(std::uint32_t part) {
  SettledPart& result = parts_[part];
  const Part& range = desk_.parts[part];
  result.expiries.clear();
  Qualities qualities{};
  Quality greeks;  // what most positions say of their delta, their Greeks and their bounds alike
  Quality size;
  Quality value;
  unsigned flags = 0;
  std::uint32_t fallback_positions = 0;
  for (const Judgement& position : std::span{judgements_}.subspan(range.first_holding, range.holding_count)) {
    if ((position.flags & kAlike) != 0)
      greeks = worst(greeks, position.qualities[kDelta]);
    else
      for (const Concern concern : {kDelta, kGreeks, kGreeksUsd, kBounds})
        qualities[concern] = worst(qualities[concern], position.qualities[concern]);
    size = worst(size, position.qualities[kSize]);
    value = worst(value, position.qualities[kValue]);
    flags |= position.flags;
    fallback_positions += position.flags & kFallback;
    if (position.expiry != kNoPlace) note_followed(result, position);
  }
  for (const Concern concern : {kDelta, kGreeks, kGreeksUsd, kBounds}) qualities[concern] = worst(qualities[concern], greeks);
  qualities[kSize] = size;
  qualities[kValue] = value;
  result.qualities = qualities;
  result.flags = static_cast<std::uint8_t>(flags);
  result.fallback_positions = fallback_positions;
  result.judged = true;
}

ExposureSum PartSums::sum(std::uint32_t part) {
  if (!parts_[part].added) add_up(part);
  if (!parts_[part].judged) judge(part);
  const SettledPart& settled = parts_[part];
  const Part& range = desk_.parts[part];
  ExposureSum sum;
  sum.value = settled.amounts.value;
  sum.bounds.priced_coins = settled.amounts.priced_coins;
  sum.bounds.unpriced_coins = settled.amounts.unpriced_coins;
  sum.bounds.unpriced_usd = settled.amounts.unpriced_usd;
  sum.bounds.quality = settled.qualities[kBounds];
  sum.bounds.size = settled.qualities[kSize];
  sum.delta = settled.qualities[kDelta];
  sum.greeks = settled.qualities[kGreeks];
  sum.greeks_usd = settled.qualities[kGreeksUsd];
  sum.value_quality = settled.qualities[kValue];
  sum.fallback_positions = settled.fallback_positions;
  sum.open = (settled.flags & kOpen) != 0;
  sum.value_needs_index = (settled.flags & kValueNeedsIndex) != 0;
  for (const FollowedExpiry& followed : settled.expiries) {
    const Quality& forward = followers_.forward_quality(followed.expiry);
    sum.delta = worst(sum.delta, forward);
    sum.greeks = worst(sum.greeks, forward);
    sum.greeks_usd = worst(sum.greeks_usd, forward);
    if (followed.bounds) sum.bounds.quality = worst(sum.bounds.quality, forward);
  }
  sum.total = sum_units(followers_.columns(), lanes(part));
  for (const std::uint32_t h : settled.others)
    if (counted_[h] != 0) add_unit(sum.total, counted_[h], followers_.unit(followers_.unit_of(places_[h])));
  sum.bounds.low_coins = sum.bounds.high_coins = sum.total.delta_black_scholes_coins;
  if ((settled.flags & kBounded) == 0) return sum;
  sum.bounds.low_coins = sum.bounds.high_coins = 0;
  for (std::uint32_t h = range.first_holding; h < range.first_holding + range.holding_count; ++h) {
    const double delta = counted_[h] * followers_.unit_delta(followers_.unit_of(places_[h]));
    const DeltaBounds& bounds = risks_[h].bounds;
    sum.bounds.low_coins += counted_[h] != 0 ? delta : bounds.low_coins;
    sum.bounds.high_coins += counted_[h] != 0 ? delta : bounds.high_coins;
  }
  return sum;
}

}  // namespace hedgewatch
