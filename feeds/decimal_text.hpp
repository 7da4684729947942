#pragma once

#include <optional>
#include <string_view>

#include "feeds/json_reader.hpp"

namespace hedgewatch {

[[nodiscard]] constexpr bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// The number that a text holds, as most venues write prices: in quotes, by JSON's grammar (no space, no plus sign, no leading
/// zeros, exponents allowed). Nothing for anything else, the empty text included.
[[nodiscard]] std::optional<Decimal> decimal_from(std::string_view text);

}  // namespace hedgewatch
