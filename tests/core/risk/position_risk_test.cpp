#include "core/risk/position_risk.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

constexpr Quality kKnownInputs = Quality::fresh(MonoTime{});

Contract contract(ContractKind kind, PayoffStyle style, std::string_view quote = "USD") {
  Contract result;
  result.name = InstrumentName::from("X").value();
  result.base = AssetCode::from("BTC").value();
  result.quote = AssetCode::from(quote).value();
  result.lot = 10;
  result.kind = kind;
  result.style = style;
  result.size_unit = style == PayoffStyle::Inverse && kind != ContractKind::Option ? SizeUnit::Quote : SizeUnit::Base;
  return result;
}

InstrumentValuation marked(double mark, double delta) {
  InstrumentValuation valuation;
  valuation.mark = valuation.delta = valuation.greeks = kKnownInputs;
  valuation.mark_price = mark;
  valuation.unit.delta_black_scholes_coins = delta;
  valuation.unit.delta_net_transaction_coins = delta;
  return valuation;
}

SizedPosition sized(double size, double cost) {
  return {.size = size, .entry_cost = cost, .entry_known = true, .quality = kKnownInputs};
}

constexpr double kIndex = 50'000;

}  // namespace

TEST_SUITE("core/risk/position_risk") {
  TEST_CASE("an inverse future's profit is in coin, its value is that profit, its notional is its size in dollars") {
    // 100,000 dollars bought at 40,000, now at 50,000: 2.5 - 2 = 0.5 coins.
    const Contract future = contract(ContractKind::Perpetual, PayoffStyle::Inverse);
    const PositionRisk risk =
        position_risk(future, marked(50'000, 1 / 50'000.0), sized(100'000, entry_cost(future, 100'000, 40'000)));
    CHECK(risk.profit.coins == doctest::Approx(0.5));
    CHECK(risk.value.at(kIndex) == doctest::Approx(25'000));
    CHECK(risk.notional.at(kIndex) == 100'000);
    CHECK(risk.total.delta_black_scholes_coins == doctest::Approx(2));
    CHECK(risk.lot_delta_coins == doctest::Approx(10 / 50'000.0));
  }

  TEST_CASE("a linear future's profit and notional are in dollars and need no index") {
    const Contract future = contract(ContractKind::Future, PayoffStyle::Linear, "USDC");
    const PositionRisk risk = position_risk(future, marked(51'000, 1), sized(-2, entry_cost(future, -2, 50'000)));
    CHECK(risk.profit.usd == doctest::Approx(-2'000));
    CHECK(risk.value.usd == doctest::Approx(-2'000));
    CHECK(risk.notional.usd == doctest::Approx(-102'000));
    CHECK_FALSE(risk.value_in_coins);
  }

  TEST_CASE("a coin option's value and profit are in coin, its notional is its coins at the index") {
    const Contract option = contract(ContractKind::Option, PayoffStyle::Inverse);
    const PositionRisk risk = position_risk(option, marked(0.06, 0.5), sized(-10, entry_cost(option, -10, 0.05)));
    CHECK(risk.value.at(kIndex) == doctest::Approx(-0.6 * kIndex));
    CHECK(risk.profit.at(kIndex) == doctest::Approx(-0.1 * kIndex));
    CHECK(risk.notional.at(kIndex) == doctest::Approx(-10 * kIndex));
  }

  TEST_CASE("spot is worth its price and is delta one") {
    const Contract spot = contract(ContractKind::Spot, PayoffStyle::Linear, "USDC");
    const PositionRisk risk = position_risk(spot, marked(50'000, 1), sized(3, entry_cost(spot, 3, 45'000)));
    CHECK(risk.value.usd == doctest::Approx(150'000));
    CHECK(risk.profit.usd == doctest::Approx(15'000));
    CHECK(risk.total.delta_black_scholes_coins == 3);
  }

  TEST_CASE("a flat position needs no input at all") {
    const PositionRisk risk =
        position_risk(contract(ContractKind::Option, PayoffStyle::Inverse), InstrumentValuation{}, sized(0, 0));
    CHECK(risk.flat);
    CHECK(risk.delta.ok());
    CHECK(risk.value_quality.ok());
  }

  TEST_CASE("sources that cancel in size still hold the profit between their entries") {
    const Contract option = contract(ContractKind::Option, PayoffStyle::Linear, "USDC");
    const double cost = entry_cost(option, 5, 100) + entry_cost(option, -5, 130);
    const PositionRisk risk = position_risk(option, marked(120, 0.5), sized(0, cost));
    CHECK_FALSE(risk.flat);
    CHECK(risk.profit.usd == doctest::Approx(150));
    CHECK(risk.total.delta_black_scholes_coins == 0);
  }

  TEST_CASE("an expired option leaves the Greeks of its book and has no value until it is settled away") {
    InstrumentValuation valuation;
    valuation.expired = true;
    valuation.mark = valuation.delta = valuation.greeks = Quality::unknown(FigureReason::Expired);
    const PositionRisk risk = position_risk(contract(ContractKind::Option, PayoffStyle::Inverse), valuation, sized(5, 1));
    CHECK(risk.delta.ok());
    CHECK(risk.greeks_usd.ok());
    CHECK(risk.total.delta_black_scholes_coins == 0);
    CHECK(risk.value_quality.reason() == FigureReason::Expired);
  }

  TEST_CASE("a contract that is not quoted in dollars has deltas in coins and no dollars") {
    const PositionRisk risk =
        position_risk(contract(ContractKind::Option, PayoffStyle::Linear, "EURR"), marked(120, 0.5), sized(5, 500));
    CHECK(risk.delta.ok());
    CHECK(risk.greeks.ok());
    CHECK(risk.greeks_usd.reason() == FigureReason::MixedNumeraire);
    CHECK(risk.value_quality.reason() == FigureReason::MixedNumeraire);
    CHECK(risk.notional_quality.reason() == FigureReason::MixedNumeraire);
  }
}
