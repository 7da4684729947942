#include "core/engine/hedge_sums.hpp"

#include <algorithm>
#include <cmath>

#include "core/risk/unit_risk_kernel.hpp"

namespace hedgewatch {

namespace {

void add_signed(NetGross& sum, double value) {
  sum.net += value;
  sum.gross += std::abs(value);
}

}  // namespace

void HedgeSums::lay_out(std::span<const HedgeSetup> setups, std::span<const double> lots) {
  entries_.clear();
  first_entry_.assign(desk_.hedges.size(), 0);
  std::size_t cells = 0;
  for (std::uint32_t h = 0; h < desk_.hedges.size(); ++h) {
    const Hedge& hedge = desk_.hedges[h];
    first_entry_[h] = entries_.size();
    if (!has(setups[h])) continue;
    std::size_t first_in_hedge = 0;
    for (const std::uint32_t e : {hedge.exposure, hedge.legs_exposure}) {
      if (e == kNoPlace) continue;
      const Exposure& exposure = desk_.exposures[e];
      for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p) {
        Entry& entry = entries_.emplace_back();
        entry.part = p;
        entry.first_in_hedge = first_in_hedge;
        entry.first_share = cells;
        entry.followed.reserve(desk_.parts[p].holding_count);
        first_in_hedge += desk_.parts[p].holding_count;
        cells += parts_.lanes(p).groups.size() * kLaneGroup;
      }
    }
  }
  shares_ = LaneColumns{1, cells, 0};
  for (std::uint32_t h = 0; h < desk_.hedges.size(); ++h) {
    const std::size_t end = h + 1 < first_entry_.size() ? first_entry_[h + 1] : entries_.size();
    for (std::size_t e = first_entry_[h]; e < end; ++e) deal_out(desk_.hedges[h], entries_[e], lots);
  }
}

void HedgeSums::deal_out(const Hedge& hedge, Entry& entry, std::span<const double> lots) {
  const Part& part = desk_.parts[entry.part];
  for (std::uint32_t i = 0; i < part.holding_count; ++i) {
    const double share = hedge.shares[entry.first_in_hedge + i];
    if (share == 0) continue;
    const std::uint32_t holding = part.first_holding + i;
    const bool leg = hedge.is_leg[entry.first_in_hedge + i] != 0;
    const std::uint32_t lane = parts_.lane_in_part(holding);
    if (leg || lane == kNoPlace)
      entry.singles.push_back({.holding = holding, .share = share, .lot = lots[holding], .leg = leg});
    else
      shares_.data(0)[entry.first_share + lane] = share;
  }
}

void HedgeSums::judge(const Hedge& hedge, Entry& entry) const {
  entry.item = entry.legs = entry.vega = {};
  entry.open = false;
  entry.followed.clear();
  const Part& part = desk_.parts[entry.part];
  for (std::uint32_t i = 0; i < part.holding_count; ++i) {
    if (hedge.shares[entry.first_in_hedge + i] == 0) continue;
    const PartSums::Held held = parts_.held(part.first_holding + i);
    const bool leg = hedge.is_leg[entry.first_in_hedge + i] != 0;
    Quality& side = leg ? entry.legs : entry.item;
    side = worst(side, held.delta);
    entry.vega = worst(entry.vega, held.greeks_usd);
    entry.open = entry.open || held.open;
    if (held.expiry == kNoPlace) continue;
    auto followed =
        std::find_if(entry.followed.begin(), entry.followed.end(), [&](const Followed& one) { return one.expiry == held.expiry; });
    if (followed == entry.followed.end()) followed = entry.followed.insert(followed, {.expiry = held.expiry});
    (leg ? followed->legs : followed->item) = true;
  }
  entry.version = parts_.version(entry.part);
  entry.judged = true;
}

HedgeSum HedgeSums::sum(std::uint32_t hedge, std::size_t place, const HedgeSetup& setup) {
  Entry& entry = entries_[first_entry_[hedge] + place];
  if (!entry.judged || entry.version != parts_.version(entry.part)) judge(desk_.hedges[hedge], entry);
  HedgeSum sum;
  sum.item = entry.item;
  sum.legs = entry.legs;
  sum.vega_quality = entry.vega;
  sum.open = entry.open;
  for (const Followed& followed : entry.followed) {
    const Quality& forward = followers_.forward_quality(followed.expiry);
    if (followed.item) sum.item = worst(sum.item, forward);
    if (followed.legs) sum.legs = worst(sum.legs, forward);
    sum.vega_quality = worst(sum.vega_quality, forward);
  }
  sum.gamma_quality = worst(sum.item, sum.legs);

  const HedgeLanesSum lanes = sum_hedge_lanes(followers_.columns(), parts_.lanes(entry.part), shares_.data(0) + entry.first_share,
                                              setup.view != DeltaView::BlackScholes);
  sum.item_coins = lanes.delta_net;
  sum.delta = {.net = lanes.delta_net, .gross = lanes.delta_gross};
  sum.gamma = {.net = lanes.gamma_net, .gross = lanes.gamma_gross};
  sum.vega = {.net = lanes.vega_net, .gross = lanes.vega_gross};
  for (const Single& single : entry.singles) {
    const PartSums::Held held = parts_.held(single.holding);
    if (!held.counts) continue;
    const UnitRisk unit = followers_.unit(held.unit);
    const double size = single.share * held.size;
    const double delta = size * relationship_delta(unit, setup);
    if (single.leg) {
      sum.legs_coins += delta;
      sum.legs_gross_coins += std::abs(delta);
      sum.lot_coins = std::max(sum.lot_coins, std::abs(single.lot * unit.delta_black_scholes_coins));
    } else {
      sum.item_coins += delta;
    }
    add_signed(sum.delta, delta);
    add_signed(sum.gamma, size * unit.gamma_coins_per_percent);
    add_signed(sum.vega, size * unit.vega_usd_per_vol_point);
  }
  return sum;
}

}  // namespace hedgewatch
