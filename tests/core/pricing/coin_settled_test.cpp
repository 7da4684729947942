#include "core/pricing/coin_settled.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace hedgewatch;

namespace {

CoinOptionGreeks value_of(const CoinOptionInput& input) {
  const auto result = coin_settled(input);
  REQUIRE(result.ok());
  return result.value();
}

constexpr double kForward = 3'150;

CoinOptionInput option(OptionRight right, double strike, double coin_rate = 0) {
  return {.right = right,
          .forward = kForward,
          .strike = strike,
          .to_expiry = YearFraction::from_days(40),
          .vol = Vol::from_percent(68),
          .coin_rate = coin_rate};
}

}  // namespace

TEST_SUITE("core/pricing/coin_settled") {
  TEST_CASE("a call less a put is one coin less strike over forward") {
    for (const double strike : {1'800.0, 3'150.0, 4'400.0}) {
      CAPTURE(strike);
      const double rate = 0.02;
      const double discount = std::exp(-rate * 40 / 365);
      const auto call = value_of(option(OptionRight::Call, strike, rate));
      const auto put = value_of(option(OptionRight::Put, strike, rate));
      CHECK(call.price_coin - put.price_coin == doctest::Approx(discount * (1 - strike / kForward)).epsilon(1e-12));
      CHECK(call.delta_net - put.delta_net == doctest::Approx(discount * strike / kForward).epsilon(1e-12));
    }
  }

  TEST_CASE("the net delta is Black's delta less the premium, and an in-the-money put is short more than a coin") {
    for (const OptionRight right : {OptionRight::Call, OptionRight::Put}) {
      const auto g = value_of(option(right, 4'400));
      CHECK(g.delta_net == doctest::Approx(g.delta_bs - g.price_coin).epsilon(1e-13));
    }
    CHECK(value_of(option(OptionRight::Put, 4'400)).delta_net < -1);
  }

  TEST_CASE("coin Greeks are slopes of the coin price") {
    for (const OptionRight right : {OptionRight::Call, OptionRight::Put})
      for (const double strike : {2'600.0, 3'200.0, 3'900.0}) {
        CAPTURE(strike);
        const CoinOptionInput at = option(right, strike, 0.01);
        const auto g = value_of(at);
        const double step = 0.5;
        CoinOptionInput up = at;
        CoinOptionInput down = at;
        up.forward += step;
        down.forward -= step;
        const auto high = value_of(up);
        const auto low = value_of(down);
        CHECK(g.price_coin_per_forward == doctest::Approx((high.price_coin - low.price_coin) / (2 * step)).epsilon(1e-6));
        CHECK(g.delta_net_per_forward == doctest::Approx((high.delta_net - low.delta_net) / (2 * step)).epsilon(1e-6));
        CHECK(g.price_coin_per_forward_twice ==
              doctest::Approx((high.price_coin_per_forward - low.price_coin_per_forward) / (2 * step)).epsilon(1e-6));

        up = down = at;
        up.vol = Vol::from_percent(68.1);
        down.vol = Vol::from_percent(67.9);
        CHECK(g.vega_coin == doctest::Approx((value_of(up).price_coin - value_of(down).price_coin) / 0.002).epsilon(1e-5));
        CHECK(g.volga_coin == doctest::Approx((value_of(up).vega_coin - value_of(down).vega_coin) / 0.002).epsilon(1e-5));
        CHECK(g.vanna_net == doctest::Approx((value_of(up).delta_net - value_of(down).delta_net) / 0.002).epsilon(1e-5));

        up = down = at;
        up.to_expiry = YearFraction::from_days(40.01);
        down.to_expiry = YearFraction::from_days(39.99);
        const double years = 0.02 / 365;
        CHECK(g.theta_coin == doctest::Approx((value_of(down).price_coin - value_of(up).price_coin) / years).epsilon(1e-5));
        CHECK(g.charm_net == doctest::Approx((value_of(down).delta_net - value_of(up).delta_net) / years).epsilon(1e-5));

        up = down = at;
        up.coin_rate = 0.0101;
        down.coin_rate = 0.0099;
        CHECK(g.rho_coin == doctest::Approx((value_of(up).price_coin - value_of(down).price_coin) / 0.0002).epsilon(1e-6));
      }
  }

  TEST_CASE("a call struck at nothing is worth one coin and moves with none of it") {
    const auto g = value_of(option(OptionRight::Call, 0));
    CHECK(g.price_coin == 1);
    CHECK(g.delta_bs == 1);
    CHECK(g.delta_net == 0);
  }

  TEST_CASE("there is no price in coin without a forward") {
    CoinOptionInput input = option(OptionRight::Put, 100);
    input.forward = 0;
    CHECK_FALSE(coin_settled(input).ok());
    input.forward = std::nan("");
    CHECK_FALSE(coin_settled(input).ok());
  }
}
