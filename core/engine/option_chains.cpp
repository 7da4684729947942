#include "core/engine/option_chains.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>

#include "core/pricing/smile.hpp"

namespace hedgewatch {

namespace {

using ChainKey = std::tuple<Venue, AssetCode, AssetCode>;

bool tracked(const Desk& desk, std::uint32_t slot) {
  return slot < desk.tracked_of_slot.size() && desk.tracked_of_slot[slot] != kNoPlace;
}

std::size_t distinct_strikes(const InstrumentRegistry& registry, const ChainExpiry& sorted) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < sorted.options.size(); ++i)
    if (i == 0 || registry.contract(sorted.options[i]).strike != registry.contract(sorted.options[i - 1]).strike) ++count;
  return count;
}

ChainExpiry& expiry_of(OptionChain& chain, ExpiryId id, VenueTime at) {
  const auto place =
      std::find_if(chain.expiries.begin(), chain.expiries.end(), [&](const ChainExpiry& expiry) { return expiry.id == id; });
  if (place != chain.expiries.end()) return *place;
  ChainExpiry& expiry = chain.expiries.emplace_back();
  expiry.id = id;
  expiry.at = at;
  return expiry;
}

}  // namespace

std::vector<OptionChain> form_chains(const InstrumentRegistry& registry, const MarketState& market, const Desk& desk) {
  std::map<ChainKey, OptionChain> chains;
  for (std::uint32_t i = 0; i < registry.size(); ++i) {
    const Contract& contract = registry.contract(InstrumentSlot{i});
    if (contract.kind != ContractKind::Option || !tracked(desk, i)) continue;
    chains.try_emplace({registry.venue(InstrumentSlot{i}), contract.base, contract.quote});
  }
  for (std::uint32_t i = 0; i < registry.size(); ++i) {
    const InstrumentSlot slot{i};
    const Contract& contract = registry.contract(slot);
    const auto found = chains.find({registry.venue(slot), contract.base, contract.quote});
    if (found == chains.end()) continue;
    OptionChain& chain = found->second;
    if (contract.kind == ContractKind::Perpetual && chain.perpetual == kNoSlot) chain.perpetual = slot;
    if (contract.kind != ContractKind::Option) continue;
    chain.index = market.at(slot).index;
    chain.premiums_in_coin = contract.style == PayoffStyle::Inverse;
    ChainExpiry& expiry = expiry_of(chain, market.at(slot).expiry, contract.expiry);
    expiry.options.push_back(slot);
    expiry.reported = expiry.reported || tracked(desk, i);
  }
  for (std::uint32_t i = 0; i < registry.size(); ++i) {
    const Contract& contract = registry.contract(InstrumentSlot{i});
    if (contract.kind != ContractKind::Future) continue;
    const auto found = chains.find({registry.venue(InstrumentSlot{i}), contract.base, contract.quote});
    if (found == chains.end()) continue;
    for (ChainExpiry& expiry : found->second.expiries)
      if (expiry.at == contract.expiry) expiry.future = InstrumentSlot{i};
  }

  std::vector<OptionChain> out;
  for (auto& [key, chain] : chains) {
    std::tie(chain.venue, chain.base, chain.quote) = key;
    std::sort(chain.expiries.begin(), chain.expiries.end(), [](const ChainExpiry& x, const ChainExpiry& y) { return x.at < y.at; });
    for (ChainExpiry& expiry : chain.expiries) {
      std::sort(expiry.options.begin(), expiry.options.end(), [&registry](InstrumentSlot x, InstrumentSlot y) {
        const Contract& a = registry.contract(x);
        const Contract& b = registry.contract(y);
        return std::tuple{a.strike, a.right, x} < std::tuple{b.strike, b.right, y};
      });
      expiry.reported = expiry.reported && distinct_strikes(registry, expiry) >= kSmileMinimumQuotes;
    }
    out.push_back(std::move(chain));
  }
  return out;
}

}  // namespace hedgewatch
