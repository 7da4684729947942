#include "core/engine/account_event_monitor.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "core/alert/alert_identity.hpp"

namespace hedgewatch {

namespace {

constexpr std::array<std::string_view, 5> kKindLabels{"liquidation", "auto_deleveraging", "account_lock", "market_maker_protection",
                                                      "other"};

}  // namespace

void AccountEventMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Watched> accounts(view.setup.accounts.size());
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const std::string& name = view.setup.accounts[i];
    const auto known = std::find_if(accounts_.begin(), accounts_.end(), [&](const Watched& one) { return one.name == name; });
    if (known != accounts_.end()) accounts[i] = std::move(*known);
    accounts[i].name = name;
    const std::string_view venue = label(view.portfolio.accounts()[i].venue());
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      Forced& forced = accounts[i].forced[kind];
      forced.row = table.add_row(Figure::ForcedEventActive, {name, venue, kKindLabels[kind]});
      forced.identity = identity_of({}, Figure::ForcedEventActive, table.labels_of(forced.row)).row;
    }
    accounts[i].skew = table.add_row(Figure::PositionTimeSkewSeconds, {name, venue});
  }
  accounts_ = std::move(accounts);
}

void AccountEventMonitor::resume(std::string_view row_labels, MonoTime since, bool acknowledged) {
  const std::uint64_t row = identity_of({}, Figure::ForcedEventActive, row_labels).row;
  for (Watched& account : accounts_)
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      Forced& forced = account.forced[kind];
      const bool over = acknowledged && kind != static_cast<std::size_t>(ForcedEventKind::AccountLock);
      if (forced.identity != row || over || forced.active) continue;
      forced.active = true;
      forced.since = since;
    }
}

void AccountEventMonitor::acknowledge(std::uint64_t row) {
  for (Watched& account : accounts_)
    for (Forced& forced : account.forced)
      if (forced.identity == row && forced.active) {
        forced.acknowledged = !forced.lifted;
        forced.active = !forced.lifted;
      }
}

void AccountEventMonitor::apply(const DeskView&, const Event& event) {
  if (const auto* acknowledged = std::get_if<AlertAcknowledged>(&event.body)) return acknowledge(acknowledged->row);
  const auto index = static_cast<std::size_t>(event.header.account);
  if (!is_account_event(event.body) || index >= accounts_.size()) return;
  Watched& account = accounts_[index];
  account.newest = event.header.received;
  const auto raise = [&](ForcedEventKind kind, bool active) {
    Forced& one = account.forced[static_cast<std::size_t>(kind)];
    // Only of a lock does the venue say that it goes on until its end; that end is no acknowledgement.
    const bool goes_on = one.active && !one.lifted;
    one.lifted = !active || kind != ForcedEventKind::AccountLock;
    if (!goes_on) one.acknowledged = false;
    if (active && !goes_on) one.since = event.header.received;
    one.active = active || (one.active && !one.acknowledged);
  };
  if (const auto* forced = std::get_if<ForcedEvent>(&event.body)) raise(forced->kind, forced->active);
  // The fill may come before the word about it, or be all that is told.
  if (const auto* fill = std::get_if<Fill>(&event.body); fill != nullptr && fill->liquidation)
    if (!account.forced[static_cast<std::size_t>(ForcedEventKind::Liquidation)].active) raise(ForcedEventKind::Liquidation, true);
}

void AccountEventMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  std::optional<MonoTime> newest;
  for (const Watched& account : accounts_)
    if (account.newest && (!newest || *account.newest > *newest)) newest = account.newest;
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    Watched& account = accounts_[i];
    const Account& source = view.portfolio.accounts()[i];
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      Forced& forced = account.forced[kind];
      const bool passes = kind == static_cast<std::size_t>(ForcedEventKind::MarketMakerProtection);
      if (forced.active && passes && view.now - forced.since >= kHold) forced.active = false;
      // What has been forced stays known when the connection is lost; that nothing is forced does not.
      Quality quality = Quality::unknown(FigureReason::NeverReceived);
      if (account.newest) quality = Quality::fresh(*account.newest);
      if (forced.active) quality = Quality::fresh(forced.since);
      if (!forced.active && account.newest && !view.feeds.live(source.connection()))
        quality = Quality::stale(*account.newest, FigureReason::FeedDown);
      out.publish(forced.row, {forced.active ? 1.0 : 0.0, quality});
    }
    if (account.newest)
      out.publish(account.skew, {seconds_between(*account.newest, *newest), Quality::fresh(*account.newest)});
    else
      out.publish(account.skew, {0, Quality::unknown(FigureReason::NeverReceived)});
  }
}

void AccountEventMonitor::visit_state(StateArchive& archive) { archive(accounts_); }

}  // namespace hedgewatch
