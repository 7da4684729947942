#include "core/hedge/hedge_relationship.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

namespace {

constexpr double kLegsShareThatCounts = 0.05;

void add(NetGross& sum, double value) {
  sum.net += value;
  sum.gross += std::abs(value);
}

void add(NetGross& sum, const NetGross& other, double rate) {
  sum.net += other.net * rate;
  sum.gross += other.gross * rate;
}

/// Coins of the item that one coin of the legs stands for. A price or beta that is not known leaves no number behind.
Estimate cross_rate(const Estimate& legs_price, const CrossRate& cross) {
  Estimate rate{0, worst(worst(legs_price.quality, cross.beta.quality), cross.item_price.quality)};
  if (rate.quality.ok()) rate.value = legs_price.value / (cross.beta.value * cross.item_price.value);
  if (!std::isfinite(rate.value)) rate = {0, Quality::unknown(FigureReason::NotFinite)};
  return rate;
}

Estimate neutrality(const NetGross& greek, const Quality& quality) {
  if (!quality.ok()) return {0, quality};
  const auto ratio = neutrality_ratio(greek);
  if (!ratio) return {0, worst(quality, Quality::unknown(FigureReason::Empty))};
  return {*ratio, quality};
}

double share_of(const HedgeSetup& setup, std::size_t leg) { return leg < setup.leg_shares.size() ? setup.leg_shares[leg] : 1; }

Estimate usage(double net, std::optional<double> limit, const Quality& quality) {
  if (!limit || !(*limit > 0)) return {0, Quality::unknown(FigureReason::Empty)};
  return {std::abs(net) / *limit, quality};
}

}  // namespace

std::optional<double> neutrality_ratio(const NetGross& greek) {
  if (!(greek.gross > 0)) return std::nullopt;
  return 1 - std::min(1.0, std::abs(greek.net) / greek.gross);
}

double hedge_ratio(double item_delta, double legs_delta) { return -legs_delta / item_delta; }
double over_hedge(double ratio, double target_ratio) { return std::max(0.0, ratio - target_ratio); }
double under_hedge(double ratio, double target_ratio) { return std::max(0.0, target_ratio - ratio); }
bool wrong_way(double item_delta, double legs_delta) {
  return (item_delta > 0 && legs_delta > 0) || (item_delta < 0 && legs_delta < 0);
}

double conclusive_from_coins(double lot_coins, double legs_gross_coins, double soft_limit_coins) {
  return std::max({lot_coins, kLegsShareThatCounts * legs_gross_coins, soft_limit_coins});
}

bool takes_the_same(const HedgeSetup& one, const HedgeSetup& other) {
  if (one.book != other.book || one.underlying != other.underlying || one.leg_underlying != other.leg_underlying ||
      one.legs != other.legs)
    return false;
  for (std::size_t i = 0; i < one.legs.size(); ++i)
    if (share_of(one, i) != share_of(other, i)) return false;
  return true;
}

std::optional<double> leg_share(const HedgeSetup& setup, Venue venue, std::string_view instrument) {
  for (std::size_t i = 0; i < setup.legs.size(); ++i)
    if (setup.legs[i].matches(venue, instrument)) return share_of(setup, i);
  return std::nullopt;
}

double relationship_delta(const UnitRisk& unit, const HedgeSetup& setup) {
  const double delta = setup.view == DeltaView::BlackScholes ? unit.delta_black_scholes_coins : unit.delta_net_transaction_coins;
  // Infinities must not turn a rule that does not look at the smile into no number.
  if (setup.smile == kStickyStrike) return delta;
  return delta + (1 - setup.smile.skew_stickiness_ratio) * unit.smile_delta_coins;
}

Quality relationship_delta_quality(const Quality& delta, const Quality& smile, const HedgeSetup& setup) {
  return setup.smile == kStickyStrike ? delta : worst(delta, smile);
}

HedgeSum sum_hedge(std::span<const PositionRisk> positions, std::span<const unsigned char> is_leg, std::span<const double> shares,
                   const HedgeSetup& setup) {
  HedgeSum sum;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const PositionRisk& position = positions[i];
    const double share = shares[i];
    if (share == 0) continue;
    const double delta = share * relationship_delta(position.total, setup);
    const Quality quality = relationship_delta_quality(position.delta, position.smile, setup);
    if (is_leg[i] != 0) {
      sum.legs_coins += delta;
      sum.legs_gross_coins += std::abs(delta);
      sum.lot_coins = std::max(sum.lot_coins, position.lot_delta_coins);
      sum.legs = worst(sum.legs, quality);
    } else {
      sum.item_coins += delta;
      sum.item = worst(sum.item, quality);
    }
    add(sum.delta, delta);
    add(sum.gamma, share * position.total.gamma_coins_per_percent);
    add(sum.vega, share * position.total.vega_usd_per_vol_point);
    sum.gamma_quality = worst(sum.gamma_quality, position.delta);
    sum.vega_quality = worst(sum.vega_quality, position.greeks_usd);
    sum.open = sum.open || !position.flat;
  }
  return sum;
}

HedgeFigures hedge_figures(const HedgeSetup& setup, std::span<const HedgePart> parts, const EquityPart& equity, const Quality& book,
                           const CrossRate& cross) {
  Quality held = book;
  Estimate item{0, book};
  Estimate legs{0, book};
  Estimate net_usd{0, book};
  NetGross delta;
  NetGross gamma;
  NetGross vega;
  Quality gamma_quality = book;
  Quality vega_quality = book;
  double legs_gross = 0;
  double lot = 0;
  for (const HedgePart& part : parts) {
    const HedgeSum& sum = part.sum;
    held = worst(held, worst(sum.item, sum.legs));
    const Estimate rate = part.cross && sum.open ? cross_rate(part.index_price, cross) : Estimate{1, {}};
    const Estimate part_item{sum.item_coins, sum.item};
    const Estimate part_legs = Estimate{sum.legs_coins, sum.legs} * rate;
    item = item + part_item;
    legs = legs + part_legs;
    net_usd = net_usd + (part_item + part_legs) * (!sum.open ? Estimate{} : part.cross ? cross.item_price : part.index_price);
    add(delta, sum.delta, rate.value);
    legs_gross += sum.legs_gross_coins * rate.value;
    lot = std::max(lot, sum.lot_coins * rate.value);
    if (part.cross) continue;
    add(gamma, sum.gamma, 1);
    add(vega, sum.vega, 1);
    gamma_quality = worst(gamma_quality, sum.gamma_quality);
    vega_quality = worst(vega_quality, sum.vega_quality);
  }
  if (setup.view == DeltaView::WithEquity) {
    item = item + equity.coins;
    net_usd = net_usd + equity.usd;
    add(delta, equity.coins.value);
  }

  HedgeFigures figures;
  const Estimate net = item + legs;
  figures.held = held;
  figures.item_delta_coins = item;
  figures.legs_delta_coins = legs;
  figures.net_delta_coins = net;
  figures.net_delta_usd = net_usd;

  Quality ratios = net.quality;
  const double threshold = conclusive_from_coins(lot, legs_gross, setup.soft_delta_limit_coins);
  // A sum that is not known is not near nothing either.
  if (ratios.ok() && (!(std::abs(item.value) >= threshold) || item.value == 0))
    ratios = worst(ratios, Quality::unknown(FigureReason::Inconclusive));
  const double ratio = hedge_ratio(item.value, legs.value);
  figures.ratio = {ratio, ratios};
  figures.over = {over_hedge(ratio, setup.target_ratio), ratios};
  figures.under = {under_hedge(ratio, setup.target_ratio), ratios};
  figures.wrong_way = {wrong_way(item.value, legs.value) ? 1.0 : 0.0, ratios};

  figures.neutrality_delta = neutrality(delta, net.quality);
  figures.neutrality_gamma = neutrality(gamma, gamma_quality);
  figures.neutrality_vega = neutrality(vega, vega_quality);
  figures.usage_delta = usage(net.value, setup.soft_delta_limit_coins, net.quality);
  figures.usage_gamma = usage(gamma.net, setup.gamma_limit_coins_per_percent, gamma_quality);
  figures.usage_vega = usage(vega.net, setup.vega_limit_usd_per_vol_point, vega_quality);
  return figures;
}

}  // namespace hedgewatch
