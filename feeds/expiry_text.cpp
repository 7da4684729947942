#include "feeds/expiry_text.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "feeds/decimal_text.hpp"

namespace hedgewatch {

namespace {

constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                   "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

/// Two digits; nothing otherwise.
std::optional<unsigned> two_digits(std::string_view text) {
  if (text.size() != 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
  return static_cast<unsigned>((text[0] - '0') * 10 + (text[1] - '0'));
}

std::optional<VenueTime> at_eight(const std::chrono::year_month_day& date) {
  if (!date.ok()) return std::nullopt;
  const auto moment = std::chrono::sys_days{date} + std::chrono::hours{8};
  return from_nanoseconds<VenueTime>(std::chrono::nanoseconds{moment.time_since_epoch()}.count());
}

std::chrono::year year_of(unsigned of_century) { return std::chrono::year{2000 + static_cast<int>(of_century)}; }

}  // namespace

std::optional<VenueTime> expiry_from_day_month_year(std::string_view text) {
  if (text.size() != 6 && text.size() != 7) return std::nullopt;
  const std::size_t month_at = text.size() - 5;
  unsigned day = 0;
  for (std::size_t at = 0; at < month_at; ++at) {
    if (!is_digit(text[at])) return std::nullopt;
    day = day * 10 + static_cast<unsigned>(text[at] - '0');
  }
  unsigned month = 0;
  while (month < kMonths.size() && kMonths[month] != text.substr(month_at, 3)) ++month;
  const auto year = two_digits(text.substr(month_at + 3));
  if (month == kMonths.size() || !year) return std::nullopt;
  return at_eight({year_of(*year), std::chrono::month{month + 1}, std::chrono::day{day}});
}

std::optional<VenueTime> expiry_from_year_month_day(std::string_view text) {
  if (text.size() != 6) return std::nullopt;
  const auto year = two_digits(text.substr(0, 2));
  const auto month = two_digits(text.substr(2, 2));
  const auto day = two_digits(text.substr(4, 2));
  if (!year || !month || !day) return std::nullopt;
  return at_eight({year_of(*year), std::chrono::month{*month}, std::chrono::day{*day}});
}

std::optional<VenueTime> expiry_from_month_letter(std::string_view text) {
  constexpr std::string_view kLetters = "FGHJKMNQUVXZ";
  if (text.size() != 3) return std::nullopt;
  const std::size_t month = kLetters.find(text[0]);
  const auto year = two_digits(text.substr(1));
  if (month == std::string_view::npos || !year) return std::nullopt;
  const std::chrono::year_month_weekday_last friday{year_of(*year), std::chrono::month{static_cast<unsigned>(month) + 1},
                                                    std::chrono::weekday_last{std::chrono::Friday}};
  return at_eight(std::chrono::year_month_day{std::chrono::sys_days{friday}});
}

std::optional<double> strike_price(std::string_view text) {
  bool point = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool inner_point = text[at] == '.' && !point && at != 0 && at + 1 < text.size();
    if (!inner_point && !is_digit(text[at])) return std::nullopt;
    point = point || inner_point;
  }
  double strike = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), strike);
  if (fault != std::errc{} || end != text.data() + text.size() || !(strike > 0)) return std::nullopt;
  return strike;
}

}  // namespace hedgewatch
