#include "core/hedge/hour_move.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace hedgewatch;

namespace {

MovedHolding call(double size, double strike, double days, PayoffStyle style = PayoffStyle::Linear) {
  return {.kind = ContractKind::Option,
          .style = style,
          .size = size,
          .forward = 50'000,
          .strike = strike,
          .vol = 0.6,
          .to_expiry = YearFraction::from_days(days),
          .gamma_weight = std::abs(size)};
}

MovedHolding inverse_future(double dollars) {
  return {.style = PayoffStyle::Inverse, .unit = SizeUnit::Quote, .size = dollars, .forward = 50'000};
}

}  // namespace

TEST_SUITE("core/hedge/hour_move") {
  TEST_CASE("an hour's deviation is the year's over the root of its hours, vols weighted by gamma") {
    std::array holdings{call(2, 50'000, 30), call(-1, 50'000, 30), inverse_future(-1e5)};
    holdings[1].vol = 0.9;
    CHECK(implied_hour_sigma(holdings) == doctest::Approx(0.7 / std::sqrt(8760.0)));
    CHECK(implied_hour_sigma(std::array{inverse_future(1)}) == 0);
  }

  TEST_CASE("a short straddle's delta goes against every move, and a linear future's does not move") {
    const std::array holdings{call(-10, 50'000, 7), MovedHolding{.size = 5, .forward = 50'000}};
    const HourMove move = hour_move(holdings, 0.01, DeltaView::BlackScholes);
    CHECK(move.delta_coins[HourMove::kUp] < move.delta_coins[HourMove::kNow]);
    CHECK(move.delta_coins[HourMove::kDown] > move.delta_coins[HourMove::kNow]);
    const double by_gamma = move.delta_coins[HourMove::kNow] + move.gamma_per_usd[HourMove::kNow] * 500;
    CHECK(move.delta_coins[HourMove::kUp] == doctest::Approx(by_gamma).epsilon(0.02));
    CHECK(move.gross_gamma_per_usd == doctest::Approx(-move.gamma_per_usd[HourMove::kNow]));
  }

  TEST_CASE("the dollars of an inverse future are fewer coins at a higher price, and it has no gamma in dollars") {
    const HourMove move = hour_move(std::array{inverse_future(-100'000)}, 0.25, DeltaView::NetTransaction);
    CHECK(move.delta_coins[HourMove::kNow] == -2);
    CHECK(move.delta_coins[HourMove::kUp] == doctest::Approx(-1.6));
    CHECK(move.largest_gamma() == 0);
  }

  TEST_CASE("the largest gamma is found beside the money, where gamma at the money of now is small") {
    const HourMove move = hour_move(std::array{call(1, 50'600, 0.05)}, 0.012, DeltaView::BlackScholes);
    CHECK(move.largest_gamma() > 1.5 * std::abs(move.gamma_per_usd[HourMove::kNow]));
  }

  TEST_CASE("the premium leaves the delta of a coin-settled option in the net transaction view only") {
    const std::array one{call(1, 40'000, 30, PayoffStyle::Inverse)};
    const double black_scholes = hour_move(one, 0.01, DeltaView::BlackScholes).delta_coins[HourMove::kNow];
    const double net = hour_move(one, 0.01, DeltaView::NetTransaction).delta_coins[HourMove::kNow];
    CHECK(net < black_scholes - 0.15);
    const std::array linear{call(1, 40'000, 30)};
    CHECK(hour_move(linear, 0.01, DeltaView::NetTransaction).delta_coins[HourMove::kNow] == doctest::Approx(black_scholes));
  }

  TEST_CASE("what has expired adds nothing") {
    const HourMove move = hour_move(std::array{call(3, 40'000, -1)}, 0.01, DeltaView::BlackScholes);
    CHECK(move.delta_coins[HourMove::kNow] == 0);
  }
}
