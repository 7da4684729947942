#pragma once

#include <compare>

namespace hedgewatch {

/// Annualised volatility. Venues disagree on the unit (Deribit's tickers: percent; its mark surface, OKX and Bybit: fraction).
class Vol {
 public:
  static constexpr Vol from_fraction(double fraction) { return Vol{fraction}; }
  static constexpr Vol from_percent(double percent) { return Vol{percent / 100}; }
  [[nodiscard]] constexpr double fraction() const { return fraction_; }
  friend constexpr auto operator<=>(Vol, Vol) = default;

 private:
  constexpr explicit Vol(double fraction) : fraction_{fraction} {}
  double fraction_;
};

/// Time to expiry in years of 365 days (31,536,000 s).
class YearFraction {
 public:
  static constexpr double kDaysPerYear = 365;
  static constexpr double kNanosecondsPerYear = kDaysPerYear * 86'400e9;

  static constexpr YearFraction from_years(double years) { return YearFraction{years}; }
  static constexpr YearFraction from_days(double days) { return YearFraction{days / kDaysPerYear}; }
  static constexpr YearFraction from_nanoseconds(double nanoseconds) { return YearFraction{nanoseconds / kNanosecondsPerYear}; }
  [[nodiscard]] constexpr double years() const { return years_; }
  [[nodiscard]] constexpr double days() const { return years_ * kDaysPerYear; }
  friend constexpr auto operator<=>(YearFraction, YearFraction) = default;

 private:
  constexpr explicit YearFraction(double years) : years_{years} {}
  double years_;
};

}  // namespace hedgewatch
