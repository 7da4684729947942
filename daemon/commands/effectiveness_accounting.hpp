#pragma once

#include <chrono>
#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hedge/accounting_evidence.hpp"
#include "daemon/commands/effectiveness_input.hpp"

namespace hedgewatch {

/// From this time on so many units of the hedge are short for each unit of exposure.
struct Rebalancing {
  VenueTime time{};
  double hedge_held = 0;
};

struct AccountingOptions {
  std::chrono::nanoseconds observation = std::chrono::hours{24};  ///< length of one of a row of periods that do not overlap
  std::optional<VenueTime> designated;    ///< where the row begins; nothing: at the first bar with both prices
  std::vector<Rebalancing> rebalancings;  ///< in order of time; before the first the input's hedge_held is held
};

/// A rebalancing that took place while the hedge was designated.
struct RebalancingEntry {
  VenueTime time{};
  double before = 0;
  double after = 0;
};

struct AccountingReport {
  AccountingEvidence evidence;
  VenueTime from{};
  VenueTime to{};
  std::size_t left_out = 0;  ///< observations that lack prices, or have not ended
  std::vector<RebalancingEntry> rebalancings;
};

/// What one unit of exposure and its hedge gained, observation by observation: from bar to bar with both prices, at the hedge that
/// was held when the bar opened. Price changes, or coins of inverse contracts where those are the moves that are looked at.
[[nodiscard]] AccountingReport accounting_report(const EffectivenessInput& input, const AccountingOptions& options);

/// Reads rebalancings from CSV: `ts_ns` or `timestamp`, and `hedge_held`. What is wrong with a row goes to `faults`; the row is
/// left out.
[[nodiscard]] std::vector<Rebalancing> read_rebalancings(std::istream& in, std::string_view name, std::vector<std::string>& faults);

/// One line of what the report says: a name for machines, what it means, and the number or word.
struct AccountingLine {
  std::string name;
  std::string meaning;
  std::optional<double> value;
  std::string word;  ///< passes, fails, inconclusive; empty where there is a number
};
inline constexpr std::string_view kAccountingTitle = "Accounting: economic evidence, not eligibility";
[[nodiscard]] std::vector<AccountingLine> accounting_lines(const AccountingReport& report);

}  // namespace hedgewatch
