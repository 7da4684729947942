#include "core/risk/book_exposure.hpp"

namespace hedgewatch {

namespace {

void add(UnitRisk& sum, const UnitRisk& other) {
  sum.delta_black_scholes_coins += other.delta_black_scholes_coins;
  sum.delta_net_transaction_coins += other.delta_net_transaction_coins;
  sum.gamma_coins_per_percent += other.gamma_coins_per_percent;
  sum.gamma_usd_per_percent += other.gamma_usd_per_percent;
  sum.vega_usd_per_vol_point += other.vega_usd_per_vol_point;
  sum.theta_usd_per_day += other.theta_usd_per_day;
  sum.rho_usd_per_percent += other.rho_usd_per_percent;
  sum.vanna_coins_per_vol_point += other.vanna_coins_per_vol_point;
  sum.volga_usd_per_vol_point_squared += other.volga_usd_per_vol_point_squared;
  sum.charm_coins_per_day += other.charm_coins_per_day;
}

}  // namespace

ExposureSum sum_positions(std::span<const PositionRisk> positions) {
  ExposureSum sum;
  for (const PositionRisk& position : positions) {
    add(sum.total, position.total);
    sum.value = sum.value + position.value;
    sum.bounds = sum.bounds + position.bounds;
    sum.delta = worst(sum.delta, position.delta);
    sum.greeks = worst(sum.greeks, position.greeks);
    sum.greeks_usd = worst(sum.greeks_usd, position.greeks_usd);
    sum.value_quality = worst(sum.value_quality, position.value_quality);
    if (position.on_fallback) ++sum.fallback_positions;
    sum.open = sum.open || !position.flat;
    sum.value_needs_index = sum.value_needs_index || (!position.flat && position.value_in_coins);
  }
  return sum;
}

BookExposure book_exposure(std::span<const ExposurePart> parts, const EquityPart& equity, const Quality& book) {
  BookExposure exposure;
  UnitRisk total;
  Quality delta = book;
  Quality greeks = book;
  Quality greeks_usd = book;
  Estimate black_scholes_usd{0, book};
  Estimate net_transaction_usd{0, book};
  Estimate value{0, book};
  DeltaBounds bounds;
  Estimate unpriced{0, book};
  std::uint32_t fallback_positions = 0;
  for (const ExposurePart& part : parts) {
    const ExposureSum& sum = part.sum;
    fallback_positions += sum.fallback_positions;
    bounds = bounds + sum.bounds;
    unpriced = unpriced + Estimate{sum.bounds.unpriced_coins, sum.bounds.size};
    if (sum.bounds.unpriced_usd > 0)
      unpriced = unpriced + Estimate{sum.bounds.unpriced_usd / part.index_price.value, part.index_price.quality};
    add(total, sum.total);
    delta = worst(delta, sum.delta);
    greeks = worst(greeks, sum.greeks);
    greeks_usd = worst(greeks_usd, sum.greeks_usd);
    const Estimate index = sum.open ? part.index_price : Estimate{};
    black_scholes_usd = black_scholes_usd + Estimate{sum.total.delta_black_scholes_coins, sum.delta} * index;
    net_transaction_usd = net_transaction_usd + Estimate{sum.total.delta_net_transaction_coins, sum.delta} * index;
    const Quality value_index = sum.value_needs_index ? part.index_price.quality : Quality{};
    value = value + Estimate{sum.value.at(part.index_price.value), worst(sum.value_quality, value_index)};
  }

  const Estimate net_transaction{total.delta_net_transaction_coins, delta};
  exposure.delta_coins = {Estimate{total.delta_black_scholes_coins, delta}, net_transaction, net_transaction + equity.coins};
  exposure.delta_usd = {black_scholes_usd, net_transaction_usd, net_transaction_usd + equity.usd};
  exposure.value_usd = value;
  exposure.gamma_coins_per_percent = {total.gamma_coins_per_percent, delta};
  exposure.gamma_usd_per_percent = {total.gamma_usd_per_percent, greeks_usd};
  exposure.vega_usd_per_vol_point = {total.vega_usd_per_vol_point, greeks_usd};
  exposure.theta_usd_per_day = {total.theta_usd_per_day, greeks_usd};
  exposure.rho_usd_per_percent = {total.rho_usd_per_percent, greeks_usd};
  exposure.vanna = {total.vanna_coins_per_vol_point, greeks};
  exposure.volga = {total.volga_usd_per_vol_point_squared, greeks_usd};
  exposure.charm = {total.charm_coins_per_day, greeks};
  exposure.delta_low_coins = {bounds.low_coins, worst(book, bounds.quality)};
  exposure.delta_high_coins = {bounds.high_coins, worst(book, bounds.quality)};
  // A book without any size is wholly known.
  exposure.coverage = {unpriced.value > 0 ? bounds.priced_coins / (bounds.priced_coins + unpriced.value) : 1, unpriced.quality};
  exposure.fallback_positions = {static_cast<double>(fallback_positions), book};
  return exposure;
}

}  // namespace hedgewatch
