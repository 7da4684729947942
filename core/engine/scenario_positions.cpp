#include "core/engine/scenario_positions.hpp"

#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

ExposureHoldings holdings_of_exposure(const Desk& desk, std::uint32_t exposure) {
  const Exposure& one = desk.exposures[exposure];
  if (one.part_count == 0) return {};
  ExposureHoldings range{.first = desk.parts[one.first_part].first_holding};
  for (std::uint32_t p = one.first_part; p < one.first_part + one.part_count; ++p) range.count += desk.parts[p].holding_count;
  return range;
}

SeenPosition seen_position(const DeskView& view, std::uint32_t holding) {
  const Holding& held = view.portfolio.holdings()[holding];
  if (view.risk(holding).flat) return {.quality = held.position.quality};
  return seen_position(view, held.slot, held.position.size, held.position.quality);
}

SeenPosition seen_position(const DeskView& view, InstrumentSlot slot, double size, const Quality& size_quality) {
  const Contract& contract = view.registry.contract(slot);
  const InstrumentValuation& valuation = view.valuation_of(slot);
  SeenPosition seen{.quality = size_quality};
  if (valuation.expired) return seen;
  const bool option = contract.kind == ContractKind::Option;
  seen.quality = worst(seen.quality, option ? valuation.greeks : valuation.mark);
  if (!is_dollar_quoted(contract)) seen.quality = worst(seen.quality, Quality::unknown(FigureReason::MixedNumeraire));
  const double forward = option ? valuation.forward_price : valuation.mark_price;
  if (seen.quality.ok() && !(forward > 0)) seen.quality = Quality::unknown(FigureReason::NotFinite);
  if (!seen.quality.ok()) return seen;
  seen.position = {.kind = contract.kind,
                   .right = contract.right,
                   .unit = contract.size_unit,
                   .size = size,
                   .forward = forward,
                   .strike = contract.strike};
  if (option) {
    const VenueTime now = view.now_at(view.registry.venue(slot));
    const Reading& rate = view.market.at(slot).rate;
    seen.position.vol = valuation.pricing_vol_ratio;
    seen.position.rate = rate.present() ? rate.value : 0;
    seen.position.to_expiry = YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - now).count()));
    seen.delta_usd = size * valuation.unit.delta_black_scholes_coins * forward;
    seen.gamma_usd_per_percent = size * valuation.unit.gamma_usd_per_percent;
  } else {
    seen.delta_usd = contract.size_unit == SizeUnit::Quote ? size : size * forward;
  }
  seen.counts = true;
  return seen;
}

Quality quality_now(const DeskView& view, std::uint32_t exposure) {
  const BookExposure& sums = view.book_exposures[exposure];
  return worst(sums.delta_coins.front().quality, sums.vega_usd_per_vol_point.quality);
}

}  // namespace hedgewatch
