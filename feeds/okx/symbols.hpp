#pragma once

#include <optional>
#include <string_view>

#include "core/instrument/contract.hpp"

namespace hedgewatch::okx {

/// What a name implies, for recordings without instrument definitions: kind, expiry, strike, and the sizes of contracts of BTC and
/// ETH (0.01 and 0.1 coins, 100 and 10 dollars). Nothing where that would be a guess: contracts of other coins, and the
/// dollar-margined families whose names say nothing about settlement. Only the venue's own list is authoritative.
[[nodiscard]] std::optional<Contract> contract_from_name(std::string_view name);

}  // namespace hedgewatch::okx
