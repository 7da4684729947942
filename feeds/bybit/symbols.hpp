#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/instrument/contract.hpp"

namespace hedgewatch::bybit {

/// The venue's markets. A public connection belongs to one of them; private messages and replies name theirs.
enum class Category : std::uint8_t { Spot, Linear, Inverse, Option };

/// linear, inverse, option, spot; nothing for another word.
[[nodiscard]] std::optional<Category> category_from(std::string_view word);
[[nodiscard]] std::string_view word(Category category);

/// BTCUSDT is a perpetual and a spot pair: inside the program spot pairs end in this.
inline constexpr std::string_view kSpotSuffix = "-SPOT";
[[nodiscard]] constexpr std::string_view suffix(Category category) { return category == Category::Spot ? kSpotSuffix : ""; }

/// The option's strike, which no field holds: BTC-25DEC26-95000-C-USDT.
[[nodiscard]] std::optional<double> strike_of(std::string_view option_symbol);

/// What a name implies, for recordings without instrument definitions. Lots are 1e-9: only the venue's own list has them.
[[nodiscard]] std::optional<Contract> contract_from_name(std::string_view name);

}  // namespace hedgewatch::bybit
