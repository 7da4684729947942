#include "core/risk/profit_explain.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/pricing/black76.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

double number(simdjson::dom::element element) {
  if (element.is_string()) return std::strtod(std::string{std::string_view{element}}.c_str(), nullptr);
  if (element.is_int64()) return static_cast<double>(std::int64_t{element});
  return double{element};
}

double price_of(const Contract& contract, double forward, double vol, double years) {
  const auto greeks = black76({.right = contract.right,
                               .forward = forward,
                               .strike = contract.strike,
                               .to_expiry = YearFraction::from_years(years),
                               .vol = Vol::from_fraction(vol)});
  REQUIRE(greeks.ok());
  return contract.style == PayoffStyle::Inverse ? greeks.value().price / forward : greeks.value().price;
}

}  // namespace

TEST_SUITE("oracle/risk/profit_explain") {
  TEST_CASE("every term of the explained profit agrees with the oracle, in dollars and in coin") {
    if (skip_without_shared("risk_misc.json")) return;
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    REQUIRE(!parser.load((*shared_directory() / "vectors/risk_misc.json").string()).get(document));
    std::size_t count = 0;
    for (const simdjson::dom::element example : document["pnl_explain"]["cases"].get_array()) {
      CAPTURE(count);
      Contract contract{
          .name = {}, .base = {}, .quote = {}, .settlement = {}, .kind = ContractKind::Option, .size_unit = SizeUnit::Base};
      contract.style = bool{example["coin_settled"]} ? PayoffStyle::Inverse : PayoffStyle::Linear;
      contract.right = std::string_view{example["type"]} == "c" ? OptionRight::Call : OptionRight::Put;
      contract.strike = number(example["K"]);
      const double forward = number(example["F0"]);
      const double later_forward = number(example["F1"]);
      const double vol = number(example["sigma0"]);
      const double later_vol = number(example["sigma1"]);
      const double years = number(example["T0"]);
      const double later_years = number(example["T1"]);
      const double size = number(example["size"]);
      const auto start = value_sensitivity(contract, forward, vol, YearFraction::from_years(years));
      REQUIRE(start.has_value());
      const MarketMove move{.forward = later_forward - forward, .vol = later_vol - vol, .years = years - later_years};
      ProfitTerms terms = taylor_terms(*start, size, move);

      const Contract linear{
          .name = {}, .base = {}, .quote = {}, .settlement = {}, .kind = ContractKind::Future, .style = PayoffStyle::Linear};
      const double hedge_units = number(example["hedge_linear_units"]);
      const ProfitTerms hedge =
          taylor_terms(*value_sensitivity(linear, forward, 0, YearFraction::from_years(0)), hedge_units, move);
      const double funding = number(example["funding_received"]);
      const double fees = number(example["fees_paid"]);

      const simdjson::dom::element expect = example["expect"];
      double scale = 0;
      for (const char* name : {"delta", "gamma", "vega", "theta", "vanna", "volga", "hedge", "funding", "fees"})
        scale += std::abs(number(expect[name]));
      const auto agree = [&](const char* name, double ours, double of_scale) {
        const double expected = number(expect[name]);
        CAPTURE(std::string{name});
        CAPTURE(ours);
        CAPTURE(expected);
        CHECK(std::abs(ours - expected) <= 1e-12 * of_scale);
      };
      agree("delta", terms[ProfitComponent::Delta], scale);
      agree("gamma", terms[ProfitComponent::Gamma], scale);
      agree("vega", terms[ProfitComponent::Vega], scale);
      agree("theta", terms[ProfitComponent::Theta], scale);
      agree("vanna", terms[ProfitComponent::Vanna], scale);
      agree("volga", terms[ProfitComponent::Volga], scale);
      agree("hedge", hedge[ProfitComponent::Delta], scale);

      // As the oracle counts: the hedge is a term of its own, so it stands where no option term stands.
      terms[ProfitComponent::Funding] = funding;
      terms[ProfitComponent::Fees] = -fees;
      terms[ProfitComponent::Basis] = hedge[ProfitComponent::Delta];
      const double before = price_of(contract, forward, vol, years);
      const double after = price_of(contract, later_forward, later_vol, later_years);
      const double option_profit = mark_profit(contract, size, before, after);
      const double earned = option_profit + hedge[ProfitComponent::Delta] + funding - fees;
      explain_rest(terms, earned);
      const double value_scale = scale + std::abs(size) * std::max(before, after);
      agree("actual_total", terms.total(), value_scale);
      agree("explained", terms.explained(), scale);
      agree("unexplained", terms[ProfitComponent::Unexplained], value_scale);
      agree("unexplained_over_abs", terms.unexplained_ratio().value(), value_scale / scale);
      ++count;
    }
    CHECK(count == 60);
  }

  TEST_CASE("published attributions are reproduced") {
    if (skip_without_shared("pnl_attribution_examples.json")) return;
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    REQUIRE(!parser.load((*shared_directory() / "vectors/published/pnl_attribution_examples.json").string()).get(document));
    const simdjson::dom::element examples = document["examples"];
    // A move of the volatility is a fraction here, so vega counts per 1.0.
    const ProfitTerms both = taylor_terms({.gamma = 50, .vega = 2'500}, 1, {.forward = -3, .vol = 0.04});
    CHECK(both.explained() == doctest::Approx(number(examples.at(0)["expect"]["published"])));
    const ProfitTerms gamma_only = taylor_terms({.gamma = -10'000}, 1, {.forward = 2});
    CHECK(gamma_only.explained() == doctest::Approx(number(examples.at(1)["expect"]["published"])));
  }
}
