#include "core/engine/liquidity_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>

namespace hedgewatch {

namespace {

constexpr std::string_view kAllVenues = "all";
constexpr std::chrono::nanoseconds kSamplePeriod = std::chrono::minutes{1};
constexpr std::size_t kFewestSamples = 30;
/// How far a cost may be behind its books.
constexpr std::chrono::nanoseconds kWalkPeriod = std::chrono::milliseconds{100};
constexpr std::size_t kLevelsPerCycle = 2'000;

}  // namespace

void LiquidityMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Group> old = std::move(groups_);
  groups_.clear();
  next_ = 0;
  for (std::uint32_t h = 0; h < view.setup.hedges.size(); ++h) {
    const HedgeSetup& hedge = view.setup.hedges[h];
    const auto group_of = [&](std::string_view venue) -> Group& {
      std::string key = hedge.name + '/' + std::string{venue};
      for (Group& group : groups_)
        if (group.key == key) return group;
      Group& group = groups_.emplace_back();
      for (Group& before : old)
        if (before.key == key) group.learnt = std::move(before.learnt);
      group.key = std::move(key);
      group.hedge = h;
      const auto demand = [&](std::string_view which) {
        return DemandRows{.slippage = table.add_row(Figure::FlattenSlippageRatio, {hedge.name, venue, which}),
                          .cost = table.add_row(Figure::FlattenCostUsd, {hedge.name, venue, which}),
                          .fillable = table.add_row(Figure::FlattenFillableRatio, {hedge.name, venue, which}),
                          .filled = table.add_row(Figure::FlattenFilledRatio, {hedge.name, venue, which})};
      };
      group.now = demand("now");
      group.after_hour = demand("after_hour");
      group.bid_depth = table.add_row(Figure::DepthUsd, {hedge.name, venue, "bid"});
      group.ask_depth = table.add_row(Figure::DepthUsd, {hedge.name, venue, "ask"});
      group.evaporation = table.add_row(Figure::DepthEvaporationRatio, {hedge.name, venue});
      group.rank = table.add_row(Figure::DepthRankRatio, {hedge.name, venue});
      group.spread = table.add_row(Figure::HedgeSpreadRatio, {hedge.name, venue});
      return group;
    };
    for (const InstrumentSlot slot : followed_legs(view, hedge))
      for (const std::string_view where : {label(view.registry.venue(slot)), kAllVenues}) {
        Group& group = group_of(where);
        if (group.books.size() < kMostSplitBooks) group.books.push_back(slot);
      }
  }
}

LiquidityMonitor::Usable LiquidityMonitor::usable_books(const DeskView& view, const Group& group) {
  Usable usable;
  Quality why_not = Quality::unknown(FigureReason::OrderBookInvalid);
  bool first = true;
  for (const InstrumentSlot slot : group.books) {
    const OrderBook* book = view.market.order_book(slot);
    const Reading& change = view.market.at(slot).book_change;
    Quality quality = view.freshness.of_market(change, view.registry.venue(slot), FigureReason::OrderBookInvalid);
    if (quality.ok() && view.registry.phase(slot) != InstrumentPhase::Open) quality = Quality::unknown(FigureReason::Halted);
    if (quality.ok() && (book == nullptr || !book->valid() || book->crossed()))
      quality = Quality::unknown(FigureReason::OrderBookInvalid);
    if (quality.ok() && (!book->best_bid() || !book->best_ask())) quality = Quality::unknown(FigureReason::Empty);
    if (!quality.ok()) {
      if (std::exchange(first, false)) why_not = quality;
      continue;
    }
    const double bid = book->best_bid()->price.to_double();
    const double ask = book->best_ask()->price.to_double();
    const double mid = (bid + ask) / 2;
    if (!(mid > 0)) continue;
    const SizeUnit unit = view.registry.contract(slot).size_unit;
    usable.bids[usable.count] = {.levels = book->levels(Side::Buy), .mid = mid, .unit = unit};
    usable.asks[usable.count] = {.levels = book->levels(Side::Sell), .mid = mid, .unit = unit};
    const double spread = (ask - bid) / mid;
    usable.tightest_spread = usable.count == 0 ? spread : std::min(usable.tightest_spread, spread);
    usable.quality = worst(usable.quality, quality);
    ++usable.count;
  }
  if (usable.count == 0) usable.quality = why_not;
  return usable;
}

void LiquidityMonitor::publish_unknown(const Publisher& out, const Group& group, const Quality& quality) const {
  for (const DemandRows* rows : {&group.now, &group.after_hour})
    for (const RowId row : {rows->slippage, rows->cost, rows->fillable, rows->filled}) out.publish(row, 0, quality);
  for (const RowId row : {group.bid_depth, group.ask_depth, group.evaporation, group.rank, group.spread})
    out.publish(row, 0, quality);
}

std::size_t LiquidityMonitor::publish_demand(const Publisher& out, const DemandRows& rows, const Usable& books, const Estimate& net,
                                             double within) const {
  const Quality quality = worst(net.quality, books.quality);
  if (!quality.ok()) {
    for (const RowId row : {rows.slippage, rows.cost, rows.fillable, rows.filled}) out.publish(row, 0, quality);
    return 0;
  }
  const Side order = net.value > 0 ? Side::Sell : Side::Buy;
  const double coins = std::abs(net.value);
  const std::span<const DepthSide> sides{(order == Side::Sell ? books.bids : books.asks).data(), books.count};
  const DepthSplit split = split_depth(sides, order, coins);
  const Quality costed = split.whole() ? quality : worst(quality, Quality::unknown(FigureReason::DepthShort));
  out.publish(rows.filled, std::min(1.0, split.filled_ratio()), quality);
  out.publish(rows.cost, split.cost_quote, costed);
  if (coins > 0)
    out.publish(rows.slippage, split.cost_quote / split.filled_quote, costed);
  else
    out.publish(rows.slippage, 0, Quality::unknown(FigureReason::Empty));
  double there = 0;
  std::size_t levels = split.levels_touched;
  for (const DepthSide& side : sides) {
    const DepthWithin depth = depth_within(side, order, within);
    there += depth.coins;
    levels += depth.levels_touched;
  }
  out.publish(rows.fillable, coins > 0 ? std::min(1.0, there / coins) : 1, quality);
  return levels;
}

std::size_t LiquidityMonitor::walk(const DeskView& view, const Publisher& out, Group& group, const Usable& books) {
  const HedgeSetup& hedge = view.setup.hedges[group.hedge];
  const double within = hedge.flatten_within_bps * 1e-4;
  const Estimate& net = view.hedge_figures[group.hedge].net_delta_coins;
  const HourMoveMonitor::State& hour = hours_->states()[group.hedge];
  const auto moved = [&](std::size_t place) {
    return net.value + hour.move.delta_coins[place] - hour.move.delta_coins[HourMove::kNow];
  };
  const double up = moved(HourMove::kUp);
  const double down = moved(HourMove::kDown);
  const Estimate after_hour{std::abs(up) >= std::abs(down) ? up : down, worst(net.quality, hour.quality)};
  std::size_t levels = publish_demand(out, group.now, books, net, within);
  levels += publish_demand(out, group.after_hour, books, after_hour, within);

  double bid = 0;
  double ask = 0;
  for (std::size_t i = 0; i < books.count; ++i) {
    const DepthWithin bids = depth_within(books.bids[i], Side::Sell, within);
    const DepthWithin asks = depth_within(books.asks[i], Side::Buy, within);
    bid += bids.quote;
    ask += asks.quote;
    levels += bids.levels_touched + asks.levels_touched;
  }
  out.publish(group.bid_depth, bid, books.quality);
  out.publish(group.ask_depth, ask, books.quality);
  out.publish(group.spread, books.tightest_spread, books.quality);

  const double thinner = std::min(bid, ask);
  Learnt& learnt = group.learnt;
  const auto usual = learnt.depth.median();
  Quality compared = books.quality;
  if (learnt.depth.count() < kFewestSamples) compared = worst(compared, Quality::unknown(FigureReason::WarmingUp));
  if (compared.ok() && !(*usual > 0)) compared = Quality::unknown(FigureReason::Empty);
  out.publish(group.evaporation, compared.ok() ? 1 - thinner / *usual : 0, compared);
  out.publish(group.rank, compared.ok() ? *learnt.depth.rank(thinner) : 0, compared);
  // What is compared is not yet among what it is compared with.
  if (view.now >= learnt.next_sample) {
    learnt.next_sample = view.now + kSamplePeriod;
    learnt.depth.add(thinner);
  }
  return levels;
}

void LiquidityMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  std::size_t levels = 0;
  const std::size_t first = next_;
  bool deferred = false;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::size_t place = (first + i) % groups_.size();
    Group& group = groups_[place];
    const Usable books = usable_books(view, group);
    if (books.count == 0) {
      publish_unknown(out, group, books.quality);
      group.settled = false;
      continue;
    }
    const bool delta_known = view.hedge_figures[group.hedge].net_delta_coins.quality.ok();
    const bool lost = group.settled && (books.count != group.seen_usable || delta_known != group.seen_known);
    if (group.settled && !lost && view.now < group.walked + kWalkPeriod) continue;
    // Beyond the work of this cycle a group is the first of the next one; what was lost is told at once.
    if (levels >= kLevelsPerCycle && !lost) {
      if (!std::exchange(deferred, true)) next_ = place;
      continue;
    }
    levels += walk(view, out, group, books);
    group.seen_usable = books.count;
    group.seen_known = delta_known;
    group.walked = view.now;
    group.settled = true;
  }
}

void LiquidityMonitor::visit_state(StateArchive& archive) { archive(groups_, next_); }

}  // namespace hedgewatch
