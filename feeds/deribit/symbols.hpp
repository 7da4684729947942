#pragma once

#include <optional>
#include <string_view>

#include "core/instrument/contract.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch::deribit {

/// The venue's instruments.
class Symbols : public SymbolTable {
 public:
  explicit Symbols(std::size_t capacity = kDefaultCapacity) : SymbolTable{Venue::Deribit, capacity} {}
};

/// What a name implies, for recordings without instrument definitions: kind, expiry (08:00 UTC), strike, right, and the venue's
/// usual payoff (inverse for BTC-..., linear for BTC_USDC-...). Contract size and lot are those of BTC and ETH, 1 elsewhere;
/// only the venue's own list is authoritative. Nothing for combos and for what is no name.
[[nodiscard]] std::optional<Contract> contract_from_name(std::string_view name);

/// BTC-CS-25DEC26-70000_75000 and the like: order-book instruments that turn into positions of their legs.
[[nodiscard]] bool is_combo_name(std::string_view name);

}  // namespace hedgewatch::deribit
