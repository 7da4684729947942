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

/// A row of a vol surface: price and vol, and nothing of the underlying.
bool is_surface_row(const Mark& mark) { return !is_present(mark.forward) && !is_present(mark.index) && !is_present(mark.rate); }

bool is_surface_row(const Event& event) {
  const auto* mark = std::get_if<Mark>(&event.body);
  return mark != nullptr && is_surface_row(*mark);
}

/// What a mark says of price and vol.
Event surface_row_of(Event event) {
  Mark& mark = std::get<Mark>(event.body);
  mark.forward = mark.index = mark.rate = kAbsent;
  return event;
}

/// With the key of the row's instrument's whole mark.
Event whole_mark_of(Event row) {
  std::get<Mark>(row.body).forward = 1;
  return row;
}

std::uint64_t key_hash(const Event& event) {
  std::uint64_t hash = mix(kFnvOffset, event.body.index());
  if (const auto* index = std::get_if<IndexPrice>(&event.body))
    return mix(mix(mix(hash, static_cast<std::uint64_t>(event.header.venue)), index->base.view()), index->quote.view());
  return mix(mix(hash, is_surface_row(event) ? 1 : 0), static_cast<std::uint32_t>(event.header.instrument));
}

bool same_key(const Event& a, const Event& b) {
  if (a.body.index() != b.body.index()) return false;
  if (const auto* index = std::get_if<IndexPrice>(&a.body)) {
    const auto& other = std::get<IndexPrice>(b.body);
    return a.header.venue == b.header.venue && index->base == other.base && index->quote == other.quote;
  }
  return a.header.instrument == b.header.instrument && is_surface_row(a) == is_surface_row(b);
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

void HeldBackValues::renew_surface_row(const Event& whole_mark) {
  const Event row = surface_row_of(whole_mark);
  const std::size_t slot = slot_of(row);
  const Mark& mark = std::get<Mark>(row.body);
  if (slots_[slot] != 0 && (is_present(mark.price) || is_present(mark.vol))) values_[slots_[slot] - 1] = row;
}

HeldBackValues::Put HeldBackValues::put(const Event& event) {
  const std::size_t slot = slot_of(event);
  const bool whole_mark = std::holds_alternative<Mark>(event.body) && !is_surface_row(event);
  if (slots_[slot] != 0) {
    values_[slots_[slot] - 1] = event;
    if (whole_mark) renew_surface_row(event);
    return Put::Replaced;
  }
  if (values_.size() == capacity_) {
    if (!std::holds_alternative<Mark>(event.body)) return Put::Full;
    // The instrument's other mark waits here: this one must not go ahead of it. A row takes over price and vol; beside a whole
    // mark, which is that much older, a row is left out.
    const Event other = whole_mark ? surface_row_of(event) : whole_mark_of(event);
    if (slots_[slot_of(other)] == 0) return Put::Full;
    if (whole_mark) renew_surface_row(event);
    return Put::Replaced;
  }
  if (whole_mark) {
    if (const std::size_t row = slots_[slot_of(surface_row_of(event))]; row != 0) {
      // It takes the row's place, so that the row, made as new as it is, comes after it.
      Event moved = values_[row - 1];
      values_[row - 1] = event;
      slots_[slot] = static_cast<std::uint32_t>(row);
      values_.push_back(moved);
      slots_[slot_of(moved)] = static_cast<std::uint32_t>(values_.size());
      renew_surface_row(event);
      return Put::Added;
    }
  }
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
