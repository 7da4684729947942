#include "daemon/commands/alert_comparison.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

/// A hedge ratio under one rule, watched.
class Watched {
 public:
  explicit Watched(AlertRule rule) {
    rule.name = "Ratio";
    rule.figure = Figure::HedgeRatio;
    board_.set_rules({std::move(rule)}, {});
    table_.begin_layout();
    row_ = table_.add_row(Figure::HedgeRatio, {"a"});
    board_.add_rows(table_);
    table_.end_layout();
    board_.bind(table_);
  }
  /// A second later the ratio is so.
  Watched& see(double ratio) {
    now_ += 1s;
    table_.set(row_, ratio, MonoTime{now_});
    board_.observe(table_, MonoTime{now_});
    historian_.after_cycle(WallTime{1'000s + now_}, board_, table_);
    return *this;
  }
  [[nodiscard]] const AlertHistories& histories() const { return historian_.histories(); }
  [[nodiscard]] const AlertHistory& only() const {
    REQUIRE(histories().size() == 1);
    return histories().begin()->second;
  }

 private:
  FigureTable table_;
  AlertBoard board_;
  AlertHistorian historian_;
  RowId row_ = kNoRow;
  std::chrono::nanoseconds now_{0};
};

AlertRule rule_above(double limit, AlertSeverity severity = AlertSeverity::Page) {
  AlertRule rule;
  rule.upper = limit;
  rule.severity = severity;
  return rule;
}

constexpr const char* kCsvHeader =
    "alert,labels,difference,recorded_severity,recorded_times,recorded_first_ns,recorded_seconds,recorded_worst,recorded_limit,"
    "other_severity,other_times,other_first_ns,other_seconds,other_worst,other_limit\n";

}  // namespace

TEST_SUITE("daemon/commands/alert_comparison") {
  TEST_CASE("of an alert it is kept when it was raised, for how long, and the worst value meanwhile") {
    Watched watched{rule_above(1)};
    watched.see(0.5).see(2).see(3).see(0.5).see(1.5);
    const AlertHistory& history = watched.only();
    REQUIRE(history.raised.size() == 2);
    CHECK(history.raised[0] == RaisedPeriod{WallTime{1'002s}, WallTime{1'004s}, false});
    CHECK(history.raised[1] == RaisedPeriod{WallTime{1'005s}, WallTime{1'005s}, true});
    CHECK(history.duration() == 2s);
    CHECK(history.worst == 3);
    CHECK(history.limit == "above 1");
  }

  TEST_CASE("the worst value is the one farthest beyond the limit, whichever side that is") {
    AlertRule rule;
    rule.condition = AlertCondition::Below;
    rule.lower = 1;
    CHECK(Watched{rule}.see(0.5).see(-2).see(0).only().worst == -2);
    rule.condition = AlertCondition::Outside;
    rule.lower = -1;
    rule.upper = 10;
    CHECK(Watched{rule}.see(12).see(-4).see(11).only().worst == -4);
    rule.condition = AlertCondition::Change;
    rule.upper = 1;
    rule.change_within = 60s;
    CHECK(Watched{rule}.see(5).see(8).only().worst == 3);
  }

  TEST_CASE("an alert that only one side raised stands with that side alone") {
    Watched strict{rule_above(1)};
    Watched lenient{rule_above(9)};
    strict.see(2).see(0.5);
    lenient.see(2).see(0.5);
    CHECK(alert_differences_csv(strict.histories(), lenient.histories()) ==
          std::string{kCsvHeader} + "Ratio,\"hedge=\"\"a\"\"\",only_recorded,page,1,1001000000000,1,2,above 1,,,,,,\n");
    CHECK(alert_differences_csv(lenient.histories(), strict.histories()) ==
          std::string{kCsvHeader} + "Ratio,\"hedge=\"\"a\"\"\",only_other,,,,,,,page,1,1001000000000,1,2,above 1\n");
    CHECK(alert_differences_text(lenient.histories(), strict.histories()) ==
          "Alerts raised only with the other:\n  page Ratio{hedge=\"a\"}\n    first at 1970-01-01T00:16:41.000Z, once, 1 s in all, "
          "worst 2, limit above 1\nAlerts raised alike by both: 0\n");
  }

  TEST_CASE("an alert that both raised differs by its times, or by its severity, or not at all") {
    Watched early{rule_above(1)};
    Watched late{rule_above(2)};
    Watched warned{rule_above(1, AlertSeverity::Warn)};
    for (Watched* one : {&early, &late, &warned}) one->see(1.5).see(2.5);
    const auto between = [](const Watched& a, const Watched& b) { return difference_of(&a.only(), &b.only()); };
    CHECK(between(early, late) == AlertDifference::OtherTimes);
    CHECK(between(early, warned) == AlertDifference::OtherSeverity);
    CHECK(between(early, early) == AlertDifference::None);
    CHECK(alert_differences_csv(early.histories(), early.histories()) == kCsvHeader);
    CHECK(alert_differences_text(early.histories(), early.histories()) == "Alerts raised alike by both: 1\n");
    CHECK(alert_differences_text(early.histories(), late.histories()) ==
          "Alerts raised by both, at other times:\n  Ratio{hedge=\"a\"}\n    recorded: page, first at 1970-01-01T00:16:41.000Z, "
          "once, 1 s in all, still at the end, worst 2.5, limit above 1\n    other:    page, first at 1970-01-01T00:16:42.000Z, "
          "once, 0 s in all, still at the end, worst 2.5, limit above 2\nAlerts raised alike by both: 0\n");
  }

  TEST_CASE("what is acknowledged is not raised") {
    AlertBoard board;
    FigureTable table;
    AlertRule rule = rule_above(1);
    rule.name = "Ratio";
    rule.figure = Figure::HedgeRatio;
    board.set_rules({rule}, {});
    table.begin_layout();
    const RowId row = table.add_row(Figure::HedgeRatio, {"a"});
    board.add_rows(table);
    table.end_layout();
    board.bind(table);
    AlertHistorian historian;
    table.set(row, 2, MonoTime{});
    for (const std::chrono::seconds now : {1s, 2s, 3s}) {
      if (now == 2s) board.acknowledge(identity_of("Ratio", Figure::HedgeRatio, "hedge=\"a\""));
      board.observe(table, MonoTime{now});
      historian.after_cycle(WallTime{now}, board, table);
    }
    REQUIRE(historian.histories().size() == 1);
    CHECK(historian.histories().begin()->second.raised == std::vector{RaisedPeriod{WallTime{1s}, WallTime{2s}, false}});
  }
}
