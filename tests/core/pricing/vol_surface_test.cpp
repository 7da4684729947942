#include "core/pricing/vol_surface.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kFitted = from_nanoseconds<MonoTime>(50'000'000'000);
constexpr MonoTime kAsked = kFitted + 10s;
constexpr VenueTime kToday = from_nanoseconds<VenueTime>(1'700'000'000'000'000'000);

VenueTime in_days(int days) { return kToday + std::chrono::hours{24 * days}; }

SviSlice smile_of(double years) { return {.a = 0.16 * years, .b = 0.12 * std::sqrt(years), .rho = -0.3, .m = 0.02, .sigma = 0.25}; }

struct Market {
  std::vector<std::vector<SmileQuote>> quotes;
  std::vector<ExpiryQuotes> expiries;

  explicit Market(const std::vector<int>& days) {
    quotes.reserve(days.size());
    for (const int count : days) {
      const YearFraction to_expiry = YearFraction::from_days(count);
      std::vector<SmileQuote> smile;
      for (int i = -12; i <= 12; ++i) {
        const double k = 0.05 * i;
        smile.push_back({k, std::sqrt(smile_of(to_expiry.years()).total_variance(k) / to_expiry.years()), 1});
      }
      quotes.push_back(smile);
      expiries.push_back({in_days(count), to_expiry, quotes.back(), kFitted});
    }
  }
};

VolSurface surface_of(const Market& market) {
  VolSurface surface{60s};
  surface.fit(market.expiries);
  return surface;
}

VolQuestion question(int days, double k) {
  return {.expiry = in_days(days), .to_expiry = YearFraction::from_days(days), .k = k, .now = kAsked};
}

double true_vol(int days, double k) {
  const double years = YearFraction::from_days(days).years();
  return std::sqrt(smile_of(years).total_variance(k) / years);
}

}  // namespace

TEST_SUITE("core/pricing/vol_surface") {
  TEST_CASE("sources are asked in their published order") {
    const Market market{{30, 60, 120}};
    const VolSurface surface = surface_of(market);
    REQUIRE(surface.slices().size() == 3);
    CHECK(surface.unfitted() == 0);

    VolQuestion asked = question(60, 0.1);
    asked.venue_mark_vol = 0.71;
    asked.venue_mark_received = kAsked - 1s;
    SurfaceVol answer = surface.vol(asked);
    CHECK(std::string{label(answer.source)} == "venue_mark");
    CHECK(answer.vol == 0.71);
    CHECK(answer.oldest_input == kAsked - 1s);

    asked.venue_mark_received = kAsked - 61s;
    answer = surface.vol(asked);
    CHECK(std::string{label(answer.source)} == "fitted");
    CHECK(answer.vol == doctest::Approx(true_vol(60, 0.1)).epsilon(1e-4));
    CHECK(answer.oldest_input == kFitted);

    answer = surface.vol(question(90, 0.1));
    CHECK(std::string{label(answer.source)} == "neighbour");
    CHECK(answer.vol == doctest::Approx(true_vol(90, 0.1)).epsilon(0.02));

    answer = surface.vol(question(400, 0.1));
    CHECK(std::string{label(answer.source)} == "unknown");
    CHECK_FALSE(is_present(answer.vol));
  }

  TEST_CASE("between two expiries total variance is interpolated linearly at the same moneyness") {
    const Market market{{30, 60}};
    const VolSurface surface = surface_of(market);
    const double k = -0.2;
    const double first = surface.slices()[0].fit.slice.total_variance(k);
    const double second = surface.slices()[1].fit.slice.total_variance(k);
    const SurfaceVol answer = surface.vol(question(40, k));
    const double expected = std::sqrt((first * 2 / 3 + second / 3) / YearFraction::from_days(40).years());
    CHECK(answer.vol == doctest::Approx(expected).epsilon(1e-9));
  }

  TEST_CASE("outside the fitted expiries the nearest one answers for a while only") {
    const Market market{{30, 60}};
    const VolSurface surface = surface_of(market);
    const double k = 0.1;
    const SurfaceVol earlier = surface.vol(question(20, k));
    CHECK(earlier.source == VolSource::Neighbour);
    CHECK(earlier.vol == doctest::Approx(true_vol(30, k * std::sqrt(1.5))).epsilon(1e-4));
    CHECK(surface.vol(question(100, k)).source == VolSource::Neighbour);
    CHECK(surface.vol(question(14, k)).source == VolSource::Unknown);
    CHECK(surface.vol(question(121, k)).source == VolSource::Unknown);
  }

  TEST_CASE("a strike far beyond the quotes, an old fit and a senseless question have no vol") {
    const Market market{{30, 60}};
    const VolSurface surface = surface_of(market);
    CHECK(surface.vol(question(30, 1.15)).source == VolSource::Fitted);
    CHECK(surface.vol(question(30, 1.25)).source == VolSource::Unknown);
    CHECK(surface.vol(question(30, -1.25)).source == VolSource::Unknown);
    CHECK(surface.vol(question(30, kAbsent)).source == VolSource::Unknown);
    VolQuestion late = question(30, 0);
    late.now = kFitted + 61s;
    CHECK(surface.vol(late).source == VolSource::Unknown);
    VolQuestion expired = question(30, 0);
    expired.to_expiry = YearFraction::from_years(0);
    CHECK(surface.vol(expired).source == VolSource::Unknown);
    VolQuestion zero_mark = question(30, 0);
    zero_mark.venue_mark_vol = 0;
    zero_mark.venue_mark_received = kAsked;
    CHECK(surface.vol(zero_mark).source == VolSource::Fitted);
  }

  TEST_CASE("no fitted expiry crosses another, whatever the quotes say") {
    Market market{{10, 20, 30}};
    // The middle expiry is quoted below the first: pure calendar arbitrage.
    for (SmileQuote& quote : market.quotes[1]) quote.vol *= 0.65;
    const VolSurface surface = surface_of(market);
    REQUIRE(surface.slices().size() + surface.unfitted() == 3);
    for (std::size_t i = 0; i < surface.slices().size(); ++i) {
      CHECK(check_butterfly(surface.slices()[i].fit.slice).free_of_arbitrage);
      if (i > 0) CHECK(check_calendar(surface.slices()[i - 1].fit.slice, surface.slices()[i].fit.slice).free_of_arbitrage);
    }
  }

  TEST_CASE("an expiry without enough quotes is left out and counted, and its neighbours answer for it") {
    Market market{{30, 60, 90}};
    market.quotes[1].resize(3);
    market.expiries[1].quotes = market.quotes[1];
    const VolSurface surface = surface_of(market);
    CHECK(surface.unfitted() == 1);
    CHECK(surface.slices().size() == 2);
    CHECK(surface.vol(question(60, 0)).source == VolSource::Neighbour);
  }

  TEST_CASE("a sticky strike keeps its vol when the forward moves; a sticky delta takes that of its new moneyness") {
    const Market market{{30, 60}};
    const VolSurface surface = surface_of(market);
    const double move = -0.08;
    const VolQuestion asked = question(30, 0.05);
    const double before = surface.vol(asked).vol;
    CHECK(surface.vol_after_move(asked, move, kStickyStrike).vol == doctest::Approx(before).epsilon(1e-12));
    CHECK(surface.vol_after_move(asked, move, kStickyDelta).vol ==
          doctest::Approx(surface.vol(question(30, 0.13)).vol).epsilon(1e-12));
    CHECK(surface.vol_after_move(asked, 0, kStickyDelta).vol == before);
    // Half-way: the at-the-money vol moves by half the skew.
    const VolQuestion money = question(30, 1e-3);
    const double half = surface.vol_after_move(money, 1e-3, SmileRule{0.5}).vol;
    const double skew = (surface.vol(question(30, 1e-3)).vol - surface.vol(question(30, 0)).vol) / 1e-3;
    CHECK((half - surface.vol(money).vol) == doctest::Approx(-0.5e-3 * skew).epsilon(1e-2));
  }

  TEST_CASE("the slope of a smile is the derivative of its vol, fitted, between two expiries and beyond the last") {
    const VolSurface surface = surface_of(Market{{30, 60}});
    const double h = 1e-5;
    for (const int days : {30, 40, 80})
      for (const double k : {-0.3, -0.04, 0.0, 0.17, 0.4}) {
        CAPTURE(days);
        CAPTURE(k);
        const double bumped = (surface.vol(question(days, k + h)).vol - surface.vol(question(days, k - h)).vol) / (2 * h);
        const SurfaceVol smile = surface.smile(question(days, k));
        CHECK(smile.slope == doctest::Approx(bumped).epsilon(1e-7));
        CHECK(smile.source == (days == 30 ? VolSource::Fitted : VolSource::Neighbour));
      }
    VolQuestion marked = question(30, 0.05);
    marked.venue_mark_vol = 0.9;
    marked.venue_mark_received = kAsked;
    CHECK(surface.smile(marked).vol == surface.vol(question(30, 0.05)).vol);
    CHECK_FALSE(is_present(surface.vol(marked).slope));
    CHECK(surface.smile(question(30, 5)).source == VolSource::Unknown);
  }

  TEST_CASE("a venue's mark is moved by the change of the fitted smile, and stays where there is none") {
    const Market market{{30, 60}};
    const VolSurface surface = surface_of(market);
    VolQuestion asked = question(30, 0.05);
    asked.venue_mark_vol = surface.vol(asked).vol + 0.02;
    asked.venue_mark_received = kAsked;
    const SurfaceVol moved = surface.vol_after_move(asked, -0.08, kStickyDelta);
    CHECK(moved.source == VolSource::VenueMark);
    CHECK(moved.vol == doctest::Approx(surface.vol(question(30, 0.13)).vol + 0.02).epsilon(1e-12));
    CHECK(moved.oldest_input == kFitted);

    const VolSurface empty{60s};
    CHECK(empty.vol_after_move(asked, -0.08, kStickyDelta).vol == asked.venue_mark_vol);
    CHECK(empty.vol_after_move(question(30, 0.05), -0.08, kStickyDelta).source == VolSource::Unknown);
    CHECK(surface.vol_after_move(asked, kAbsent, kStickyDelta).source == VolSource::Unknown);
  }
}
