#include "core/risk/instrument_valuation.hpp"

#include "core/pricing/black76.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

namespace {

constexpr double kPercent = 0.01;
constexpr double kVolPoint = 0.01;

Quality quality_of(const Reading& reading, const InstrumentMarket& market, Venue venue, FigureReason missing, InstrumentPhase phase,
                   Freshness& freshness) {
  const Quality quality = freshness.of_market(reading, venue, market.has_mark ? missing : FigureReason::NeverReceived);
  if (phase == InstrumentPhase::Halted && quality.ok()) return Quality::stale(quality.as_of(), FigureReason::Halted);
  return quality;
}

Quality fault_quality(PricingFault fault) {
  return Quality::unknown(fault == PricingFault::Expired ? FigureReason::Expired : FigureReason::NotFinite);
}

struct OptionMarket {
  double forward;
  double vol;
  double rate;
  VenueTime at;
};

/// Raw calculus on the forward, whatever the settlement, plus the net transaction delta.
struct OptionGreeks {
  double delta, delta_net, gamma, vega, theta, rho, vanna, volga, charm;
};

Result<OptionGreeks, PricingFault> option_greeks(const Contract& contract, const OptionMarket& market) {
  const auto to_expiry = YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - market.at).count()));
  // A coin-settled option's price in dollars is undiscounted Black: its own rate is the coin's, 0 on these venues.
  const bool inverse = contract.style == PayoffStyle::Inverse;
  const auto black = black76({.right = contract.right,
                              .forward = market.forward,
                              .strike = contract.strike,
                              .to_expiry = to_expiry,
                              .vol = Vol::from_fraction(market.vol),
                              .rate = inverse ? 0 : market.rate});
  if (!black) return black.error();
  const Black76Greeks& greeks = black.value();
  // A coin-settled option's price in coin is Black over the forward; the net transaction delta takes it off.
  const double delta_net = inverse ? greeks.delta - greeks.price / market.forward : greeks.delta;
  return OptionGreeks{.delta = greeks.delta,
                      .delta_net = delta_net,
                      .gamma = greeks.gamma,
                      .vega = greeks.vega,
                      .theta = greeks.theta,
                      .rho = greeks.rho,
                      .vanna = greeks.vanna,
                      .volga = greeks.volga,
                      .charm = greeks.charm};
}

UnitRisk unit_risk(const OptionGreeks& greeks, double forward) {
  return {.delta_black_scholes_coins = greeks.delta,
          .delta_net_transaction_coins = greeks.delta_net,
          .gamma_coins_per_percent = greeks.gamma * forward * kPercent,
          .gamma_usd_per_percent = greeks.gamma * forward * forward * kPercent,
          .vega_usd_per_vol_point = greeks.vega * kVolPoint,
          .theta_usd_per_day = greeks.theta / YearFraction::kDaysPerYear,
          .rho_usd_per_percent = greeks.rho * kPercent,
          .vanna_coins_per_vol_point = greeks.vanna * kVolPoint,
          .volga_usd_per_vol_point_squared = greeks.volga * kVolPoint * kVolPoint,
          .charm_coins_per_day = greeks.charm / YearFraction::kDaysPerYear};
}

Result<PublishedGreeks, PricingFault> published_greeks(const Contract& contract, Venue venue, const OptionMarket& market,
                                                       const InstrumentValuation& valuation) {
  if (venue == Venue::Deribit) {
    return deribit_greeks({.right = contract.right,
                           .forward = market.forward,
                           .strike = contract.strike,
                           .to_expiry = deribit_time_to_expiry(market.at, contract.expiry),
                           .vol = Vol::from_fraction(market.vol),
                           .style = contract.style,
                           .mark_price = valuation.mark.ok() ? std::optional{valuation.mark_price} : std::nullopt});
  }
  const UnitRisk& unit = valuation.unit;
  return PublishedGreeks{.delta = unit.delta_black_scholes_coins,
                         .gamma = unit.gamma_coins_per_percent / (market.forward * kPercent),
                         .vega_per_vol_point = unit.vega_usd_per_vol_point,
                         .theta_per_day = unit.theta_usd_per_day,
                         .rho_per_percent = unit.rho_usd_per_percent};
}

void value_option(const Contract& contract, Venue venue, InstrumentPhase phase, const InstrumentMarket& market,
                  const Reading& pricing_forward, Freshness& freshness, InstrumentValuation& valuation) {
  valuation.vol = quality_of(market.mark_vol, market, venue, FigureReason::MissingVol, phase, freshness);
  valuation.forward = quality_of(pricing_forward, market, venue, FigureReason::MissingForward, phase, freshness);
  valuation.mark_vol = market.mark_vol.value;
  valuation.forward_price = pricing_forward.value;
  Quality pricing = worst(valuation.vol, valuation.forward);

  OptionMarket inputs{.forward = pricing_forward.value,
                      .vol = market.mark_vol.value,
                      .rate = market.rate.present() ? market.rate.value : 0,
                      .at = market.mark_vol.origin.exchange_time};
  // Without the exchange's own time there is no time to expiry, and no clock of ours replaces it.
  if (pricing.ok() && (inputs.at == kNoVenueTime || contract.expiry == kNoVenueTime))
    pricing = Quality::unknown(FigureReason::NotFinite);
  if (pricing.ok()) {
    const auto greeks = option_greeks(contract, inputs);
    if (greeks) {
      valuation.unit = unit_risk(greeks.value(), inputs.forward);
      valuation.vanna = valuation.unit.vanna_coins_per_vol_point;
      valuation.volga = valuation.unit.volga_usd_per_vol_point_squared;
      valuation.charm = valuation.unit.charm_coins_per_day;
      const auto published = published_greeks(contract, venue, inputs, valuation);
      // Deribit's rounded minute may have run out before the option has: its convention then has no Greeks, ours still do.
      constexpr PublishedGreeks kNone{kAbsent, kAbsent, kAbsent, kAbsent, kAbsent};
      valuation.published = published ? published.value() : kNone;
    } else {
      pricing = fault_quality(greeks.error());
      valuation.expired = valuation.expired || greeks.error() == PricingFault::Expired;
    }
  }
  valuation.delta = pricing;
  valuation.greeks = pricing;
}

}  // namespace

bool is_dollar_quoted(const Contract& contract) {
  const std::string_view quote = contract.quote.view();
  return quote == "USD" || quote == "USDC" || quote == "USDT";
}

InstrumentValuation value_instrument(const Contract& contract, Venue venue, InstrumentPhase phase, const InstrumentMarket& market,
                                     const Reading& pricing_forward, VenueTime venue_now, Freshness& freshness) {
  InstrumentValuation valuation;
  valuation.expired = phase == InstrumentPhase::Expired ||
                      (contract.expiry != kNoVenueTime && venue_now != kNoVenueTime && venue_now >= contract.expiry);
  valuation.mark = quality_of(market.mark_price, market, venue, FigureReason::MissingMark, phase, freshness);
  valuation.mark_price = market.mark_price.value;

  if (contract.kind == ContractKind::Option) {
    value_option(contract, venue, phase, market, pricing_forward, freshness, valuation);
  } else if (contract.style == PayoffStyle::Inverse) {
    const double mark = market.mark_price.value;
    valuation.delta = valuation.mark;
    if (valuation.delta.ok() && !(mark > 0)) valuation.delta = Quality::unknown(FigureReason::NotFinite);
    if (valuation.delta.ok()) {
      valuation.unit.delta_black_scholes_coins = 1 / mark;
      valuation.unit.delta_net_transaction_coins = 1 / mark;
      valuation.unit.gamma_coins_per_percent = -kPercent / mark;
    }
  } else {
    valuation.unit.delta_black_scholes_coins = 1;
    valuation.unit.delta_net_transaction_coins = 1;
  }
  if (valuation.expired) {
    const Quality expired = Quality::unknown(FigureReason::Expired);
    valuation.mark = valuation.vol = valuation.forward = valuation.delta = valuation.greeks = expired;
  }
  return valuation;
}

}  // namespace hedgewatch
