#include "core/risk/valuation_batch.hpp"

#include <cassert>
#include <optional>

#include "core/types/units.hpp"

namespace hedgewatch {

namespace {

constexpr double kOnePercent = 0.01;
constexpr double kVolPoint = 0.01;
constexpr double kYearsPerDay = 1 / YearFraction::kDaysPerYear;
constexpr std::size_t kMostLanes = 2 * ValuationBatch::kCapacity;
constexpr PublishedGreeks kNotPublished{kAbsent, kAbsent, kAbsent, kAbsent, kAbsent};

/// What an idle lane of a group is priced as: nothing out of the ordinary, so that it does not leave the kernel's path.
Black76Input ordinary() {
  return {.forward = 1, .strike = 1, .to_expiry = YearFraction::from_years(1), .vol = Vol::from_fraction(1)};
}

Quality fault_quality(PricingFault fault) {
  return Quality::unknown(fault == PricingFault::Expired ? FigureReason::Expired : FigureReason::NotFinite);
}

/// d price / d strike without discounting, from price = F d price / dF + K d price / dK. Digits are lost only where K N(d2) is far
/// below F N(d1), where rho is nothing.
double dual_delta(double price, double delta, double forward, double strike) {
  return strike > 0 ? (price - forward * delta) / strike : 0;
}

}  // namespace

Black76Input pricing_input(const Contract& contract, const OptionMarket& market) {
  // A coin-settled option's price in dollars is undiscounted Black: its own rate is the coin's, 0 on these venues.
  return {.right = contract.right,
          .forward = market.forward,
          .strike = contract.strike,
          .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - market.at).count())),
          .vol = Vol::from_fraction(market.vol),
          .rate = contract.style == PayoffStyle::Inverse ? 0 : market.rate};
}

ValuationBatch::ValuationBatch() : batch_{kMostLanes}, greeks_{GreekSet::Usual, kMostLanes} {
  for (std::size_t lane = 0; lane < kMostLanes; ++lane) batch_.set(lane, ordinary());
}

void ValuationBatch::add(const Contract& contract, Venue venue, const OptionMarket& market, InstrumentValuation& valuation) {
  assert(!full());
  Black76Input input = pricing_input(contract, market);
  Waiting& waiting = waiting_[count_++];
  waiting.contract = &contract;
  waiting.valuation = &valuation;
  waiting.market = market;
  waiting.lane = static_cast<std::uint32_t>(lanes_);
  waiting.has_venue_lane = venue == Venue::Deribit;
  waiting.looks_from_spot = venue == Venue::Okx && contract.style == PayoffStyle::Inverse;
  waiting.on_index = venue == Venue::Binance;
  waiting.to_expiry = input.to_expiry;
  batch_.set(lanes_++, input);
  if (!waiting.has_venue_lane) return;
  waiting.venue_time = deribit_time_to_expiry(market.at, contract.expiry);
  input.to_expiry = waiting.venue_time;
  input.rate = 0;
  batch_.set(lanes_++, input);
}

void ValuationBatch::fill_last_group() {
  const std::size_t last = (lanes_ - 1) / kLaneGroup;
  for (std::size_t lane = lanes_; lane < last * kLaneGroup + left_over_[last]; ++lane) batch_.set(lane, ordinary());
  for (std::size_t group = 0; group < last; ++group) left_over_[group] = kLaneGroup;
  left_over_[last] = lanes_ - last * kLaneGroup;
}

void ValuationBatch::price() {
  if (count_ == 0) return;
  fill_last_group();
  hedgewatch::price(batch_, 0, lanes_, greeks_);
  for (std::size_t i = 0; i < count_; ++i) complete(waiting_[i]);
  count_ = lanes_ = 0;
}

void ValuationBatch::complete(const Waiting& waiting) const {
  const std::size_t lane = waiting.lane;
  const double forward = waiting.market.forward;
  InstrumentValuation& valuation = *waiting.valuation;
  const double price = greeks_[Greek::Premium][lane];
  if (!is_present(price)) {
    const PricingFault fault = batch_.fault(lane).value_or(PricingFault::NotFinite);
    valuation.delta = valuation.greeks = fault_quality(fault);
    if (fault != PricingFault::Expired) return;
    valuation.expired = true;
    valuation.mark = valuation.vol = valuation.pricing_vol = valuation.forward = valuation.smile = valuation.delta;
    return;
  }
  const double delta = greeks_[Greek::Delta][lane];
  const double gamma = greeks_[Greek::Gamma][lane];
  UnitRisk& unit = valuation.unit;
  unit.delta_black_scholes_coins = delta;
  // A coin-settled option's price in coin is Black over the forward; the net transaction delta takes it off.
  unit.delta_net_transaction_coins = waiting.contract->style == PayoffStyle::Inverse ? delta - price * (1 / forward) : delta;
  unit.gamma_coins_per_percent = gamma * forward * kOnePercent;
  unit.gamma_usd_per_percent = gamma * forward * forward * kOnePercent;
  unit.vega_usd_per_vol_point = greeks_[Greek::Vega][lane] * kVolPoint;
  unit.theta_usd_per_day = greeks_[Greek::Theta][lane] * kYearsPerDay;
  unit.rho_usd_per_percent = greeks_[Greek::Rho][lane] * kOnePercent;
  unit.vanna_coins_per_vol_point = greeks_[Greek::Vanna][lane] * kVolPoint;
  unit.volga_usd_per_vol_point_squared = greeks_[Greek::Volga][lane] * kVolPoint * kVolPoint;
  unit.charm_coins_per_day = greeks_[Greek::Charm][lane] * kYearsPerDay;
  if (valuation.smile.ok()) unit.smile_delta_coins = -greeks_[Greek::Vega][lane] * valuation.smile_slope / forward;
  valuation.vanna = unit.vanna_coins_per_vol_point;
  valuation.volga = unit.volga_usd_per_vol_point_squared;
  valuation.charm = unit.charm_coins_per_day;
  if (waiting.looks_from_spot) {
    valuation.published = kNotPublished;
    if (!(waiting.market.spot > 0)) return;
    const Black76Greeks black{
        .price = price, .delta = delta, .gamma = gamma, .vega = greeks_[Greek::Vega][lane], .theta = greeks_[Greek::Theta][lane]};
    valuation.published = to_okx(
        black,
        {.right = waiting.contract->right,
         .forward = forward,
         .spot = waiting.market.spot,
         .strike = waiting.contract->strike,
         .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((waiting.contract->expiry - waiting.market.at).count())),
         .vol = Vol::from_fraction(waiting.market.vol)});
    return;
  }
  if (waiting.on_index) {
    Black76Greeks black;
    black.delta = delta;
    black.gamma = gamma;
    black.vega = greeks_[Greek::Vega][lane];
    black.theta = greeks_[Greek::Theta][lane];
    valuation.published = to_binance(black, forward, waiting.market.rate, waiting.to_expiry);
    // What the venue does not publish is our own.
    valuation.published.rho_per_percent = unit.rho_usd_per_percent;
    return;
  }
  if (!waiting.has_venue_lane) {
    valuation.published = {.delta = delta,
                           .gamma = gamma,
                           .vega_per_vol_point = unit.vega_usd_per_vol_point,
                           .theta_per_day = unit.theta_usd_per_day,
                           .rho_per_percent = unit.rho_usd_per_percent};
    return;
  }

  // Deribit's rounded minute may have run out before the option has: its convention then has no Greeks, ours still do.
  const std::size_t venue_lane = lane + 1;
  Black76Greeks black;
  black.price = greeks_[Greek::Premium][venue_lane];
  if (!is_present(black.price)) {
    valuation.published = kNotPublished;
    return;
  }
  black.delta = greeks_[Greek::Delta][venue_lane];
  black.gamma = greeks_[Greek::Gamma][venue_lane];
  black.vega = greeks_[Greek::Vega][venue_lane];
  black.theta = greeks_[Greek::Theta][venue_lane];
  black.dual_delta = dual_delta(black.price, black.delta, forward, waiting.contract->strike);
  valuation.published = to_deribit(black, {.right = waiting.contract->right,
                                           .forward = forward,
                                           .strike = waiting.contract->strike,
                                           .to_expiry = waiting.venue_time,
                                           .vol = Vol::from_fraction(waiting.market.vol),
                                           .style = waiting.contract->style,
                                           .mark_price = valuation.mark.ok() ? std::optional{valuation.mark_price} : std::nullopt});
}

}  // namespace hedgewatch
