#include "feeds/symbol_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hedgewatch {

namespace {

/// Eight bytes at a time, the last eight overlapping (of a name of four to seven bytes the last four); each mixed in by a
/// multiplication whose high half comes back down.
std::uint64_t hash_of(std::string_view name) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = name.size() * kOdd;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kOdd;
    hash ^= hash >> 32;
  };
  std::uint64_t word = 0;
  if (name.size() < sizeof word) {
    constexpr std::size_t kHalf = sizeof word / 2;
    if (name.size() >= kHalf) {
      std::uint32_t low = 0;
      std::uint32_t high = 0;
      std::memcpy(&low, name.data(), kHalf);
      std::memcpy(&high, name.data() + name.size() - kHalf, kHalf);
      word = std::uint64_t{high} << 32 | low;
    } else {
      for (const char c : name) word = word << 8 | static_cast<unsigned char>(c);
    }
    mix(word);
    return hash;
  }
  for (std::size_t at = 0; at + sizeof word < name.size(); at += sizeof word) {
    std::memcpy(&word, name.data() + at, sizeof word);
    mix(word);
  }
  std::memcpy(&word, name.data() + name.size() - sizeof word, sizeof word);
  mix(word);
  return hash;
}

}  // namespace

SymbolTable::SymbolTable(Venue venue, std::size_t capacity) : venue_{venue}, capacity_{capacity} {
  entries_.reserve(capacity);
  positions_.reserve(capacity);
  slots_.resize(std::bit_ceil(2 * capacity + 1));
}

[[gnu::always_inline]] inline std::size_t SymbolTable::slot_of(std::string_view name, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && entry.contract.name.view() == name) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void SymbolTable::reserve_ids(std::span<const std::pair<InstrumentName, InstrumentId>> ids, std::uint32_t next_count) {
  reserved_.assign(ids.begin(), ids.end());
  std::ranges::sort(reserved_);
  first_count_ = next_count_ = next_count;
  positions_.resize(next_count);
}

InstrumentId SymbolTable::next_id(const InstrumentName& name) const {
  const auto reserved = std::ranges::lower_bound(reserved_, name, {}, &std::pair<InstrumentName, InstrumentId>::first);
  if (reserved != reserved_.end() && reserved->first == name) return reserved->second;
  return make_instrument_id(venue_, next_count_);
}

std::optional<InstrumentId> SymbolTable::find(std::string_view name) const {
  const std::uint32_t found = slots_[slot_of(name, hash_of(name))];
  if (found == 0) return std::nullopt;
  return id_at(found - 1);
}

std::optional<InstrumentId> SymbolTable::add(const Contract& contract) {
  const std::uint64_t hash = hash_of(contract.name.view());
  const std::size_t slot = slot_of(contract.name.view(), hash);
  if (slots_[slot] != 0) {
    entries_[slots_[slot] - 1].contract = contract;
    return id_at(slots_[slot] - 1);
  }
  if (entries_.size() == capacity_) return std::nullopt;
  const InstrumentId id = next_id(contract.name);
  const std::uint32_t count = count_of(id);
  if (count >= next_count_) next_count_ = count + 1;
  if (positions_.size() < next_count_) positions_.resize(next_count_);
  positions_[count] = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({contract, hash, id, false});
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  return id;
}

void SymbolTable::truncate(std::size_t size) {
  // The newest go first: no probe of an older one ever passed their slots.
  while (entries_.size() > size) {
    slots_[slot_of(entries_.back().contract.name.view(), entries_.back().hash)] = 0;
    if (const std::uint32_t count = count_of(entries_.back().id); count >= first_count_) next_count_ = count;
    entries_.pop_back();
  }
}

bool SymbolTable::want(InstrumentId id) {
  Entry& entry = entries_[positions_[count_of(id)]];
  if (entry.wanted) return false;
  entry.wanted = true;
  ++wants_;
  return true;
}

}  // namespace hedgewatch
