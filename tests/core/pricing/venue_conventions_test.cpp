#include "core/pricing/venue_conventions.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kExpiry = from_nanoseconds<VenueTime>(1'900'000'000'000'000'000);

Black76Greeks black(OptionRight right, double forward, double strike, YearFraction to_expiry, Vol vol) {
  const auto result = black76({.right = right, .forward = forward, .strike = strike, .to_expiry = to_expiry, .vol = vol});
  REQUIRE(result.ok());
  return result.value();
}

}  // namespace

TEST_SUITE("core/pricing/venue_conventions") {
  TEST_CASE("Deribit's clock goes by whole minutes, the nearest") {
    CHECK(deribit_time_to_expiry(kExpiry - 90min - 29s, kExpiry).years() == doctest::Approx(90.0 / (365 * 1440)).epsilon(1e-15));
    CHECK(deribit_time_to_expiry(kExpiry - 90min - 31s, kExpiry).years() == doctest::Approx(91.0 / (365 * 1440)).epsilon(1e-15));
    CHECK(deribit_time_to_expiry(kExpiry - 10s, kExpiry).years() == 0);
    CHECK(deribit_time_to_expiry(kExpiry + 2min, kExpiry).years() < 0);
  }

  TEST_CASE("the settlement window decays from one to nothing over its thirty minutes") {
    CHECK(deribit_settlement_weight(kExpiry - 24h, kExpiry) == 1);
    CHECK(deribit_settlement_weight(kExpiry - 30min, kExpiry) == 1);
    CHECK(deribit_settlement_weight(kExpiry - 15min, kExpiry) == 0.5);
    CHECK(deribit_settlement_weight(kExpiry - 3min, kExpiry) == doctest::Approx(0.1));
    CHECK(deribit_settlement_weight(kExpiry + 1s, kExpiry) == 0);
  }

  TEST_CASE("Deribit's theta is a day's, the life's if shorter, and never more than the option is worth") {
    const auto days_9 = YearFraction::from_days(9);
    const Vol vol = Vol::from_percent(60);
    const auto usual =
        deribit_greeks({.right = OptionRight::Put, .forward = 2'000, .strike = 2'000, .to_expiry = days_9, .vol = vol}).value();
    CHECK(usual.theta_per_day == doctest::Approx(black(OptionRight::Put, 2'000, 2'000, days_9, vol).theta / 365));

    const auto hours_6 = YearFraction::from_days(0.25);
    const auto late =
        deribit_greeks(
            {.right = OptionRight::Put, .forward = 2'000, .strike = 2'000, .to_expiry = hours_6, .vol = vol, .mark_price = 0.5})
            .value();
    CHECK(late.theta_per_day == doctest::Approx(black(OptionRight::Put, 2'000, 2'000, hours_6, vol).theta * 0.25 / 365));

    const auto capped =
        deribit_greeks(
            {.right = OptionRight::Call, .forward = 2'000, .strike = 2'020, .to_expiry = hours_6, .vol = vol, .mark_price = 1e-7})
            .value();
    CHECK(capped.theta_per_day == doctest::Approx(-2e-4));
    const auto linear = deribit_greeks({.right = OptionRight::Call,
                                        .forward = 2'000,
                                        .strike = 2'020,
                                        .to_expiry = hours_6,
                                        .vol = vol,
                                        .style = PayoffStyle::Linear,
                                        .mark_price = 1e-7})
                            .value();
    CHECK(linear.theta_per_day == doctest::Approx(-1e-7));
  }

  TEST_CASE("Bybit and OKX shrink on the last day, Binance does not") {
    const auto half_day = YearFraction::from_days(0.5);
    const Vol vol = Vol::from_percent(45);
    const Black76Greeks g = black(OptionRight::Call, 80'000, 81'000, half_day, vol);
    const auto bybit =
        bybit_greeks({.right = OptionRight::Call, .forward = 80'000, .strike = 81'000, .to_expiry = half_day, .vol = vol}).value();
    CHECK(bybit.gamma == doctest::Approx(g.gamma / 2));
    CHECK(bybit.theta_per_day == doctest::Approx(g.theta / 730));
    CHECK(bybit.vega_per_vol_point == doctest::Approx(g.vega / 100));
    CHECK(std::isnan(bybit.rho_per_percent));
    const auto binance =
        binance_greeks({.right = OptionRight::Call, .index_price = 80'000, .strike = 81'000, .to_expiry = half_day, .vol = vol})
            .value();
    CHECK(binance.theta_per_day == doctest::Approx(g.theta / 365));
    CHECK(binance.gamma == doctest::Approx(g.gamma));
  }

  TEST_CASE("Binance prices on the spot with its rate as the carry") {
    const auto days_20 = YearFraction::from_days(20);
    const double rate = 0.05;
    const Vol vol = Vol::from_percent(50);
    const auto delta = [&](OptionRight right) {
      return binance_greeks(
                 {.right = right, .index_price = 3'000, .strike = 3'100, .to_expiry = days_20, .vol = vol, .risk_free_rate = rate})
          .value()
          .delta;
    };
    // Without a dividend a call and a put differ by a whole unit of the spot.
    CHECK(delta(OptionRight::Call) - delta(OptionRight::Put) == doctest::Approx(1).epsilon(1e-13));
  }

  TEST_CASE("OKX's two sets agree through the spot") {
    const OkxOption option{.right = OptionRight::Put,
                           .forward = 90'500,
                           .spot = 90'000,
                           .strike = 96'000,
                           .to_expiry = YearFraction::from_days(33),
                           .vol = Vol::from_percent(44)};
    const OkxGreeks g = okx_greeks(option).value();
    const double price_coin = g.black_scholes.delta - g.premium_adjusted.delta;
    CHECK(price_coin == doctest::Approx(black(option.right, 90'500, 96'000, option.to_expiry, option.vol).price / 90'500));
    CHECK(g.premium_adjusted.gamma == doctest::Approx(option.spot * g.black_scholes.gamma - 2 * g.premium_adjusted.delta));
    CHECK(g.premium_adjusted.vega_per_vol_point == doctest::Approx(g.black_scholes.vega_per_vol_point / option.spot));
    // A put gains from the forward rolling down to the spot: its full theta is above the decay alone.
    CHECK(g.black_scholes.theta_per_day > g.premium_adjusted.theta_per_day * option.spot);
    OkxOption without_spot = option;
    without_spot.spot = 0;
    CHECK_FALSE(okx_greeks(without_spot).ok());
  }
}
