#include "daemon/held_back_values.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

namespace hedgewatch {

namespace {

constexpr std::uint64_t kFnvOffset = 0xCBF29CE484222325;
constexpr std::uint64_t kFnvPrime = 0x100000001B3;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) { return (hash ^ value) * kFnvPrime; }

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char character : text) hash = mix(hash, static_cast<unsigned char>(character));
  return mix(hash, text.size());
}

std::uint64_t key_hash(const Event& event) {
  std::uint64_t hash = mix(kFnvOffset, event.body.index());
  if (const auto* index = std::get_if<IndexPrice>(&event.body)) return mix(mix(hash, index->base.view()), index->quote.view());
  return mix(hash, static_cast<std::uint32_t>(event.header.instrument));
}

bool same_key(const Event& a, const Event& b) {
  if (a.body.index() != b.body.index()) return false;
  if (const auto* index = std::get_if<IndexPrice>(&a.body)) {
    const auto& other = std::get<IndexPrice>(b.body);
    return index->base == other.base && index->quote == other.quote;
  }
  return a.header.instrument == b.header.instrument;
}

}  // namespace

HeldBackValues::HeldBackValues(std::size_t capacity) : capacity_{capacity}, slots_(std::bit_ceil(2 * capacity + 2)) {
  values_.reserve(capacity);
}

std::size_t HeldBackValues::slot_of(const Event& event) const {
  const std::uint64_t hash = key_hash(event);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash ^ hash >> 29) & mask;
  while (slots_[slot] != 0 && !same_key(values_[slots_[slot] - 1], event)) slot = (slot + 1) & mask;
  return slot;
}

HeldBackValues::Put HeldBackValues::put(const Event& event) {
  const std::size_t slot = slot_of(event);
  if (slots_[slot] != 0) {
    values_[slots_[slot] - 1] = event;
    return Put::Replaced;
  }
  if (values_.size() == capacity_) return Put::Full;
  values_.push_back(event);
  slots_[slot] = static_cast<std::uint32_t>(values_.size());
  return Put::Added;
}

bool HeldBackValues::has_invalidated(InstrumentId book) const {
  if (values_.empty()) return false;
  Event key{};
  key.header.instrument = book;
  key.body = BookInvalidated{};
  return slots_[slot_of(key)] != 0;
}

void HeldBackValues::drop_front(std::size_t count) {
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(std::min(count, values_.size())));
  std::fill(slots_.begin(), slots_.end(), 0U);
  for (std::size_t position = 0; position < values_.size(); ++position)
    slots_[slot_of(values_[position])] = static_cast<std::uint32_t>(position + 1);
}

}  // namespace hedgewatch
