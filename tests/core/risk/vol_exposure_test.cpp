#include "core/risk/vol_exposure.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace hedgewatch;

TEST_SUITE("core/risk/vol_exposure") {
  TEST_CASE("an expiry on a bound belongs to the bucket that ends there") {
    constexpr std::array kBounds{1.0, 7.0, 30.0};
    CHECK(expiry_bucket(kBounds, 0.2) == 0);
    CHECK(expiry_bucket(kBounds, 7) == 1);
    CHECK(expiry_bucket(kBounds, 7.01) == 2);
    CHECK(expiry_bucket(kBounds, 300) == 3);
    CHECK(expiry_bucket_label(kBounds, 0) == "0d-1d");
    CHECK(expiry_bucket_label(kBounds, 2) == "7d-30d");
    CHECK(expiry_bucket_label(kBounds, 3) == "30d+");
  }

  TEST_CASE("vega is weighted by the root of 30 days over its term, days at least 1") {
    CHECK(vega_term_weight(30) == 1);
    CHECK(vega_term_weight(120) == doctest::Approx(0.5));
    CHECK(vega_term_weight(0.1) == vega_term_weight(1));
  }

  TEST_CASE("one point of risk reversal parts the 25-delta wings by one, one of butterfly lifts both by one") {
    const SmileWeights call = smile_weights(0.25);
    const SmileWeights put = smile_weights(0.75);
    CHECK(call.risk_reversal - put.risk_reversal == doctest::Approx(1));
    CHECK((call.butterfly + put.butterfly) / 2 == doctest::Approx(1));
    CHECK(smile_weights(0.5).risk_reversal == 0);
    CHECK(smile_weights(0.5).butterfly == 0);
    CHECK(smile_weights(1.3).butterfly == 4);
  }

  TEST_CASE("a short option at the strike pins: its delta swings against the move by about 0.68") {
    ScenarioPosition position{.kind = ContractKind::Option,
                              .right = OptionRight::Call,
                              .size = -10,
                              .forward = 40'000,
                              .strike = 40'000,
                              .vol = 0.5,
                              .to_expiry = YearFraction::from_days(0.5)};
    CHECK(pin_delta_coins(position) == doctest::Approx(-6.83).epsilon(0.01));
    position.strike = 60'000;
    CHECK(std::abs(pin_delta_coins(position)) < 1e-6);
    position.to_expiry = YearFraction::from_days(-0.5);
    CHECK(pin_delta_coins(position) == 0);
  }
}
