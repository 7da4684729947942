#include "core/engine/rebalance_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "core/engine/leg_quotes.hpp"
#include "core/hedge/depth_walk.hpp"
#include "core/hedge/gamma_theta.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kStep = std::chrono::seconds{1};
constexpr double kDayInYears = 1 / YearFraction::kDaysPerYear;
constexpr std::array<std::string_view, 5> kCauses{"gamma", "vanna", "charm", "trades", "other"};
constexpr std::array<std::string_view, 7> kConstraintKinds{"lot",   "min_notional", "margin",    "position_limit",
                                                           "depth", "max_trade",    "rate_limit"};

/// `share` is the part of the position that is the hedge's.
DeltaMoment moment_of(const DeskView& view, std::uint32_t holding, double share, const HedgeSetup& hedge) {
  const Holding& held = view.portfolio.holdings()[holding];
  const InstrumentValuation& valuation = view.valuation_of(held.slot);
  const UnitRisk& unit = valuation.unit;
  return {.size = share * held.position.size,
          .unit_delta_coins = relationship_delta(unit, hedge),
          .unit_gamma_coins_per_percent = unit.gamma_coins_per_percent,
          .unit_vanna_coins_per_vol_point = unit.vanna_coins_per_vol_point,
          .unit_charm_coins_per_day = unit.charm_coins_per_day,
          .price = view.registry.contract(held.slot).kind == ContractKind::Option ? valuation.forward_price : valuation.mark_price,
          .vol = valuation.pricing_vol_ratio,
          .at = view.now_at(view.registry.venue(held.slot))};
}

bool hedges_delta(const DeskView& view, InstrumentSlot slot, const HedgeSetup& hedge) {
  const Contract& contract = view.registry.contract(slot);
  return contract.kind != ContractKind::Option && contract.base.view() == hedge.underlying && is_dollar_quoted(contract);
}

const AdviceInstrument* advised(const DeskView& view, InstrumentSlot slot, const HedgeSetup& hedge) {
  for (const AdviceInstrument& advice : hedge.advice)
    if (advice.instrument.matches(view.registry.venue(slot), view.registry.contract(slot).name.view())) return &advice;
  return nullptr;
}

/// Coins as a size of the contract.
double size_in(const Contract& contract, double coins, double price) {
  return contract.size_unit == SizeUnit::Quote ? coins * price : coins;
}

/// Orders that a trade takes when none may be larger than the advice's largest.
double slices(double size, const AdviceInstrument* advice) {
  if (advice == nullptr || !(advice->max_trade_size > 0)) return 1;
  return std::max(1.0, std::ceil(size / advice->max_trade_size * (1 - 1e-12)));
}

double lot_coins(const Contract& contract, double price) {
  return contract.size_unit == SizeUnit::Quote ? contract.lot / price : contract.lot;
}

}  // namespace

void RebalanceMonitor::lay_out(const DeskView& view, FigureTable& table) {
  lay_out_senders(view);
  std::vector<Learnt> old = std::move(hedges_);
  hedges_.clear();
  rows_.clear();
  bands_.assign(view.setup.hedges.size(), BandNow{});
  for (std::uint32_t h = 0; h < view.setup.hedges.size(); ++h) {
    const HedgeSetup& hedge = view.setup.hedges[h];
    Learnt& learnt = hedges_.emplace_back();
    Rows& rows = rows_.emplace_back();
    if (!hedge.band) continue;
    for (Learnt& before : old)
      if (before.hedge.name == hedge.name) learnt = std::move(before);
    // Positions that a new configuration gives to the hedge, or another part of them, are no trades: the drift begins anew.
    if (!takes_the_same(learnt.hedge, hedge) || learnt.hedge.view != hedge.view || learnt.hedge.smile != hedge.smile) {
      Learnt fresh;
      fresh.rebalanced = learnt.rebalanced;
      fresh.ever_rebalanced = learnt.ever_rebalanced;
      learnt = std::move(fresh);
    }
    learnt.hedge = hedge;

    const std::vector<Followed> before = std::move(learnt.holdings);
    learnt.holdings.clear();
    const HoldingRange range = holdings_of_hedge(view.desk, h);
    for (std::uint32_t i = 0; i < range.count; ++i) {
      Followed followed;
      followed.slot = view.portfolio.holdings()[range.first + i].slot;
      for (const Followed& one : before)
        if (one.slot == followed.slot) followed = one;
      followed.holding = range.first + i;
      followed.leg = view.desk.hedges[h].is_leg[i] != 0;
      followed.share = view.desk.hedges[h].shares[i];
      // A position that was not there before came out of nothing.
      if (learnt.begun) followed.known = true;
      learnt.holdings.push_back(followed);
    }
    learnt.tradable.clear();
    const bool advice_trades_delta = [&] {
      for (std::uint32_t i = 0; i < view.registry.size(); ++i)
        if (hedges_delta(view, InstrumentSlot{i}, hedge) && advised(view, InstrumentSlot{i}, hedge) != nullptr) return true;
      return false;
    }();
    for (std::uint32_t i = 0; i < view.registry.size(); ++i) {
      const InstrumentSlot slot{i};
      if (!hedges_delta(view, slot, hedge)) continue;
      const bool leg = std::any_of(hedge.legs.begin(), hedge.legs.end(), [&](const InstrumentPattern& pattern) {
        return pattern.matches(view.registry.venue(slot), view.registry.contract(slot).name.view());
      });
      if (advice_trades_delta ? advised(view, slot, hedge) != nullptr : leg) learnt.tradable.push_back(slot);
    }

    rows.lower = table.add_row(Figure::BandLowerCoins, {hedge.name});
    rows.upper = table.add_row(Figure::BandUpperCoins, {hedge.name});
    rows.fallback = table.add_row(Figure::BandFallback, {hedge.name});
    rows.outside = table.add_row(Figure::OutsideBand, {hedge.name});
    for (std::size_t k = 0; k < kCauses.size(); ++k)
      rows.drift[k] = table.add_row(Figure::DeltaDriftCoins, {hedge.name, kCauses[k]});
    rows.since = table.add_row(Figure::SecondsSinceRebalance, {hedge.name});
    rows.expected = table.add_row(Figure::ExpectedSecondsToBand, {hedge.name});
    rows.breakeven = table.add_row(Figure::BreakevenMoveRatio, {hedge.name});
    const auto binds = [&](Constraint kind) {
      rows.binding[kind] = table.add_row(Figure::ConstraintBinding, {hedge.name, kConstraintKinds[kind]});
    };
    binds(Lot);
    if (std::any_of(hedge.advice.begin(), hedge.advice.end(), [](const auto& one) { return one.min_notional_usd.has_value(); }))
      binds(MinNotional);
    std::span<const std::uint16_t> accounts;
    if (view.desk.hedges[h].exposure != kNoPlace)
      accounts = view.portfolio.book_accounts(view.desk.exposures[view.desk.hedges[h].exposure].book);
    if (!accounts.empty()) binds(Margin);
    if (std::any_of(hedge.advice.begin(), hedge.advice.end(), [](const auto& one) { return one.position_limit.has_value(); }))
      binds(PositionLimit);
    if (!followed_legs(view, hedge).empty()) binds(Depth);
    if (!hedge.advice.empty()) binds(MaxTrade);
    if (std::any_of(accounts.begin(), accounts.end(), [&](std::uint16_t account) { return sender_of(account) != nullptr; }))
      binds(RateLimit);
  }
}

void RebalanceMonitor::lay_out_senders(const DeskView& view) {
  std::vector<Sender> old = std::move(senders_);
  senders_.clear();
  for (const AccountAllowance& allowance : view.setup.allowances) {
    if (static_cast<std::size_t>(allowance.account) >= view.setup.accounts.size()) continue;
    Sender& sender = senders_.emplace_back();
    sender.account = static_cast<std::uint16_t>(allowance.account);
    sender.name = view.setup.accounts[sender.account];
    sender.rate = OrderRate{allowance.orders};
    sender.placed = view.portfolio.accounts()[sender.account].orders().placed();
    for (Sender& before : old) {
      if (before.name != sender.name || !(before.rate.allowance() == allowance.orders)) continue;
      before.account = sender.account;
      sender = std::move(before);
      break;
    }
  }
}

RebalanceMonitor::Sender* RebalanceMonitor::sender_of(std::uint16_t account) {
  for (Sender& sender : senders_)
    if (sender.account == account) return &sender;
  return nullptr;
}

void RebalanceMonitor::apply(const DeskView& view, const Event& event) {
  const bool order = std::holds_alternative<WorkingOrder>(event.body);
  if (!order && !std::holds_alternative<Fill>(event.body)) return;
  Sender* sender = sender_of(static_cast<std::uint16_t>(event.header.account));
  if (sender == nullptr) return;
  const WorkingOrders& orders = view.portfolio.accounts()[sender->account].orders();
  if (order) {
    for (; sender->placed < orders.placed(); ++sender->placed) sender->rate.add(event.header.received);
    return;
  }
  // Where the venue tells no orders, the fills of one moment stand for one.
  const VenueTime now = view.now_at(event.header.venue);
  const VenueTime filled = event.header.exchange_time;
  const bool late = filled != kNoVenueTime && now != kNoVenueTime && now - filled >= sender->rate.allowance().window;
  if (orders.complete() || late || (filled != kNoVenueTime && filled == sender->newest_fill)) return;
  sender->newest_fill = filled;
  sender->rate.add(event.header.received);
}

/// Of the accounts that can trade for the book there, the one that may send most.
RebalanceMonitor::OrdersLeft RebalanceMonitor::orders_left(const DeskView& view, std::uint32_t book, Venue venue) {
  OrdersLeft left;
  for (const std::uint16_t account : view.portfolio.book_accounts(book)) {
    const Account& owner = view.portfolio.accounts()[account];
    if (!owner.heard() || owner.venue() != venue) continue;
    Sender* sender = sender_of(account);
    if (sender == nullptr) return {};
    left.orders = std::max(left.orders.value_or(0), sender->rate.left(view.now));
    left.quality = worst(left.quality, view.account_qualities[account]);
    if (!sender->rate.whole(view.now)) left.quality = worst(left.quality, Quality::unknown(FigureReason::WarmingUp));
  }
  return left;
}

/// Whether the position in a leg has changed since it was last looked at.
bool RebalanceMonitor::take_leg_trades(const DeskView& view, Learnt& learnt) {
  bool traded = false;
  for (Followed& one : learnt.holdings) {
    if (!one.leg || !one.known) continue;
    const SizedPosition& position = view.portfolio.holdings()[one.holding].position;
    const double size = one.share * position.size;
    if (!position.quality.ok() || size == one.before.size) continue;
    one.before.size = size;
    traded = true;
  }
  return traded;
}

void RebalanceMonitor::step_drift(const DeskView& view, Learnt& learnt) {
  for (Followed& one : learnt.holdings) {
    // What is not known now is taken up from where it was known last.
    const PositionRisk& risk = view.risk(one.holding);
    if (!relationship_delta_quality(risk.delta, risk.smile, learnt.hedge).ok()) continue;
    const DeltaMoment now = moment_of(view, one.holding, one.share, learnt.hedge);
    if (one.known) learnt.drift.add(drift_between(one.before, now));
    one.before = now;
    one.known = true;
  }
}

RebalanceMonitor::BandNow RebalanceMonitor::band_of(const DeskView& view, std::uint32_t hedge, const Learnt& learnt,
                                                    bool& fallback) const {
  const HedgeSetup& setup = view.setup.hedges[hedge];
  const HedgeFigures& figures = view.hedge_figures[hedge];
  const HourMoveMonitor::State& hour = hours_->states()[hedge];
  const Estimate price = hedge_price(view, hedge);
  BandState state{.price = price.value,
                  .largest_gamma_per_usd = hour.move.largest_gamma(),
                  .net_gamma_per_usd = hour.move.gamma_per_usd[HourMove::kNow],
                  .gross_gamma_per_usd = hour.move.gross_gamma_per_usd,
                  .mean_vol = hour.mean_vol,
                  .mean_years_to_expiry = hour.mean_years_to_expiry,
                  .nearest_years_to_expiry = hour.nearest_years_to_expiry,
                  .soft_limit_coins = setup.soft_delta_limit_coins};
  Quality quality = figures.net_delta_coins.quality;
  if (setup.band->kind != BandKind::Fixed) quality = worst(worst(quality, hour.quality), price.quality);
  double lot = 0;
  for (const InstrumentSlot slot : learnt.tradable) {
    const Contract& contract = view.registry.contract(slot);
    if (contract.size_unit == SizeUnit::Quote) quality = worst(quality, price.quality);
    const double coins = lot_coins(contract, price.value);
    if (lot == 0 || coins < lot) lot = coins;
  }
  state.half_lot_coins = lot / 2;
  const Band band = guarded_band(*setup.band, state);
  fallback = band.fallback;
  // At a target ratio below 1 part of the item's delta is meant to stay.
  BandNow now{
      .middle = (1 - setup.target_ratio) * figures.item_delta_coins.value, .half_width = band.half_width_coins, .quality = quality};
  now.outside = quality.ok() && std::abs(figures.net_delta_coins.value - now.middle) > now.half_width;
  return now;
}

void RebalanceMonitor::publish_rate_limit(const DeskView& view, const Publisher& out, std::uint32_t hedge, double coins,
                                          double price, const Quality& quality) {
  const Learnt& learnt = hedges_[hedge];
  const std::uint32_t book = view.desk.exposures[view.desk.hedges[hedge].exposure].book;
  bool bound = !learnt.tradable.empty();
  Quality judged = quality;
  for (const InstrumentSlot slot : learnt.tradable) {
    const OrdersLeft left = orders_left(view, book, view.registry.venue(slot));
    const double size = size_in(view.registry.contract(slot), coins, price);
    if (left.orders) judged = worst(judged, left.quality);
    if (left.orders && slices(size, advised(view, slot, view.setup.hedges[hedge])) > *left.orders) continue;
    bound = false;
    // A way that is open is open, whatever is known of the others.
    if (!left.orders || left.quality.ok()) {
      judged = quality;
      break;
    }
  }
  out.publish(rows_[hedge].binding[RateLimit], bound && bands_[hedge].outside ? 1 : 0,
              bands_[hedge].outside ? judged : bands_[hedge].quality);
}

void RebalanceMonitor::publish_constraints(const DeskView& view, const Publisher& out, std::uint32_t hedge) {
  const Rows& rows = rows_[hedge];
  const BandNow& band = bands_[hedge];
  const HedgeSetup& setup = view.setup.hedges[hedge];
  const Learnt& learnt = hedges_[hedge];
  const Estimate price = hedge_price(view, hedge);
  const Quality quality = worst(band.quality, price.quality);
  const auto tell = [&](Constraint kind, bool binds, const Quality& judged) {
    out.publish(rows.binding[kind], binds ? 1 : 0, band.outside ? judged : band.quality);
  };
  const double trade = trade_to_band(view.hedge_figures[hedge].net_delta_coins.value, band.middle, band.half_width);
  const double coins = band.outside ? std::abs(trade) : 0;

  // A kind binds when it stops every instrument that could bring the delta back.
  bool lot = !learnt.tradable.empty();
  bool notional = lot;
  bool limit = lot;
  bool largest = lot;
  for (const InstrumentSlot slot : learnt.tradable) {
    const Contract& contract = view.registry.contract(slot);
    const AdviceInstrument* advice = advised(view, slot, setup);
    lot = lot && coins < lot_coins(contract, price.value);
    largest = largest && advice != nullptr && slices(size_in(contract, coins, price.value), advice) > 1;
    notional = notional && advice != nullptr && advice->min_notional_usd && coins * price.value < *advice->min_notional_usd;
    if (advice == nullptr || !advice->position_limit) {
      limit = false;
      continue;
    }
    double size = 0;
    for (const Followed& one : learnt.holdings)
      if (one.slot == slot) size += view.portfolio.holdings()[one.holding].position.size;
    const double needed = std::copysign(size_in(contract, coins, price.value), trade);
    limit = limit && std::abs(size + needed) > *advice->position_limit && std::abs(size + needed) > std::abs(size);
  }
  tell(Lot, band.outside && lot, quality);
  tell(MinNotional, band.outside && notional, quality);
  tell(PositionLimit, band.outside && limit, quality);
  tell(MaxTrade, band.outside && largest, quality);
  if (rows.binding[RateLimit] != kNoRow) publish_rate_limit(view, out, hedge, coins, price.value, quality);

  if (rows.binding[Margin] != kNoRow) {
    Quality margin = band.quality;
    bool used_up = false;
    for (const std::uint16_t account : view.portfolio.book_accounts(view.desk.exposures[view.desk.hedges[hedge].exposure].book)) {
      const Account& owner = view.portfolio.accounts()[account];
      for (const Account::Summary& summary : owner.summaries()) {
        if (!is_present(summary.amounts.initial_margin) || !is_present(summary.amounts.margin_balance)) continue;
        margin = worst(margin, view.freshness.of_account(summary.origin, owner.venue()));
        used_up =
            used_up || (summary.amounts.initial_margin > 0 && summary.amounts.initial_margin >= summary.amounts.margin_balance);
      }
    }
    tell(Margin, band.outside && used_up, margin);
  }
  if (rows.binding[Depth] != kNoRow && band.outside) {
    const Side order = trade > 0 ? Side::Buy : Side::Sell;
    double there = 0;
    Quality depth_quality = Quality::unknown(FigureReason::OrderBookInvalid);
    for (const InstrumentSlot slot : learnt.tradable) {
      const OrderBook* book = view.market.order_book(slot);
      if (book == nullptr || !book->valid() || book->crossed()) continue;
      const LegQuote quote = leg_quote(view, slot);
      if (!quote.quality.ok()) continue;
      const DepthSide side{.levels = book->levels(order == Side::Buy ? Side::Sell : Side::Buy),
                           .mid = quote.mid,
                           .unit = view.registry.contract(slot).size_unit};
      there += depth_within(side, order, setup.flatten_within_bps * 1e-4).coins;
      depth_quality = depth_quality.ok() ? worst(depth_quality, quote.quality) : quote.quality;
    }
    tell(Depth, there < coins, worst(quality, depth_quality));
  } else {
    tell(Depth, false, quality);
  }
}

void RebalanceMonitor::publish_gamma_theta(const DeskView& view, const Publisher& out, std::uint32_t hedge) const {
  const Rows& rows = rows_[hedge];
  const BandNow& band = bands_[hedge];
  const HourMoveMonitor::State& hour = hours_->states()[hedge];
  const Estimate price = hedge_price(view, hedge);
  const Quality known = worst(worst(band.quality, hour.quality), price.quality);
  const double gamma = hour.move.gamma_per_usd[HourMove::kNow];
  const double away = view.hedge_figures[hedge].net_delta_coins.value - band.middle;
  const auto seconds = expected_seconds_to_band(band.half_width, away, gamma, price.value, hour.mean_vol);
  out.publish(rows.expected, seconds.value_or(0), seconds ? known : worst(known, Quality::unknown(FigureReason::Empty)));

  Estimate move{0, Quality::unknown(FigureReason::Empty)};
  if (view.desk.hedges[hedge].exposure != kNoPlace) {
    const Estimate& theta = view.book_exposures[view.desk.hedges[hedge].exposure].theta_usd_per_day;
    move.quality = worst(known, theta.quality);
    const auto even = breakeven_move(gamma, theta.value / kDayInYears, kDayInYears);
    if (move.quality.ok() && !even) move.quality = Quality::unknown(FigureReason::Empty);
    if (move.quality.ok()) move.value = *even / price.value;
  }
  out.publish(rows.breakeven, move);
}

void RebalanceMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  for (Sender& sender : senders_) {
    // Where orders are told they are counted while their list is whole; where none are, by their fills.
    const WorkingOrders& orders = view.portfolio.accounts()[sender.account].orders();
    sender.rate.watch(view.now, view.account_qualities[sender.account].ok() && (!orders.told() || orders.complete()));
  }
  for (std::uint32_t h = 0; h < hedges_.size(); ++h) {
    const Rows& rows = rows_[h];
    if (rows.lower == kNoRow) continue;
    Learnt& learnt = hedges_[h];
    const Estimate& net = view.hedge_figures[h].net_delta_coins;
    const bool traded = take_leg_trades(view, learnt);
    if (traded || view.now >= learnt.next_step) {
      step_drift(view, learnt);
      learnt.next_step = view.now + kStep;
      learnt.begun = learnt.begun || net.quality.ok();
    }
    if (traded) {
      learnt.drift = {};
      learnt.rebalanced = view.now;
      learnt.ever_rebalanced = true;
    }

    bool fallback = false;
    bands_[h] = band_of(view, h, learnt, fallback);
    const BandNow& band = bands_[h];
    out.publish(rows.lower, band.middle - band.half_width, band.quality);
    out.publish(rows.upper, band.middle + band.half_width, band.quality);
    out.publish(rows.fallback, fallback ? 1 : 0, band.quality);
    out.publish(rows.outside, band.outside ? 1 : 0, band.quality);
    const DeltaDrift& drift = learnt.drift;
    const std::array<double, 5> parts{drift.gamma, drift.vanna, drift.charm, drift.trades, drift.other};
    for (std::size_t k = 0; k < parts.size(); ++k) out.publish(rows.drift[k], parts[k], net.quality);
    out.publish(rows.since, seconds_between(learnt.rebalanced, view.now),
                learnt.ever_rebalanced ? Quality::fresh(view.now) : Quality::unknown(FigureReason::NeverReceived));
    publish_gamma_theta(view, out, h);
    publish_constraints(view, out, h);
  }
}

void RebalanceMonitor::visit_state(StateArchive& archive) { archive(hedges_, senders_, rows_, bands_); }

}  // namespace hedgewatch
