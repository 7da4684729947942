#include "core/risk/reconciliation.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;
using doctest::Approx;

namespace {

Contract contract_settled_in(ContractKind kind, PayoffStyle style, std::string_view settlement) {
  Contract made;
  made.kind = kind;
  made.style = style;
  made.base = *AssetCode::from("BTC");
  made.settlement = *AssetCode::from(settlement);
  return made;
}

InstrumentValuation valued() {
  InstrumentValuation valuation;
  valuation.mark = valuation.delta = valuation.greeks = Quality::fresh(MonoTime{std::chrono::seconds{1}});
  valuation.mark_price = 0.05;
  valuation.unit.delta_net_transaction_coins = 1;
  valuation.published = {.delta = 0.5, .gamma = 0.0001, .vega_per_vol_point = 90, .theta_per_day = -40, .rho_per_percent = 1};
  return valuation;
}

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
  TEST_CASE("a venue that adds up what is written on a coin counts its dollar-settled options, and no future") {
    const AssetCode btc = *AssetCode::from("BTC");
    AccountTotals ours{totals_scope(Venue::Binance)};
    const Contract option = contract_settled_in(ContractKind::Option, PayoffStyle::Linear, "USDT");
    CHECK(ours.counts(option, btc));
    ours.add(option, valued(), -3, kNoVenueTime);
    ours.add(contract_settled_in(ContractKind::Perpetual, PayoffStyle::Linear, "USDT"), valued(), 2, kNoVenueTime);
    const auto difference =
        ours.compare({.asset = btc, .options_delta = -1.6, .options_vega = -270, .options_theta = 119}, Quality{});
    CHECK(difference.options_delta_coins.value == doctest::Approx(0.1).epsilon(1e-12));
    CHECK(difference.options_delta_coins.quality.ok());
    CHECK(difference.options_vega_usd_per_vol_point.value == doctest::Approx(0).epsilon(1e-12));
    CHECK(difference.options_theta_usd_per_day.value == doctest::Approx(1).epsilon(1e-12));
    CHECK_FALSE(difference.options_gamma_coins_per_usd.quality.ok());
    CHECK_FALSE(difference.delta_total_coins.quality.ok());
  }

  TEST_CASE("a venue that adds up what settles in a coin does not count them, and a linear contract makes its totals unknown") {
    const AssetCode btc = *AssetCode::from("BTC");
    AccountTotals ours{totals_scope(Venue::Deribit)};
    const Contract linear = contract_settled_in(ContractKind::Option, PayoffStyle::Linear, "USDT");
    CHECK_FALSE(ours.counts(linear, btc));
    CHECK(ours.counts(contract_settled_in(ContractKind::Option, PayoffStyle::Inverse, "BTC"), btc));
    ours.add(linear, valued(), -3, kNoVenueTime);
    CHECK_FALSE(ours.compare({.asset = btc, .options_delta = -1.5}, Quality{}).options_delta_coins.quality.ok());
  }

  TEST_CASE("options of a coin that settle in dollars are size times the Greeks of one coin, and futures are not in it") {
    AccountTotals totals{totals_scope(Venue::Bybit)};
    totals.add(option_contract(PayoffStyle::Linear), valued_option(), -2.5, kNoVenueTime);
    Contract perpetual;
    perpetual.kind = ContractKind::Perpetual;
    totals.add(perpetual, valued_option(), 7, kNoVenueTime);
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
    AccountTotals totals{totals_scope(Venue::Bybit)};
    totals.add(option_contract(PayoffStyle::Linear), expired, 1, kNoVenueTime);
    CHECK(totals.compare({.asset = {}, .options_delta = 0}, Quality{}).options_delta_coins.quality.ok());
    totals.add(option_contract(PayoffStyle::Linear), unknown, 1, kNoVenueTime);
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
