#include "core/risk/reconciliation.hpp"

#include "core/pricing/venue_conventions.hpp"

namespace hedgewatch {

namespace {

Estimate difference(double ours, const Quality& quality, double venue, const Quality& told) {
  if (!is_present(venue)) return {0, Quality::unknown(FigureReason::NeverReceived)};
  return {ours - venue, worst(quality, told)};
}

}  // namespace

TotalsScope totals_scope(Venue venue) {
  return venue == Venue::Binance || venue == Venue::Bybit ? TotalsScope::Written : TotalsScope::Settled;
}

void AccountTotals::add(const Contract& contract, const InstrumentValuation& valuation, double size, VenueTime at) {
  if (size == 0 || valuation.expired) return;
  if (scope_ == TotalsScope::Written) {
    if (contract.kind == ContractKind::Option) add_greeks(valuation, size);
    return;
  }
  if (contract.style != PayoffStyle::Inverse) {
    total_quality_ = worst(total_quality_, Quality::unknown(FigureReason::MixedNumeraire));
    greeks_quality_ = worst(greeks_quality_, Quality::unknown(FigureReason::MixedNumeraire));
    return;
  }
  total_quality_ = worst(total_quality_, valuation.delta);
  const bool dated = contract.expiry != kNoVenueTime && at != kNoVenueTime;
  const double left = dated ? deribit_settlement_weight(at, contract.expiry) : 1;
  if (contract.kind != ContractKind::Option) {
    if (valuation.delta.ok()) delta_total_ += left * size * valuation.unit.delta_net_transaction_coins;
    return;
  }
  total_quality_ = worst(total_quality_, valuation.mark);
  if (valuation.greeks.ok() && valuation.mark.ok())
    delta_total_ += left * size * (valuation.published.delta - valuation.mark_price);
  add_greeks(valuation, size);
}

void AccountTotals::add_greeks(const InstrumentValuation& valuation, double size) {
  greeks_quality_ = worst(greeks_quality_, valuation.greeks);
  if (!valuation.greeks.ok()) return;
  delta_ += size * valuation.published.delta;
  gamma_ += size * valuation.published.gamma;
  vega_ += size * valuation.published.vega_per_vol_point;
  theta_ += size * valuation.published.theta_per_day;
}

AccountTotals::Difference AccountTotals::compare(const AccountGreeks& venue, const Quality& told) const {
  return {.delta_total_coins = difference(delta_total_, total_quality_, venue.delta_total, told),
          .options_delta_coins = difference(delta_, greeks_quality_, venue.options_delta, told),
          .options_gamma_coins_per_usd = difference(gamma_, greeks_quality_, venue.options_gamma, told),
          .options_vega_usd_per_vol_point = difference(vega_, greeks_quality_, venue.options_vega, told),
          .options_theta_usd_per_day = difference(theta_, greeks_quality_, venue.options_theta, told)};
}

}  // namespace hedgewatch
