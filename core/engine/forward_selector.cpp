#include "core/engine/forward_selector.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace hedgewatch {

namespace {

TimedPrice fresh(const DeskView& view, const Reading& reading, Venue venue) {
  if (!view.freshness.of_market(reading, venue, FigureReason::MissingMark).ok()) return {};
  return {reading.value, reading.origin.received};
}

TimedPrice fresh_mark(const DeskView& view, InstrumentSlot slot, Venue venue) {
  if (slot == kNoSlot || view.registry.phase(slot) != InstrumentPhase::Open) return {};
  return fresh(view, view.market.at(slot).mark_price, venue);
}

double or_absent(const std::optional<Price>& price) { return price ? price->to_double() : kAbsent; }
double or_nobody(const std::optional<Price>& price) { return price ? price->to_double() : 0; }

double carry_rate(const EngineSetup& setup, Venue venue) {
  for (const VenueSetup& one : setup.venues)
    if (one.venue == venue) return one.carry_rate.value_or(kAbsent);
  return kAbsent;
}

}  // namespace

void ForwardSelector::collect_parity(const DeskView& view, const OptionChain& chain, const ChainExpiry& expiry) {
  quotes_.clear();
  const auto fresh_quote = [&](InstrumentSlot slot) {
    return view.registry.phase(slot) == InstrumentPhase::Open &&
           view.freshness.of_market({0, view.market.at(slot).quote_origin}, chain.venue, FigureReason::NeverReceived).ok();
  };
  for (std::size_t i = 0; i + 1 < expiry.options.size(); ++i) {
    const InstrumentSlot call = expiry.options[i];
    const InstrumentSlot put = expiry.options[i + 1];
    const Contract& contract = view.registry.contract(call);
    if (contract.right != OptionRight::Call || view.registry.contract(put).right != OptionRight::Put ||
        contract.strike != view.registry.contract(put).strike || !fresh_quote(call) || !fresh_quote(put))
      continue;
    const InstrumentMarket& calls = view.market.at(call);
    const InstrumentMarket& puts = view.market.at(put);
    quotes_.push_back({.strike = contract.strike,
                       .call_bid = or_nobody(calls.quote.bid),
                       .call_ask = or_absent(calls.quote.ask),
                       .put_bid = or_nobody(puts.quote.bid),
                       .put_ask = or_absent(puts.quote.ask),
                       .oldest_received = std::min(calls.quote_origin.received, puts.quote_origin.received)});
  }
}

FallbackForward ForwardSelector::select(const DeskView& view, const OptionChain& chain, const ChainExpiry& expiry) {
  const VenueTime venue_now = view.now_at(chain.venue);
  if (venue_now == kNoVenueTime || !(expiry.at > venue_now)) return {};
  ForwardInputs inputs;
  inputs.now = view.now;
  inputs.max_age = std::chrono::nanoseconds::max();  // what goes in is fresh
  inputs.venue_mark = fresh(view, view.market.expiry_forward(expiry.id), chain.venue);
  if (!is_present(inputs.venue_mark.price)) {
    inputs.dated_future = fresh_mark(view, expiry.future, chain.venue);
    collect_parity(view, chain, expiry);
    inputs.parity = quotes_;
    inputs.parity_in_coin = chain.premiums_in_coin;
    inputs.perpetual = fresh_mark(view, chain.perpetual, chain.venue);
    if (chain.index != kNoIndex) inputs.index = fresh(view, view.market.index(chain.index), chain.venue);
    inputs.rate = carry_rate(view.setup, chain.venue);
    inputs.to_expiry = YearFraction::from_nanoseconds(static_cast<double>((expiry.at - venue_now).count()));
  }
  const Forward forward = select_forward(inputs);
  if (forward.source == ForwardSource::Unknown) return {};
  return {forward.value, forward.source, Quality::fresh(forward.oldest_input)};
}

}  // namespace hedgewatch
