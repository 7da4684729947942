#include "core/pricing/coin_settled.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>

#include "core/pricing/venue_conventions.hpp"
#include "oracle/pricing/black76_oracle.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Comparison {
  std::string column;
  double computed;
  double scale;
};

}  // namespace

TEST_SUITE("oracle/pricing/coin_settled") {
  TEST_CASE("coin-settled values and Deribit's Greeks lie within the tolerance of their scale") {
    if (skip_without_shared("greeks_inverse.csv")) return;
    const VectorTable table{"greeks_inverse.csv"};
    REQUIRE(table.rows() == 1450);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string id = table.text(row, "id");
      CAPTURE(id);
      const CoinOptionInput input{.right = table.text(row, "type") == "c" ? OptionRight::Call : OptionRight::Put,
                                  .forward = table.number(row, "F"),
                                  .strike = table.number(row, "K"),
                                  .to_expiry = YearFraction::from_years(table.number(row, "T")),
                                  .vol = Vol::from_fraction(table.number(row, "sigma")),
                                  .coin_rate = table.number(row, "q")};
      const auto result = coin_settled(input);
      REQUIRE(result.ok());
      const CoinOptionGreeks& g = result.value();
      const Black76Greeks s = black76_scale({.right = input.right,
                                             .forward = input.forward,
                                             .strike = input.strike,
                                             .to_expiry = input.to_expiry,
                                             .vol = input.vol,
                                             .rate = input.coin_rate});
      const double f = input.forward;
      const double net = input.strike / f * s.dual_delta;
      std::vector<Comparison> comparisons{{"price_coin", g.price_coin, s.price / f},
                                          {"price_usd", g.price_quote, s.price},
                                          {"delta_bs", g.delta_bs, s.delta},
                                          {"delta_net", g.delta_net, net},
                                          {"dp_dF", g.price_coin_per_forward, net / f},
                                          {"gamma_bs", g.gamma_bs, s.gamma},
                                          {"dnet_dF", g.delta_net_per_forward, s.gamma + net / f},
                                          {"d2p_dF2", g.price_coin_per_forward_twice, (s.gamma + 2 * net / f) / f},
                                          {"vega_usd", g.vega_quote, s.vega},
                                          {"vega_coin", g.vega_coin, s.vega / f},
                                          {"vanna_net", g.vanna_net, s.vanna + s.vega / f},
                                          {"volga_coin", g.volga_coin, s.volga / f},
                                          {"theta_usd", g.theta_quote, s.theta},
                                          {"theta_coin", g.theta_coin, s.theta / f},
                                          {"charm_net", g.charm_net, s.charm + s.theta / f},
                                          {"rho_q_coin", g.rho_coin, s.rho / f}};
      if (!table.blank(row, "drb_delta")) {
        // The oracle's theta is without the cap at the option's value: a price beyond any theta switches the cap off.
        const auto deribit = deribit_greeks({.right = input.right,
                                             .forward = f,
                                             .strike = input.strike,
                                             .to_expiry = input.to_expiry,
                                             .vol = input.vol,
                                             .mark_price = 1e200});
        REQUIRE(deribit.ok());
        const double years = input.to_expiry.years();
        comparisons.push_back({"drb_delta", deribit.value().delta, s.delta});
        comparisons.push_back({"drb_gamma", deribit.value().gamma, s.gamma});
        comparisons.push_back({"drb_vega", deribit.value().vega_per_vol_point, s.vega / 100});
        comparisons.push_back({"drb_theta", deribit.value().theta_per_day, s.theta * std::fmin(1.0 / 365, years)});
        comparisons.push_back({"drb_rho", deribit.value().rho_per_percent, input.strike * years * s.dual_delta / 100});
      }
      for (const Comparison& c : comparisons) {
        const double expected = table.number(row, c.column);
        CAPTURE(c.column);
        CAPTURE(c.computed);
        CAPTURE(expected);
        CHECK(std::fabs(c.computed - expected) <= tolerance_of(c.scale));
      }
    }
  }
}
