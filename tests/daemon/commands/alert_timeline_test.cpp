#include "daemon/commands/alert_timeline.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace hedgewatch;
using namespace std::chrono_literals;

TEST_SUITE("daemon/commands/alert_timeline") {
  TEST_CASE("a limit is a word and its numbers, and says when its owner has set another") {
    AlertRule rule;
    rule.lower = -5;
    rule.upper = 2.5;
    rule.change_within = 90s;
    const auto text = [&rule](AlertCondition condition, std::optional<double> overridden = {}) {
      rule.condition = condition;
      return limit_text(rule, overridden);
    };
    CHECK(text(AlertCondition::Above) == "above 2.5");
    CHECK(text(AlertCondition::Below) == "below -5");
    CHECK(text(AlertCondition::Outside) == "outside -5 2.5");
    CHECK(text(AlertCondition::Change) == "change 2.5 within 90s");
    CHECK(text(AlertCondition::Unknown) == "unknown");
    CHECK(text(AlertCondition::Above, 4) == "above 4 overridden");
    CHECK(text(AlertCondition::Below, 4) == "below 4 overridden");
    CHECK(text(AlertCondition::Outside, 4) == "outside -4 4 overridden");
    CHECK(text(AlertCondition::Change, 4) == "change 4 within 90s overridden");
  }

  TEST_CASE("a change says by the calendar when it came and since when its condition held, and what decided it") {
    FigureTable table;
    AlertBoard board;
    AlertRule rule;
    rule.name = "Ratio";
    rule.figure = Figure::HedgeRatio;
    rule.upper = 1.25;
    rule.hold = 2s;
    rule.severity = AlertSeverity::Page;
    board.set_rules({rule}, {});
    table.begin_layout();
    const RowId row = table.add_row(Figure::HedgeRatio, {"a, \"b\""});
    board.add_rows(table);
    table.end_layout();
    board.bind(table);

    std::string rows;
    const auto observe = [&](std::chrono::nanoseconds at) {
      board.observe(table, MonoTime{at});
      for (const AlertChange& change : alert_changes(board, WallTime{1'000s + at})) append_alert_change(rows, change);
    };
    table.set(row, 1.5, MonoTime{});
    observe(1s);
    observe(2s);
    table.set(row, 1.75, MonoTime{});
    observe(3s);
    table.set(row, 1, MonoTime{});
    observe(4s);
    const std::string labels = R"("hedge=""a, \""b\""""")";
    CHECK(rows == "1001000000000,Ratio," + labels + ",page,inactive,pending,1001000000000,1.5,above 1.25\n" +
                      "1003000000000,Ratio," + labels + ",page,pending,firing,1001000000000,1.75,above 1.25\n" +
                      "1004000000000,Ratio," + labels + ",page,firing,inactive,1001000000000,1,above 1.25\n");
  }

  TEST_CASE("where there is no value, its state and the reason stand in its place") {
    CHECK(value_text({.value = 0, .as_of = {}, .state = FigureState::Unknown, .reason = FigureReason::MissingVol}) ==
          "unknown/" + std::string{label(FigureReason::MissingVol)});
    CHECK(value_text({.value = -0.5, .as_of = {}, .state = FigureState::Ok, .reason = FigureReason::None}) == "-0.5");
  }
}
