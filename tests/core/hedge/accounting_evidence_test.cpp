#include "core/hedge/accounting_evidence.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace hedgewatch;

namespace {

/// Observations whose hedge pays back `ratio` of the item, with an unrelated part of the given size.
std::vector<PeriodProfit> observations(std::size_t count, double ratio, double unrelated) {
  std::vector<PeriodProfit> periods;
  for (std::size_t i = 0; i < count; ++i) {
    const double item = std::sin(1.7 * static_cast<double>(i)) * 100 + 3;
    periods.push_back({.item = item, .hedge = -ratio * item + unrelated * std::cos(2.9 * static_cast<double>(i))});
  }
  return periods;
}

}  // namespace

TEST_SUITE("core/hedge/accounting_evidence") {
  TEST_CASE("a regression passes with enough observations, a slope in the corridor and a good fit, its ends included") {
    struct Row {
      std::size_t count;
      double ratio;
      double unrelated;
      EvidenceVerdict verdict;
    };
    for (const Row& row : {Row{30, 1, 0, EvidenceVerdict::Passes}, Row{29, 1, 0, EvidenceVerdict::Inconclusive},
                           Row{40, 0.8000001, 0, EvidenceVerdict::Passes}, Row{40, 0.79, 0, EvidenceVerdict::Fails},
                           Row{40, 1.2499999, 0, EvidenceVerdict::Passes}, Row{40, 1.26, 0, EvidenceVerdict::Fails},
                           Row{40, 1, 80, EvidenceVerdict::Fails}, Row{40, -1, 0, EvidenceVerdict::Fails}}) {
      CAPTURE(row.count);
      CAPTURE(row.ratio);
      CAPTURE(row.unrelated);
      const RegressionTest test = regression_test(observations(row.count, row.ratio, row.unrelated));
      CHECK(test.verdict == row.verdict);
      CHECK(test.observations == row.count);
      if (row.unrelated == 0) CHECK(*test.slope == doctest::Approx(-row.ratio));
      if (row.unrelated == 0) CHECK(*test.r_squared == doctest::Approx(1));
      if (row.unrelated > 0) CHECK(*test.r_squared < 0.8);
    }
  }

  TEST_CASE("an item that never moved proves nothing") {
    const std::vector<PeriodProfit> still(40, PeriodProfit{0, 1});
    const AccountingEvidence evidence = accounting_evidence(still);
    CHECK(evidence.retrospective.verdict == EvidenceVerdict::Inconclusive);
    CHECK_FALSE(evidence.dollar_offset.has_value());
    CHECK(evidence.offset_verdict == EvidenceVerdict::Inconclusive);
    CHECK(evidence.economic_relationship == EvidenceVerdict::Inconclusive);
    CHECK(accounting_evidence({}).ineffectiveness.fair_value() == 0);
    CHECK_FALSE(accounting_evidence({}).opposite_ratio.has_value());
  }

  TEST_CASE("the past can fail where the newest observations pass, and the other way round") {
    std::vector<PeriodProfit> periods = observations(120, 0.3, 0);
    const std::vector<PeriodProfit> good = observations(AccountingEvidence::kProspectiveObservations, 1, 0);
    periods.insert(periods.end(), good.begin(), good.end());
    const AccountingEvidence mended = accounting_evidence(periods);
    CHECK(mended.prospective.verdict == EvidenceVerdict::Passes);
    CHECK(mended.prospective.observations == AccountingEvidence::kProspectiveObservations);
    CHECK(mended.retrospective.verdict == EvidenceVerdict::Fails);
    CHECK(mended.retrospective.observations == 180);
  }

  TEST_CASE("the amount of ineffectiveness is the rest of a fair value hedge, and what a cash flow hedge has too much") {
    struct Row {
      double item;
      double hedge;
      double fair_value;
      double cash_flow;
    };
    for (const Row& row : {Row{-100, 90, -10, 0}, Row{-100, 120, 20, 20}, Row{100, -130, -30, -30}, Row{100, -80, 20, 0},
                           Row{100, 10, 110, 10}, Row{-100, -5, -105, -5}, Row{0, 7, 7, 7}}) {
      CAPTURE(row.item);
      CAPTURE(row.hedge);
      const Ineffectiveness amount{.item = row.item, .hedge = row.hedge};
      CHECK(amount.fair_value() == row.fair_value);
      CHECK(amount.cash_flow() == row.cash_flow);
    }
  }

  TEST_CASE("the economic relationship is told by sign, share and the multiple that would have been in balance") {
    const AccountingEvidence half = accounting_evidence(observations(50, 0.5, 0));
    CHECK(half.economic_relationship == EvidenceVerdict::Passes);
    CHECK(*half.correlation == doctest::Approx(-1));
    CHECK(*half.best_multiple == doctest::Approx(2));
    CHECK(*half.opposite_ratio == 1);
    CHECK(half.offset_verdict == EvidenceVerdict::Fails);
    CHECK(*half.dollar_offset == doctest::Approx(0.5));
    const AccountingEvidence wrong = accounting_evidence(observations(50, -0.5, 0));
    CHECK(wrong.economic_relationship == EvidenceVerdict::Fails);
    CHECK(*wrong.opposite_ratio == 0);
  }
}
