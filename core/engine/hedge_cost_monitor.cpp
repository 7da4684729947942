#include "core/engine/hedge_cost_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/engine/hour_move_monitor.hpp"
#include "core/engine/leg_quotes.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

namespace {

constexpr std::array<std::string_view, 5> kKinds{"fees", "half_spread", "delay", "impact", "funding"};
constexpr std::size_t kFunding = 4;
constexpr std::chrono::nanoseconds kBar = std::chrono::minutes{1};
constexpr std::int64_t kFewestRiskBars = 30;
/// A fill's message may come after the position that it made: the signal it answered is remembered so long.
constexpr std::chrono::nanoseconds kSignalLingers = std::chrono::seconds{10};

double held_size(const DeskView& view, std::uint32_t hedge, InstrumentSlot slot) {
  const HoldingRange range = holdings_of_hedge(view.desk, hedge);
  double size = 0;
  for (std::uint32_t h = range.first; h < range.first + range.count; ++h)
    if (view.portfolio.holdings()[h].slot == slot)
      size += view.desk.hedges[hedge].shares[h - range.first] * view.portfolio.holdings()[h].position.size;
  return size;
}

}  // namespace

void HedgeCostMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Learnt> old = std::move(hedges_);
  hedges_.clear();
  rows_.clear();
  for (std::uint32_t h = 0; h < view.setup.hedges.size(); ++h) {
    const HedgeSetup& hedge = view.setup.hedges[h];
    Learnt learnt;
    for (Learnt& before : old)
      if (before.name == hedge.name) learnt = std::move(before);
    learnt.name = hedge.name;
    std::vector<Leg> legs;
    for (std::uint32_t i = 0; i < view.registry.size(); ++i) {
      const InstrumentSlot slot{i};
      const Contract& contract = view.registry.contract(slot);
      const Venue venue = view.registry.venue(slot);
      const auto share = leg_share(hedge, venue, contract.name.view());
      if (contract.kind == ContractKind::Option || contract.base.view() != hedge.underlying || !hedge.leg_underlying.empty() ||
          !is_dollar_quoted(contract) || !share)
        continue;
      Leg leg;
      leg.slot = slot;
      leg.id = view.registry.id(slot);
      leg.funding = FundingAccrual{contract, funding_schedule(venue)};
      for (Leg& before : learnt.legs)
        if (before.id == leg.id) leg = before;
      leg.slot = slot;
      leg.share = *share;
      legs.push_back(leg);
    }
    learnt.legs = std::move(legs);
    hedges_.push_back(std::move(learnt));
    Rows rows;
    if (hedge.band || !followed_legs(view, hedge).empty()) {
      for (std::size_t k = 0; k < kKinds.size(); ++k) rows.cost[k] = table.add_row(Figure::HedgeCostUsd, {hedge.name, kKinds[k]});
      rows.per_sigma = table.add_row(Figure::HedgeCostPerSigmaRemoved, {hedge.name});
      rows.per_notional = table.add_row(Figure::HedgeCostPerNotionalRatio, {hedge.name});
      rows.uncosted = table.add_row(Figure::HedgeUncostedFills, {hedge.name});
    }
    rows_.push_back(rows);
  }
}

void HedgeCostMonitor::apply(const DeskView& view, const Event& event) {
  // The places of a structure that has changed are found by id: legs are kept under theirs.
  for (std::uint32_t h = 0; h < hedges_.size(); ++h)
    for (Leg& leg : hedges_[h].legs) {
      if (leg.id != event.header.instrument) continue;
      if (const auto* fill = std::get_if<Fill>(&event.body)) {
        const auto book = book_of_position(view.setup, event.header.account, view.registry.contract(leg.slot), event.header.venue);
        if (book && view.setup.books[*book].name == view.setup.hedges[h].book) take(view, hedges_[h], leg, event, *fill);
      } else if (const auto* funding = std::get_if<Funding>(&event.body)) {
        const Estimate price = dollars_of_asset(view, event.header.venue, view.registry.contract(leg.slot).base);
        leg.funding_rate = {funding->current_rate_8h, origin_of(event.header)};
        leg.funding.update(event.header.exchange_time, funding->current_rate_8h, price.value);
      }
    }
}

void HedgeCostMonitor::take(const DeskView& view, Learnt& hedge, Leg& leg, const Event& event, const Fill& fill) const {
  if (fill.sequence != 0) {
    if (std::find(leg.seen_fills.begin(), leg.seen_fills.end(), fill.sequence) != leg.seen_fills.end()) return;
    leg.seen_fills[leg.next_seen] = fill.sequence;
    leg.next_seen = (leg.next_seen + 1) % leg.seen_fills.size();
  }
  hedge.newest = event.header.received;
  const LegQuote quote = leg_quote(view, leg.slot);
  const Estimate fee_price = dollars_of_asset(view, event.header.venue, fill.fee_asset);
  const double price = fill.price.to_double();
  const double size = fill.size.to_double();
  // The market of a fill that is told late is gone.
  const VenueTime venue_now = view.now_at(event.header.venue);
  const bool told_late = event.header.exchange_time != kNoVenueTime && venue_now != kNoVenueTime &&
                         venue_now - event.header.exchange_time > kSignalLingers;
  if (told_late || !quote.quality.ok() || !is_present(fill.fee) || !fee_price.quality.ok() || !(price > 0) || !(size > 0)) {
    ++hedge.uncosted_fills;
    return;
  }
  const bool in_dollars = view.registry.contract(leg.slot).size_unit == SizeUnit::Quote;
  hedge.cost.add({.side = fill.side,
                  .coins = leg.share * (in_dollars ? size / price : size),
                  .price = price,
                  .arrival_mid = leg.signal_mid > 0 ? leg.signal_mid : quote.mid,
                  .mid_at_fill = quote.mid,
                  .half_spread = quote.half_spread,
                  .fee = leg.share * fill.fee * fee_price.value});
}

/// The signal fires when the net delta leaves its band, or the soft limit where there is no band: the mids of that moment are what
/// its fills are measured against.
void HedgeCostMonitor::follow_signal(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const {
  const Estimate& net = view.hedge_figures[hedge].net_delta_coins;
  if (!net.quality.ok()) return;
  const HedgeSetup& setup = view.setup.hedges[hedge];
  const RebalanceMonitor::BandNow& band = bands_->bands()[hedge];
  if (setup.band && !band.quality.ok()) return;
  const bool signalled = setup.band ? band.outside : std::abs(net.value) > setup.soft_delta_limit_coins;
  if (signalled && !learnt.signalled)
    for (Leg& leg : learnt.legs) {
      const LegQuote quote = leg_quote(view, leg.slot);
      leg.signal_mid = quote.quality.ok() ? quote.mid : 0;
    }
  if (!signalled && learnt.signalled) learnt.signal_ended = view.now;
  learnt.signalled = signalled;
  if (!signalled && view.now > learnt.signal_ended + kSignalLingers)
    for (Leg& leg : learnt.legs) leg.signal_mid = 0;
}

void HedgeCostMonitor::book_funding(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const {
  for (Leg& leg : learnt.legs) {
    const Contract& contract = view.registry.contract(leg.slot);
    if (contract.kind != ContractKind::Perpetual || !leg.funding.known()) continue;
    const VenueTime now = view.now_at(view.registry.venue(leg.slot));
    if (now != kNoVenueTime) leg.funding.advance(now);
    const double paid = leg.funding.paid_per_unit() - leg.funding_booked;
    if (paid == 0) continue;
    const Estimate dollars = dollars_of_asset(view, view.registry.venue(leg.slot), contract.settlement);
    if (!dollars.quality.ok()) continue;  // booked when the coin has a price again
    leg.funding_booked += paid;
    learnt.cost.add_funding_paid(paid * held_size(view, hedge, leg.slot) * dollars.value);
    learnt.newest = std::max(learnt.newest, view.now);
  }
}

void HedgeCostMonitor::follow_bars(const DeskView& view, std::uint32_t hedge, Learnt& learnt) const {
  if (view.now < learnt.bar_end) return;
  const HedgeFigures& figures = view.hedge_figures[hedge];
  const Estimate price = hedge_price(view, hedge);
  if (learnt.bar_open && price.quality.ok() && view.now < learnt.bar_end + kBar)
    learnt.risk.add_bar(learnt.bar_item, learnt.bar_net, price.value - learnt.bar_price);
  learnt.bar_open = price.quality.ok() && figures.item_delta_coins.quality.ok() && figures.net_delta_coins.quality.ok();
  learnt.bar_item = figures.item_delta_coins.value;
  learnt.bar_net = figures.net_delta_coins.value;
  learnt.bar_price = price.value;
  learnt.bar_end = view.now + kBar;
}

/// A perpetual that is held and whose rate is not known makes the funding unknown.
Quality HedgeCostMonitor::funding_quality(const DeskView& view, std::uint32_t hedge, const Learnt& learnt) const {
  Quality quality;
  for (const Leg& leg : learnt.legs)
    if (view.registry.contract(leg.slot).kind == ContractKind::Perpetual && held_size(view, hedge, leg.slot) != 0)
      quality =
          worst(quality, view.freshness.of_market(leg.funding_rate, view.registry.venue(leg.slot), FigureReason::NeverReceived));
  return quality;
}

void HedgeCostMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  for (std::uint32_t h = 0; h < hedges_.size(); ++h) {
    const Rows& rows = rows_[h];
    if (rows.per_sigma == kNoRow) continue;
    Learnt& learnt = hedges_[h];
    if (!std::exchange(learnt.begun, true)) learnt.newest = view.now;
    follow_signal(view, h, learnt);
    book_funding(view, h, learnt);
    follow_bars(view, h, learnt);

    const HedgeCost& cost = learnt.cost;
    const std::array<double, 5> values{cost.fees(), cost.half_spread(), cost.delay(), cost.impact(), cost.funding()};
    const Quality fills = Quality::fresh(learnt.newest);
    const Quality funding = worst(fills, funding_quality(view, h, learnt));
    for (std::size_t k = 0; k < values.size(); ++k) out.publish(rows.cost[k], values[k], k == kFunding ? funding : fills);
    const auto per_notional = cost.per_notional();
    out.publish(rows.per_notional, per_notional.value_or(0), per_notional ? fills : Quality::unknown(FigureReason::Empty));
    const auto per_sigma = cost_per_sigma_removed(cost.total(), learnt.risk.unhedged(), learnt.risk.hedged());
    Quality judged = funding;
    if (learnt.risk.bars() < kFewestRiskBars)
      judged = worst(judged, Quality::unknown(FigureReason::WarmingUp));
    else if (!per_sigma)
      judged = worst(judged, Quality::unknown(FigureReason::Inconclusive));
    out.publish(rows.per_sigma, per_sigma.value_or(0), judged);
    out.publish(rows.uncosted, static_cast<double>(learnt.uncosted_fills), fills);
  }
}

void HedgeCostMonitor::renumber_connections(std::span<const ConnectionId> new_of_old) {
  for (Learnt& learnt : hedges_)
    for (Leg& leg : learnt.legs) renumber(leg.funding_rate.origin, new_of_old);
}

void HedgeCostMonitor::visit_state(StateArchive& archive) { archive(hedges_, rows_); }

}  // namespace hedgewatch
