#include "core/engine/reconcile_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

namespace hedgewatch {

namespace {

/// A difference of equity beyond this that lasts as long as a position's would is taken as a transfer that nobody told of.
constexpr double kEquityToleranceRatio = 0.000'1;

bool is_over(const DeskView& view, InstrumentSlot slot) {
  const VenueTime expiry = view.registry.contract(slot).expiry;
  const VenueTime now = view.now_at(view.registry.venue(slot));
  return view.registry.phase(slot) == InstrumentPhase::Expired || (expiry != kNoVenueTime && now != kNoVenueTime && now >= expiry);
}

}  // namespace

const AccountLedger* ReconcileMonitor::ledger(std::size_t account) const {
  return account < accounts_.size() ? &accounts_[account].ledger : nullptr;
}

bool ReconcileMonitor::has_missed() const {
  return std::any_of(accounts_.begin(), accounts_.end(), [](const Watched& one) { return !one.ledger.missed().empty(); });
}

void ReconcileMonitor::clear_missed() {
  for (Watched& account : accounts_) account.ledger.clear_missed();
}

double ReconcileMonitor::funding_paid_per_unit(InstrumentSlot slot) const {
  const auto known = funding_.find(slot);
  return known == funding_.end() ? 0 : known->second.accrual.paid_per_unit();
}

double ReconcileMonitor::funding_paid_per_unit(InstrumentSlot slot, VenueTime at) const {
  const auto known = funding_.find(slot);
  return known == funding_.end() ? 0 : known->second.history.paid_per_unit(known->second.accrual, at);
}

std::optional<double> ReconcileMonitor::delivery_price(InstrumentSlot slot) const {
  const auto known = deliveries_.find(slot);
  return known == deliveries_.end() ? std::nullopt : std::optional{known->second};
}

ReconcileMonitor::Watched* ReconcileMonitor::watched(AccountId account) {
  const auto index = static_cast<std::size_t>(account);
  return index < accounts_.size() ? &accounts_[index] : nullptr;
}

ReconcileMonitor::Equity& ReconcileMonitor::equity_of(Watched& account, const AssetCode& asset) {
  for (Equity& equity : account.equities)
    if (equity.asset == asset) return equity;
  account.equities.push_back({.asset = asset, .differs_since = {}});
  return account.equities.back();
}

ReconcileMonitor::Totals& ReconcileMonitor::totals_of(Watched& account, const AssetCode& asset) {
  for (Totals& totals : account.totals)
    if (totals.asset == asset) return totals;
  const Estimate never{0, Quality::unknown(FigureReason::NeverReceived)};
  account.totals.push_back({.asset = asset, .venue = {}, .difference = {never, never, never, never, never}});
  return account.totals.back();
}

void ReconcileMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Watched> accounts(view.setup.accounts.size());
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const std::string& name = view.setup.accounts[i];
    const auto known = std::find_if(accounts_.begin(), accounts_.end(), [&](const Watched& one) { return one.name == name; });
    if (known != accounts_.end()) accounts[i] = std::move(*known);
    Watched& account = accounts[i];
    account.name = name;
    account.touched = true;
    const std::string_view venue = label(view.portfolio.accounts()[i].venue());
    account.mismatches = table.add_row(Figure::ReconcilePositionMismatches, {name, venue});
    account.mismatch_of_limit = table.add_row(Figure::ReconcileMismatchLimitRatio, {name, venue});
    account.seconds_since = table.add_row(Figure::ReconcileSecondsSince, {name, venue});
    // A transfer of what the venue states no equity in is kept, and compared with nothing.
    for (Equity& equity : account.equities) equity.row = kNoRow;
    for (const Account::Summary& summary : view.portfolio.accounts()[i].summaries())
      equity_of(account, summary.amounts.asset).row =
          table.add_row(Figure::ReconcileEquityDifferenceRatio, {name, venue, summary.amounts.asset.view()});
    for (Totals& totals : account.totals) {
      const std::string_view asset = totals.asset.view();
      const auto row = [&](std::string_view greek) {
        return table.add_row(Figure::ReconcileGreekDifference, {name, venue, asset, greek});
      };
      totals.delta_total = table.add_row(Figure::ReconcileDeltaDifferenceCoins, {name, venue, asset});
      totals.delta = row("delta");
      totals.gamma = row("gamma");
      totals.vega = row("vega");
      totals.theta = row("theta");
    }
  }
  accounts_ = std::move(accounts);
}

void ReconcileMonitor::learn_contract(const DeskView& view, InstrumentId instrument, InstrumentSlot slot) {
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    // Venues list again what is known: that changes nothing of what is compared.
    const auto& lines = accounts_[i].ledger.lines();
    if (std::any_of(lines.begin(), lines.end(), [slot](const AccountLedger::Line& line) { return line.slot == slot; })) continue;
    for (const AccountPosition& position : view.portfolio.accounts()[i].positions()) {
      if (position.instrument != instrument || position.size == 0) continue;
      const Size size = Size::from_raw(std::llround(position.size * static_cast<double>(Size::kScale)));
      accounts_[i].ledger.learn_contract(slot, view.registry.contract(slot),
                                         {.size = size, .average_entry = position.average_entry});
      accounts_[i].touched = true;
      // Equity was compared without it.
      for (Equity& equity : accounts_[i].equities)
        if (equity.asset == view.registry.contract(slot).settlement) equity.based = false;
    }
  }
}

void ReconcileMonitor::apply(const DeskView& view, const Event& event) {
  const EventHeader& header = event.header;
  if (const auto* status = std::get_if<FeedStatus>(&event.body)) {
    if (status->phase == FeedPhase::Down || status->phase == FeedPhase::Connecting)
      for (std::size_t i = 0; i < accounts_.size(); ++i) {
        const Account& account = view.portfolio.accounts()[i];
        if (account.heard() && account.connection() == header.connection) accounts_[i].ledger.lose_connection();
      }
    return;
  }
  const InstrumentSlot slot = view.registry.slot_of(header.instrument);
  if (std::holds_alternative<InstrumentListed>(event.body)) {
    if (slot != kNoSlot) learn_contract(view, header.instrument, slot);
    return;
  }
  if (const auto* funding = std::get_if<Funding>(&event.body)) {
    if (slot == kNoSlot) return;
    const Estimate index = view.index_price(view.market.at(slot).index);
    auto known = funding_.find(slot);
    if (known == funding_.end())
      known =
          funding_.emplace(slot, PerpetualFunding{{view.registry.contract(slot), funding_schedule(view.registry.venue(slot))}, {}})
              .first;
    if (!index.quality.ok()) return;
    known->second.accrual.update(header.exchange_time, funding->current_rate_8h, index.value);
    known->second.history.note(known->second.accrual);
    return;
  }
  if (const auto* delivery = std::get_if<InstrumentDelivered>(&event.body)) {
    if (slot == kNoSlot || !(delivery->price > 0)) return;
    deliveries_.insert_or_assign(slot, delivery->price);
    for (Watched& account : accounts_) {
      account.ledger.deliver(slot, delivery->price, funding_paid_per_unit(slot));
      account.touched = true;
    }
    return;
  }
  Watched* account = watched(header.account);
  if (account == nullptr || !is_account_event(event.body)) return;
  account->touched = true;
  const std::int64_t session = sessions_.session_of(view.now_at(header.venue));
  if (std::holds_alternative<PositionSnapshotBegin>(event.body)) {
    account->ledger.begin_snapshot();
  } else if (std::holds_alternative<PositionSnapshotEnd>(event.body)) {
    account->ledger.end_snapshot(session);
    account->compared = header.received;
  } else if (const auto* summary = std::get_if<AccountSummary>(&event.body)) {
    if (!is_present(summary->equity)) return;
    Equity& equity = equity_of(*account, summary->asset);
    equity.told = true;
    equity.stated = summary->equity;
    equity.origin = origin_of(header);
  } else if (const auto* greeks = std::get_if<AccountGreeks>(&event.body)) {
    if (!view.portfolio.accounts()[static_cast<std::size_t>(header.account)].states_totals_of(greeks->asset)) return;
    Totals& totals = totals_of(*account, greeks->asset);
    totals.venue = *greeks;
    totals.origin = origin_of(header);
    totals.fresh = true;
  } else if (const auto* transfer = std::get_if<Transfer>(&event.body)) {
    if (is_present(transfer->amount)) equity_of(*account, transfer->asset).transfers += transfer->amount;
  } else if (slot != kNoSlot) {
    const Contract& contract = view.registry.contract(slot);
    if (const auto* fill = std::get_if<Fill>(&event.body))
      last_fill_booked_ = account->ledger.fill(slot, contract, *fill, funding_paid_per_unit(slot, header.exchange_time));
    else if (const auto* report = std::get_if<PositionReport>(&event.body))
      account->ledger.report(slot, contract, *report);
  }
}

Estimate ReconcileMonitor::earned(const DeskView& view, std::size_t account, const AssetCode& asset) const {
  const AccountLedger& ledger = accounts_[account].ledger;
  Estimate earned{0, ledger.synchronised() ? Quality{} : Quality::unknown(FigureReason::NeverReceived)};
  for (const AccountLedger::Folded& folded : ledger.folded())
    if (folded.asset == asset) earned.value += folded.net;
  for (const AccountLedger::Line& line : ledger.lines()) {
    for (const PositionLedger::AssetFees& fees : line.ledger.other_fees())
      if (fees.asset == asset) earned.value -= fees.paid;
    if (line.ledger.contract().settlement != asset) continue;
    const double size = line.ledger.size().to_double();
    earned.value += line.ledger.amounts().net() - size * (funding_paid_per_unit(line.slot) - line.funding_seen);
    if (size == 0) continue;
    const Reading& mark = view.market.at(line.slot).mark_price;
    const FigureReason missing = view.market.at(line.slot).has_data ? FigureReason::MissingMark : FigureReason::NeverReceived;
    Quality quality = view.freshness.of_market(mark, view.registry.venue(line.slot), missing);
    if (is_over(view, line.slot)) quality = Quality::unknown(FigureReason::Expired);
    const auto open = line.ledger.unrealized(mark.value);
    if (quality.ok() && !open) quality = Quality::unknown(FigureReason::MissingEntryPrice);
    earned.quality = worst(earned.quality, quality);
    if (quality.ok()) earned.value += *open;
  }
  return earned;
}

void ReconcileMonitor::compare_totals(const DeskView& view, std::size_t account, Totals& totals) const {
  const Account& source = view.portfolio.accounts()[account];
  AccountTotals ours{totals_scope(source.venue())};
  Quality known = view.account_qualities[account];
  for (const AccountPosition& position : source.positions()) {
    const InstrumentSlot slot = view.registry.slot_of(position.instrument);
    if (slot == kNoSlot) {
      known = worst(known, Quality::unknown(FigureReason::MissingInstrument));
      continue;
    }
    const Contract& contract = view.registry.contract(slot);
    const std::uint32_t place = view.desk.tracked_of_slot[index_of(slot)];
    if (!ours.counts(contract, totals.asset) || position.size == 0 || place == kNoPlace) continue;
    ours.add(contract, view.published_valuation(place), position.size, view.now_at(source.venue()));
  }
  totals.difference = ours.compare(totals.venue, worst(known, Quality::fresh(totals.origin.received)));
}

void ReconcileMonitor::compare_equity(const DeskView& view, std::size_t account, Equity& equity) const {
  const Estimate earned = this->earned(view, account, equity.asset);
  const Quality quality = worst(earned.quality, Quality::fresh(equity.origin.received));
  if (!quality.ok() || !(equity.stated != 0)) {
    equity.difference_ratio = {0, quality.ok() ? Quality::unknown(FigureReason::Empty) : quality};
    return;
  }
  const double ours = earned.value + equity.transfers;
  if (!equity.based) {
    equity.based = true;
    equity.base = equity.stated - ours;
  }
  const double ratio = (equity.base + ours - equity.stated) / std::abs(equity.stated);
  equity.difference_ratio = {ratio, quality};
  if (!(std::abs(ratio) > kEquityToleranceRatio)) {
    equity.differs_since.reset();
  } else if (!equity.differs_since) {
    equity.differs_since = view.now;
  } else if (view.now - *equity.differs_since >= AccountLedger::kAdoptAfter) {
    equity.base = equity.stated - ours;
    equity.differs_since.reset();
  }
}

double ReconcileMonitor::mismatch_of_limit(const DeskView& view, const AccountLedger& ledger) {
  double largest = 0;
  if (ledger.mismatches() == 0) return largest;
  for (const AccountLedger::Line& line : ledger.lines()) {
    const Contract& contract = line.ledger.contract();
    const double size = std::abs(line.venue_size.to_double() - line.ledger.size().to_double());
    if (!line.differs_since || !(size > contract.lot)) continue;
    std::optional<double> limit;
    for (const HedgeSetup& hedge : view.setup.hedges)
      if (contract.base.view() == hedge.underlying && (!limit || hedge.soft_delta_limit_coins < *limit))
        limit = hedge.soft_delta_limit_coins;
    const Estimate index = view.index_price(view.market.at(line.slot).index);
    const double coins = contract.size_unit == SizeUnit::Base ? size : size / index.value;
    // What cannot be measured counts whole.
    largest = std::max(largest, limit && coins >= 0 && std::isfinite(coins) ? coins / *limit : 1);
  }
  return largest;
}

void ReconcileMonitor::publish(const DeskView& view, const Publisher& out, const Watched& account, const Account& source) {
  const auto aged = [&](const Estimate& estimate, const Origin& origin) {
    if (!estimate.quality.ok()) return estimate;
    return Estimate{estimate.value, worst(estimate.quality, view.freshness.of_account(origin, source.venue()))};
  };
  Estimate mismatches{0, Quality::unknown(FigureReason::NeverReceived)};
  if (account.compared) {
    const Estimate since{seconds_between(*account.compared, out.now()), Quality::fresh(*account.compared)};
    out.publish(account.seconds_since, since);
    const Estimate counted{static_cast<double>(account.ledger.mismatches()), Quality::fresh(*account.compared)};
    mismatches = account.ledger.synchronised() ? aged(counted, {.received = *account.compared, .connection = source.connection()})
                                               : Estimate{0, Quality::stale(*account.compared, FigureReason::FeedDown)};
  } else {
    out.publish(account.seconds_since, {0, Quality::unknown(FigureReason::NeverReceived)});
  }
  out.publish(account.mismatches, mismatches);
  out.publish(account.mismatch_of_limit, {mismatch_of_limit(view, account.ledger), mismatches.quality});
  for (const Equity& equity : account.equities) out.publish(equity.row, aged(equity.difference_ratio, equity.origin));
  for (const Totals& totals : account.totals) {
    const auto publish = [&](RowId row, const Estimate& estimate) { out.publish(row, aged(estimate, totals.origin)); };
    publish(totals.delta_total, totals.difference.delta_total_coins);
    publish(totals.delta, totals.difference.options_delta_coins);
    publish(totals.gamma, totals.difference.options_gamma_coins_per_usd);
    publish(totals.vega, totals.difference.options_vega_usd_per_vol_point);
    publish(totals.theta, totals.difference.options_theta_usd_per_day);
  }
}

void ReconcileMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    Watched& account = accounts_[i];
    const Account& source = view.portfolio.accounts()[i];
    if (account.touched || account.ledger.mismatches() != 0) {
      for (auto& [slot, funding] : funding_) funding.accrual.advance(view.now_at(view.registry.venue(slot)));
      account.ledger.review(view.now, sessions_.session_of(view.now_at(source.venue())),
                            [&](InstrumentSlot slot) { return is_over(view, slot); });
      for (Equity& equity : account.equities)
        if (std::exchange(equity.told, false)) compare_equity(view, i, equity);
      for (Totals& totals : account.totals)
        if (std::exchange(totals.fresh, false)) compare_totals(view, i, totals);
      account.touched = false;
    }
    publish(view, out, account, source);
  }
}

void ReconcileMonitor::renumber_connections(std::span<const ConnectionId> new_of_old) {
  for (Watched& account : accounts_) {
    for (Equity& equity : account.equities) renumber(equity.origin, new_of_old);
    for (Totals& totals : account.totals) renumber(totals.origin, new_of_old);
  }
}

void ReconcileMonitor::visit_state(StateArchive& archive) {
  archive(accounts_, funding_, deliveries_, last_fill_booked_, sessions_);
}

}  // namespace hedgewatch
