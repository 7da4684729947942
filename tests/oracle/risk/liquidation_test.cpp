#include "core/risk/liquidation.hpp"

#include <cmath>
#include <string>

#include "core/pricing/inverse_future.hpp"
#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

TEST_SUITE("oracle/risk/liquidation") {
  TEST_CASE("isolated margin, leverage, liquidation and bankruptcy price agree with the oracle") {
    for_each_case("liquidation", 50, [](simdjson::dom::element row) {
      const simdjson::dom::element expect = row["expect"];
      const bool linear = std::string_view{row["kind"]} == "linear";
      const double size = oracle_number(linear ? row["size"] : row["N_usd"]);
      const double entry = oracle_number(row["entry"]);
      const double mark = oracle_number(row["mark"]);
      const double collateral = (linear ? std::abs(size) * entry : std::abs(size) / entry) / oracle_number(row["leverage"]);
      agree(collateral, oracle_number(expect["initial_margin"]), collateral, "initial_margin");
      const auto margin = isolated_margin({.style = linear ? PayoffStyle::Linear : PayoffStyle::Inverse,
                                           .size = size,
                                           .entry_price = entry,
                                           .collateral = collateral,
                                           .maintenance_ratio = oracle_number(row["mmr"])},
                                          mark);
      REQUIRE(margin);
      const double scale = linear ? std::abs(size) * entry : std::abs(size) / entry;
      // A difference of nearly equal amounts: what divides by the equity is as uncertain as the equity.
      const double condition = scale / std::abs(margin->equity);
      agree(margin->equity, oracle_number(expect["equity"]), scale, "equity");
      agree(margin->maintenance, oracle_number(expect["maintenance"]), scale, "maintenance");
      agree(margin->utilisation_ratio, oracle_number(expect["margin_utilisation"]), condition * margin->utilisation_ratio,
            "margin_utilisation");
      agree(margin->leverage_ratio, oracle_number(expect["effective_leverage"]), condition * margin->leverage_ratio,
            "effective_leverage");
      const auto price = [&](const std::optional<double>& ours, const char* name) {
        std::string_view text;
        if (expect[name].get(text) == simdjson::SUCCESS && text == "none") {
          CAPTURE(name);
          CHECK_FALSE(ours);
          return;
        }
        REQUIRE(ours);
        agree(*ours, oracle_number(expect[name]), *ours * oracle_number(row["leverage"]), name);
      };
      price(margin->liquidation_price, "liq_price");
      price(margin->bankruptcy_price, "bankruptcy_price");
      if (margin->distance_ratio) {
        agree(*margin->distance_ratio, oracle_number(expect["liq_distance"]), oracle_number(row["leverage"]), "liq_distance");
        CHECK((*margin->distance_ratio <= 0) == bool{expect["already_liquidated"]});
      }
    });
  }

  TEST_CASE("published inverse contracts come out to the digits that were printed") {
    if (skip_without_shared("vectors/published/inverse_contract_examples.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/published/inverse_contract_examples.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    std::size_t profits = 0;
    std::size_t liquidations = 0;
    for (const simdjson::dom::element row : root["cases"].get_array()) {
      const std::string inputs = simdjson::to_string(row);
      CAPTURE(inputs);
      double notional = 0;
      if (row["N"].get(notional) == simdjson::SUCCESS) {
        const auto value = inverse_future(
            {.notional_quote = notional, .entry_price = oracle_number(row["entry"]), .mark_price = oracle_number(row["exit"])});
        REQUIRE(value);
        agree(value->pnl_coins, oracle_number(row["pnl_coin"]["recomputed"]), std::abs(notional) / oracle_number(row["entry"]),
              "pnl");
        ++profits;
      }
      double printed = 0;
      if (row["liq_short"].get(printed) != simdjson::SUCCESS) continue;
      // That venue takes the maintenance margin at the entry, ours is that of the moment: they differ by its square.
      for (const double side : {-1.0, 1.0}) {
        const auto margin = isolated_margin({.style = PayoffStyle::Inverse,
                                             .size = side * 60'000,
                                             .entry_price = 50'000,
                                             .collateral = 0.12,
                                             .maintenance_ratio = 0.005},
                                            50'000);
        REQUIRE(margin);
        CHECK(margin->liquidation_price.value() ==
              doctest::Approx(oracle_number(row[side < 0 ? "liq_short" : "liq_long"])).epsilon(0.001));
        ++liquidations;
      }
    }
    CHECK(profits == 3);
    CHECK(liquidations == 2);
  }
}
