#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "core/instrument/contract.hpp"
#include "core/market/event.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// A listed instrument's place in every per-instrument array of the engine: dense from 0 in order of listing.
enum class InstrumentSlot : std::uint32_t {};
inline constexpr InstrumentSlot kNoSlot{0xFFFFFFFF};
constexpr std::size_t index_of(InstrumentSlot slot) { return static_cast<std::size_t>(slot); }

/// What a feed must know so that an id goes on meaning the instrument that it meant.
struct KnownInstruments {
  struct Named {
    InstrumentId id;
    Venue venue;
    InstrumentName name;
  };
  std::vector<Named> named;
  std::array<std::uint32_t, kVenues.size()> next_counts{};  ///< by venue: the count of the next new id
};

/// What a venue lists: contracts by id and by name. Bounded; an instrument beyond the capacity is refused and counted.
class InstrumentRegistry {
 public:
  static constexpr std::size_t kDefaultCapacity = 65'536;

  explicit InstrumentRegistry(std::size_t capacity = kDefaultCapacity) : capacity_{capacity} {}

  enum class Listing : std::uint8_t { New, Changed, Same, Refused };
  /// Adds an instrument, or takes the new contract of a known one. A relisted instrument is open again.
  Listing list(InstrumentId id, Venue venue, const Contract& contract);

  /// kNoSlot when the id was never listed.
  [[nodiscard]] InstrumentSlot slot_of(InstrumentId id) const;
  /// kNoSlot when no instrument of that venue has that name. For structural changes, not for ticks.
  [[nodiscard]] InstrumentSlot find(Venue venue, std::string_view name) const;

  [[nodiscard]] const Contract& contract(InstrumentSlot slot) const { return entries_[index_of(slot)].contract; }
  [[nodiscard]] InstrumentId id(InstrumentSlot slot) const { return entries_[index_of(slot)].id; }
  [[nodiscard]] Venue venue(InstrumentSlot slot) const { return entries_[index_of(slot)].venue; }
  [[nodiscard]] InstrumentPhase phase(InstrumentSlot slot) const { return entries_[index_of(slot)].phase; }
  void set_phase(InstrumentSlot slot, InstrumentPhase phase) { entries_[index_of(slot)].phase = phase; }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  /// See StateArchive.
  void visit_state(auto& archive) { archive(entries_, slots_, names_, refused_); }

 private:
  struct Entry {
    Contract contract;
    InstrumentId id;
    Venue venue;
    InstrumentPhase phase = InstrumentPhase::Open;
  };

  std::size_t capacity_;
  std::vector<Entry> entries_;
  std::vector<InstrumentSlot> slots_[kVenues.size()];  ///< by the count inside the id
  std::map<std::pair<Venue, InstrumentName>, InstrumentSlot> names_;
  std::uint64_t refused_ = 0;
};

}  // namespace hedgewatch
