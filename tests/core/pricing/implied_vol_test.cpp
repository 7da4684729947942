#include "core/pricing/implied_vol.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/pricing/black76.hpp"
#include "core/pricing/kernel_target.hpp"

using namespace hedgewatch;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double black_price(OptionRight right, double forward, double strike, double years, double vol) {
  const auto result = black76({.right = right,
                               .forward = forward,
                               .strike = strike,
                               .to_expiry = YearFraction::from_years(years),
                               .vol = Vol::from_fraction(vol)});
  REQUIRE(result.ok());
  return result.value().price;
}

struct Book {
  std::vector<OptionRight> right;
  std::vector<double> forward, strike, years, price, previous, vol;
  std::vector<ImpliedVolStatus> status;

  void add(OptionRight r, double f, double k, double t, double p, double start = kNan) {
    right.push_back(r);
    forward.push_back(f);
    strike.push_back(k);
    years.push_back(t);
    price.push_back(p);
    previous.push_back(start);
    vol.push_back(-7);
    status.push_back(ImpliedVolStatus::Invalid);
  }
  [[nodiscard]] ImpliedVolBatch batch() { return {right, forward, strike, years, price, previous, vol, status}; }
  [[nodiscard]] ImpliedVolInput input(std::size_t i) const {
    return {right[i], forward[i], strike[i], YearFraction::from_years(years[i]), price[i]};
  }
};

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

TEST_SUITE("core/pricing/implied_vol") {
  TEST_CASE("a price made from a vol gives that vol back, out of the money, by batch and scalar alike") {
    Book book;
    std::vector<double> made_from;
    for (const double vol : {0.08, 0.35, 0.9, 2.4})
      for (const double years : {0.0004, 0.02, 0.25, 1.7})
        for (const double ratio : {0.4, 0.83, 0.999, 1.0, 1.01, 1.3, 2.6}) {
          const double strike = 61'250 * ratio;
          const OptionRight right = ratio < 1 ? OptionRight::Put : OptionRight::Call;
          const double price = black_price(right, 61'250, strike, years, vol);
          if (!(price > 1e-200)) continue;
          book.add(right, 61'250, strike, years, price);
          made_from.push_back(vol);
        }
    REQUIRE(book.price.size() > 80);
    solve_implied_vols(book.batch());
    for (std::size_t i = 0; i < made_from.size(); ++i) {
      CAPTURE(book.strike[i]);
      CAPTURE(book.years[i]);
      CAPTURE(made_from[i]);
      const ImpliedVol scalar = implied_vol(book.input(i));
      CHECK(scalar.status == ImpliedVolStatus::Ok);
      CHECK(book.status[i] == ImpliedVolStatus::Ok);
      // The price of the forward model is itself right to a few ulp of forward and strike, not of a tiny price.
      CHECK(book.vol[i] == doctest::Approx(made_from[i]).epsilon(2e-11));
      CHECK(std::fabs(book.vol[i] - scalar.vol) <= 1e-12 * scalar.vol);
    }
  }

  TEST_CASE("a deep in-the-money price is read through its value above intrinsic") {
    // 4100 over intrinsic exactly: the same vol as the put of that price.
    const ImpliedVol put = implied_vol({OptionRight::Put, 50'000, 40'000, YearFraction::from_years(0.5), 4'100});
    const ImpliedVol call = implied_vol({OptionRight::Call, 50'000, 40'000, YearFraction::from_years(0.5), 14'100});
    REQUIRE(put.status == ImpliedVolStatus::Ok);
    CHECK(call.vol == put.vol);

    // forward - strike is no double here; its rounding error is a part in 1e9 of the value above it.
    const double forward = 97'531.3;
    const double strike = 1'234.567;
    const double call_price = 96'296.75;
    const auto above = static_cast<double>(static_cast<long double>(call_price) - forward + strike);
    REQUIRE(above != call_price - (forward - strike));
    Book book;
    book.add(OptionRight::Put, forward, strike, 0.5, above);
    book.add(OptionRight::Call, forward, strike, 0.5, call_price);
    solve_implied_vols(book.batch());
    CHECK(std::fabs(book.vol[1] - book.vol[0]) <= 1e-14 * book.vol[0]);
    CHECK(std::fabs(implied_vol(book.input(1)).vol - implied_vol(book.input(0)).vol) <= 1e-14 * book.vol[0]);
  }

  TEST_CASE("a price that carries no vol has a status instead of a number") {
    struct Case {
      OptionRight right;
      double forward, strike, years, price;
      ImpliedVolStatus status;
    };
    const Case cases[] = {
        {OptionRight::Call, 300, 200, 0.1, 100, ImpliedVolStatus::AtIntrinsic},
        {OptionRight::Put, 300, 200, 0.1, 0, ImpliedVolStatus::AtIntrinsic},
        {OptionRight::Call, 300, 200, 0.1, 99.5, ImpliedVolStatus::BelowIntrinsic},
        {OptionRight::Put, 300, 200, 0.1, -0.25, ImpliedVolStatus::BelowIntrinsic},
        {OptionRight::Call, 300, 200, 0.1, 300, ImpliedVolStatus::AtUpper},
        {OptionRight::Put, 300, 200, 0.1, 200, ImpliedVolStatus::AtUpper},
        {OptionRight::Call, 300, 200, 0.1, 301, ImpliedVolStatus::AboveUpper},
        {OptionRight::Put, 300, 200, 0.1, 250, ImpliedVolStatus::AboveUpper},
        {OptionRight::Put, 300, 200, 0, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, 300, 200, -1, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, 300, 0, 1, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, -300, 200, 1, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, kNan, 200, 1, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, 300, kInfinity, 1, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, 300, 200, kInfinity, 1, ImpliedVolStatus::Invalid},
        {OptionRight::Put, 300, 200, 1, kNan, ImpliedVolStatus::Invalid},
        {OptionRight::Put, 300, 200, 1, -kInfinity, ImpliedVolStatus::Invalid},
    };
    Book book;
    for (const Case& c : cases) book.add(c.right, c.forward, c.strike, c.years, c.price);
    for (const KernelTarget target : kKernelTargets) {
      if (!machine_runs(target)) continue;
      solve_implied_vols(book.batch(), target);
      for (std::size_t i = 0; i < std::size(cases); ++i) {
        const std::string expected{label(cases[i].status)};
        CAPTURE(i);
        CHECK(std::string{label(book.status[i])} == expected);
        const ImpliedVol scalar = implied_vol(book.input(i));
        CHECK(std::string{label(scalar.status)} == expected);
        CHECK(same(scalar.vol, book.vol[i]));
        if (cases[i].status == ImpliedVolStatus::AtIntrinsic)
          CHECK(scalar.vol == 0);
        else if (cases[i].status == ImpliedVolStatus::AtUpper)
          CHECK(scalar.vol == kInfinity);
        else
          CHECK(std::isnan(scalar.vol));
      }
    }
  }

  TEST_CASE("a poisoned lane leaves its neighbours' bits alone, at every length and place") {
    struct Poison {
      double forward, strike, years, price, previous;
    };
    const Poison poisons[] = {{kNan, kNan, kNan, kNan, kNan},
                              {0, 0, 0, 0, 0},
                              {kInfinity, 1, 1, kInfinity, kInfinity},
                              {1e308, 1e-308, 1e308, 1e308, 1e-308},
                              {70'000, 70'000, 0.2, 70'001, -kInfinity},
                              {70'000, 30'000, 1e-9, 39'999, 1e300},
                              {5e-324, 5e-324, 5e-324, 5e-324, 5e-324},
                              {70'000, 69'000, 0.1, 1'000, 0.5}};
    for (const KernelTarget target : kKernelTargets) {
      if (!machine_runs(target)) continue;
      for (std::size_t size = 1; size <= 19; ++size) {
        Book clean;
        for (std::size_t i = 0; i < size; ++i) {
          const double at = static_cast<double>(i);
          clean.add(i % 3 == 0 ? OptionRight::Put : OptionRight::Call, 70'000, 52'000 + 2'500 * at, 0.05 + 0.07 * at,
                    19'000 + 100 * at, i % 2 == 0 ? kNan : 0.4);
        }
        solve_implied_vols(clean.batch(), target);
        for (std::size_t place = 0; place < size; ++place)
          for (const Poison& poison : poisons) {
            Book book = clean;
            book.forward[place] = poison.forward;
            book.strike[place] = poison.strike;
            book.years[place] = poison.years;
            book.price[place] = poison.price;
            book.previous[place] = poison.previous;
            solve_implied_vols(book.batch(), target);
            for (std::size_t i = 0; i < size; ++i) {
              if (i == place) continue;
              const bool untouched = same(book.vol[i], clean.vol[i]) && book.status[i] == clean.status[i];
              CAPTURE(size);
              CAPTURE(place);
              CAPTURE(i);
              REQUIRE(untouched);
            }
          }
      }
    }
  }

  TEST_CASE("the vols may overwrite the previous vols they start from") {
    Book book;
    for (int i = 0; i < 11; ++i) book.add(OptionRight::Call, 2'000, 1'900 + 30.0 * i, 0.1, 170.0 - 9 * i, 0.6);
    Book apart = book;
    solve_implied_vols(apart.batch());
    ImpliedVolBatch in_place = book.batch();
    in_place.previous_vol = book.vol;
    book.vol = book.previous;
    solve_implied_vols(in_place);
    CHECK(book.vol == apart.vol);
  }

  TEST_CASE("the interval of a tick brackets the vol and opens where the price carries none") {
    const ImpliedVolInput near_money{OptionRight::Call, 62'000, 64'000, YearFraction::from_days(20), 1'705};
    const double vol = implied_vol(near_money).vol;
    const ImpliedVolInterval narrow = implied_vol_interval(near_money, 6.2);
    CHECK(narrow.status == ImpliedVolStatus::Ok);
    CHECK(narrow.low < vol);
    CHECK(narrow.high > vol);
    // Half a tick over vega, to first order.
    const auto greeks = black76({.right = OptionRight::Call,
                                 .forward = 62'000,
                                 .strike = 64'000,
                                 .to_expiry = near_money.to_expiry,
                                 .vol = Vol::from_fraction(vol)});
    CHECK(narrow.high - narrow.low == doctest::Approx(6.2 / greeks.value().vega).epsilon(1e-4));

    // Far in the money half a tick reaches the intrinsic value: any vol from 0 fits.
    const ImpliedVolInterval open =
        implied_vol_interval({OptionRight::Call, 62'000, 20'000, YearFraction::from_days(20), 42'001}, 6.2);
    CHECK(open.low == 0);
    CHECK(open.high > 1);
    const ImpliedVolInterval top =
        implied_vol_interval({OptionRight::Put, 62'000, 20'000, YearFraction::from_days(20), 19'999}, 6.2);
    CHECK(top.high == kInfinity);
    CHECK(implied_vol_interval(near_money, -1).status == ImpliedVolStatus::Invalid);
    CHECK(implied_vol_interval({OptionRight::Call, 62'000, 20'000, YearFraction::from_days(20), 41'000}, 6.2).status ==
          ImpliedVolStatus::Invalid);
  }

  TEST_CASE("intervals of a batch are those of the scalar function") {
    Book book;
    std::vector<double> tick;
    for (int i = 0; i < 301; ++i) {
      book.add(i % 2 == 0 ? OptionRight::Call : OptionRight::Put, 62'000, 30'000 + 250.0 * i, 0.01 + 0.003 * i, 33'000.0 - 90 * i);
      tick.push_back(i % 50 == 49 ? -1.0 : 6.2);
    }
    std::vector<double> low(301), high(301);
    solve_implied_vols(book.batch());
    solve_implied_vol_intervals(book.batch(), tick, low, high);
    for (std::size_t i = 0; i < 301; ++i) {
      CAPTURE(i);
      const ImpliedVolInterval expected = implied_vol_interval(book.input(i), tick[i]);
      CHECK((same(low[i], expected.low) || std::fabs(low[i] - expected.low) <= 2e-12 * expected.low));
      CHECK((same(high[i], expected.high) || std::fabs(high[i] - expected.high) <= 2e-12 * expected.high));
    }
  }
}
