#include "core/pricing/black76.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace hedgewatch;

namespace {

struct Case {
  OptionRight right;
  double forward, strike, years, vol, rate, carry;
};

Black76Greeks value_of(const Case& c) {
  const auto result = black76({.right = c.right,
                               .forward = c.forward,
                               .strike = c.strike,
                               .to_expiry = YearFraction::from_years(c.years),
                               .vol = Vol::from_fraction(c.vol),
                               .rate = c.rate,
                               .carry = c.carry});
  REQUIRE(result.ok());
  return result.value();
}

std::vector<Case> grid() {
  std::vector<Case> cases;
  for (const OptionRight right : {OptionRight::Call, OptionRight::Put})
    for (const double moneyness : {0.7, 0.95, 1.0, 1.08, 1.4})
      for (const double years : {0.02, 0.3, 1.7})
        for (const double vol : {0.25, 0.8})
          for (const double rate : {0.0, 0.06}) cases.push_back({right, 52'300, 52'300 * moneyness, years, vol, rate, 0.03});
  return cases;
}

std::string shown(const Case& c) {
  return std::string{c.right == OptionRight::Call ? "call" : "put"} + " F=" + std::to_string(c.forward) +
         " K=" + std::to_string(c.strike) + " T=" + std::to_string(c.years) + " vol=" + std::to_string(c.vol) +
         " r=" + std::to_string(c.rate) + " b=" + std::to_string(c.carry);
}

using Entry = double Black76Greeks::*;

/// Fourth-order central difference of `entry` along a bump of the case.
double slope(const Case& c, Entry entry, double step, const std::function<void(Case&, double)>& bump) {
  const auto at = [&](double by) {
    Case bumped = c;
    bump(bumped, by);
    return value_of(bumped).*entry;
  };
  return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
}

}  // namespace

TEST_SUITE("core/pricing/black76") {
  TEST_CASE("a call less a put is the discounted forward less strike, and their Greeks follow") {
    for (const Case& c : grid()) {
      if (c.right == OptionRight::Put) continue;
      Case other = c;
      other.right = OptionRight::Put;
      CAPTURE(shown(c));
      const Black76Greeks call = value_of(c);
      const Black76Greeks put = value_of(other);
      const double discount = std::exp(-c.rate * c.years);
      CHECK(call.price - put.price == doctest::Approx(discount * (c.forward - c.strike)).epsilon(1e-12));
      CHECK(call.delta - put.delta == doctest::Approx(discount).epsilon(1e-13));
      CHECK(call.dual_delta - put.dual_delta == doctest::Approx(-discount).epsilon(1e-13));
      CHECK(call.gamma == put.gamma);
      CHECK(call.vega == put.vega);
      CHECK(call.theta - put.theta == doctest::Approx(c.rate * (call.price - put.price)).epsilon(1e-9));
    }
  }

  TEST_CASE("Black's equation holds between theta, gamma and price") {
    for (const Case& c : grid()) {
      CAPTURE(shown(c));
      const Black76Greeks g = value_of(c);
      const double diffusion = 0.5 * c.vol * c.vol * c.forward * c.forward * g.gamma;
      CHECK(g.theta + diffusion == doctest::Approx(c.rate * g.price).epsilon(1e-9).scale(diffusion));
    }
  }

  TEST_CASE("every Greek is the slope of the value it derives from") {
    struct Derivative {
      const char* name;
      Entry greek;
      Entry of;
      std::function<double(const Case&)> step;
      std::function<void(Case&, double)> bump;
    };
    const auto of_forward = [](const Case& c) { return 2e-3 * c.forward * c.vol * std::sqrt(c.years); };
    const auto of_vol = [](const Case& c) { return 1e-3 * c.vol; };
    const auto of_time = [](const Case& c) { return 1e-3 * c.years; };
    const auto of_rate = [](const Case&) { return 1e-4; };
    const auto forward = [](Case& c, double by) { c.forward += by; };
    const auto strike = [](Case& c, double by) { c.strike += by; };
    const auto vol = [](Case& c, double by) { c.vol += by; };
    const auto time_passing = [](Case& c, double by) { c.years -= by; };
    const auto rate = [](Case& c, double by) { c.rate += by; };
    // The spot versions move the spot, or hold it while the forward rolls.
    const auto spot = [](Case& c, double by) { c.forward += by * std::exp(c.carry * c.years); };
    const auto spot_time = [](Case& c, double by) {
      c.years -= by;
      c.forward *= std::exp(-c.carry * by);
    };
    const auto spot_rate = [](Case& c, double by) {
      c.rate += by;
      c.carry += by;
      c.forward *= std::exp(by * c.years);
    };
    using G = Black76Greeks;
    const std::vector<Derivative> derivatives{{"delta", &G::delta, &G::price, of_forward, forward},
                                              {"dual_delta", &G::dual_delta, &G::price, of_forward, strike},
                                              {"gamma", &G::gamma, &G::delta, of_forward, forward},
                                              {"speed", &G::speed, &G::gamma, of_forward, forward},
                                              {"vega", &G::vega, &G::price, of_vol, vol},
                                              {"volga", &G::volga, &G::vega, of_vol, vol},
                                              {"ultima", &G::ultima, &G::volga, of_vol, vol},
                                              {"vanna", &G::vanna, &G::delta, of_vol, vol},
                                              {"vanna from vega", &G::vanna, &G::vega, of_forward, forward},
                                              {"zomma", &G::zomma, &G::gamma, of_vol, vol},
                                              {"theta", &G::theta, &G::price, of_time, time_passing},
                                              {"charm", &G::charm, &G::delta, of_time, time_passing},
                                              {"color", &G::color, &G::gamma, of_time, time_passing},
                                              {"veta", &G::veta, &G::vega, of_time, time_passing},
                                              {"rho", &G::rho, &G::price, of_rate, rate},
                                              {"spot_delta", &G::spot_delta, &G::price, of_forward, spot},
                                              {"spot_gamma", &G::spot_gamma, &G::spot_delta, of_forward, spot},
                                              {"spot_theta", &G::spot_theta, &G::price, of_time, spot_time},
                                              {"spot_charm", &G::spot_charm, &G::spot_delta, of_time, spot_time},
                                              {"spot_rho", &G::spot_rho, &G::price, of_rate, spot_rate}};
    for (const Derivative& d : derivatives) {
      const std::string name = d.name;
      CAPTURE(name);
      for (const Case& c : grid()) {
        CAPTURE(shown(c));
        const double step = d.step(c);
        const Black76Greeks g = value_of(c);
        const double bumped = slope(c, d.of, step, d.bump);
        // The difference's own noise: rounding of the values over the step. Floored by a part of the greatest slope at the money.
        const double noise = 1e-13 * (std::fabs(g.*d.of) + (d.of == &G::price ? c.forward : 0)) / step;
        Case at_the_money = c;
        at_the_money.strike = c.forward * 1.01;
        const double usual = std::fabs(value_of(at_the_money).*d.greek);
        CHECK(std::fabs(g.*d.greek - bumped) <= 1e-7 * std::fabs(g.*d.greek) + 1e-8 * usual + noise);
      }
    }
  }

  TEST_CASE("nothing that is not a number, negative or expired is priced") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double inf = std::numeric_limits<double>::infinity();
    const Black76Input good{
        .forward = 64'000, .strike = 60'000, .to_expiry = YearFraction::from_days(9), .vol = Vol::from_percent(55)};
    REQUIRE(black76(good).ok());
    const auto fault = [&](const std::function<void(Black76Input&)>& spoil) {
      Black76Input input = good;
      spoil(input);
      const auto result = black76(input);
      REQUIRE_FALSE(result.ok());
      return std::string{label(result.error())};
    };
    for (const double bad : {nan, inf, -inf}) {
      CHECK(fault([&](auto& i) { i.forward = bad; }) == "not_finite");
      CHECK(fault([&](auto& i) { i.strike = bad; }) == "not_finite");
      CHECK(fault([&](auto& i) { i.to_expiry = YearFraction::from_years(bad); }) == "not_finite");
      CHECK(fault([&](auto& i) { i.vol = Vol::from_fraction(bad); }) == "not_finite");
      CHECK(fault([&](auto& i) { i.rate = bad; }) == "not_finite");
      CHECK(fault([&](auto& i) { i.carry = bad; }) == "not_finite");
    }
    CHECK(fault([](auto& i) { i.to_expiry = YearFraction::from_days(-1e-9); }) == "expired");
    CHECK(fault([](auto& i) { i.forward = -1; }) == "forward_negative");
    CHECK(fault([](auto& i) { i.strike = -1; }) == "strike_negative");
    CHECK(fault([](auto& i) { i.vol = Vol::from_fraction(-0.01); }) == "vol_negative");
    CHECK(fault([](auto& i) { i.rate = -1e6; }) == "not_finite");
  }

  TEST_CASE("no result is infinite, however extreme the inputs") {
    for (const OptionRight right : {OptionRight::Call, OptionRight::Put})
      for (const double forward : {0.0, 1e-308, 1e-3, 5e4, 1e308})
        for (const double strike : {0.0, 1e-308, 5e4, 5e4 * (1 + 1e-15), 1e308})
          for (const double years : {0.0, 1e-300, 1e-9, 30.0, 1e300})
            for (const double vol : {0.0, 1e-300, 1e-9, 5.0, 1e300}) {
              const Case c{right, forward, strike, years, vol, 0, 0};
              CAPTURE(shown(c));
              const Black76Greeks g = value_of(c);
              CHECK(std::isfinite(g.price));
              CHECK(std::isfinite(g.delta));
              for (const double value : {g.gamma, g.vega, g.theta, g.rho, g.vanna, g.volga, g.charm, g.speed, g.zomma, g.color,
                                         g.veta, g.ultima, g.dual_delta, g.d1, g.d2, g.spot_gamma, g.spot_theta, g.spot_charm})
                CHECK_FALSE(std::isinf(value));
            }
  }

  TEST_CASE("at the strike with nothing left delta is half and gamma is unknown") {
    const Black76Greeks call = value_of({OptionRight::Call, 500, 500, 0, 0.7, 0.04, 0});
    CHECK(call.price == 0);
    CHECK(call.delta == 0.5);
    CHECK(std::isnan(call.gamma));
    CHECK(std::isnan(call.theta));
    const Black76Greeks put = value_of({OptionRight::Put, 500, 500, 2, 0, 0.04, 0});
    CHECK(put.delta == doctest::Approx(-0.5 * std::exp(-0.08)));
    CHECK(put.vega == doctest::Approx(std::exp(-0.08) * 500 * std::sqrt(2) * 0.3989422804014327));
    CHECK(put.theta == 0);
  }
}
