#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hedgewatch {

/// Profit of the item and of its hedge over one of a row of periods that do not overlap, in one currency, both as they are: the
/// hedge of a hedge that works has the other sign.
struct PeriodProfit {
  double item = 0;
  double hedge = 0;
};

/// What a test says. Inconclusive: too few observations, or a quotient of nothing.
enum class EvidenceVerdict : std::uint8_t { Passes, Fails, Inconclusive };

/// The regression of the hedge's profit on the item's, as IAS 39 and ASC 815 are practised: at least 30 observations, a slope from
/// -1.25 to -0.80, R-squared of at least 0.80; the ends count.
struct RegressionTest {
  std::size_t observations = 0;
  std::optional<double> slope;
  std::optional<double> intercept;
  std::optional<double> r_squared;
  EvidenceVerdict verdict = EvidenceVerdict::Inconclusive;
};
[[nodiscard]] RegressionTest regression_test(std::span<const PeriodProfit> periods);

/// The part of a hedge's profit that is not matched by the item.
struct Ineffectiveness {
  double item = 0;   ///< sum
  double hedge = 0;  ///< sum
  /// Item and hedge together: what a fair value hedge leaves in profit and loss.
  [[nodiscard]] double fair_value() const { return item + hedge; }
  /// What a cash flow hedge takes to profit and loss: the hedge beyond the item, with the hedge's sign; all of it when both have
  /// one sign. Source: IFRS 9, 6.5.11, the lower of the two cumulative changes.
  [[nodiscard]] double cash_flow() const;
};

/// Economic evidence for hedge accounting at the end of a reporting period. Not eligibility: documentation, credit risk and what
/// may be designated at all (a net written option usually not) are not in here.
struct AccountingEvidence {
  static constexpr std::size_t kFewestObservations = 30;
  static constexpr std::size_t kProspectiveObservations = 60;

  // IAS 39 and ASC 815
  RegressionTest prospective;           ///< the newest observations, at most kProspectiveObservations
  RegressionTest retrospective;         ///< all of them
  std::optional<double> dollar_offset;  ///< -sum(hedge)/sum(item) over all; nothing while the item's sum is 0
  EvidenceVerdict offset_verdict = EvidenceVerdict::Inconclusive;  ///< from 0.80 to 1.25, as practice has it

  // IFRS 9: no bright line
  std::optional<double> correlation;     ///< of hedge with item: an economic relationship has it near -1
  std::optional<double> opposite_ratio;  ///< share of the observations in which they moved against each other
  std::optional<double> best_multiple;   ///< of the hedge that was held, in hindsight: 1 is a ratio in balance
  EvidenceVerdict economic_relationship = EvidenceVerdict::Inconclusive;  ///< correlation below 0 over enough observations
  Ineffectiveness ineffectiveness;
};
/// Oldest first.
[[nodiscard]] AccountingEvidence accounting_evidence(std::span<const PeriodProfit> periods);

}  // namespace hedgewatch
