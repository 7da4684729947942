#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/instrument/contract.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// The instruments of a venue: names to ids and back. Shared by all sessions on one I/O thread, so an instrument has one id
/// whoever reports it. Bounded; nothing is ever removed within a run, so an id keeps its meaning.
class SymbolTable {
 public:
  /// A venue lists some thousand instruments at a time; options turn over daily.
  static constexpr std::size_t kDefaultCapacity = 32'768;

  explicit SymbolTable(Venue venue, std::size_t capacity = kDefaultCapacity);

  /// Before anything is added: these names get these ids again when they are added, and the next new id has that count, so that an
  /// id means what it meant to a process before this one. Nobody is known by that yet.
  void reserve_ids(std::span<const std::pair<InstrumentName, InstrumentId>> ids, std::uint32_t next_count);

  /// No allocation.
  [[nodiscard]] std::optional<InstrumentId> find(std::string_view name) const;
  /// The id of the contract's name, a new one when it was not known; what was known of it is replaced. Nothing when full.
  std::optional<InstrumentId> add(const Contract& contract);

  /// For ids given out by this object.
  [[nodiscard]] const Contract& contract(InstrumentId id) const { return entry(id).contract; }
  [[nodiscard]] std::string_view name(InstrumentId id) const { return contract(id).name.view(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// The id that was given out as number `position`, from 0.
  [[nodiscard]] InstrumentId id_at(std::size_t position) const { return entries_[position].id; }
  /// Forgets the newest, down to `size`: for a frame that failed half-way.
  void truncate(std::size_t size);

  /// Somebody holds it: market data is needed for it, whatever the configuration says. True when that was new.
  bool want(InstrumentId id);
  [[nodiscard]] bool wanted(InstrumentId id) const { return entry(id).wanted; }
  /// Grows with every new want: tells a session that it has channels to add.
  [[nodiscard]] std::uint64_t wants() const { return wants_; }

 private:
  struct Entry {
    Contract contract;
    std::uint64_t hash = 0;
    InstrumentId id{};
    bool wanted = false;
  };
  [[nodiscard]] const Entry& entry(InstrumentId id) const { return entries_[positions_[count_of(id)]]; }
  [[nodiscard]] InstrumentId next_id(const InstrumentName& name) const;
  [[nodiscard]] std::size_t slot_of(std::string_view name, std::uint64_t hash) const;

  Venue venue_;
  std::size_t capacity_;
  std::vector<Entry> entries_;                                     ///< in the order in which they were added
  std::vector<std::uint32_t> positions_;                           ///< by the count inside the id
  std::vector<std::pair<InstrumentName, InstrumentId>> reserved_;  ///< by name
  std::uint32_t first_count_ = 0;                                  ///< new ids begin with it
  std::uint32_t next_count_ = 0;
  std::vector<std::uint32_t> slots_;  ///< open addressing, linear probing; position + 1, 0 is free
  std::uint64_t wants_ = 0;
};

}  // namespace hedgewatch
