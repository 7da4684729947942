#include "core/risk/book_exposure.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace hedgewatch;

namespace {

constexpr Quality kKnown = Quality::fresh(MonoTime{});

PositionRisk position(double delta, double net, SplitAmount value) {
  PositionRisk risk;
  risk.total.delta_black_scholes_coins = delta;
  risk.total.delta_net_transaction_coins = net;
  risk.total.vega_usd_per_vol_point = 10 * delta;
  risk.value = value;
  risk.value_in_coins = value.coins != 0;
  risk.delta = risk.greeks = risk.greeks_usd = risk.value_quality = kKnown;
  return risk;
}

ExposurePart part(const std::vector<PositionRisk>& positions, Estimate index) { return {sum_positions(positions), index}; }

}  // namespace

TEST_SUITE("core/risk/book_exposure") {
  TEST_CASE("a book is the sum of its positions, and each index group converts at its own index") {
    const std::array parts{part({position(2, 1.5, {0.5, 0}), position(-1, -1, {0, 300})}, {50'000, kKnown}),
                           part({position(4, 4, {0, 1'000})}, {50'100, kKnown})};
    const BookExposure exposure = book_exposure(parts, {}, kKnown);
    CHECK(exposure.delta_coins[0].value == 5);
    CHECK(exposure.delta_coins[1].value == 4.5);
    CHECK(exposure.delta_usd[0].value == 1 * 50'000 + 4 * 50'100);
    CHECK(exposure.value_usd.value == 0.5 * 50'000 + 300 + 1'000);
    CHECK(exposure.vega_usd_per_vol_point.value == 50);
  }

  TEST_CASE("equity adds to the net transaction view, in coins and in dollars") {
    const std::array parts{part({position(2, 1.5, {})}, {50'000, kKnown})};
    const BookExposure exposure = book_exposure(parts, {.coins = {3, kKnown}, .usd = {150'000, kKnown}}, kKnown);
    CHECK(exposure.delta_coins[2].value == 4.5);
    CHECK(exposure.delta_usd[2].value == 1.5 * 50'000 + 150'000);
  }

  TEST_CASE("without an index the coins stay known and every dollar that needs it is unknown") {
    const Estimate missing{0, Quality::unknown(FigureReason::MissingIndex)};
    const std::array parts{part({position(2, 2, {0.5, 0})}, missing)};
    const BookExposure exposure = book_exposure(parts, {}, kKnown);
    CHECK(exposure.delta_coins[0].quality.ok());
    CHECK(exposure.delta_usd[0].quality.reason() == FigureReason::MissingIndex);
    CHECK(exposure.value_usd.quality.reason() == FigureReason::MissingIndex);
    CHECK(exposure.vega_usd_per_vol_point.quality.ok());
  }

  TEST_CASE("a linear book's value needs no index") {
    const Estimate missing{0, Quality::unknown(FigureReason::MissingIndex)};
    const std::array parts{part({position(2, 2, {0, 700})}, missing)};
    const BookExposure exposure = book_exposure(parts, {}, kKnown);
    CHECK(exposure.value_usd.quality.ok());
    CHECK(exposure.value_usd.value == 700);
  }

  TEST_CASE("a book without positions is exactly as known as its accounts") {
    CHECK(book_exposure({}, {}, kKnown).delta_coins[0].value == 0);
    CHECK(book_exposure({}, {}, kKnown).delta_usd[0].quality.ok());
    const Quality down = Quality::unknown(FigureReason::FeedDown);
    const BookExposure unknown = book_exposure({}, {}, down);
    for (const Estimate* figure : {&unknown.delta_coins[0], &unknown.delta_usd[1], &unknown.value_usd, &unknown.theta_usd_per_day,
                                   &unknown.gamma_coins_per_percent, &unknown.charm})
      CHECK(figure->quality == down);
  }
}
