#pragma once

#include <cstdint>

#include "core/types/ids.hpp"
#include "core/types/inline_text.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

enum class ContractKind : std::uint8_t { Spot, Future, Perpetual, Option };
enum class OptionRight : std::uint8_t { Call, Put };

/// How profit is paid: linear in the quote currency, or inverse in the base coin.
/// An inverse option is quoted and settled in coin; an inverse future is quoted in dollars and settled in coin.
enum class PayoffStyle : std::uint8_t { Linear, Inverse };

/// What one unit of a size on this venue counts (positions, books, trades and fills alike, after the decoder's door).
enum class SizeUnit : std::uint8_t { Base, Quote };

/// What an instrument is. Trivially copyable: it travels in the event that lists the instrument.
struct Contract {
  InstrumentName name;              ///< the venue's own symbol
  AssetCode base;                   ///< the underlying, e.g. BTC
  AssetCode quote;                  ///< what the underlying is priced in, e.g. USD (also for coin-quoted options)
  AssetCode settlement;             ///< what profit is paid in, e.g. BTC or USDC
  VenueTime expiry = kNoVenueTime;  ///< kNoVenueTime for spot and perpetuals
  double strike = 0;                ///< quote per base; options only
  double contract_size = 0;         ///< SizeUnits per contract; positive
  double lot = 0;                   ///< smallest tradable size, in SizeUnits; positive
  ContractKind kind = ContractKind::Spot;
  OptionRight right = OptionRight::Call;
  PayoffStyle style = PayoffStyle::Linear;
  SizeUnit size_unit = SizeUnit::Base;
};

}  // namespace hedgewatch
