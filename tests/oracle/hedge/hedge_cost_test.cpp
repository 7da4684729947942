#include "core/hedge/hedge_cost.hpp"

#include <cmath>
#include <string_view>
#include <vector>

#include "core/hedge/pair_statistics.hpp"
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
      double held_by_book = 0;  // deltas to three decimals, as printed
      double paid_by_book = 0;
      std::vector<ReturnPair> profits;
      double last_spot = 0;
      double last_value = 0;
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
        if (week > 0)
          profits.push_back(
              {.exposure = -kCalls * (call.value().price - last_value), .hedge = -kCalls * held * (spot - last_spot)});
        last_spot = spot;
        last_value = call.value().price;
        held = delta;
        const double printed = oracle_number(root[path]["delta_book"].at(week));
        paid_by_book += paid_by_book * kRate / 52 + (printed - held_by_book) * kCalls * spot;
        held_by_book = printed;
        const double cumulative = oracle_number(root[path]["cum_cost_book"].at(week));
        CAPTURE(paid_by_book);
        CAPTURE(cumulative);
        CHECK(std::abs(paid_by_book - cumulative) <= 1e-12 * 5e6 * static_cast<double>(week + 1));
        final_price = spot;
        ++week;
      }
      const double cost = paid - (final_price > 50 ? kCalls * 50 : 0);
      const double expected = oracle_number(root[path]["cost_exact_delta_simple_interest"]);
      CAPTURE(cost);
      CAPTURE(expected);
      CHECK(std::abs(cost - expected) <= 1e-9 * 5e6);
      const double by_book = paid_by_book - (final_price > 50 ? kCalls * 50 : 0);
      CHECK(std::abs(by_book - oracle_number(root[path]["cost_of_hedging_book_rules"])) <= 1e-9 * 5e6);
      // The printed cost is of thousands with one decimal; that of the other path is from memory, good to 0.15 %.
      const double printed = oracle_number(root[path]["published_cost"]["published"]);
      CHECK(std::abs(by_book - printed) <= (std::string_view{path} == "itm" ? 50 : 0.0015 * printed));
      // By its profit the hedge worked in both: what a week's move left is its gamma. Recomputed apart from this code.
      const bool itm = std::string_view{path} == "itm";
      const PairStatistics effectiveness = pair_statistics(profits, 1);
      CHECK(effectiveness.count == last);
      CHECK(effectiveness.correlation.value() == doctest::Approx(itm ? 0.9958330642971 : 0.9917480008296).epsilon(1e-10));
      CHECK(effectiveness.variance_reduction.value() == doctest::Approx(itm ? 0.9915534227992 : 0.9831850543211).epsilon(1e-10));
      CHECK(effectiveness.beta.value() == doctest::Approx(itm ? 0.9886771667747 : 1.0200241110899).epsilon(1e-10));
    }
  }
}
