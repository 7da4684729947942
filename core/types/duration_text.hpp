#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hedgewatch {

/// Reads one number with its unit: `500ms`, `1.5s`, `8h`. Units: ns, us, ms, s, m (minutes), h, d (24 hours).
/// Nothing when the unit is missing or unknown, the number is negative, or the result is no whole count of nanoseconds
/// that fits 64 bits. Zero is read; whether it is allowed is the caller's question.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The same form again, in the largest unit that shows it as a whole number: 90 s is `90s`, 120 s is `2m`.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace hedgewatch
