#include "core/hedge/rebalance_band.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

using namespace hedgewatch;

namespace {

BandSetup whalley() {
  return {.kind = BandKind::WhalleyWilmott, .half_width_coins = 0.7, .risk_aversion_per_usd = 2e-5, .cost_ratio = 0.0005};
}

/// Ten short calls at the money of 50,000, a month out.
BandState state() {
  return {.price = 50'000,
          .largest_gamma_per_usd = 4.7e-4,
          .net_gamma_per_usd = -4.6e-4,
          .gross_gamma_per_usd = 4.6e-4,
          .mean_vol = 0.6,
          .mean_years_to_expiry = 30.0 / 365,
          .nearest_years_to_expiry = 30.0 / 365,
          .half_lot_coins = 0.0005,
          .soft_limit_coins = 2};
}

}  // namespace

TEST_SUITE("core/hedge/rebalance_band") {
  TEST_CASE("a book eight times as large has a band four times as wide") {
    BandInputs inputs{.price = 50'000, .gamma_per_usd = 1e-5, .cost_ratio = 0.0005, .risk_aversion_per_usd = 1e-5};
    const double one = whalley_wilmott_half_width(inputs);
    inputs.gamma_per_usd = -8e-5;
    CHECK(whalley_wilmott_half_width(inputs) == doctest::Approx(4 * one));
  }

  TEST_CASE("one trades to the nearest edge, and not at all inside") {
    CHECK(trade_to_band(0.4, 0, 0.5) == 0);
    CHECK(trade_to_band(0.5, 0, 0.5) == 0);
    CHECK(trade_to_band(2, 0, 0.5) == -1.5);
    CHECK(trade_to_band(-2, 1, 0.5) == 2.5);
  }

  TEST_CASE("the guarded band takes the largest gamma of the hour") {
    const Band band = guarded_band(whalley(), state());
    CHECK_FALSE(band.fallback);
    CHECK(band.half_width_coins == doctest::Approx(std::cbrt(1.5 * 0.0005 * 50'000 * 4.7e-4 * 4.7e-4 / 2e-5)));
  }

  TEST_CASE("it is never wider than the soft limit, and never narrower than half a lot or the fee band") {
    BandState book = state();
    book.soft_limit_coins = 0.3;
    CHECK(guarded_band(whalley(), book).half_width_coins == 0.3);
    book = state();
    book.half_lot_coins = 1.5;
    CHECK(guarded_band(whalley(), book).half_width_coins == 1.5);
    book = state();
    book.net_gamma_per_usd = book.gross_gamma_per_usd = book.largest_gamma_per_usd = 1e-12;
    const double fee_band = 0.0005 / (2e-5 * 50'000 * 0.36 * (30.0 / 365));
    CHECK(guarded_band(whalley(), book).half_width_coins == doctest::Approx(fee_band));
  }

  TEST_CASE("mixed gamma, a near expiry, no options and no vol fall back to the fixed width and say so") {
    const auto falls_back = [](const BandState& book) {
      const Band band = guarded_band(whalley(), book);
      return band.fallback && band.half_width_coins == 0.7;
    };
    BandState book = state();
    book.gross_gamma_per_usd = 5.01 * 4.6e-4;
    CHECK(falls_back(book));
    book.gross_gamma_per_usd = 4.99 * 4.6e-4;
    CHECK_FALSE(falls_back(book));
    book = state();
    book.nearest_years_to_expiry = 0.99 / 365;
    CHECK(falls_back(book));
    book = state();
    book.net_gamma_per_usd = book.gross_gamma_per_usd = book.nearest_years_to_expiry = 0;
    CHECK(falls_back(book));
    book = state();
    book.mean_vol = 0;
    CHECK(falls_back(book));
  }

  TEST_CASE("a fixed band is what it says, whatever the gamma") {
    const BandSetup fixed{.half_width_coins = 0.7};
    CHECK(guarded_band(fixed, state()).half_width_coins == 0.7);
    CHECK_FALSE(guarded_band(fixed, BandState{.soft_limit_coins = 2}).fallback);
    CHECK(guarded_band(fixed, BandState{.half_lot_coins = 0.9, .soft_limit_coins = 2}).half_width_coins == 0.9);
  }

  TEST_CASE("the way to the edge is shorter from nearer to it, over outside, and endless without gamma") {
    const double from_middle = expected_seconds_to_band(1, 0, -1e-4, 50'000, 0.6).value();
    CHECK(from_middle == doctest::Approx(1 / (3.0 * 3.0) * 31'536'000));
    CHECK(expected_seconds_to_band(1, 0.5, -1e-4, 50'000, 0.6).value() == doctest::Approx(0.75 * from_middle));
    CHECK(expected_seconds_to_band(1, -3, -1e-4, 50'000, 0.6) == 0);
    CHECK_FALSE(expected_seconds_to_band(1, 0, 0, 50'000, 0.6).has_value());
    CHECK_FALSE(expected_seconds_to_band(1, 0, 1e-4, 50'000, 0).has_value());
  }
}
