#include "core/portfolio/account.hpp"

#include <algorithm>
#include <utility>

namespace hedgewatch {

Account::Effect Account::apply(const PositionReport& report, InstrumentId instrument) {
  const auto place = std::lower_bound(positions_.begin(), positions_.end(), instrument,
                                      [](const AccountPosition& position, InstrumentId id) { return position.instrument < id; });
  const double size = report.size.to_double();
  if (place != positions_.end() && place->instrument == instrument) {
    place->named = true;
    place->size = size;
    place->average_entry = report.average_entry;
    if (place->holding != kNoHolding) return {Change::Resized, place->holding};
    return {size != 0 ? Change::Opened : Change::None};
  }
  if (size == 0) return {};
  if (positions_.size() == kMaxPositions) {
    // A position that is not kept makes the whole list unknown: worse than a refusal, but never a wrong total.
    ++refused_;
    complete_ = false;
    return {};
  }
  positions_.insert(place, {.instrument = instrument, .size = size, .average_entry = report.average_entry, .named = true});
  return {Change::Opened};
}

void Account::begin_snapshot() {
  snapshot_open_ = true;
  for (AccountPosition& position : positions_) position.named = false;
}

void Account::end_snapshot(std::vector<std::uint32_t>& closed) {
  if (!snapshot_open_) return;
  snapshot_open_ = false;
  complete_ = refused_ == 0;
  lost_ = false;
  for (AccountPosition& position : positions_) {
    if (position.named || position.size == 0) continue;
    position.size = 0;
    position.average_entry = kAbsent;
    if (position.holding != kNoHolding) closed.push_back(position.holding);
  }
}

void Account::lose_connection() {
  lost_ = true;
  complete_ = false;
  snapshot_open_ = false;
  orders_.lose_connection();
}

bool Account::apply(const AccountSummary& summary, const Origin& origin) {
  for (Summary& known : summaries_) {
    if (!(known.amounts.asset == summary.asset)) continue;
    const bool pooled_anew = known.amounts.cross_collateral != summary.cross_collateral;
    known = {summary, origin};
    return pooled_anew;
  }
  if (summaries_.size() == kMaxAssets) {
    ++refused_;
    return false;
  }
  summaries_.push_back({summary, origin});
  return true;
}

bool Account::states_totals_of(const AssetCode& asset) const {
  return std::find(totals_assets_.begin(), totals_assets_.end(), asset) != totals_assets_.end();
}

bool Account::apply(const AccountGreeks& totals) {
  if (states_totals_of(totals.asset)) return false;
  if (totals_assets_.size() == kMaxAssets) {
    ++refused_;
    return false;
  }
  totals_assets_.push_back(totals.asset);
  return true;
}

bool Account::hear(Venue venue, const Origin& origin) {
  newest_ = origin;
  heard_ = true;
  return std::exchange(venue_, venue) != venue;
}

void Account::renumber_connections(std::span<const ConnectionId> new_of_old) {
  renumber(newest_, new_of_old);
  for (Summary& summary : summaries_) renumber(summary.origin, new_of_old);
}

Quality Account::positions_quality(Freshness& freshness, const Feeds& feeds) const {
  if (!complete_)
    return Quality::unknown(lost_ && !feeds.live(newest_.connection) ? FigureReason::FeedDown : FigureReason::NeverReceived);
  return freshness.of_account(newest_, venue_);
}

Quality Account::orders_quality(Freshness& freshness, const Feeds& feeds) const {
  if (!orders_.complete())
    return Quality::unknown(lost_ && !feeds.live(newest_.connection) ? FigureReason::FeedDown : FigureReason::NeverReceived);
  return freshness.of_account(newest_, venue_);
}

}  // namespace hedgewatch
