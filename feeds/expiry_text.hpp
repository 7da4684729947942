#pragma once

#include <optional>
#include <string_view>

#include "core/types/time.hpp"

/// Dates and strikes as they stand in the names of instruments. All venues let expire at 08:00 UTC.
namespace hedgewatch {

/// 5JUN26 or 05JUN26.
[[nodiscard]] std::optional<VenueTime> expiry_from_day_month_year(std::string_view text);
/// 260605.
[[nodiscard]] std::optional<VenueTime> expiry_from_year_month_day(std::string_view text);
/// Z26: the exchanges' letter for the month; the last Friday of it.
[[nodiscard]] std::optional<VenueTime> expiry_from_month_letter(std::string_view text);
/// 100000 or 0.048; positive, digits and one point only.
[[nodiscard]] std::optional<double> strike_price(std::string_view text);

}  // namespace hedgewatch
