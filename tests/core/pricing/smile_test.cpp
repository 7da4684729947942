#include "core/pricing/smile.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace hedgewatch;

namespace {

constexpr SviSlice kQuarter{.a = 0.012, .b = 0.11, .rho = -0.25, .m = 0.03, .sigma = 0.28};
const YearFraction kQuarterYear = YearFraction::from_years(0.24);

std::vector<SmileQuote> quotes_of(const SviSlice& slice, YearFraction to_expiry, int count = 25, double reach = 0.6) {
  std::vector<SmileQuote> quotes;
  for (int i = 0; i < count; ++i) {
    const double k = -reach + 2 * reach * i / (count - 1);
    quotes.push_back({k, std::sqrt(slice.total_variance(k) / to_expiry.years()), 1});
  }
  return quotes;
}

/// Price of a call on a unit forward by the smile, by the definition: nothing of g enters.
double call_price(const SviSlice& slice, double k) {
  const double root = std::sqrt(slice.total_variance(k));
  const double d1 = -k / root + 0.5 * root;
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  return cdf(d1) - std::exp(k) * cdf(d1 - root);
}

}  // namespace

TEST_SUITE("core/pricing/smile") {
  TEST_CASE("slope and curvature are the derivatives of total variance") {
    constexpr double kStep = 1e-4;
    for (const double k : {-2.0, -0.4, 0.0, 0.03, 0.7}) {
      CAPTURE(k);
      const double up = kQuarter.total_variance(k + kStep);
      const double down = kQuarter.total_variance(k - kStep);
      CHECK(kQuarter.slope(k) == doctest::Approx((up - down) / (2 * kStep)).epsilon(1e-6));
      CHECK(kQuarter.curvature(k) == doctest::Approx((up - 2 * kQuarter.total_variance(k) + down) / (kStep * kStep)).epsilon(1e-4));
    }
  }

  TEST_CASE("the density factor has the sign of a butterfly's price") {
    // Sharp vertex under a steep wing: somewhere a butterfly costs less than nothing.
    constexpr SviSlice kBad{.a = -0.03, .b = 0.14, .rho = 0.35, .m = 0.4, .sigma = 0.36};
    int negative = 0;
    for (int i = -30; i <= 30; ++i) {
      const double k = 0.05 * i;
      CAPTURE(k);
      for (const SviSlice& slice : {kQuarter, kBad}) {
        const double strike = std::exp(k);
        const double step = 1e-3 * strike;
        const auto price = [&](double at) { return call_price(slice, std::log(at)); };
        const double butterfly = price(strike - step) - 2 * price(strike) + price(strike + step);
        const double g = slice.density_factor(k);
        if (std::fabs(g) < 1e-3 || std::fabs(butterfly) < 1e-12) continue;
        CHECK((g > 0) == (butterfly > 0));
        if (g < 0) ++negative;
      }
    }
    CHECK(negative > 0);
    CHECK(check_butterfly(kQuarter).free_of_arbitrage);
    const ButterflyCheck bad = check_butterfly(kBad);
    CHECK_FALSE(bad.free_of_arbitrage);
    CHECK(bad.lowest == doctest::Approx(kBad.density_factor(bad.at_k)));
  }

  TEST_CASE("wings steeper than 2, negative variance and senseless parameters are arbitrage") {
    SviSlice steep = kQuarter;
    steep.b = 1.7;
    CHECK(steep.wing_slope() > 2);
    CHECK_FALSE(check_butterfly(steep).free_of_arbitrage);
    SviSlice negative = kQuarter;
    negative.a = -0.05;
    CHECK_FALSE(check_butterfly(negative).free_of_arbitrage);
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      SviSlice slice = kQuarter;
      slice.m = bad;
      CHECK_FALSE(check_butterfly(slice).free_of_arbitrage);
      CHECK_FALSE(check_calendar(kQuarter, slice).free_of_arbitrage);
      CHECK_FALSE(check_calendar(slice, kQuarter).free_of_arbitrage);
    }
  }

  TEST_CASE("total variance that falls with time anywhere is calendar arbitrage, in a far wing too") {
    SviSlice later = kQuarter;
    later.a += 0.01;
    CHECK(check_calendar(kQuarter, later).free_of_arbitrage);
    CHECK(check_calendar(kQuarter, later).lowest == doctest::Approx(0.01));
    CHECK_FALSE(check_calendar(later, kQuarter).free_of_arbitrage);
    // Above at every strike that trades, but its left wing is flatter.
    SviSlice flatter = later;
    flatter.a += 0.05;
    flatter.rho = -0.24;
    CHECK(flatter.total_variance(-3) > kQuarter.total_variance(-3));
    CHECK_FALSE(check_calendar(kQuarter, flatter).free_of_arbitrage);
  }

  TEST_CASE("quotes made from a slice give back its smile") {
    const auto fit = fit_smile(quotes_of(kQuarter, kQuarterYear), kQuarterYear);
    REQUIRE(fit.ok());
    CHECK(fit.value().error.worst_points < 1e-3);
    CHECK_FALSE(fit.value().repaired);
    CHECK(fit.value().quotes == 25);
    CHECK(fit.value().lowest_k == doctest::Approx(-0.6));
    for (const double k : {-0.9, -0.2, 0.1, 0.9})
      CHECK(fit.value().slice.total_variance(k) == doctest::Approx(kQuarter.total_variance(k)).epsilon(1e-4));
  }

  TEST_CASE("the order of quotes and quotes without meaning do not change a fit by a bit") {
    std::vector<SmileQuote> quotes = quotes_of(kQuarter, kQuarterYear);
    for (std::size_t i = 0; i < quotes.size(); ++i) quotes[i].vol *= i % 2 == 0 ? 1.01 : 0.99;
    const auto fit = fit_smile(quotes, kQuarterYear);
    std::vector<SmileQuote> turned{quotes.rbegin(), quotes.rend()};
    turned.push_back({0.1, std::numeric_limits<double>::quiet_NaN(), 1});
    turned.push_back({std::numeric_limits<double>::infinity(), 0.5, 1});
    turned.push_back({0.1, 9.0, 0});
    turned.push_back({0.1, -0.2, 1});
    const auto again = fit_smile(turned, kQuarterYear);
    REQUIRE(fit.ok());
    REQUIRE(again.ok());
    CHECK(fit.value().slice.a == again.value().slice.a);
    CHECK(fit.value().slice.sigma == again.value().slice.sigma);
    CHECK(again.value().quotes == 25);
  }

  TEST_CASE("a market with butterfly arbitrage is fitted by a slice without") {
    constexpr SviSlice kBad{.a = -0.03, .b = 0.14, .rho = 0.35, .m = 0.4, .sigma = 0.36};
    const YearFraction year = YearFraction::from_years(1);
    const auto fit = fit_smile(quotes_of(kBad, year, 41, 1.5), year);
    REQUIRE(fit.ok());
    CHECK(fit.value().repaired);
    CHECK(check_butterfly(fit.value().slice).free_of_arbitrage);
    CHECK(fit.value().error.median_points > 0.01);
    CHECK(fit.value().error.median_points < 1.5);
  }

  TEST_CASE("a smile that crosses its neighbours is fitted between them") {
    SviSlice lower = kQuarter;
    lower.a -= 0.004;
    lower.b *= 1.02;
    SviSlice upper = kQuarter;
    upper.a += 0.02;
    upper.b *= 1.1;
    // The quotes dip below the lower bound at the money.
    std::vector<SmileQuote> quotes = quotes_of(kQuarter, kQuarterYear);
    for (SmileQuote& quote : quotes) quote.vol -= 0.03 * std::exp(-20 * quote.k * quote.k);
    REQUIRE(quotes[12].vol * quotes[12].vol * 0.24 < lower.total_variance(quotes[12].k));
    const auto fit = fit_smile(quotes, kQuarterYear, {&lower, &upper});
    REQUIRE(fit.ok());
    CHECK(fit.value().repaired);
    CHECK(check_butterfly(fit.value().slice).free_of_arbitrage);
    CHECK(check_calendar(lower, fit.value().slice).free_of_arbitrage);
    CHECK(check_calendar(fit.value().slice, upper).free_of_arbitrage);
    CHECK(fit.value().error.worst_points < 4);
  }

  TEST_CASE("too little to fit is a fault, not a guess") {
    std::vector<SmileQuote> four = quotes_of(kQuarter, kQuarterYear, 4);
    four.push_back(four.back());
    CHECK(fit_smile(four, kQuarterYear).error() == SmileFault::TooFewQuotes);
    CHECK(fit_smile({}, kQuarterYear).error() == SmileFault::TooFewQuotes);
    CHECK(fit_smile(quotes_of(kQuarter, kQuarterYear), YearFraction::from_years(0)).error() == SmileFault::TimeNotPositive);
    // Bounds that leave no room.
    SviSlice above = kQuarter;
    above.a += 0.5;
    CHECK(fit_smile(quotes_of(kQuarter, kQuarterYear), kQuarterYear, {&above, &kQuarter}).error() == SmileFault::NoAcceptableFit);
  }

  TEST_CASE("a quote weighs by its vega, and never nothing") {
    const Vol vol = Vol::from_percent(60);
    CHECK(vega_weight(0, vol, kQuarterYear) == 1);
    const double deviation = 0.6 * std::sqrt(0.24);
    CHECK(vega_weight(-deviation, vol, kQuarterYear) == doctest::Approx(std::exp(-0.5)));
    CHECK(vega_weight(9, vol, kQuarterYear) == 0.05);
    CHECK(vega_weight(0, Vol::from_fraction(std::numeric_limits<double>::quiet_NaN()), kQuarterYear) == 0.05);
  }
}
