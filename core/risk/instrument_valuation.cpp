#include "core/risk/instrument_valuation.hpp"

#include <memory>

namespace hedgewatch {

namespace {

constexpr double kPercent = 0.01;

Quality quality_of(const Reading& reading, const InstrumentView& view, FigureReason missing, Freshness& freshness) {
  const Quality quality = freshness.of_market(reading, view.venue, view.market.has_mark ? missing : FigureReason::NeverReceived);
  if (view.phase == InstrumentPhase::Halted && quality.ok()) return Quality::stale(quality.as_of(), FigureReason::Halted);
  return quality;
}

/// A halted instrument is not one whose vol is missing: its figures say that it is halted.
bool may_fall_back(const Quality& quality) { return !quality.ok() && quality.reason() != FigureReason::Halted; }

void judge_forward(const InstrumentView& view, Freshness& freshness, OptionFallback* fallback, InstrumentValuation& valuation) {
  valuation.forward = quality_of(view.pricing_forward, view, FigureReason::MissingForward, freshness);
  valuation.forward_price = view.pricing_forward.value;
  if (valuation.forward.ok()) {
    valuation.forward_source = ForwardSource::VenueMark;
  } else if (fallback != nullptr && may_fall_back(valuation.forward)) {
    const FallbackForward answer = fallback->forward(view.market.expiry);
    if (!answer.quality.ok()) return;
    valuation.forward = answer.quality;
    valuation.forward_price = answer.price;
    valuation.forward_source = answer.source;
  }
}

/// Needs the forward. `at` becomes the time for which the vol was stated.
void judge_vol(const InstrumentView& view, Freshness& freshness, OptionFallback* fallback, InstrumentValuation& valuation,
               VenueTime& at) {
  const Reading& mark_vol = view.market.mark_vol;
  valuation.vol = valuation.pricing_vol = quality_of(mark_vol, view, FigureReason::MissingVol, freshness);
  valuation.mark_vol = valuation.pricing_vol_ratio = mark_vol.value;
  at = mark_vol.origin.exchange_time;
  if (valuation.vol.ok()) {
    valuation.vol_source = VolSource::VenueMark;
  } else if (fallback != nullptr && may_fall_back(valuation.vol) && valuation.forward.ok() && view.venue_now != kNoVenueTime &&
             view.contract.expiry > view.venue_now) {
    const FallbackVol answer = fallback->vol({.expiry_id = view.market.expiry,
                                              .expiry = view.contract.expiry,
                                              .at = view.venue_now,
                                              .strike = view.contract.strike,
                                              .forward = valuation.forward_price});
    if (!answer.quality.ok()) return;
    valuation.pricing_vol = answer.quality;
    valuation.pricing_vol_ratio = answer.vol;
    valuation.vol_source = answer.source;
    at = view.venue_now;
  }
}

std::optional<OptionMarket> judge_option(const InstrumentView& view, Freshness& freshness, OptionFallback* fallback,
                                         InstrumentValuation& valuation) {
  OptionMarket inputs;
  judge_forward(view, freshness, fallback, valuation);
  judge_vol(view, freshness, fallback, valuation, inputs.at);
  Quality pricing = worst(valuation.pricing_vol, valuation.forward);
  // Without the exchange's own time there is no time to expiry, and no clock of ours replaces it.
  if (pricing.ok() && (inputs.at == kNoVenueTime || view.contract.expiry == kNoVenueTime))
    pricing = Quality::unknown(FigureReason::NotFinite);
  valuation.delta = valuation.greeks = pricing;
  valuation.smile = Quality::unknown(FigureReason::MissingVol);  // until somebody asks
  if (!pricing.ok() || valuation.expired) return std::nullopt;
  inputs.forward = valuation.forward_price;
  inputs.vol = valuation.pricing_vol_ratio;
  inputs.rate = view.market.rate.present() ? view.market.rate.value : 0;
  return inputs;
}

}  // namespace

bool is_dollar_quoted(const Contract& contract) {
  const std::string_view quote = contract.quote.view();
  return quote == "USD" || quote == "USDC" || quote == "USDT";
}

std::optional<OptionMarket> judge_instrument(const InstrumentView& view, Freshness& freshness, OptionFallback* fallback,
                                             InstrumentValuation& valuation) {
  const Contract& contract = view.contract;
  std::construct_at(&valuation);
  valuation.expired = view.phase == InstrumentPhase::Expired ||
                      (contract.expiry != kNoVenueTime && view.venue_now != kNoVenueTime && view.venue_now >= contract.expiry);
  valuation.mark = quality_of(view.market.mark_price, view, FigureReason::MissingMark, freshness);
  valuation.mark_price = view.market.mark_price.value;

  std::optional<OptionMarket> to_price;
  if (contract.kind == ContractKind::Option) {
    to_price = judge_option(view, freshness, fallback, valuation);
  } else if (contract.style == PayoffStyle::Inverse) {
    const double mark = view.market.mark_price.value;
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
    valuation.mark = valuation.vol = valuation.pricing_vol = valuation.forward = valuation.delta = valuation.greeks = expired;
    valuation.smile = expired;
  }
  return to_price;
}

}  // namespace hedgewatch
