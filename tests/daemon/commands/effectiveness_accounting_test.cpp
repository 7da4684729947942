#include "daemon/commands/effectiveness_accounting.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/commands/effectiveness_command.hpp"
#include "daemon/commands/effectiveness_report.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kFirst{std::chrono::hours{24 * 20'000}};

/// Hourly bars: the hedge moves twice as far as the exposure, from where both stand at 1000.
EffectivenessInput hourly(int bars) {
  EffectivenessInput input;
  double exposure = 1000;
  double hedge = 1000;
  for (int k = 0; k <= bars; ++k) {
    if (k > 0) {
      const double move = 10 * std::sin(1.3 * k) + 1;
      exposure += move;
      hedge += 2 * move;
    }
    input.bars.push_back({.time = kFirst + k * 1h, .exposure = exposure, .hedge = hedge});
  }
  input.parameters.hedge_held = 0.5;
  return input;
}

std::string json_of(const EffectivenessInput& input, const AccountingReport& report) {
  std::ostringstream out;
  write_effectiveness(input, EffectivenessOutput::Json, out, &report);
  return out.str();
}

}  // namespace

TEST_SUITE("daemon/commands/effectiveness_accounting") {
  TEST_CASE("observations are a row of periods that sum up their bars, and the one that has not ended is left out") {
    const EffectivenessInput input = hourly(24 * 31 + 5);
    const AccountingReport report = accounting_report(input, {});
    CHECK(report.evidence.retrospective.observations == 31);
    CHECK(report.left_out == 1);
    CHECK(report.from == kFirst);
    CHECK(report.to == input.bars.back().time);
    const double moved = *input.bars[24 * 31].exposure - 1000;
    CHECK(report.evidence.ineffectiveness.item == doctest::Approx(moved));
    CHECK(report.evidence.ineffectiveness.hedge == doctest::Approx(-moved));
    CHECK(report.evidence.retrospective.verdict == EvidenceVerdict::Passes);
    CHECK(*report.evidence.retrospective.slope == doctest::Approx(-1));
    CHECK(accounting_report(input, {.observation = 8h, .designated = {}, .rebalancings = {}}).evidence.retrospective.observations ==
          93);
  }

  TEST_CASE("the designation begins the row; an observation that lacks prices, or was begun within, is left out") {
    EffectivenessInput input = hourly(24 * 40);
    AccountingReport report = accounting_report(input, {.observation = 24h, .designated = kFirst + 48h, .rebalancings = {}});
    CHECK(report.evidence.retrospective.observations == 38);
    CHECK(report.from == kFirst + 48h);
    report = accounting_report(input, {.observation = 24h, .designated = kFirst - 30min, .rebalancings = {}});
    CHECK(report.evidence.retrospective.observations == 39);
    CHECK(report.left_out == 2);  // the first was begun half an hour late, the last has half an hour to go
    // Two days without the hedge's price: both are gone, and so is the day whose first bar spans them.
    for (int k = 24 * 10 + 1; k <= 24 * 12; ++k) input.bars[static_cast<std::size_t>(k)].hedge.reset();
    report = accounting_report(input, {});
    CHECK(report.evidence.retrospective.observations == 37);
    CHECK(report.left_out == 3);
    CHECK(accounting_report({}, {}).evidence.retrospective.observations == 0);
  }

  TEST_CASE("what is held counts from the bar after it was traded, and what was done is logged") {
    const EffectivenessInput input = hourly(24 * 40);
    const std::vector<Rebalancing> done{{kFirst - 1h, 0.4}, {kFirst + 24h, 0.6}, {kFirst + 24h * 30 + 1min, 0.5}};
    const AccountingReport report = accounting_report(input, {.observation = 24h, .designated = {}, .rebalancings = done});
    REQUIRE(report.rebalancings.size() == 2);
    CHECK(report.rebalancings[0].time == kFirst + 24h);
    CHECK(report.rebalancings[0].before == 0.4);
    CHECK(report.rebalancings[0].after == 0.6);
    CHECK(report.rebalancings[1].before == 0.6);
    double hedge = 0;
    for (std::size_t k = 1; k < input.bars.size(); ++k) {
      const double held = k <= 24 ? 0.4 : k <= 24 * 30 + 1 ? 0.6 : 0.5;
      hedge -= held * (*input.bars[k].hedge - *input.bars[k - 1].hedge);
    }
    CHECK(report.evidence.ineffectiveness.hedge == doctest::Approx(hedge));
    const std::string json = json_of(input, report);
    CHECK(json.find("\"accounting\":{\"title\":\"Accounting: economic evidence, not eligibility\"") != std::string::npos);
    CHECK(json.find("\"observations\":40,\"left_out\":0,\"ifrs9_economic_relationship\":\"passes\"") != std::string::npos);
    CHECK(json.find("\"rebalancing_log\":[{\"time_ns\":" + std::to_string(nanoseconds_of(kFirst + 24h)) +
                    ",\"before\":0.4,\"after\":0.6},") != std::string::npos);
    std::ostringstream page;
    write_effectiveness_report(input, "spot", "future", page, &report);
    CHECK(page.str().find("<h2>Accounting: economic evidence, not eligibility</h2>") != std::string::npos);
    CHECK(page.str().find("<h2>Rebalancing log</h2>") != std::string::npos);
    std::ostringstream plain;
    write_effectiveness_report(input, "spot", "future", plain);
    CHECK(plain.str().find("Accounting") == std::string::npos);
  }

  TEST_CASE("profit of inverse contracts is in coin") {
    EffectivenessInput input = hourly(24 * 2);
    input.parameters.move = PriceMove::Inverse;
    const AccountingReport report = accounting_report(input, {});
    CHECK(report.evidence.ineffectiveness.item == doctest::Approx(1 / 1000.0 - 1 / *input.bars[48].exposure));
  }

  TEST_CASE("rebalancings are read with their faults told") {
    std::istringstream in{
        "Timestamp,hedge_held\n2024-01-01,1\n2024-01-02,much\nsoon,1\n2023-01-01,1\n2024-01-03T08:00:00Z,-0.5\n2024-01-04,1,2\n"};
    std::vector<std::string> faults;
    const auto read = read_rebalancings(in, "r.csv", faults);
    REQUIRE(read.size() == 2);
    CHECK(read[1].hedge_held == -0.5);
    CHECK(faults == std::vector<std::string>{"r.csv:line 3: hedge_held is no number", "r.csv:line 4: the time is unreadable",
                                             "r.csv:line 5: the time is before that of the row above",
                                             "r.csv:line 7: " + faults.back().substr(14)});
    std::istringstream headless{"time,held\n"};
    faults.clear();
    CHECK(read_rebalancings(headless, "r.csv", faults).empty());
    CHECK(faults == std::vector<std::string>{"r.csv:line 1: the header needs ts_ns or timestamp, and the column hedge_held"});
  }
}
