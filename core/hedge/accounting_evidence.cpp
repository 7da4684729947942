#include "core/hedge/accounting_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/hedge/effectiveness_series.hpp"
#include "core/hedge/pair_statistics.hpp"
#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

namespace {

constexpr double kSteepestSlope = -1.25;
constexpr double kFlattestSlope = -0.80;
constexpr double kLeastRSquared = 0.80;

/// Regressed is the first of a pair, so that the slope is its beta.
PairStatistics statistics_of(std::span<const PeriodProfit> periods, bool hedge_on_item) {
  std::vector<ReturnPair> pairs;
  pairs.reserve(periods.size());
  for (const PeriodProfit& period : periods)
    pairs.push_back(hedge_on_item ? ReturnPair{.exposure = period.hedge, .hedge = period.item}
                                  : ReturnPair{.exposure = period.item, .hedge = period.hedge});
  return pair_statistics(pairs, 1);
}

EvidenceVerdict judged(bool passes) { return passes ? EvidenceVerdict::Passes : EvidenceVerdict::Fails; }

}  // namespace

RegressionTest regression_test(std::span<const PeriodProfit> periods) {
  const PairStatistics statistics = statistics_of(periods, true);
  RegressionTest test{
      .observations = periods.size(), .slope = statistics.beta, .intercept = statistics.alpha, .r_squared = statistics.r_squared};
  if (periods.size() < AccountingEvidence::kFewestObservations || !test.slope || !test.r_squared) return test;
  test.verdict = judged(*test.slope >= kSteepestSlope && *test.slope <= kFlattestSlope && *test.r_squared >= kLeastRSquared);
  return test;
}

double Ineffectiveness::cash_flow() const {
  const bool opposite = (item > 0) != (hedge > 0) && item != 0;
  if (!opposite) return hedge;
  const double beyond = std::max(0.0, std::abs(hedge) - std::abs(item));
  return hedge < 0 ? -beyond : beyond;
}

AccountingEvidence accounting_evidence(std::span<const PeriodProfit> periods) {
  AccountingEvidence evidence;
  const std::size_t newest = std::min(periods.size(), AccountingEvidence::kProspectiveObservations);
  evidence.prospective = regression_test(periods.last(newest));
  evidence.retrospective = regression_test(periods);

  CompensatedSum item;
  CompensatedSum hedge;
  std::size_t opposite = 0;
  for (const PeriodProfit& period : periods) {
    item.add(period.item);
    hedge.add(period.hedge);
    if ((period.item > 0 && period.hedge < 0) || (period.item < 0 && period.hedge > 0)) ++opposite;
  }
  evidence.ineffectiveness = {.item = item.value(), .hedge = hedge.value()};
  const DollarOffset offset = dollar_offset(item.value(), -hedge.value(), 0);
  evidence.dollar_offset = offset.ratio;
  if (offset.ratio) evidence.offset_verdict = judged(offset.verdict == OffsetVerdict::Effective);

  const PairStatistics statistics = statistics_of(periods, false);
  evidence.correlation = statistics.correlation;
  if (statistics.beta) evidence.best_multiple = -*statistics.beta;
  if (periods.empty()) return evidence;
  evidence.opposite_ratio = static_cast<double>(opposite) / static_cast<double>(periods.size());
  if (evidence.correlation && periods.size() >= AccountingEvidence::kFewestObservations)
    evidence.economic_relationship = judged(*evidence.correlation < 0);
  return evidence;
}

}  // namespace hedgewatch
