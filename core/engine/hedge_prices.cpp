#include "core/engine/hedge_prices.hpp"

namespace hedgewatch {

namespace {

std::optional<double> log_return(std::optional<double> before, std::optional<double> now) {
  if (!before || !now || !(*before > 0) || !(*now > 0)) return std::nullopt;
  return std::log1p((*now - *before) / *before);
}

std::optional<double> mid(double bid, double ask) { return bid > 0 && ask > bid ? std::optional{(bid + ask) / 2} : std::nullopt; }

}  // namespace

std::optional<MidTick> newest_mid(const DeskView& view, InstrumentSlot slot) {
  const InstrumentMarket& market = view.market.at(slot);
  std::optional<MidTick> newest;
  if (market.quote.bid && market.quote.ask && market.quote_origin.exchange_time != kNoVenueTime)
    if (const auto price = mid(market.quote.bid->to_double(), market.quote.ask->to_double()))
      newest = MidTick{market.quote_origin.exchange_time, *price};
  const OrderBook* book = view.market.order_book(slot);
  if (book == nullptr || !book->valid() || !book->best_bid() || !book->best_ask()) return newest;
  const VenueTime time = market.book_change.origin.exchange_time;
  if (time == kNoVenueTime || (newest && newest->time >= time)) return newest;
  if (const auto price = mid(book->best_bid()->price.to_double(), book->best_ask()->price.to_double()))
    return MidTick{time, *price};
  return newest;
}

InstrumentSlot listed_slot(const DeskView& view, const InstrumentPattern& exact) {
  for (std::uint32_t i = 0; i < view.registry.size(); ++i)
    if (exact.matches(view.registry.venue(InstrumentSlot{i}), view.registry.contract(InstrumentSlot{i}).name.view()))
      return InstrumentSlot{i};
  return kNoSlot;
}

void PairBars::resolve(const DeskView& view, const EffectivenessSetup& setup) {
  leg_slot_ = listed_slot(view, setup.basis_leg);
  by_index_ = !setup.reference;
  reference_slot_ = setup.reference ? listed_slot(view, *setup.reference) : kNoSlot;
  index_ = kNoIndex;
  leg_venue_.reset();
  if (leg_slot_ == kNoSlot) return;
  leg_venue_ = view.registry.venue(leg_slot_);
  index_ = view.market.find_dollar_index(view.registry.venue(leg_slot_), view.registry.contract(leg_slot_).base.view());
}

std::optional<MidTick> PairBars::reference_price(const DeskView& view) const {
  if (!by_index_) return reference_slot_ == kNoSlot ? std::nullopt : newest_mid(view, reference_slot_);
  if (index_ == kNoIndex) return std::nullopt;
  const Reading& reading = view.market.index(index_);
  if (!reading.present() || reading.origin.exchange_time == kNoVenueTime || !(reading.value > 0)) return std::nullopt;
  return MidTick{reading.origin.exchange_time, reading.value};
}

VenueTime PairBars::bar_after(VenueTime now) const {
  const auto since = now.time_since_epoch();
  const auto over = since % bar_;
  return over.count() == 0 ? now : now + (bar_ - over);
}

bool PairBars::take(BarSampler& sampler, const std::optional<MidTick>& tick, VenueTime until) {
  if (!tick || tick->time > until) return false;
  sampler.add(tick->time, tick->price);
  if (&sampler != &reference_ || tick->time == newest_reference_) return false;
  newest_reference_ = tick->time;
  return true;
}

PairBars::Bar PairBars::close_bar(VenueTime now) {
  Bar bar;
  bar.end = end_;
  bar.reference = reference_.sample(end_);
  bar.leg = leg_.sample(end_);
  bar.ticked = ticked_;
  bar.reference_return = log_return(last_reference_, bar.reference);
  bar.leg_return = log_return(last_leg_, bar.leg);
  last_reference_ = bar.reference;
  last_leg_ = bar.leg;
  ticked_ = false;
  end_ += bar_;
  bar.newest = now <= end_;
  return bar;
}

}  // namespace hedgewatch
