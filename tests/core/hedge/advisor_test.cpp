#include "core/hedge/advisor.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>

using namespace hedgewatch;

namespace {

Tradable future(std::int64_t most, double cost = 0) {
  return {.per_unit = {1, 0, 0}, .lot = 0.1, .lowest = -most, .highest = most, .cost_per_lot = cost};
}

Tradable option(std::int64_t most, GreekRow greeks, double cost = 0) {
  return {.per_unit = greeks, .lot = 0.1, .lowest = -most, .highest = most, .cost_per_lot = cost};
}

AdvisorTask delta_task(double net, double tolerance, Tradable tradable) {
  return {.book = {net, 0, 0}, .weight = {1'000, 0, 0}, .tolerance = {tolerance, 0, 0}, .tradables = {tradable}};
}

}  // namespace

TEST_SUITE("core/hedge/advisor") {
  TEST_CASE("a delta outside its tolerance is brought just inside, and no further than its cost is worth") {
    const Advice advice = advise(delta_task(3, 1, future(100, 0.5)));
    CHECK(advice.lots[0] == -20);
    CHECK(advice.cost == doctest::Approx(10));
    CHECK(advice.objective_before == doctest::Approx(4'000));
    CHECK(advice.objective_after == doctest::Approx(10));
  }

  TEST_CASE("inside the tolerance nothing is advised, and nothing that costs more than it brings") {
    CHECK(advise(delta_task(0.9, 1, future(100, 0.5))).lots[0] == 0);
    const Advice dear = advise(delta_task(3, 1, future(100, 1e6)));
    CHECK(dear.lots[0] == 0);
    CHECK(dear.objective_after == dear.objective_before);
  }

  TEST_CASE("bounds and the smallest trade are kept") {
    CHECK(advise(delta_task(3, 0, future(7))).lots[0] == -7);
    Tradable one_sided = future(100);
    one_sided.lowest = 0;
    CHECK(advise(delta_task(3, 0, one_sided)).lots[0] == 0);
    Tradable coarse = future(100);
    coarse.fewest_lots = 40;
    CHECK(advise(delta_task(3, 0, coarse)).lots[0] == -40);  // overshoots to -1: better than 3
    CHECK(advise(delta_task(1.5, 0, coarse)).lots[0] == 0);  // would overshoot to -2.5
  }

  TEST_CASE("options bring gamma and vega back, and the future their delta") {
    const AdvisorTask task{.book = {0, -5, -8},
                           .weight = {1, 1, 1},
                           .tradables = {future(1'000), option(100, {0.6, 0.5, 2.0}), option(100, {0.5, 0.8, 1.2})}};
    const Advice advice = advise(task, 100'000);
    CHECK(advice.exhaustive);
    CHECK(advice.lots[1] == 4);
    CHECK(advice.lots[2] == 60);
    CHECK(advice.lots[0] == -32);
    CHECK(advisor_objective(task, advice.lots) == doctest::Approx(advice.objective_after));
  }

  TEST_CASE("without room for every combination the answer is close to the best, and the work is what was allowed") {
    const AdvisorTask task{
        .book = {12.3, -5, -8},
        .weight = {1'000, 1'000, 1'000},
        .tradables = {future(100'000, 0.001), option(2'000, {0.6, 0.5, 2.0}, 0.02), option(2'000, {0.5, 0.8, 1.2}, 0.02)}};
    const Advice advice = advise(task, 2'000);
    CHECK_FALSE(advice.exhaustive);
    CHECK(advice.points <= 2'000);
    CHECK(advice.objective_after < advice.objective_before / 1'000);
    const AdvisorTask small{
        .book = task.book,
        .weight = task.weight,
        .tradables = {future(100'000, 0.001), option(80, {0.6, 0.5, 2.0}, 0.02), option(80, {0.5, 0.8, 1.2}, 0.02)}};
    CHECK(advice.objective_after <= 2 * advise(small, 100'000).objective_after);
  }

  TEST_CASE("whatever the book, doing nothing is never better and no bound is passed") {
    std::mt19937 random{7};
    const auto between = [&](double low, double high) { return std::uniform_real_distribution<double>{low, high}(random); };
    for (int i = 0; i < 300; ++i) {
      CAPTURE(i);
      AdvisorTask task{.book = {between(-20, 20), between(-5, 5), between(-900, 900)},
                       .weight = {between(0, 100), between(0, 100), between(0, 0.1)},
                       .tolerance = {between(0, 2), between(0, 1), between(0, 100)}};
      for (int j = 0; j < 1 + i % 4; ++j) {
        Tradable one = option(1 + i % 60, {between(-1, 1), between(0, 0.1), between(0, 50)}, between(0, 3));
        one.fewest_lots = i % 5;
        one.lowest = -(i % 30);
        task.tradables.push_back(one);
      }
      const Advice advice = advise(task, 500);
      CHECK(advice.objective_after <= advice.objective_before);
      CHECK(advice.points <= 500);
      for (std::size_t j = 0; j < task.tradables.size(); ++j) {
        const std::int64_t lots = advice.lots[j];
        CHECK((lots == 0 || std::abs(lots) >= task.tradables[j].fewest_lots));
        CHECK(lots >= task.tradables[j].lowest);
        CHECK(lots <= task.tradables[j].highest);
      }
    }
  }

  TEST_CASE("nothing to trade with advises nothing") {
    const Advice advice = advise({.book = {3, 0, 0}, .weight = {1, 0, 0}, .tolerance = {}, .tradables = {}});
    CHECK(advice.objective_after == 9);
  }

  TEST_CASE("two options whose vegas are in proportion to their gammas are one equation, and the solver says so") {
    AdvisorTask task{
        .book = {10, -5, -8}, .weight = {1, 1, 1}, .tradables = {future(1), option(1, {0.6, 0.5, 2}), option(1, {0.4, 0.25, 1})}};
    const LeastSquares lost = least_squares_hedge(task, 1e-3);
    CHECK(lost.rank == 2);
    CHECK(lost.rank_lost());
    task.tradables[2].per_unit[2] = 1.3;
    CHECK_FALSE(least_squares_hedge(task, 1e-3).rank_lost());
    task.weight[2] = 0;
    task.tradables[2].per_unit[2] = 1;
    CHECK_FALSE(least_squares_hedge(task, 1e-3).rank_lost());  // nobody asked for vega
  }
}
