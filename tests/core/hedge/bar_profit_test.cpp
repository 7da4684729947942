#include "core/hedge/bar_profit.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

Contract inverse_option() {
  Contract contract;
  contract.kind = ContractKind::Option;
  contract.style = PayoffStyle::Inverse;
  return contract;
}

Contract inverse_perpetual() {
  Contract contract;
  contract.kind = ContractKind::Perpetual;
  contract.style = PayoffStyle::Inverse;
  contract.size_unit = SizeUnit::Quote;
  return contract;
}

}  // namespace

TEST_SUITE("core/hedge/bar_profit") {
  TEST_CASE("a coin-settled option gains its change in coin, with the premium's exposure only in the Black-Scholes view") {
    const BarPrice open{.mid = {}, .mark = 0.05, .forward = 50'000, .index = 50'000};
    const BarPrice close{.mid = {}, .mark = 0.06, .forward = 51'000, .index = 51'000};
    const auto net = bar_profit(inverse_option(), open, close, 0.45, DeltaView::NetTransaction, ProfitCurrency::Usd);
    CHECK(net.value().total == doctest::Approx(510));
    CHECK(net.value().delta == doctest::Approx(450));
    const auto bs = bar_profit(inverse_option(), open, close, 0.5, DeltaView::BlackScholes, ProfitCurrency::Usd);
    CHECK(bs.value().total == doctest::Approx(0.06 * 51'000 - 0.05 * 50'000));
    const auto coin = bar_profit(inverse_option(), open, close, 0.45, DeltaView::NetTransaction, ProfitCurrency::Coin);
    CHECK(coin.value().total == doctest::Approx(0.01));
  }

  TEST_CASE("an inverse future of a dollar gains 1/open - 1/close coins, from mids where both ends have one") {
    const BarPrice open{.mid = 50'000, .mark = 49'000, .index = 50'000};
    BarPrice close{.mid = 40'000, .mark = 48'000, .index = 40'000};
    const auto coin = bar_profit(inverse_perpetual(), open, close, 1 / 50'000.0, DeltaView::NetTransaction, ProfitCurrency::Coin);
    CHECK(coin.value().total == doctest::Approx(1 / 50'000.0 - 1 / 40'000.0));
    close.mid.reset();
    const auto marks = bar_profit(inverse_perpetual(), open, close, 1 / 50'000.0, DeltaView::NetTransaction, ProfitCurrency::Coin);
    CHECK(marks.value().total == doctest::Approx(1 / 49'000.0 - 1 / 48'000.0));
  }

  TEST_CASE("a price that is missing at either end makes the gain unknown") {
    const BarPrice open{.mid = 50'000, .mark = {}, .index = 50'000};
    CHECK_FALSE(bar_profit(inverse_perpetual(), open, BarPrice{.mid = {}, .mark = 50'000, .index = 50'000}, 0,
                           DeltaView::NetTransaction, ProfitCurrency::Usd));
    CHECK_FALSE(bar_profit(inverse_perpetual(), open, BarPrice{.mid = 50'000, .mark = {}, .index = 0}, 0, DeltaView::NetTransaction,
                           ProfitCurrency::Usd));
    CHECK_FALSE(bar_profit(inverse_option(), open, open, 0, DeltaView::NetTransaction, ProfitCurrency::Usd));
  }
}
