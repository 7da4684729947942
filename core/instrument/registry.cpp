#include "core/instrument/registry.hpp"

namespace hedgewatch {

namespace {

std::size_t venue_of(InstrumentId id) { return static_cast<std::uint32_t>(id) >> 24; }

bool same(const Contract& a, const Contract& b) {
  return a.name == b.name && a.base == b.base && a.quote == b.quote && a.settlement == b.settlement && a.expiry == b.expiry &&
         a.strike == b.strike && a.contract_size == b.contract_size && a.lot == b.lot && a.kind == b.kind && a.right == b.right &&
         a.style == b.style && a.size_unit == b.size_unit;
}

}  // namespace

InstrumentRegistry::Listing InstrumentRegistry::list(InstrumentId id, Venue venue, const Contract& contract) {
  if (const InstrumentSlot known = slot_of(id); known != kNoSlot) {
    Entry& entry = entries_[index_of(known)];
    if (same(entry.contract, contract) && entry.phase == InstrumentPhase::Open) return Listing::Same;
    names_.erase({venue, entry.contract.name});
    names_.insert_or_assign({venue, contract.name}, known);
    entry.contract = contract;
    entry.phase = InstrumentPhase::Open;
    return Listing::Changed;
  }
  const std::size_t count = count_of(id);
  if (venue_of(id) != static_cast<std::size_t>(venue) || entries_.size() == capacity_ || count >= capacity_) {
    ++refused_;
    return Listing::Refused;
  }
  std::vector<InstrumentSlot>& slots = slots_[static_cast<std::size_t>(venue)];
  if (slots.size() <= count) slots.resize(count + 1, kNoSlot);
  slots[count] = InstrumentSlot{static_cast<std::uint32_t>(entries_.size())};
  names_.insert_or_assign({venue, contract.name}, slots[count]);
  entries_.push_back({.contract = contract, .id = id, .venue = venue, .phase = InstrumentPhase::Open});
  return Listing::New;
}

InstrumentSlot InstrumentRegistry::slot_of(InstrumentId id) const {
  const std::size_t venue = venue_of(id);
  if (venue >= kVenues.size()) return kNoSlot;
  const std::vector<InstrumentSlot>& slots = slots_[venue];
  const std::size_t count = count_of(id);
  return count < slots.size() ? slots[count] : kNoSlot;
}

InstrumentSlot InstrumentRegistry::find(Venue venue, std::string_view name) const {
  const auto text = InstrumentName::from(name);
  if (!text) return kNoSlot;
  const auto found = names_.find({venue, *text});
  return found == names_.end() ? kNoSlot : found->second;
}

}  // namespace hedgewatch
