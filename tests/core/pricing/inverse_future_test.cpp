#include "core/pricing/inverse_future.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace hedgewatch;

TEST_SUITE("core/pricing/inverse_future") {
  TEST_CASE("a long loses more coin on a fall than it gains on an equal rise") {
    const double up = inverse_pnl_of_move_coins(90'000, 45'000, 0.2).value();
    const double down = inverse_pnl_of_move_coins(90'000, 45'000, -0.2).value();
    CHECK(up == doctest::Approx(2 * 0.2 / 1.2));
    CHECK(down == doctest::Approx(-0.5));
    CHECK(inverse_future({.notional_quote = 90'000, .entry_price = 45'000, .mark_price = 45'000})->pnl_coins_per_price_twice < 0);
  }

  TEST_CASE("the coin profit of fills is that of their harmonic average entry") {
    const std::array<InverseFill, 3> fills{{{1'500, 30'000}, {4'000, 32'000}, {500, 25'000}}};
    const double average = average_entry_price(fills).value();
    CHECK(average == doctest::Approx(6'000 / (0.05 + 0.125 + 0.02)));
    double parts = 0;
    for (const InverseFill& fill : fills)
      parts += inverse_future({.notional_quote = fill.notional_quote, .entry_price = fill.price, .mark_price = 33'333})->pnl_coins;
    CHECK(inverse_future({.notional_quote = 6'000, .entry_price = average, .mark_price = 33'333})->pnl_coins ==
          doctest::Approx(parts).epsilon(1e-13));
  }

  TEST_CASE("profit keeps its digits when the mark is next to the entry") {
    const double entry = 61'000;
    const double mark = std::nextafter(entry, 1e9);
    const auto value = inverse_future({.notional_quote = 61'000, .entry_price = entry, .mark_price = mark});
    CHECK(value->pnl_coins == doctest::Approx((mark - entry) / mark).epsilon(1e-14));
  }

  TEST_CASE("no value comes of a price that is none, or of fills on both sides") {
    CHECK_FALSE(inverse_future({.notional_quote = 10, .entry_price = 0, .mark_price = 5}).has_value());
    CHECK_FALSE(inverse_future({.notional_quote = 10, .entry_price = 5, .mark_price = std::nan("")}).has_value());
    CHECK_FALSE(inverse_pnl_of_move_coins(10, 5, -1).has_value());
    CHECK_FALSE(inverse_pnl_of_move_coins(10, -5, 0.1).has_value());
    CHECK_FALSE(average_entry_price({}).has_value());
    const std::array<InverseFill, 2> both{{{100, 10}, {-50, 10}}};
    CHECK_FALSE(average_entry_price(both).has_value());
    const std::array<InverseFill, 1> free_coin{{{100, 0}}};
    CHECK_FALSE(average_entry_price(free_coin).has_value());
  }
}
