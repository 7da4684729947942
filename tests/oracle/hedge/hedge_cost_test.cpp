#include "core/hedge/hedge_cost.hpp"

#include <cmath>

#include "core/pricing/black76.hpp"
#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

TEST_SUITE("oracle/hedge/hedge_cost") {
  TEST_CASE("fees, the parts of slippage and cost per risk removed agree with the oracle") {
    for_each_case("hedge_cost", 25, [](simdjson::dom::element row) {
      const simdjson::dom::element expect = row["expect"];
      HedgeCost cost;
      double notional = 0;
      for (const simdjson::dom::element trade : row["trades"].get_array()) {
        const double coins = oracle_number(trade["qty"]);
        const double price = oracle_number(trade["fill"]);
        cost.add({.side = oracle_number(trade["side"]) > 0 ? Side::Buy : Side::Sell,
                  .coins = coins,
                  .price = price,
                  .arrival_mid = oracle_number(trade["arrival_mid"]),
                  .mid_at_fill = oracle_number(trade["mid_at_fill"]),
                  .half_spread = oracle_number(trade["half_spread"]),
                  .fee = oracle_number(trade["fee_rate"]) * coins * price});
        notional += coins * price;
      }
      cost.add_funding_paid(oracle_number(row["funding_paid"]));
      const double unhedged = oracle_number(row["pnl_var_unhedged"]);
      const double hedged = oracle_number(row["pnl_var_hedged"]);
      agree(cost.notional(), notional, notional, "notional");
      agree(cost.fees(), oracle_number(expect["fees"]), notional, "fees");
      agree(cost.slippage(), oracle_number(expect["slippage_vs_arrival"]), notional, "slippage_vs_arrival");
      agree(cost.half_spread(), oracle_number(expect["of_which_half_spread"]), notional, "of_which_half_spread");
      agree(cost.delay(), oracle_number(expect["of_which_delay"]), notional, "of_which_delay");
      agree(cost.impact(), oracle_number(expect["of_which_impact"]), notional, "of_which_impact");
      agree(cost.total(), oracle_number(expect["total_cost"]), notional, "total_cost");
      const auto check = [&](const std::optional<double>& ours, const char* name) {
        const simdjson::dom::element expected = expect[name];
        const bool none = expected.is_null() || (expected.is_string() && std::string_view{expected} == "none");
        CHECK(ours.has_value() == !none);
        if (ours && !none) {
          const double value = oracle_number(expected);
          // The variances' own rounding is what their difference has, relative to itself.
          const double condition = (unhedged + hedged) / std::abs(unhedged - hedged);
          agree(*ours, value, std::abs(value) * condition + notional / std::abs(unhedged - hedged), name);
        }
      };
      check(cost_per_variance_removed(cost.total(), unhedged, hedged), "cost_per_unit_variance");
      check(cost_per_sigma_removed(cost.total(), unhedged, hedged), "cost_per_unit_sd");
    });
  }

  TEST_CASE("delta hedging Hull's short calls week by week costs what his tables and their exact recomputation say") {
    if (skip_without_shared("vectors/published/hull_dynamic_delta_hedge.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/published/hull_dynamic_delta_hedge.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    constexpr double kCalls = 100'000;
    constexpr double kRate = 0.05;
    for (const char* path : {"itm", "otm"}) {
      CAPTURE(path);
      double held = 0;
      double paid = 0;
      std::size_t week = 0;
      const simdjson::dom::array prices = root[path]["S"].get_array();
      const std::size_t last = prices.size() - 1;
      double final_price = 0;
      for (const simdjson::dom::element element : prices) {
        CAPTURE(week);
        const double spot = oracle_number(element);
        const double years = static_cast<double>(last - week) / 52;
        const auto call = black76({.right = OptionRight::Call,
                                   .forward = spot * std::exp(kRate * years),
                                   .strike = 50,
                                   .to_expiry = YearFraction::from_years(years),
                                   .vol = Vol::from_fraction(0.2),
                                   .rate = kRate,
                                   .carry = kRate});
        REQUIRE(call.ok());
        const double delta = call.value().spot_delta;
        CHECK(std::abs(delta - oracle_number(root[path]["delta_published"].at(week))) <= 0.000501);
        paid += paid * kRate / 52 + (delta - held) * kCalls * spot;
        held = delta;
        final_price = spot;
        ++week;
      }
      const double cost = paid - (final_price > 50 ? kCalls * 50 : 0);
      const double expected = oracle_number(root[path]["cost_exact_delta_simple_interest"]);
      CAPTURE(cost);
      CAPTURE(expected);
      CHECK(std::abs(cost - expected) <= 1e-9 * 5e6);
    }
  }
}
