#include <doctest/doctest.h>
#include <simdjson.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <string_view>

#include "core/pricing/black76.hpp"
#include "core/pricing/coin_settled.hpp"
#include "core/pricing/inverse_future.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "oracle/vector_table.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

/// A number, or a string that holds one.
double stated_number(simdjson::dom::element element) {
  if (std::string_view text; element.get(text) == simdjson::SUCCESS) {
    double value = std::nan("");
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  double value = std::nan("");
  REQUIRE(element.get(value) == simdjson::SUCCESS);
  return value;
}

simdjson::dom::element parsed(simdjson::dom::parser& parser, const char* file) {
  const std::string text = read_text(*shared_directory() / "vectors" / "published" / file);
  simdjson::dom::element document;
  REQUIRE(parser.parse(text).get(document) == simdjson::SUCCESS);
  return document;
}

OptionRight right_of(std::string_view type) { return type == "c" ? OptionRight::Call : OptionRight::Put; }

/// Generalised Black-Scholes on a spot with a yield, as a forward with carry r - q.
Black76Input on_spot(const VectorTable& table, std::size_t row) {
  const double years = table.number(row, "T");
  const double rate = table.number(row, "r");
  const double carry = rate - table.number(row, "q");
  return {.right = right_of(table.text(row, "type")),
          .forward = table.number(row, "S") * std::exp(carry * years),
          .strike = table.number(row, "K"),
          .to_expiry = YearFraction::from_years(years),
          .vol = Vol::from_fraction(table.number(row, "sigma")),
          .rate = rate,
          .carry = carry};
}

}  // namespace

TEST_SUITE("oracle/pricing/published") {
  TEST_CASE("Haug's prices come out as printed and to the last digits as recomputed") {
    if (skip_without_shared("haug_prices.csv")) return;
    const VectorTable table{"published/haug_prices.csv"};
    for (std::size_t row = 0; row < table.rows(); ++row) {
      CAPTURE(row);
      const auto result = black76(on_spot(table, row));
      REQUIRE(result.ok());
      const double price = result.value().price;
      CAPTURE(price);
      CHECK(std::fabs(price - table.number(row, "printed")) <= 1e-4);
      CHECK(std::fabs(price - table.number(row, "exact")) <= 1e-13 * table.number(row, "S"));
    }
  }

  TEST_CASE("Haug's Greeks are the spot Greeks") {
    if (skip_without_shared("haug_greeks.csv")) return;
    const VectorTable table{"published/haug_greeks.csv"};
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string name = table.text(row, "greek");
      CAPTURE(name);
      const Black76Input input = on_spot(table, row);
      const auto result = black76(input);
      REQUIRE(result.ok());
      const Black76Greeks& g = result.value();
      double computed = std::nan("");
      if (name == "delta") computed = g.spot_delta;
      if (name == "gamma") computed = g.spot_gamma;
      if (name == "vega") computed = g.vega;
      if (name == "theta") computed = g.spot_theta;
      if (name == "theta_per_day") computed = g.spot_theta / 365;
      if (name == "rho") computed = g.spot_rho;
      if (name == "divrho") computed = -input.to_expiry.years() * input.forward * g.delta;
      if (name == "elasticity") computed = g.spot_delta * table.number(row, "S") / g.price;
      CAPTURE(computed);
      CHECK(std::fabs(computed - table.number(row, "printed")) <= 0.51e-4);
      CHECK(std::fabs(computed - table.number(row, "exact")) <= 1e-12 * std::fabs(table.number(row, "exact")));
    }
  }

  TEST_CASE("Hull's put on a crude oil future has its price") {
    if (skip_without_shared("hull_black76_put.json")) return;
    simdjson::dom::parser parser;
    const auto expect = parsed(parser, "hull_black76_put.json")["expect"];
    const auto result = black76({.right = OptionRight::Put,
                                 .forward = 20,
                                 .strike = 20,
                                 .to_expiry = YearFraction::from_years(4.0 / 12),
                                 .vol = Vol::from_percent(25),
                                 .rate = 0.09});
    REQUIRE(result.ok());
    CHECK(result.value().price == doctest::Approx(stated_number(expect["exact"])).epsilon(1e-14));
    CHECK(std::fabs(result.value().price - stated_number(expect["published"])) < 0.005);
  }

  TEST_CASE("captured Deribit tickers lie in the range that their rounded vol allows") {
    if (skip_without_shared("deribit_ticker_greeks.json")) return;
    simdjson::dom::parser parser;
    int compared = 0;
    for (const simdjson::dom::element ticker : simdjson::dom::array{parsed(parser, "deribit_ticker_greeks.json")["tickers"]}) {
      simdjson::dom::element ignored;
      // One capture lacks its market data; it documents the cap on theta alone.
      if (ticker["mark_iv_pct"].get(ignored) != simdjson::SUCCESS) continue;
      const std::string name{std::string_view{ticker["instrument"]}};
      CAPTURE(name);
      ++compared;
      const auto greeks_at = [&](double vol_percent) {
        const auto result = deribit_greeks({.right = right_of(std::string_view{ticker["type"]}),
                                            .forward = stated_number(ticker["underlying_price"]),
                                            .strike = stated_number(ticker["K"]),
                                            .to_expiry = YearFraction::from_years(stated_number(ticker["T_years_nearest_minute"])),
                                            .vol = Vol::from_percent(vol_percent)});
        REQUIRE(result.ok());
        return result.value();
      };
      const double vol = stated_number(ticker["mark_iv_pct"]);
      const PublishedGreeks low = greeks_at(vol - 0.005);
      const PublishedGreeks high = greeks_at(vol + 0.005);
      const auto check = [&](const char* key, double PublishedGreeks::*greek) {
        const double published = stated_number(ticker["published"][key]);
        CAPTURE(std::string{key});
        CAPTURE(published);
        // Half a unit of the fifth decimal beside the range.
        CHECK(published >= std::fmin(low.*greek, high.*greek) - 0.51e-5);
        CHECK(published <= std::fmax(low.*greek, high.*greek) + 0.51e-5);
      };
      check("delta", &PublishedGreeks::delta);
      check("gamma", &PublishedGreeks::gamma);
      check("vega", &PublishedGreeks::vega_per_vol_point);
      check("theta", &PublishedGreeks::theta_per_day);
      check("rho", &PublishedGreeks::rho_per_percent);
    }
    CHECK(compared == 4);
  }

  TEST_CASE("Bybit's documented ticker is met at the vol that its printed price implies") {
    if (skip_without_shared("bybit_ticker_greeks.json")) return;
    simdjson::dom::parser parser;
    const auto ticker = parsed(parser, "bybit_ticker_greeks.json");
    const auto result = bybit_greeks({.right = right_of(std::string_view{ticker["type"]}),
                                      .forward = stated_number(ticker["F"]),
                                      .strike = stated_number(ticker["K"]),
                                      .to_expiry = YearFraction::from_years(stated_number(ticker["T_years"])),
                                      .vol = Vol::from_fraction(stated_number(ticker["at_iv_implied_by_price"]["iv"]))});
    REQUIRE(result.ok());
    const auto published = ticker["published"];
    CHECK(result.value().delta == doctest::Approx(stated_number(published["delta"])).epsilon(1e-6));
    CHECK(std::fabs(result.value().gamma - stated_number(published["gamma"])) <= 1e-8);
    CHECK(result.value().vega_per_vol_point == doctest::Approx(stated_number(published["vega"])).epsilon(1e-6));
    CHECK(result.value().theta_per_day == doctest::Approx(stated_number(published["theta"])).epsilon(1e-6));
  }

  TEST_CASE("the exchanges' worked examples of inverse contracts come out") {
    if (skip_without_shared("inverse_contract_examples.json")) return;
    simdjson::dom::parser parser;
    int compared = 0;
    for (const simdjson::dom::element example : simdjson::dom::array{parsed(parser, "inverse_contract_examples.json")["cases"]}) {
      simdjson::dom::element pnl;
      if (example["pnl_coin"].get(pnl) == simdjson::SUCCESS) {
        ++compared;
        const auto value = inverse_future({.notional_quote = stated_number(example["N"]),
                                           .entry_price = stated_number(example["entry"]),
                                           .mark_price = stated_number(example["exit"])});
        REQUIRE(value.has_value());
        CHECK(value->pnl_coins == doctest::Approx(stated_number(pnl["recomputed"])).epsilon(1e-12));
        // Two pages round their last digit up.
        CHECK(std::fabs(value->pnl_coins - stated_number(pnl["published"])) <= 1e-5);
      }
      if (example["avg_entry"].get(pnl) == simdjson::SUCCESS) {
        ++compared;
        constexpr std::array<InverseFill, 2> kFills{{{1'000, 5'000}, {2'000, 6'000}}};
        CHECK(average_entry_price(kFills).value() == doctest::Approx(stated_number(pnl["published"])).epsilon(1e-14));
      }
    }
    CHECK(compared == 4);
  }

  TEST_CASE("Deribit's rules for the net delta and its decay give their examples") {
    using namespace std::chrono_literals;
    const auto free_call = coin_settled({.right = OptionRight::Call,
                                         .forward = 40'000,
                                         .strike = 0,
                                         .to_expiry = YearFraction::from_days(5),
                                         .vol = Vol::from_percent(50)});
    REQUIRE(free_call.ok());
    CHECK(free_call.value().delta_bs == 1);
    CHECK(free_call.value().delta_net == 0);

    const auto expiry = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);
    const double weight = deribit_settlement_weight(expiry - 15min, expiry);
    CHECK(weight * 1.0 - 0.3 * weight == doctest::Approx(0.35));

    // At delivery a call pays (400 - 300) / 400 coin, a put (300 - 200) / 200.
    const auto paid = [](OptionRight right, double delivery) {
      return coin_settled({.right = right,
                           .forward = delivery,
                           .strike = 300,
                           .to_expiry = YearFraction::from_years(0),
                           .vol = Vol::from_percent(80)})
          .value()
          .price_coin;
    };
    CHECK(paid(OptionRight::Call, 400) == 0.25);
    CHECK(paid(OptionRight::Put, 200) == 0.5);
  }
}
