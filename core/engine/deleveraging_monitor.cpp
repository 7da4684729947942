#include "core/engine/deleveraging_monitor.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

namespace hedgewatch {

namespace {

bool holds(const Account& account, InstrumentId instrument) {
  const auto& positions = account.positions();
  const auto found = std::lower_bound(positions.begin(), positions.end(), instrument,
                                      [](const AccountPosition& one, InstrumentId wanted) { return one.instrument < wanted; });
  return found != positions.end() && found->instrument == instrument && found->size != 0;
}

}  // namespace

void DeleveragingMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Watched> accounts(view.setup.accounts.size());
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const std::string& name = view.setup.accounts[i];
    const auto known = std::find_if(accounts_.begin(), accounts_.end(), [&](const Watched& one) { return one.name == name; });
    if (known != accounts_.end()) accounts[i] = std::move(*known);
    accounts[i].name = name;
    accounts[i].changed = true;
    accounts[i].ranks.reserve(view.portfolio.accounts()[i].positions().size());
    accounts[i].row = table.add_row(Figure::AdlRankRatio, {name, label(view.portfolio.accounts()[i].venue())});
  }
  accounts_ = std::move(accounts);
}

void DeleveragingMonitor::apply(const DeskView&, const Event& event) {
  const auto index = static_cast<std::size_t>(event.header.account);
  if (!is_account_event(event.body) || index >= accounts_.size()) return;
  accounts_[index].changed = true;
  const auto* told = std::get_if<DeleveragingRank>(&event.body);
  if (told == nullptr) return;
  std::vector<Rank>& ranks = accounts_[index].ranks;
  const InstrumentId instrument = event.header.instrument;
  auto place = std::lower_bound(ranks.begin(), ranks.end(), instrument,
                                [](const Rank& one, InstrumentId wanted) { return one.instrument < wanted; });
  if (place == ranks.end() || place->instrument != instrument) {
    if (ranks.size() >= Account::kMaxPositions) return;
    place = ranks.insert(place, Rank{.instrument = instrument});
  }
  place->place_ratio = told->place_ratio;
  place->told = event.header.received;
  place->connection = event.header.connection;
}

/// The rank of a position that was closed says nothing about the next one in its instrument.
void DeleveragingMonitor::find_nearest(const Account& account, Watched& watched) {
  std::erase_if(watched.ranks, [&](const Rank& rank) { return !holds(account, rank.instrument); });
  watched.nearest = {0, Quality::unknown(FigureReason::NeverReceived)};
  for (const Rank& rank : watched.ranks) {
    const Quality quality = Quality::fresh(rank.told);
    watched.nearest = watched.nearest.quality.ok()
                          ? Estimate{std::max(watched.nearest.value, rank.place_ratio), worst(watched.nearest.quality, quality)}
                          : Estimate{rank.place_ratio, quality};
  }
  watched.changed = false;
}

void DeleveragingMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    Watched& watched = accounts_[i];
    if (watched.changed) find_nearest(view.portfolio.accounts()[i], watched);
    // A position that is not known could be nearer.
    out.publish(watched.row, watched.nearest.value, worst(watched.nearest.quality, view.account_qualities[i]));
  }
}

/// What came over a connection that is gone may have changed since, and no venue says when it did.
void DeleveragingMonitor::renumber_connections(std::span<const ConnectionId> new_of_old) {
  for (Watched& watched : accounts_) {
    for (Rank& rank : watched.ranks) renumber(rank.connection, new_of_old);
    std::erase_if(watched.ranks, [](const Rank& rank) { return rank.connection == kNoConnection; });
  }
}

void DeleveragingMonitor::visit_state(StateArchive& archive) { archive(accounts_); }

}  // namespace hedgewatch
