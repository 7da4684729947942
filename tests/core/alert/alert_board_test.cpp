#include "core/alert/alert_board.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/alert/starter_rules.hpp"

namespace hedgewatch {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart = from_nanoseconds<MonoTime>(1'000'000'000'000);

AlertRule above(std::string name, Figure figure, double limit) {
  AlertRule rule;
  rule.name = std::move(name);
  rule.figure = figure;
  rule.upper = limit;
  rule.severity = AlertSeverity::Page;
  return rule;
}

/// A table with two hedges, an account and two positions, and a board on it.
struct Desk {
  explicit Desk(std::vector<AlertRule> rules) {
    board.set_rules(std::move(rules), {{"one", "main"}, {"two", "other"}});
    lay_out();
  }

  void lay_out(bool with_two = true) {
    table.begin_layout();
    one = table.add_row(Figure::HedgeRatio, {"one"});
    two = with_two ? table.add_row(Figure::HedgeRatio, {"two"}) : kNoRow;
    size_main = table.add_row(Figure::PositionSize, {"main", "deribit", "BTC-PERPETUAL"});
    size_other = table.add_row(Figure::PositionSize, {"other", "deribit", "BTC-PERPETUAL"});
    usage = table.add_row(Figure::HedgeLimitUsageRatio, {"one", "delta"});
    board.add_rows(table);
    table.end_layout();
    board.bind(table);
  }
  std::vector<std::string> observe() {
    now += 1s;
    board.observe(table, now);
    std::vector<std::string> told;
    for (const AlertTransition& transition : board.transitions()) {
      const AlertBoard::Alert& alert = board.alerts()[transition.alert];
      told.push_back(board.rules()[alert.rule].name + '{' + alert.labels + "} " + std::string{label(transition.from)} + ">" +
                     std::string{label(transition.to)});
    }
    return told;
  }
  [[nodiscard]] double state(std::string_view rule, std::string_view state) const {
    return table.at(table.find(Figure::AlertState, {rule, "page", state})).value;
  }
  void set(RowId row, double value) { table.set(row, value, now); }

  FigureTable table;
  AlertBoard board;
  MonoTime now = kStart;
  RowId one, two, size_main, size_other, usage;
};

using Told = std::vector<std::string>;

TEST_SUITE("core/alert/alert_board") {
  TEST_CASE("every row of the figure has an alert of its own, and the rule shows the worst") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.set(desk.one, 1);
    desk.set(desk.two, 1.3);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"two\"} inactive>firing"});
    CHECK(desk.state("Ratio", "firing") == 1);
    CHECK(desk.state("Ratio", "inactive") == 0);
    desk.set(desk.one, 2);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
    CHECK(desk.observe().empty());
    desk.set(desk.one, 1);
    desk.set(desk.two, 1);
    CHECK(desk.observe().size() == 2);
    CHECK(desk.state("Ratio", "inactive") == 1);
  }

  TEST_CASE("a new layout and new rules keep what fires, and what has lost its row is resolved once") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    CHECK(desk.observe().size() == 2);
    desk.board.set_rules({above("Another", Figure::HedgeLimitUsageRatio, 5), above("Ratio", Figure::HedgeRatio, 1.2)}, {});
    desk.lay_out(false);
    desk.set(desk.one, 2);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"two\"} firing>inactive"});
    CHECK(desk.observe().empty());
    desk.lay_out(false);
    desk.set(desk.one, 2);
    CHECK(desk.observe().empty());
  }

  TEST_CASE("while nothing is held in the row's book there is no alert; a size that is unknown counts as held") {
    AlertRule rule = above("Ratio", Figure::HedgeRatio, 1.2);
    rule.while_held = true;
    Desk desk{{rule}};
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    desk.set(desk.size_main, 0);
    desk.set(desk.size_other, -5);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"two\"} inactive>firing"});
    desk.table.set_unknown(desk.size_main, FigureReason::MissingInstrument);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
    desk.set(desk.size_main, 0);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>inactive"});
  }

  TEST_CASE("a rule for times above the soft limit looks at the hedge's own usage") {
    AlertRule rule = above("Ratio", Figure::HedgeRatio, 1.2);
    rule.while_above_soft_limit = true;
    Desk desk{{rule}};
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    desk.set(desk.usage, 0.9);
    CHECK(desk.observe().empty());
    desk.set(desk.usage, 1.1);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
    desk.table.set_unknown(desk.usage, FigureReason::MissingVol);
    CHECK(desk.observe().empty());
  }

  TEST_CASE("what fired before a restart goes on without being told again") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.board.resume({{"Ratio", "hedge=\"one\"", kStart}});
    desk.table.set_unknown(desk.one, FigureReason::NeverReceived);
    CHECK(desk.observe().empty());
    CHECK(desk.state("Ratio", "firing") == 1);
    desk.set(desk.one, 2);
    CHECK(desk.observe().empty());
    desk.set(desk.one, 1);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>inactive"});
  }

  TEST_CASE("every starter rule names labels that its figure has, and can clear") {
    HedgeSetup hedge;
    hedge.name = "one";
    hedge.soft_delta_limit_coins = 2;
    hedge.hard_delta_limit_coins = 5;
    const std::vector<AlertRule> rules = starter_rules(std::vector{hedge});
    CHECK(rules.size() > 10);
    for (const AlertRule& rule : rules) {
      CAPTURE(rule.name);
      CHECK(!rule.summary.empty());
      const FigureDefinition& figure = definition_of(rule.figure);
      for (const LabelMatch& match : rule.labels) {
        CAPTURE(match.label);
        CHECK(std::find(figure.labels.begin(), figure.labels.end(), match.label) != figure.labels.end());
      }
      if (rule.condition == AlertCondition::Outside) CHECK(rule.lower + rule.clear_margin < rule.upper - rule.clear_margin);
      // Margin is never silenced by a feed.
      if (rule.figure == Figure::MaintenanceMarginRatio || rule.figure == Figure::LiquidationDistanceRatio)
        CHECK(!rule.suppressed_by_feed);
    }
  }
}

}  // namespace
}  // namespace hedgewatch
