#pragma once

#include <vector>

#include "core/engine/desk.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/market_state.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// One expiry of a chain: every listed option of it, and a future that expires at the same moment.
struct ChainExpiry {
  ExpiryId id = kNoExpiry;
  VenueTime at = kNoVenueTime;
  InstrumentSlot future = kNoSlot;
  std::vector<InstrumentSlot> options;  ///< ascending strike, a call before the put
  bool reported = false;                ///< an option of it is held or watched, and enough strikes are listed for a smile

  void visit_state(auto& archive) { archive(id, at, future, options, reported); }
};

/// The options of one underlying on one venue that are priced in one currency, and what else tells of their forwards.
struct OptionChain {
  Venue venue = Venue::Deribit;
  AssetCode base;
  AssetCode quote;
  IndexId index = kNoIndex;
  InstrumentSlot perpetual = kNoSlot;
  bool premiums_in_coin = false;
  std::vector<ChainExpiry> expiries;  ///< ascending time

  void visit_state(auto& archive) { archive(venue, base, quote, index, perpetual, premiums_in_coin, expiries); }
};

/// The chains of which an option is held or watched, by venue, underlying and quote. Listed options that nobody looks at are in
/// them too: they shape the smile of the ones that are.
[[nodiscard]] std::vector<OptionChain> form_chains(const InstrumentRegistry& registry, const MarketState& market, const Desk& desk);

}  // namespace hedgewatch
