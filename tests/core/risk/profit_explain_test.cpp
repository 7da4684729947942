#include "core/risk/profit_explain.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace hedgewatch;
using doctest::Approx;

namespace {

Contract inverse_future() {
  return {.name = {},
          .base = {},
          .quote = {},
          .settlement = {},
          .kind = ContractKind::Perpetual,
          .style = PayoffStyle::Inverse,
          .size_unit = SizeUnit::Quote};
}

Contract call(PayoffStyle style) {
  return {.name = {},
          .base = {},
          .quote = {},
          .settlement = {},
          .strike = 52'000,
          .kind = ContractKind::Option,
          .right = OptionRight::Call,
          .style = style,
          .size_unit = SizeUnit::Base};
}

}  // namespace

TEST_SUITE("core/risk/profit_explain") {
  TEST_CASE("an inverse future's coin profit is explained by delta and gamma up to the third order of the move") {
    const Contract contract = inverse_future();
    const auto start = value_sensitivity(contract, 50'000, 0, YearFraction::from_years(0));
    REQUIRE(start.has_value());
    const double size = 1'000'000;
    ProfitTerms terms = taylor_terms(*start, size, {.forward = 500});
    CHECK(terms[ProfitComponent::Delta] == Approx(size / 50'000 * 0.01));
    CHECK(terms[ProfitComponent::Gamma] == Approx(-size / 50'000 * 0.0001));
    explain_rest(terms, mark_profit(contract, size, 50'000, 50'500));
    CHECK(terms.total() == Approx(size * (1 / 50'000.0 - 1 / 50'500.0)));
    CHECK(terms[ProfitComponent::Unexplained] == Approx(size / 50'000 * 1e-6).epsilon(0.02));
  }

  TEST_CASE("what the mark moved beyond the index is basis and not delta") {
    const ProfitTerms terms = taylor_terms({.delta = 1}, 3, {.forward = 100, .beyond_index = 40});
    CHECK(terms[ProfitComponent::Delta] == 180);
    CHECK(terms[ProfitComponent::Basis] == 120);
    CHECK(terms.explained() == 300);
  }

  TEST_CASE("the unexplained ratio is over the sizes of the terms, so that a total near nothing does not blow it up") {
    ProfitTerms terms;
    CHECK_FALSE(terms.unexplained_ratio().has_value());
    terms[ProfitComponent::Gamma] = -1'000;
    terms[ProfitComponent::Theta] = 990;
    explain_rest(terms, -6);
    CHECK(terms[ProfitComponent::Unexplained] == Approx(4));
    CHECK(terms.total() == Approx(-6));
    CHECK(terms.unexplained_ratio().value() == Approx(4.0 / 1'990));
  }

  TEST_CASE("an option at its expiry, without a vol, or a price that is none has no sensitivities") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const PayoffStyle style : {PayoffStyle::Inverse, PayoffStyle::Linear}) {
      CHECK(value_sensitivity(call(style), 50'000, 0.5, YearFraction::from_days(3)).has_value());
      CHECK_FALSE(value_sensitivity(call(style), 50'000, 0.5, YearFraction::from_days(0)).has_value());
      CHECK_FALSE(value_sensitivity(call(style), 50'000, 0, YearFraction::from_days(3)).has_value());
      CHECK_FALSE(value_sensitivity(call(style), nan, 0.5, YearFraction::from_days(3)).has_value());
      CHECK_FALSE(value_sensitivity(call(style), 0, 0.5, YearFraction::from_days(3)).has_value());
    }
  }

  TEST_CASE("every component has its own name") {
    for (std::size_t a = 0; a < kProfitComponents; ++a)
      for (std::size_t b = 0; b < a; ++b) CHECK(label(static_cast<ProfitComponent>(a)) != label(static_cast<ProfitComponent>(b)));
  }
}
