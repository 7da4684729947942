#include "core/hedge/advisor.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/pricing/black76.hpp"
#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

GreekRow greeks_of(simdjson::dom::element row) {
  return {oracle_number(row["delta"]), oracle_number(row["gamma"]), oracle_number(row["vega"])};
}

AdvisorTask task_of(simdjson::dom::element row) {
  AdvisorTask task{.book = greeks_of(row["book"]), .weight = greeks_of(row["weights"]), .tolerance = {}, .tradables = {}};
  for (const simdjson::dom::element one : row["instruments"].get_array()) {
    const std::int64_t most = std::int64_t{one["max_lots"]};
    task.tradables.push_back({.per_unit = greeks_of(one),
                              .lot = oracle_number(one["lot"]),
                              .lowest = -most,
                              .highest = most,
                              .cost_per_lot = oracle_number(one["cost_per_lot"])});
  }
  return task;
}

}  // namespace

TEST_SUITE("oracle/hedge/advisor") {
  TEST_CASE("the best whole lots are the oracle's, and never worse than doing nothing") {
    for_each_case("advisor", 24, [](simdjson::dom::element row) {
      const simdjson::dom::element expect = row["expect"];
      const AdvisorTask task = task_of(row);
      const Advice advice = advise(task);
      const double nothing = oracle_number(expect["objective_do_nothing"]);
      const double best = oracle_number(expect["integer_best_objective"]);
      CAPTURE(advice.objective_after);
      CAPTURE(best);
      CHECK(advice.exhaustive);
      CHECK(std::abs(advice.objective_before - nothing) <= 1e-12 * nothing);
      CHECK(advice.objective_after <= best * (1 + 1e-9));
      CHECK(advice.objective_after <= nothing);
      CHECK(std::abs(advisor_objective(task, advice.lots) - advice.objective_after) <= 1e-9 * nothing);
      // A coarser search is bounded in work and still never worse than nothing.
      const Advice coarse = advise(task, 60);
      CHECK(coarse.points <= 60);
      CHECK(coarse.objective_after <= nothing);
    });
  }

  TEST_CASE("the unconstrained least-squares hedge agrees with the oracle") {
    for_each_case("advisor", 24, [](simdjson::dom::element row) {
      const LeastSquares solution = least_squares_hedge(task_of(row));
      CHECK_FALSE(solution.rank_lost());
      double scale = 0;
      for (const double units : solution.units) scale = std::max(scale, std::abs(units));
      // The 50-digit answer is that of inputs as written; two double solvers already differ by what the conditioning allows.
      const double conditioning = std::max(1.0, oracle_number(row["expect"]["ls_max_rel_diff_scipy"]) / 1e-14);
      std::size_t j = 0;
      for (const simdjson::dom::element units : row["expect"]["unconstrained_ls_units"].get_array())
        agree(solution.units[j++], oracle_number(units), scale * conditioning, "unconstrained_ls_units");
    });
  }

  TEST_CASE("the textbooks' gamma- and vega-neutral trades come out, and the singular one is found singular") {
    if (skip_without_shared("vectors/published/greek_neutral_examples.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/published/greek_neutral_examples.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element examples = parser.parse(text)["examples"];
    const Tradable underlying{.per_unit = {1, 0, 0}, .lot = 1};
    const auto tradable = [](simdjson::dom::element option) { return Tradable{.per_unit = greeks_of(option), .lot = 1}; };

    const simdjson::dom::element sterling = examples.at(0);
    AdvisorTask task{.book = greeks_of(sterling["book"]),
                     .weight = {1, 1, 0},
                     .tolerance = {},
                     .tradables = {underlying, tradable(sterling["option"])}};
    LeastSquares solution = least_squares_hedge(task);
    CHECK(solution.units[1] == doctest::Approx(oracle_number(sterling["gamma_neutral"]["options"]["published"])).epsilon(1e-12));
    CHECK(solution.units[0] == doctest::Approx(oracle_number(sterling["gamma_neutral"]["underlying"]["published"])).epsilon(1e-12));
    task.weight = {1, 0, 1};
    solution = least_squares_hedge(task);
    CHECK(solution.units[1] == doctest::Approx(oracle_number(sterling["vega_neutral"]["options"]["published"])).epsilon(1e-12));
    CHECK(solution.units[0] == doctest::Approx(oracle_number(sterling["vega_neutral"]["underlying"]["published"])).epsilon(1e-12));

    const simdjson::dom::element two = examples.at(1);
    solution = least_squares_hedge({.book = greeks_of(two["book"]),
                                    .weight = {1, 1, 1},
                                    .tolerance = {},
                                    .tradables = {underlying, tradable(two["option1"]), tradable(two["option2"])}});
    CHECK(solution.units[1] == doctest::Approx(oracle_number(two["solution"]["w1"])).epsilon(1e-10));
    CHECK(solution.units[2] == doctest::Approx(oracle_number(two["solution"]["w2"])).epsilon(1e-10));
    CHECK(solution.units[0] == doctest::Approx(oracle_number(two["solution"]["underlying"])).epsilon(1e-10));

    // One expiry on a flat vol: two strikes cannot neutralise gamma and vega apart.
    const simdjson::dom::element call = examples.at(3)["short_call"];
    const double spot = oracle_number(call["S"]);
    const double years = oracle_number(call["T"]);
    const double rate = oracle_number(call["r"]);
    const auto option = [&](double strike) {
      const auto greeks = black76({.forward = spot * std::exp(rate * years),
                                   .strike = strike,
                                   .to_expiry = YearFraction::from_years(years),
                                   .vol = Vol::from_fraction(oracle_number(call["sigma"])),
                                   .rate = rate});
      return Tradable{.per_unit = {greeks.value().delta, greeks.value().gamma, greeks.value().vega}, .lot = 1};
    };
    const LeastSquares singular = least_squares_hedge({.book = {-1, -1, -1},
                                                       .weight = {1, 1e4, 1e-4},
                                                       .tolerance = {},
                                                       .tradables = {underlying, option(oracle_number(call["K"])), option(spot)}});
    CHECK(singular.rank == 2);
    CHECK(singular.rank_lost());
  }
}
