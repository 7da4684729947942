#include "core/pricing/smile_fitter.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <vector>

#include "core/pricing/vol_surface.hpp"

using namespace hedgewatch;

namespace {

/// Quotes on Vogt's slice (Gatheral and Jacquier, example 3.1), whose density is negative around k = 0.88.
std::vector<SmileQuote> vogt() {
  constexpr SviSlice kVogt{.a = -0.0410, .b = 0.1331, .rho = 0.3060, .m = 0.3586, .sigma = 0.4153};
  std::vector<SmileQuote> quotes;
  for (int i = -15; i <= 15; ++i) quotes.push_back({0.1 * i, std::sqrt(kVogt.total_variance(0.1 * i)), 1});
  return quotes;
}

/// A smile with noise that five parameters do not reach.
std::vector<SmileQuote> smile(double years, double level, double kink) {
  std::vector<SmileQuote> quotes;
  for (int i = -14; i <= 14; ++i) {
    const double k = 0.06 * i;
    const double bend = kink * std::sqrt(k * k + 1e-4);
    quotes.push_back({k, std::sqrt(level + 0.2 * k * k + bend) / std::pow(years, 0.1) + 0.003 * ((i * i) % 5), 1});
  }
  return quotes;
}

bool same(const SmileFit& x, const SmileFit& y) {
  return x.slice.a == y.slice.a && x.slice.b == y.slice.b && x.slice.rho == y.slice.rho && x.slice.m == y.slice.m &&
         x.slice.sigma == y.slice.sigma && x.error.p95_points == y.error.p95_points && x.repaired == y.repaired;
}

}  // namespace

TEST_SUITE("core/pricing/smile_fitter") {
  TEST_CASE("a fit in the smallest pieces is the fit in one, and no piece is long") {
    SmileFitter fitter;
    fitter.reserve(31);
    int repaired = 0;
    for (const auto& quotes : {smile(1, 0.2, 0), smile(1, 0.2, 0.3), vogt()}) {
      const auto whole = fit_smile(quotes, YearFraction::from_years(1));
      fitter.begin(quotes, YearFraction::from_years(1));
      std::size_t longest = 0;
      std::size_t pieces = 0;
      while (!fitter.done()) {
        longest = std::max(longest, fitter.advance(1));
        ++pieces;
      }
      REQUIRE(whole.ok());
      REQUIRE(fitter.result().ok());
      CHECK(same(whole.value(), fitter.result().value()));
      CHECK(longest < 6'000);
      CHECK(pieces > 40);
      if (whole.value().repaired) ++repaired;
    }
    CHECK(repaired == 1);
  }

  TEST_CASE("work stops soon after what was asked for") {
    SmileFitter fitter;
    fitter.begin(smile(0.1, 0.2, 0.1), YearFraction::from_years(0.1));
    const std::size_t worked = fitter.advance(2'000);
    CHECK(worked >= 2'000);
    CHECK(worked < 4'000);
    CHECK_FALSE(fitter.done());
  }

  TEST_CASE("a fault is a result: too few quotes, no time left") {
    SmileFitter fitter;
    fitter.begin({}, YearFraction::from_years(1));
    REQUIRE(fitter.done());
    CHECK(fitter.result().error() == SmileFault::TooFewQuotes);
    fitter.begin(smile(0.1, 0.2, 0), YearFraction::from_years(0));
    REQUIRE(fitter.done());
    CHECK(fitter.result().error() == SmileFault::TimeNotPositive);
  }

  TEST_CASE("a surface in pieces is the surface in one") {
    std::vector<std::vector<SmileQuote>> quotes;
    std::vector<ExpiryQuotes> expiries;
    const std::vector<double> years{0.02, 0.021, 0.1, 0.25};
    const std::vector<double> levels{0.3, 0.2, 0.25, 0.22};
    for (std::size_t i = 0; i < years.size(); ++i) quotes.push_back(smile(years[i], levels[i], 0.1));
    quotes.emplace_back();
    for (std::size_t i = 0; i < quotes.size(); ++i)
      expiries.push_back({from_nanoseconds<VenueTime>(static_cast<std::int64_t>(i + 1) * 1'000'000'000),
                          YearFraction::from_years(i < years.size() ? years[i] : 1), quotes[i], MonoTime{}});
    VolSurface whole{std::chrono::seconds{60}};
    whole.fit(expiries);
    SurfaceFitter fitter;
    fitter.reserve(expiries.size(), 29);
    fitter.begin(expiries);
    while (!fitter.done()) fitter.advance(1);
    REQUIRE(fitter.slices().size() == whole.slices().size());
    CHECK(fitter.unfitted() == 1);
    for (std::size_t i = 0; i < whole.slices().size(); ++i) CHECK(same(whole.slices()[i].fit, fitter.slices()[i].fit));
    for (std::size_t i = 1; i < whole.slices().size(); ++i)
      CHECK(check_calendar(whole.slices()[i - 1].fit.slice, whole.slices()[i].fit.slice).free_of_arbitrage);
  }
}
