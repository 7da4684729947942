#include "core/risk/reconciliation.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;
using doctest::Approx;

namespace {

Contract option_contract(PayoffStyle style) {
  Contract contract;
  contract.kind = ContractKind::Option;
  contract.style = style;
  return contract;
}

InstrumentValuation valued_option() {
  InstrumentValuation valuation;
  valuation.delta = valuation.mark = valuation.greeks = Quality{};
  valuation.mark_price = 3'000;
  valuation.published = {.delta = 0.4, .gamma = 0.00003, .vega_per_vol_point = 107, .theta_per_day = -69};
  return valuation;
}

}  // namespace

TEST_SUITE("core/risk/reconciliation") {
  TEST_CASE("options of a coin that settle in dollars are size times the Greeks of one coin, and futures are not in it") {
    AccountTotals totals;
    totals.add_option_of_coin(option_contract(PayoffStyle::Linear), valued_option(), -2.5);
    Contract perpetual;
    perpetual.kind = ContractKind::Perpetual;
    totals.add_option_of_coin(perpetual, valued_option(), 7);
    const auto difference = totals.compare(
        {.asset = {}, .options_delta = -1, .options_gamma = -0.00007, .options_vega = -267.5, .options_theta = 170}, Quality{});
    CHECK(difference.options_delta_coins.value == Approx(0));
    CHECK(difference.options_gamma_coins_per_usd.value == Approx(-0.000005));
    CHECK(difference.options_vega_usd_per_vol_point.value == Approx(0));
    CHECK(difference.options_theta_usd_per_day.value == Approx(2.5));
    CHECK(difference.options_delta_coins.quality.ok());
    // No total with futures is stated.
    CHECK_FALSE(difference.delta_total_coins.quality.ok());
  }

  TEST_CASE("an option whose Greeks are not known makes the sums unknown, an expired one does not") {
    InstrumentValuation unknown = valued_option();
    unknown.greeks = Quality::unknown(FigureReason::MissingVol);
    InstrumentValuation expired = unknown;
    expired.expired = true;
    AccountTotals totals;
    totals.add_option_of_coin(option_contract(PayoffStyle::Linear), expired, 1);
    CHECK(totals.compare({.asset = {}, .options_delta = 0}, Quality{}).options_delta_coins.quality.ok());
    totals.add_option_of_coin(option_contract(PayoffStyle::Linear), unknown, 1);
    CHECK_FALSE(totals.compare({.asset = {}, .options_delta = 0}, Quality{}).options_delta_coins.quality.ok());
  }

  TEST_CASE("where the venue sums up by settlement asset a contract in dollars makes the totals unknown") {
    AccountTotals totals;
    totals.add(option_contract(PayoffStyle::Linear), valued_option(), 1, kNoVenueTime);
    CHECK_FALSE(totals.compare({.asset = {}, .options_delta = 0}, Quality{}).options_delta_coins.quality.ok());
    AccountTotals inverse;
    inverse.add(option_contract(PayoffStyle::Inverse), valued_option(), 2, kNoVenueTime);
    CHECK(inverse.compare({.asset = {}, .options_delta = 1}, Quality{}).options_delta_coins.value == Approx(-0.2));
  }
}
