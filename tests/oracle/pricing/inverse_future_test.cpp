#include "core/pricing/inverse_future.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <string>

#include "core/pricing/coin_settled.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "oracle/vector_table.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

/// A number, or a string that holds one.
double number_of(simdjson::dom::element element) {
  if (!element.is_string()) return element.is_double() ? double{element} : static_cast<double>(std::int64_t{element});
  const std::string_view text{element};
  double value = std::nan("");
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool agrees(double computed, double expected, double scale) { return std::fabs(computed - expected) <= 1e-12 * scale; }

}  // namespace

TEST_SUITE("oracle/pricing/inverse_future") {
  TEST_CASE("profit, delta and convexity of inverse futures agree with the oracle") {
    if (skip_without_shared("inverse_futures.csv")) return;
    const VectorTable table{"inverse_futures.csv"};
    REQUIRE(table.rows() == 206);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string id = table.text(row, "id");
      CAPTURE(id);
      const double notional = table.number(row, "N_usd");
      const double mark = table.number(row, "mark");
      const auto value =
          inverse_future({.notional_quote = notional, .entry_price = table.number(row, "entry"), .mark_price = mark});
      REQUIRE(value.has_value());
      const auto check = [&](const char* column, double computed) {
        const double expected = table.number(row, column);
        CAPTURE(std::string{column});
        CAPTURE(computed);
        CAPTURE(expected);
        CHECK(agrees(computed, expected, std::fabs(expected)));
      };
      check("pnl_coin", value->pnl_coins);
      check("delta_coin", value->delta_coins);
      check("pnl_usd_at_mark", value->pnl_quote_at_mark);
      check("delta_usd", value->delta_quote_view);
      check("ddelta_coin_dF", value->delta_coins_per_price);
      check("d2pnl_coin_dF2", value->pnl_coins_per_price_twice);
      check("pnl_coin_up10", inverse_pnl_of_move_coins(notional, mark, 0.1).value());
      check("pnl_coin_dn10", inverse_pnl_of_move_coins(notional, mark, -0.1).value());
      // Delta and convexity are the two terms of the expansion that the oracle carries.
      const auto second_order = [&](double move) {
        return value->delta_coins * move + 0.5 * value->pnl_coins_per_price_twice * mark * mark * move * move;
      };
      check("taylor2_up10", second_order(0.1));
      check("taylor2_dn10", second_order(-0.1));
      check("usd_pnl_up10", inverse_pnl_of_move_coins(notional, mark, 0.1).value() * mark * 1.1);
      check("usd_pnl_dn10", inverse_pnl_of_move_coins(notional, mark, -0.1).value() * mark * 0.9);
    }
  }

  TEST_CASE("whole coin-margined accounts add up in all three delta views") {
    if (skip_without_shared("inverse_accounts.json")) return;
    simdjson::dom::parser parser;
    const std::string text = read_text(*shared_directory() / "vectors" / "inverse_accounts.json");
    simdjson::dom::element document;
    REQUIRE(parser.parse(text).get(document) == simdjson::SUCCESS);
    std::size_t accounts = 0;
    for (const simdjson::dom::element account : simdjson::dom::array{document["accounts"]}) {
      ++accounts;
      const std::string id{std::string_view{account["id"]}};
      CAPTURE(id);
      const double equity = number_of(account["equity_coin"]);
      double bs = 0, net = 0, futures = 0, value_coin = 0, gamma = 0, per_log = 0, vega = 0, theta = 0;
      double gross = std::fabs(equity), gross_gamma = 0, gross_per_log = 0, gross_vega = 0, gross_theta = 0;
      for (const simdjson::dom::element position : simdjson::dom::array{account["positions"]}) {
        const double forward = number_of(position["F"]);
        if (std::string_view{position["kind"]} != "option") {
          const double notional = number_of(position["N_usd"]);
          const auto future = inverse_future({.notional_quote = notional, .entry_price = forward, .mark_price = forward});
          REQUIRE(future.has_value());
          CHECK(agrees(future->delta_coins, number_of(position["delta_coin"]), std::fabs(future->delta_coins)));
          futures += future->delta_coins;
          per_log += future->delta_coins_per_price * forward;
          gross += std::fabs(future->delta_coins);
          gross_per_log += std::fabs(future->delta_coins);
          continue;
        }
        const OptionRight right = std::string_view{position["type"]} == "c" ? OptionRight::Call : OptionRight::Put;
        const double strike = number_of(position["K"]);
        const auto to_expiry = YearFraction::from_nanoseconds(number_of(position["T_seconds"]) * 1e9);
        const Vol vol = Vol::from_fraction(number_of(position["mark_iv"]));
        const auto option =
            coin_settled({.right = right, .forward = forward, .strike = strike, .to_expiry = to_expiry, .vol = vol});
        REQUIRE(option.ok());
        const CoinOptionGreeks& g = option.value();
        CHECK(agrees(g.price_coin, number_of(position["mark_price_coin"]), 1));
        CHECK(agrees(g.delta_bs, number_of(position["delta_bs"]), 1));
        CHECK(agrees(g.delta_net, number_of(position["delta_net"]), 1 + strike / forward));
        const double size = number_of(position["size_coin"]);
        // A price beyond any theta: the accounts take the day's theta without the cap at the option's value.
        const auto published = deribit_greeks(
            {.right = right, .forward = forward, .strike = strike, .to_expiry = to_expiry, .vol = vol, .mark_price = 1e200});
        REQUIRE(published.ok());
        bs += size * g.delta_bs;
        net += size * g.delta_net;
        value_coin += size * g.price_coin;
        gamma += size * g.gamma_bs;
        per_log += size * g.delta_net_per_forward * forward;
        vega += size * g.vega_quote / 100;
        theta += size * published.value().theta_per_day;
        gross += std::fabs(size) * (1 + strike / forward);
        gross_gamma += std::fabs(size * g.gamma_bs);
        gross_per_log += std::fabs(size) * (g.gamma_bs * forward + std::fabs(g.delta_net));
        gross_vega += std::fabs(size * g.vega_quote / 100);
        gross_theta += std::fabs(size * published.value().theta_per_day);
      }
      const simdjson::dom::element expect = account["expect"];
      const auto check = [&](const char* name, double computed, double scale) {
        const double expected = number_of(expect[name]);
        CAPTURE(std::string{name});
        CAPTURE(computed);
        CAPTURE(expected);
        CHECK(agrees(computed, expected, scale));
      };
      const double index = number_of(account["index_price"]);
      check("option_bs_delta", bs, gross);
      check("option_net_delta", net, gross);
      check("futures_delta", futures, gross);
      check("option_value_coin", value_coin, gross);
      check("gamma_usd", gamma, gross_gamma);
      check("dnet_dlnF", per_log, gross_per_log);
      check("vega_usd_pt", vega, gross_vega);
      check("theta_usd_day", theta, gross_theta);
      check("delta_total", net + futures, gross);
      check("equity_plus_delta_total", equity + net + futures, gross);
      check("usd_delta", (equity + net + futures) * index, gross * index);
    }
    CHECK(accounts == 60);
  }
}
