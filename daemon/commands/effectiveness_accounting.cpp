#include "daemon/commands/effectiveness_accounting.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

std::string_view word_of(EvidenceVerdict verdict) {
  switch (verdict) {
    case EvidenceVerdict::Passes:
      return "passes";
    case EvidenceVerdict::Fails:
      return "fails";
    case EvidenceVerdict::Inconclusive:
      return "inconclusive";
  }
  return "";
}

/// Which of a row of observations a bar that ends at `time` belongs to; its end is still part of one.
std::int64_t observation_of(VenueTime time, VenueTime start, std::chrono::nanoseconds length) {
  const std::int64_t since = (time - start).count();
  return since <= 0 ? -1 : (since - 1) / length.count();
}

/// Sums of one observation while its bars come in.
struct Gathering {
  std::int64_t index = -1;
  PeriodProfit profit;
  bool whole = true;
  bool any = false;
};

}  // namespace

AccountingReport accounting_report(const EffectivenessInput& input, const AccountingOptions& options) {
  AccountingReport report;
  std::vector<PeriodProfit> periods;
  const PriceMove move = input.parameters.move == PriceMove::Inverse ? PriceMove::Inverse : PriceMove::Linear;
  std::optional<VenueTime> start = options.designated;
  const PriceBar* before = nullptr;
  Gathering gathering;
  double held = input.parameters.hedge_held;
  std::size_t next_rebalancing = 0;
  std::int64_t newest = -1;
  const auto finish = [&](VenueTime until) {
    if (gathering.index < 0) return;
    const bool ended = until >= *start + (gathering.index + 1) * options.observation;
    if (gathering.whole && gathering.any && ended) periods.push_back(gathering.profit);
  };
  for (const PriceBar& bar : input.bars) {
    if (!bar.exposure || !bar.hedge) continue;
    if (!start) start = bar.time;
    if (bar.time < *start) continue;
    if (before == nullptr) {
      before = &bar;
      report.from = bar.time;
      // What was held when the row began is nothing that was done while it lasted.
      for (; next_rebalancing < options.rebalancings.size() && options.rebalancings[next_rebalancing].time <= bar.time;
           ++next_rebalancing)
        held = options.rebalancings[next_rebalancing].hedge_held;
      continue;
    }
    const std::int64_t index = observation_of(bar.time, *start, options.observation);
    const std::int64_t opened = observation_of(before->time, *start, options.observation);
    if (index != gathering.index) {
      finish(bar.time);
      // A bar that bridges a whole observation tells of more than its own, and one that was begun within tells of less.
      gathering = {.index = index, .profit = {}, .whole = index - opened == 1, .any = false};
    }
    gathering.any = true;
    gathering.profit.item += price_move(*before->exposure, *bar.exposure, move);
    gathering.profit.hedge -= held * price_move(*before->hedge, *bar.hedge, move);
    for (; next_rebalancing < options.rebalancings.size() && options.rebalancings[next_rebalancing].time <= bar.time;
         ++next_rebalancing) {
      const Rebalancing& done = options.rebalancings[next_rebalancing];
      report.rebalancings.push_back({.time = done.time, .before = held, .after = done.hedge_held});
      held = done.hedge_held;
    }
    before = &bar;
    newest = index;
  }
  if (before != nullptr) {
    finish(before->time);
    report.to = before->time;
  }
  report.left_out = static_cast<std::size_t>(newest + 1) - periods.size();
  report.evidence = accounting_evidence(periods);
  return report;
}

std::vector<Rebalancing> read_rebalancings(std::istream& in, std::string_view name, std::vector<std::string>& faults) {
  std::vector<Rebalancing> rebalancings;
  CsvReader csv{in};
  const auto say = [&](std::string_view what) {
    faults.push_back(std::string{name} + ":line " + std::to_string(csv.line()) + ": " + std::string{what});
  };
  const auto time = find_time_column(csv);
  const auto held = csv.column("hedge_held");
  if (!csv.has_header() || !time || !held) {
    say("the header needs ts_ns or timestamp, and the column hedge_held");
    return rebalancings;
  }
  while (csv.next()) {
    const auto at = time->read(csv.field(time->at));
    const auto ratio = parse_number(csv.field(*held));
    if (const std::string shape = csv.row_fault(); !shape.empty())
      say(shape);
    else if (!at)
      say("the time is unreadable");
    else if (!ratio || !std::isfinite(*ratio))
      say("hedge_held is no number");
    else if (!rebalancings.empty() && *at < rebalancings.back().time)
      say("the time is before that of the row above");
    else
      rebalancings.push_back({*at, *ratio});
  }
  return rebalancings;
}

std::vector<AccountingLine> accounting_lines(const AccountingReport& report) {
  const AccountingEvidence& evidence = report.evidence;
  std::vector<AccountingLine> lines;
  const auto number = [&](std::string name, std::string meaning, std::optional<double> value) {
    lines.push_back({std::move(name), std::move(meaning), value, {}});
  };
  const auto verdict = [&](std::string name, std::string meaning, EvidenceVerdict judged) {
    lines.push_back({std::move(name), std::move(meaning), std::nullopt, std::string{word_of(judged)}});
  };
  number("observations", "that do not overlap; 30 are needed", static_cast<double>(evidence.retrospective.observations));
  number("left_out", "observations that lack prices or have not ended", static_cast<double>(report.left_out));
  verdict("ifrs9_economic_relationship", "item and hedge move against each other", evidence.economic_relationship);
  number("ifrs9_correlation", "of hedge with item; -1 is best", evidence.correlation);
  number("ifrs9_opposite_ratio", "share of observations with opposite signs", evidence.opposite_ratio);
  number("ifrs9_best_multiple", "of the hedge held, in hindsight; 1 is in balance", evidence.best_multiple);
  number("item_profit", "of one unit of exposure, in its price's unit", evidence.ineffectiveness.item);
  number("hedge_profit", "of what was held for it", evidence.ineffectiveness.hedge);
  number("ifrs9_ineffectiveness_fair_value", "amount: item and hedge together", evidence.ineffectiveness.fair_value());
  number("ifrs9_ineffectiveness_cash_flow", "amount: the hedge beyond the item", evidence.ineffectiveness.cash_flow());
  number("rebalancings", "in the time that is looked at", static_cast<double>(report.rebalancings.size()));
  for (const auto& [prefix, when, test] :
       {std::tuple{std::string{"prospective"}, std::string{"newest observations, at most 60"}, &evidence.prospective},
        std::tuple{std::string{"retrospective"}, std::string{"all observations"}, &evidence.retrospective}}) {
    verdict("ias39_asc815_" + prefix, when, test->verdict);
    number("ias39_asc815_" + prefix + "_slope", "of profit on profit, from -1.25 to -0.80", test->slope);
    number("ias39_asc815_" + prefix + "_r2", "at least 0.80", test->r_squared);
  }
  verdict("ias39_asc815_offset", "the dollar offset, from 0.80 to 1.25", evidence.offset_verdict);
  number("ias39_asc815_dollar_offset", "since the start", evidence.dollar_offset);
  return lines;
}

}  // namespace hedgewatch
