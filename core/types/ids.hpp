#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hedgewatch {

enum class Venue : std::uint8_t { Deribit, Binance, Okx, Bybit };
inline constexpr std::array kVenues{Venue::Deribit, Venue::Binance, Venue::Okx, Venue::Bybit};

constexpr std::string_view label(Venue venue) {
  constexpr std::array<std::string_view, kVenues.size()> kLabels{"deribit", "binance", "okx", "bybit"};
  return kLabels[static_cast<std::size_t>(venue)];
}

constexpr std::optional<Venue> venue_from_label(std::string_view text) {
  for (const Venue venue : kVenues)
    if (label(venue) == text) return venue;
  return std::nullopt;
}

/// Stable within one run. The venue sits in the top byte, a count from 0 below it, so venues allocate without asking each other.
enum class InstrumentId : std::uint32_t {};
inline constexpr InstrumentId kNoInstrument{0xFFFFFFFF};

constexpr InstrumentId make_instrument_id(Venue venue, std::uint32_t count) {
  return InstrumentId{static_cast<std::uint32_t>(venue) << 24 | (count & 0xFFFFFF)};
}
constexpr std::uint32_t count_of(InstrumentId id) { return static_cast<std::uint32_t>(id) & 0xFFFFFF; }

/// Index into the configuration's accounts.
enum class AccountId : std::uint16_t {};
inline constexpr AccountId kNoAccount{0xFFFF};

/// Index into the daemon's feed connections.
enum class ConnectionId : std::uint8_t {};
inline constexpr ConnectionId kNoConnection{0xFF};

}  // namespace hedgewatch
