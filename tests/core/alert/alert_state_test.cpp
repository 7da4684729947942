#include "core/alert/alert_state.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace hedgewatch {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart = from_nanoseconds<MonoTime>(1'000'000'000'000);

AlertRule rule() {
  AlertRule result;
  result.name = "NetDelta";
  result.figure = Figure::HedgeNetDeltaCoins;
  result.condition = AlertCondition::Outside;
  result.lower = -4;
  result.upper = 4;
  result.clear_margin = 0.5;
  result.hold = 60s;
  result.clear_hold = 10s;
  return result;
}

FigureValue ok(double value) { return {.value = value, .as_of = kStart, .state = FigureState::Ok, .reason = FigureReason::None}; }
FigureValue without(FigureState state, FigureReason reason) {
  return {.value = 99, .as_of = kStart, .state = state, .reason = reason};
}

/// Runs one value a second through a machine and names each change of state: "60:firing".
std::vector<std::string> life(const AlertRule& rule, const std::vector<FigureValue>& values) {
  std::vector<std::string> changes;
  AlertMachine machine;
  MonoTime now = kStart;
  for (std::size_t second = 0; second < values.size(); ++second, now += 1s)
    if (machine.observe(judge(rule, values[second], true), rule, now))
      changes.push_back(std::to_string(second) + ':' + std::string{label(machine.state())});
  return changes;
}

std::vector<FigureValue> repeated(const std::vector<std::pair<FigureValue, int>>& runs) {
  std::vector<FigureValue> values;
  for (const auto& [value, count] : runs) values.insert(values.end(), static_cast<std::size_t>(count), value);
  return values;
}

TEST_SUITE("core/alert/alert_state") {
  TEST_CASE("a limit that stays broken for its hold fires, and resolves when it is clear for long enough") {
    CHECK(life(rule(), repeated({{ok(1), 5}, {ok(-4.1), 65}, {ok(0), 20}})) ==
          std::vector<std::string>{"5:pending", "65:firing", "70:clearing", "80:inactive"});
  }

  TEST_CASE("a limit that is met and not exceeded is not broken") { CHECK(life(rule(), repeated({{ok(4), 100}})).empty()); }

  TEST_CASE("a breach that ends before its hold does not fire, and the next one starts anew") {
    CHECK(life(rule(), repeated({{ok(5), 59}, {ok(3.9), 1}, {ok(5), 59}, {ok(0), 5}})) ==
          std::vector<std::string>{"0:pending", "59:inactive", "60:pending", "119:inactive"});
  }

  TEST_CASE("a value just inside the limit does not clear it, so that flapping there is one alert") {
    std::vector<FigureValue> values = repeated({{ok(5), 61}});
    for (int turn = 0; turn < 50; ++turn) {
      values.push_back(ok(3.8));
      values.push_back(ok(4.2));
    }
    CHECK(life(rule(), values) == std::vector<std::string>{"0:pending", "60:firing"});
  }

  TEST_CASE("a clear value that does not last is no end") {
    CHECK(life(rule(), repeated({{ok(5), 61}, {ok(0), 9}, {ok(5), 1}, {ok(0), 12}})) ==
          std::vector<std::string>{"0:pending", "60:firing", "61:clearing", "70:firing", "71:clearing", "81:inactive"});
  }

  TEST_CASE("an unknown or stale value neither raises nor resolves") {
    const FigureValue unknown = without(FigureState::Unknown, FigureReason::MissingVol);
    const FigureValue stale = without(FigureState::Stale, FigureReason::TooOld);
    CHECK(life(rule(), repeated({{unknown, 100}, {stale, 100}})).empty());
    CHECK(life(rule(), repeated({{ok(5), 61}, {unknown, 500}, {stale, 500}})) ==
          std::vector<std::string>{"0:pending", "60:firing"});
    CHECK(life(rule(), repeated({{ok(5), 30}, {unknown, 1}, {ok(5), 59}})) ==
          std::vector<std::string>{"0:pending", "30:inactive", "31:pending"});
  }

  TEST_CASE("a value that is no number never looks clear") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(judge(rule(), ok(nan), true) == AlertFinding::Between);
    AlertRule above = rule();
    above.condition = AlertCondition::Above;
    CHECK(judge(above, ok(nan), true) == AlertFinding::Between);
  }

  TEST_CASE("without a hold it fires at once") {
    AlertRule now = rule();
    now.hold = 0s;
    now.clear_hold = 0s;
    CHECK(life(now, {ok(0), ok(5), ok(0)}) == std::vector<std::string>{"1:firing", "2:inactive"});
  }

  TEST_CASE("the twin of a rule fires while the value is unknown or stale, and not while a feed that is down tells it itself") {
    AlertRule twin = rule();
    twin.condition = AlertCondition::Unknown;
    twin.hold = 30s;
    const FigureValue missing = without(FigureState::Unknown, FigureReason::MissingVol);
    const FigureValue down = without(FigureState::Stale, FigureReason::FeedDown);
    CHECK(life(twin, repeated({{missing, 31}})) == std::vector<std::string>{"0:pending", "30:firing"});
    CHECK(life(twin, repeated({{down, 31}})) == std::vector<std::string>{"0:pending", "30:firing"});
    twin.suppressed_by_feed = true;
    CHECK(life(twin, repeated({{down, 100}})).empty());
    // What fired for a reason of its own goes on while the feed is down.
    CHECK(life(twin, repeated({{missing, 31}, {down, 100}})) == std::vector<std::string>{"0:pending", "30:firing"});
  }

  TEST_CASE("an alert that fired before a restart fires on without a transition, and resolves like any other") {
    AlertMachine machine;
    machine.resume(kStart);
    CHECK(!machine.observe(judge(rule(), without(FigureState::Unknown, FigureReason::NeverReceived), true), rule(), kStart + 1s));
    CHECK(!machine.observe(judge(rule(), ok(6), true), rule(), kStart + 2s));
    CHECK(machine.state() == AlertState::Firing);
    CHECK(machine.observe(judge(rule(), ok(0), true), rule(), kStart + 3s));
    CHECK(machine.observe(judge(rule(), ok(0), true), rule(), kStart + 13s));
    CHECK(machine.state() == AlertState::Inactive);
  }
}

}  // namespace
}  // namespace hedgewatch
