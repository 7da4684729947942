#include <algorithm>
#include <vector>

#include "core/hedge/gamma_theta.hpp"
#include "core/hedge/rebalance_band.hpp"
#include "core/pricing/black76.hpp"
#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

BandInputs inputs_of(simdjson::dom::element row, const char* price, const char* gamma) {
  double vol = 0;
  if (double found = 0; row["sigma"].get(found) == simdjson::SUCCESS) vol = found;
  return {.price = oracle_number(row[price]),
          .gamma_per_usd = oracle_number(row[gamma]),
          .cost_ratio = oracle_number(row["lam"]),
          .risk_aversion_per_usd = oracle_number(row["gamma"]),
          .rate = oracle_number(row["r"]),
          .years_to_expiry = oracle_number(row["tau"]),
          .vol = vol};
}

}  // namespace

TEST_SUITE("oracle/hedge/bands") {
  TEST_CASE("Whalley-Wilmott and Zakamouline half widths and the trade to the edge agree with the oracle") {
    for_each_case("bands", 60, [](simdjson::dom::element row) {
      const simdjson::dom::element expect = row["expect"];
      BandInputs inputs = inputs_of(row, "F", "Gamma");
      const double width = whalley_wilmott_half_width(inputs);
      agree(width, oracle_number(expect["ww_half_width"]), width, "ww_half_width");
      const ZakamoulineBand zakamouline = zakamouline_band(inputs);
      agree(zakamouline.fee_half_width, oracle_number(expect["zak_H0"]), zakamouline.fee_half_width, "zak_H0");
      agree(zakamouline.gamma_half_width, oracle_number(expect["zak_H1"]), zakamouline.gamma_half_width, "zak_H1");
      const double held = oracle_number(row["held_delta"]);
      const double target = oracle_number(row["target_delta"]);
      agree(trade_to_band(held, target, width), oracle_number(expect["ww_trade"]), std::abs(held) + std::abs(target) + width,
            "ww_trade");
      inputs.gamma_per_usd *= oracle_number(row["size"]);
      const double book = whalley_wilmott_half_width(inputs);
      agree(book, oracle_number(expect["ww_half_width_book_units"]), book, "ww_half_width_book_units");
    });
  }

  TEST_CASE("the published widths come out to the digits that were printed") {
    if (skip_without_shared("vectors/published/rebalance_bands.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/published/rebalance_bands.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    const simdjson::dom::element whalley = root["whalley_wilmott"];
    CHECK(std::abs(whalley_wilmott_half_width(inputs_of(whalley["case"], "S", "Gamma")) -
                   oracle_number(whalley["h"]["published"])) <= 5e-6);
    for (const simdjson::dom::element row : whalley["more"].get_array()) {
      const double width = whalley_wilmott_half_width(inputs_of(row, "S", "Gamma"));
      agree(width, oracle_number(row["h"]), std::max(width, 1e-6), "h");
    }
    const simdjson::dom::element zakamouline = root["zakamouline"];
    const ZakamoulineBand band = zakamouline_band(inputs_of(zakamouline["case"], "S", "Gamma"));
    CHECK(std::abs(band.fee_half_width - oracle_number(zakamouline["H0"]["published"])) <= 5e-7);
    CHECK(std::abs(band.gamma_half_width - oracle_number(zakamouline["H1"]["published"])) <= 5e-7);
    CHECK(std::abs(band.half_width() - oracle_number(zakamouline["half_width"]["published"])) <= 5e-7);
  }

  TEST_CASE("breakeven moves, realised against implied variance and the gamma's expected profit agree with the oracle") {
    for_each_case("breakeven", 40, [](simdjson::dom::element row) {
      const simdjson::dom::element expect = row["expect"];
      const double forward = oracle_number(row["F"]);
      const double vol = oracle_number(row["sigma"]);
      const double years = oracle_number(row["dt"]);
      const auto greeks = black76({.forward = forward,
                                   .strike = oracle_number(row["K"]),
                                   .to_expiry = YearFraction::from_years(oracle_number(row["T"])),
                                   .vol = Vol::from_fraction(vol)});
      REQUIRE(greeks.ok());
      const double gamma = greeks.value().gamma;
      agree(gamma, oracle_number(expect["gamma"]), gamma * 10, "gamma");
      agree(greeks.value().theta, oracle_number(expect["theta_year"]), std::abs(greeks.value().theta) * 10, "theta_year");
      const auto move = breakeven_move(gamma, greeks.value().theta, years);
      REQUIRE(move.has_value());
      agree(*move, oracle_number(expect["breakeven_move"]), *move, "breakeven_move");
      agree(*move, oracle_number(expect["F_sigma_sqrt_dt"]), *move, "F_sigma_sqrt_dt");
      std::vector<double> returns;
      for (const simdjson::dom::element value : row["log_returns"].get_array()) returns.push_back(oracle_number(value));
      const double realized = realized_variance(returns, years).value();
      agree(realized, oracle_number(expect["realised_var"]), realized, "realised_var");
      agree(std::sqrt(realized), oracle_number(expect["realised_vol"]), std::sqrt(realized), "realised_vol");
      agree(realized - vol * vol, oracle_number(expect["rv_minus_iv_var"]), realized + vol * vol, "rv_minus_iv_var");
      const double profit = expected_gamma_profit(gamma, forward, realized, vol * vol, years);
      agree(profit, oracle_number(expect["gamma_pnl_expected_per_dt"]),
            10 * gamma * forward * forward * (realized + vol * vol) * years, "gamma_pnl_expected_per_dt");
    });
  }
}
