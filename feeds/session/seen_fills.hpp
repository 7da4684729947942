#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/market/event.hpp"
#include "core/types/ids.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Which of an account's fills were passed on, so that those that a venue tells again after an interruption count once. Bounded:
/// the newest kCapacity are remembered.
class SeenFills {
 public:
  static constexpr std::size_t kCapacity = 4'096;

  /// True when this fill was not told before; it is remembered. One without a sequence number cannot be told from another and is
  /// always new. `instrument` is part of its name: venues count per instrument.
  bool first_time(InstrumentId instrument, const Fill& fill, VenueTime at);

  /// Fills up to this moment may have been forgotten: a history that is asked for must begin later. kNoVenueTime: none were.
  [[nodiscard]] VenueTime forgotten_to() const { return forgotten_to_; }

 private:
  struct Key {
    std::uint64_t sequence = 0;
    InstrumentId instrument = kNoInstrument;
    Side side = Side::Buy;  ///< an account that trades with itself has both sides of one number

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Entry {
    Key key;
    VenueTime at = kNoVenueTime;
  };

  std::array<Entry, kCapacity> ring_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  VenueTime forgotten_to_ = kNoVenueTime;
};

}  // namespace hedgewatch
