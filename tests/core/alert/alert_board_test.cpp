#include "core/alert/alert_board.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

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
    board.set_rules(std::move(rules), {{"one", {"main", "BTC"}}, {"two", {"other", "BTC"}}});
    lay_out();
  }

  void lay_out(bool with_two = true) {
    table.begin_layout();
    one = table.add_row(Figure::HedgeRatio, {"one"});
    two = with_two ? table.add_row(Figure::HedgeRatio, {"two"}) : kNoRow;
    size_main = table.add_row(Figure::PositionSize, {"main", "deribit", "BTC-PERPETUAL"});
    size_other = table.add_row(Figure::PositionSize, {"other", "deribit", "BTC-PERPETUAL"});
    usage = table.add_row(Figure::HedgeLimitUsageRatio, {"one", "delta"});
    since = table.add_row(Figure::ReconcileSecondsSince, {"main", "deribit"});
    down_here = table.add_row(Figure::FeedsDown, {"deribit"});
    down_there = table.add_row(Figure::FeedsDown, {"okx"});
    margin_btc = table.add_row(Figure::MaintenanceMarginRatio, {"main", "deribit", "BTC", "venue"});
    margin_eth = table.add_row(Figure::MaintenanceMarginRatio, {"main", "deribit", "ETH", "venue"});
    board.add_rows(table);
    table.end_layout();
    board.bind(table);
    set(since, 1);
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
  RowId one, two, size_main, size_other, usage, since, down_here, down_there, margin_btc, margin_eth;
};

using Told = std::vector<std::string>;
const std::string kMarginBtc = R"(account="main",venue="deribit",asset="BTC",source="venue")";

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

  TEST_CASE("a board fits the table to which it was bound and no smaller one, and what has lost its row does not count") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.set(desk.two, 2);
    CHECK(desk.observe().size() == 1);
    CHECK(desk.board.fits(desk.table.size()));
    CHECK_FALSE(desk.board.fits(std::max(desk.table.position_of(desk.one), desk.table.position_of(desk.two))));
    desk.lay_out(false);
    const std::size_t place = desk.table.position_of(desk.one);
    CHECK(desk.board.fits(place + 1));
    CHECK_FALSE(desk.board.fits(place));
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

  TEST_CASE("a board that goes on takes what was remembered for true: the rest is raised anew, and what agrees is left alone") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    CHECK(desk.observe().size() == 2);
    desk.board.resume({{"Ratio", "hedge=\"one\"", kStart}});
    CHECK(desk.observe() == Told{"Ratio{hedge=\"two\"} inactive>firing"});
    CHECK(desk.board.raised()[0].since == kStart + 1s);  // its own since, which is no other alert's

    desk.board.resume({{"Ratio", "hedge=\"one\"", kStart, Acknowledgement{.until = desk.now + 1h, .value = 2}},
                       {"Ratio", "hedge=\"two\"", kStart}});
    CHECK(desk.observe().empty());
    CHECK(desk.state("Ratio", "firing") == 1);
    REQUIRE(desk.board.raised()[0].acknowledgement.has_value());
    CHECK_FALSE(desk.board.raised()[1].acknowledgement.has_value());
    desk.board.resume({});
    desk.set(desk.two, 1);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
  }

  TEST_CASE("what was remembered and never finds its row again is resolved after a while, and not before") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.set(desk.one, 1);
    desk.board.resume({{"Ratio", "hedge=\"gone\"", kStart}});
    CHECK(desk.observe().empty());
    desk.now += AlertBoard::kRowsComeWithin - 2s;
    CHECK(desk.observe().empty());
    CHECK(desk.observe() == Told{"Ratio{hedge=\"gone\"} firing>inactive"});
    CHECK(desk.observe().empty());
  }

  TEST_CASE("what a restart must resume is what is raised or acknowledged, and what it waits for itself") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.board.resume({{"Ratio", "hedge=\"gone\"", kStart}});
    desk.set(desk.one, 2);
    desk.set(desk.two, 3);
    CHECK(desk.observe().size() == 2);
    desk.board.acknowledge(identity_of("Ratio", Figure::HedgeRatio, "hedge=\"two\""));
    CHECK(desk.observe().size() == 1);
    const std::vector<RaisedAlert> raised = desk.board.raised();
    REQUIRE(raised.size() == 3);
    CHECK(raised[0].labels == "hedge=\"gone\"");
    CHECK(raised[1].labels == "hedge=\"one\"");
    CHECK(raised[1].since == kStart + 1s);
    CHECK(!raised[1].acknowledgement);
    REQUIRE(raised[2].acknowledgement.has_value());
    CHECK(raised[2].acknowledgement->value == 3);
    desk.set(desk.one, 1);
    desk.set(desk.two, 1);
    CHECK(desk.observe().size() == 2);
    CHECK(desk.board.raised().size() == 1);
  }

  TEST_CASE("an acknowledgement is told once, by rule and row, and shown as a state") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2), above("Other", Figure::HedgeRatio, 1.2)}};
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    CHECK(desk.observe().size() == 4);
    desk.board.acknowledge(identity_of("Ratio", Figure::HedgeRatio, "hedge=\"one\""));
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>acknowledged"});
    CHECK(desk.observe().empty());
    CHECK(desk.state("Ratio", "firing") == 1);  // the other hedge
    desk.set(desk.two, 1);
    CHECK(desk.observe().size() == 2);
    CHECK(desk.state("Ratio", "acknowledged") == 1);
    desk.set(desk.one, 2.6);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} acknowledged>firing"});
    // Where the value is clear already, that is told in the same cycle.
    desk.board.acknowledge(identity_of("Ratio", Figure::HedgeRatio, "hedge=\"one\""));
    desk.set(desk.one, 1);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>acknowledged", "Ratio{hedge=\"one\"} acknowledged>inactive",
                                 "Other{hedge=\"one\"} firing>inactive"});
  }

  TEST_CASE("a limit that is overridden holds for its time, survives a new layout, and is the rule's own again after it") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    const AlertIdentity one = identity_of("Ratio", Figure::HedgeRatio, "hedge=\"one\"");
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    CHECK(desk.observe().size() == 2);
    desk.board.override_limit(one, 3, desk.now + 60s);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>inactive"});
    CHECK(desk.board.overrides_changed());
    REQUIRE(desk.board.overrides().size() == 1);
    CHECK(desk.board.overrides()[0].labels == "hedge=\"one\"");
    CHECK(desk.board.overrides()[0].level == 3);
    desk.lay_out();
    desk.set(desk.one, 2);
    desk.set(desk.two, 2);
    CHECK(desk.observe().empty());
    CHECK(!desk.board.overrides_changed());
    desk.set(desk.one, 3.5);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
    REQUIRE(desk.board.transitions().size() == 1);
    CHECK(desk.board.transitions()[0].overridden == 3.0);
    desk.set(desk.one, 2);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>inactive"});
    desk.now += 60s;
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
    CHECK(desk.board.overrides_changed());
    CHECK(desk.board.overrides().empty());
    // Taken back before its time.
    desk.board.override_limit(one, 3, desk.now + 60s);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} firing>inactive"});
    desk.board.override_limit(one, std::nan(""), desk.now);
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
  }

  TEST_CASE("an override of a limit on both sides of zero is its size, and a rule on the unknown has none") {
    AlertRule both = above("Both", Figure::HedgeRatio, 1.2);
    both.condition = AlertCondition::Outside;
    both.lower = -1.2;
    AlertRule uneven = both;
    uneven.name = "Uneven";
    uneven.lower = 0;
    AlertRule unknown = above("Unknown", Figure::HedgeRatio, 0);
    unknown.condition = AlertCondition::Unknown;
    CHECK(can_be_overridden(both));
    CHECK(!can_be_overridden(uneven));
    CHECK(!can_be_overridden(unknown));
    Desk desk{{both}};
    desk.set(desk.one, -2);
    desk.set(desk.two, 0);
    CHECK(desk.observe().size() == 1);
    desk.board.override_limit(identity_of("Both", Figure::HedgeRatio, "hedge=\"one\""), 3, desk.now + 60s);
    CHECK(desk.observe() == Told{"Both{hedge=\"one\"} firing>inactive"});
    desk.set(desk.one, -3.5);
    CHECK(desk.observe() == Told{"Both{hedge=\"one\"} inactive>firing"});
  }

  TEST_CASE("a limit that was overridden before a restart is so after it") {
    Desk desk{{above("Ratio", Figure::HedgeRatio, 1.2)}};
    desk.board.resume_overrides({{.rule = "Ratio", .labels = "hedge=\"one\"", .level = 3, .until = desk.now + 10s}});
    desk.set(desk.one, 2);
    CHECK(desk.observe().empty());
    desk.now += 10s;
    CHECK(desk.observe() == Told{"Ratio{hedge=\"one\"} inactive>firing"});
  }

  TEST_CASE("a rule on the change fires on how far the value has come, and remembers that through a new layout") {
    AlertRule rule = above("Leap", Figure::HedgeRatio, 0.5);
    rule.condition = AlertCondition::Change;
    rule.change_within = 10s;
    Desk desk{{rule}};
    desk.set(desk.one, 7);
    desk.set(desk.two, 7);
    CHECK(desk.observe().empty());
    desk.lay_out();
    desk.set(desk.one, 6.4);
    desk.set(desk.two, 6.6);
    CHECK(desk.observe() == Told{"Leap{hedge=\"one\"} inactive>firing"});
    CHECK(desk.board.transitions()[0].value.value == doctest::Approx(0.6));
    desk.table.set_unknown(desk.one, FigureReason::MissingVol);
    CHECK(desk.observe().empty());
    desk.now += 10s;
    desk.set(desk.one, 6.4);
    CHECK(desk.observe() == Told{"Leap{hedge=\"one\"} firing>inactive"});
  }

  TEST_CASE("until an account has said what it holds, something may be held") {
    AlertRule rule = above("Down", Figure::FeedsDown, 0.5);
    rule.while_held = true;
    Desk desk{{rule}};
    desk.set(desk.size_main, 0);
    desk.set(desk.size_other, 0);
    desk.set(desk.down_here, 2);
    CHECK(desk.observe().empty());
    desk.table.set_unknown(desk.since, FigureReason::NeverReceived);
    CHECK(desk.observe() == Told{"Down{venue=\"deribit\"} inactive>firing"});
  }

  TEST_CASE("a feed that is down speaks for what is computed from it, on its own venue, and only while it does speak") {
    AlertRule root = above("Down", Figure::FeedsDown, 0.5);
    root.tells_outage = true;
    AlertRule twin = above("MarginUnknown", Figure::MaintenanceMarginRatio, 0);
    twin.condition = AlertCondition::Unknown;
    twin.suppressed_by_feed = true;
    twin.labels = {{"asset", "BTC"}};
    Desk desk{{root, twin}};
    desk.set(desk.down_here, 1);
    desk.set(desk.down_there, 0);
    desk.table.set_stale(desk.margin_btc, desk.now, FigureReason::FeedDown);
    CHECK(desk.observe() == Told{"Down{venue=\"deribit\"} inactive>firing"});
    desk.set(desk.down_there, 1);
    CHECK(desk.observe() == Told{"Down{venue=\"okx\"} inactive>firing"});
    desk.set(desk.down_here, 0);
    CHECK(desk.observe() == Told{"Down{venue=\"deribit\"} firing>inactive", "MarginUnknown{" + kMarginBtc + "} inactive>firing"});
  }

  TEST_CASE("of the alerts that one cause makes, one speaks for the others while they are about the same") {
    AlertRule hedge = above("HedgeUnknown", Figure::HedgeRatio, 0);
    hedge.condition = AlertCondition::Unknown;
    AlertRule margin = above("MarginUnknown", Figure::MaintenanceMarginRatio, 0);
    margin.condition = AlertCondition::Unknown;
    margin.suppressed_by = {"MarginUnknown"};
    AlertRule size = above("SizeUnknown", Figure::PositionSize, 0);
    size.condition = AlertCondition::Unknown;
    size.suppressed_by = {"HedgeUnknown"};
    Desk desk{{hedge, margin, size}};
    desk.set(desk.two, 1);
    // The book of hedge one is main; other is not spoken for.
    CHECK(desk.observe() == Told{"HedgeUnknown{hedge=\"one\"} inactive>firing", "MarginUnknown{" + kMarginBtc + "} inactive>firing",
                                 "SizeUnknown{book=\"other\",venue=\"deribit\",instrument=\"BTC-PERPETUAL\"} inactive>firing"});
    desk.set(desk.margin_btc, 0.1);
    CHECK(desk.observe() ==
          Told{"MarginUnknown{" + kMarginBtc + "} firing>inactive",
               "MarginUnknown{account=\"main\",venue=\"deribit\",asset=\"ETH\",source=\"venue\"} inactive>firing"});
  }
}

}  // namespace
}  // namespace hedgewatch
