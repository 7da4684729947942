#include "core/portfolio/account_ledger.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

namespace {

bool before(const AccountLedger::Line& line, InstrumentSlot slot) { return line.slot < slot; }

std::optional<double> told(double value) { return is_present(value) ? std::optional{value} : std::nullopt; }

void book_funding(AccountLedger::Line& line, double paid_per_unit) {
  line.ledger.add_funding(-line.ledger.size().to_double() * (paid_per_unit - line.funding_seen));
  line.funding_seen = paid_per_unit;
}

}  // namespace

const AccountLedger::Line* AccountLedger::find(InstrumentSlot slot) const {
  const auto place = std::lower_bound(lines_.begin(), lines_.end(), slot, before);
  return place != lines_.end() && place->slot == slot ? &*place : nullptr;
}

AccountLedger::Line* AccountLedger::line(InstrumentSlot slot, const Contract& contract) {
  const auto place = std::lower_bound(lines_.begin(), lines_.end(), slot, before);
  if (place != lines_.end() && place->slot == slot) return &*place;
  if (lines_.size() == kMaxLines) {
    ++refused_;
    return nullptr;
  }
  return &*lines_.insert(place, Line{.slot = slot, .ledger = PositionLedger{contract}, .venue_size = {}, .differs_since = {}});
}

bool AccountLedger::fill(InstrumentSlot slot, const Contract& contract, const Fill& fill, double paid_per_unit) {
  Line* held = line(slot, contract);
  if (held == nullptr) return false;
  const double fee = is_present(fill.fee) ? fill.fee : 0;
  if (!ever_synchronised_) {
    // Its size is in the statement to come, its fee is not.
    held->ledger.add_fee(fee, fill.fee_asset);
    return false;
  }
  book_funding(*held, paid_per_unit);
  const Size size = fill.side == Side::Buy ? fill.size : Size{} - fill.size;
  return held->ledger.fill(size, fill.price.to_double(), fee, fill.fee_asset).has_value();
}

void AccountLedger::report(InstrumentSlot slot, const Contract& contract, const PositionReport& report) {
  Line* held = line(slot, contract);
  if (held == nullptr) return;
  held->venue_size = report.size;
  held->venue_entry = report.average_entry;
  held->venue_realized = report.realized_pnl;
  held->named = true;
}

void AccountLedger::learn_contract(InstrumentSlot slot, const Contract& contract, const PositionReport& stated) {
  if (find(slot) != nullptr) return;
  report(slot, contract, stated);
  if (!ever_synchronised_) return;
  if (Line* held = line(slot, contract)) held->ledger.adopt(stated.size, told(stated.average_entry));
}

void AccountLedger::begin_snapshot() {
  snapshot_open_ = true;
  for (Line& line : lines_) line.named = false;
}

void AccountLedger::end_snapshot(std::int64_t session) {
  if (!snapshot_open_) return;
  snapshot_open_ = false;
  for (Line& line : lines_) {
    if (line.named) continue;
    line.venue_size = Size{};
    line.venue_entry = line.venue_realized = kAbsent;
  }
  if (synchronised_) return;
  for (Line& line : lines_) {
    if (ever_synchronised_) {
      if (line.differs()) adopt(line, session);
    } else {
      line.ledger.adopt(line.venue_size, told(line.venue_entry));
    }
  }
  synchronised_ = ever_synchronised_ = true;
}

void AccountLedger::lose_connection() {
  synchronised_ = false;
  snapshot_open_ = false;
  mismatches_ = 0;
  for (Line& line : lines_) line.differs_since.reset();
}

void AccountLedger::deliver(InstrumentSlot slot, double delivery_price, double paid_per_unit) {
  const auto place = std::lower_bound(lines_.begin(), lines_.end(), slot, before);
  if (place == lines_.end() || place->slot != slot) return;
  book_funding(*place, paid_per_unit);
  static_cast<void>(place->ledger.deliver(delivery_price));
}

bool AccountLedger::review_line(Line& line, MonoTime now, std::int64_t session, bool over) {
  if (!line.differs()) {
    line.agreed_realized = line.venue_realized;
    line.agreed_own_realized = line.ledger.amounts().realized;
    line.agreed_session = session;
    if (line.differs_since) {
      line.differs_since.reset();
      --mismatches_;
    }
    return !over || line.ledger.size() != Size{};
  }
  if (over) {
    // Paid out on one side and not yet on the other: no difference that anybody has to look at.
    if (line.differs_since) {
      line.differs_since.reset();
      --mismatches_;
    }
    return true;
  }
  if (!line.differs_since) {
    line.differs_since = now;
    ++mismatches_;
  }
  if (now - *line.differs_since < kAdoptAfter) return true;
  adopt(line, session);
  line.differs_since.reset();
  --mismatches_;
  return true;
}

void AccountLedger::adopt(Line& line, std::int64_t session) {
  std::optional<double> realized_change;
  if (is_present(line.venue_realized) && is_present(line.agreed_realized) && session == line.agreed_session)
    // Fills that were told since have realised their part already.
    realized_change = line.venue_realized - line.agreed_realized - (line.ledger.amounts().realized - line.agreed_own_realized);
  const PositionLedger::Adjustment adjustment = line.ledger.adopt(line.venue_size, told(line.venue_entry), realized_change);
  line.agreed_realized = line.venue_realized;
  line.agreed_own_realized = line.ledger.amounts().realized;
  line.agreed_session = session;
  missed_.push_back({line.slot, adjustment.difference.to_double(), adjustment.cash});
  ++adopted_;
}

void AccountLedger::fold(std::size_t index) {
  const Line& line = lines_[index];
  add_folded(line.ledger.contract().settlement, line.ledger.amounts().net());
  for (const PositionLedger::AssetFees& fees : line.ledger.other_fees()) add_folded(fees.asset, -fees.paid);
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(index));
}

void AccountLedger::add_folded(const AssetCode& asset, double net) {
  const auto known = std::find_if(folded_.begin(), folded_.end(), [&](const Folded& folded) { return folded.asset == asset; });
  if (known != folded_.end())
    known->net += net;
  else if (folded_.size() < kMaxFolded)
    folded_.push_back({asset, net});
  else
    ++refused_;
}

}  // namespace hedgewatch
