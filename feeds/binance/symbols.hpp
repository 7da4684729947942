#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/instrument/contract.hpp"

namespace hedgewatch::binance {

/// The venue's markets, each with hosts, paths and shapes of its own.
enum class Product : std::uint8_t { Spot, UsdMargined, CoinMargined, Options };

/// BTCUSDT is a perpetual and a spot pair: inside the program spot pairs end in this.
inline constexpr std::string_view kSpotSuffix = "-SPOT";
[[nodiscard]] constexpr std::string_view suffix(Product product) { return product == Product::Spot ? kSpotSuffix : ""; }

/// The market that a symbol's form belongs to; of spot pairs and USD-margined perpetuals, which look the same, the latter.
[[nodiscard]] Product product_of_symbol(std::string_view symbol);

/// BTCUSDT into BTC and USDT; nothing when it ends in no currency that the venue quotes in.
[[nodiscard]] std::optional<std::pair<AssetCode, AssetCode>> split_pair(std::string_view joined);

/// What a name implies, for recordings without instrument definitions. A coin-margined contract is 100 dollars of BTC and 10 of
/// every other coin. Lots are 1e-9: only the venue's own list has them.
[[nodiscard]] std::optional<Contract> contract_from_name(std::string_view name);

}  // namespace hedgewatch::binance
