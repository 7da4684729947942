#include "core/alert/alert_state.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <tuple>
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
std::vector<std::string> life(const AlertRule& rule, const std::vector<FigureValue>& values,
                              const AlertCircumstances& circumstances = {}) {
  std::vector<std::string> changes;
  AlertMachine machine;
  MonoTime now = kStart;
  for (std::size_t second = 0; second < values.size(); ++second, now += 1s)
    if (machine.observe(judge(rule, values[second], circumstances), rule, values[second], now))
      changes.push_back(std::to_string(second) + ':' + std::string{label(machine.state())});
  return changes;
}

std::vector<FigureValue> repeated(const std::vector<std::pair<FigureValue, int>>& runs) {
  std::vector<FigureValue> values;
  for (const auto& [value, count] : runs) values.insert(values.end(), static_cast<std::size_t>(count), value);
  return values;
}

bool seen(AlertMachine& machine, const AlertRule& rule, const FigureValue& value, MonoTime now) {
  return machine.observe(judge(rule, value, {}), rule, value, now);
}

AlertMachine firing_at(double value) {
  AlertMachine machine;
  machine.resume(kStart);
  seen(machine, rule(), ok(value), kStart);
  return machine;
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
    CHECK(judge(rule(), ok(nan), {}) == AlertFinding::Between);
    AlertRule above = rule();
    above.condition = AlertCondition::Above;
    CHECK(judge(above, ok(nan), {}) == AlertFinding::Between);
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
    const AlertCircumstances told{.outage_told = true};
    CHECK(life(twin, repeated({{down, 31}}), told) == std::vector<std::string>{"0:pending", "30:firing"});
    twin.suppressed_by_feed = true;
    CHECK(life(twin, repeated({{down, 100}}), told).empty());
    CHECK(life(twin, repeated({{missing, 31}}), told) == std::vector<std::string>{"0:pending", "30:firing"});
    // Nobody tells of the feed, so this one does.
    CHECK(life(twin, repeated({{down, 31}})) == std::vector<std::string>{"0:pending", "30:firing"});
    // What fired for a reason of its own goes on while the feed is down.
    CHECK(life(twin, repeated({{missing, 31}, {down, 100}}), told) == std::vector<std::string>{"0:pending", "30:firing"});
  }

  TEST_CASE("nothing that is told already silences a limit that is broken") {
    AlertRule limit = rule();
    limit.suppressed_by_feed = true;
    const AlertCircumstances told{.outage_told = true, .spoken_for = true};
    CHECK(life(limit, repeated({{ok(5), 61}}), told) == std::vector<std::string>{"0:pending", "60:firing"});
    limit.condition = AlertCondition::Unknown;
    CHECK(life(limit, repeated({{without(FigureState::Unknown, FigureReason::MissingVol), 61}}), told).empty());
  }

  TEST_CASE("an alert that fired before a restart fires on without a transition, and resolves like any other") {
    AlertMachine machine;
    machine.resume(kStart);
    CHECK(!seen(machine, rule(), without(FigureState::Unknown, FigureReason::NeverReceived), kStart + 1s));
    CHECK(!seen(machine, rule(), ok(6), kStart + 2s));
    CHECK(machine.state() == AlertState::Firing);
    CHECK(seen(machine, rule(), ok(0), kStart + 3s));
    CHECK(seen(machine, rule(), ok(0), kStart + 13s));
    CHECK(machine.state() == AlertState::Inactive);
  }

  TEST_CASE("a latched alert fires on whatever the value does, until it is acknowledged") {
    AlertRule latched = rule();
    latched.hold = 0s;
    latched.latched = true;
    CHECK(life(latched, repeated({{ok(5), 1}, {ok(0), 100}})) == std::vector<std::string>{"0:firing"});
    AlertMachine machine;
    seen(machine, latched, ok(5), kStart);
    seen(machine, latched, ok(0), kStart + 1s);
    CHECK(machine.acknowledge(ok(0), kStart + 2s));
    CHECK(seen(machine, latched, ok(0), kStart + 2s));
    CHECK(machine.state() == AlertState::Inactive);
  }

  TEST_CASE("an acknowledgement lasts half an hour, and the alert fires again when the limit is broken still") {
    AlertMachine machine = firing_at(-5);
    CHECK(machine.acknowledge(ok(-5), kStart + 1s));
    CHECK(!machine.acknowledge(ok(-5), kStart + 1s));
    CHECK(!seen(machine, rule(), ok(-5), kStart + 30min));
    CHECK(!seen(machine, rule(), without(FigureState::Stale, FigureReason::FeedDown), kStart + 30min));
    CHECK(machine.state() == AlertState::Acknowledged);
    CHECK(seen(machine, rule(), ok(-5), kStart + 30min + 1s));
    CHECK(machine.state() == AlertState::Firing);
  }

  TEST_CASE("an acknowledgement breaks when the value is a quarter worse than it was then, or beyond the other limit") {
    for (const auto& [then, now, breaks] : {std::tuple{-5.0, -6.25, false},
                                            {-5.0, -6.26, true},
                                            {-5.0, -4.1, false},
                                            {-5.0, 4.1, true},
                                            {8.0, 9.9, false},
                                            {8.0, 10.1, true}}) {
      CAPTURE(then);
      CAPTURE(now);
      AlertMachine machine = firing_at(then);
      REQUIRE(machine.acknowledge(ok(then), kStart + 1s));
      CHECK(seen(machine, rule(), ok(now), kStart + 2s) == breaks);
      CHECK((machine.state() == AlertState::Firing) == breaks);
    }
  }

  TEST_CASE("a value that was not known when it was acknowledged is measured from where it is next seen") {
    AlertMachine machine = firing_at(5);
    const FigureValue unknown = without(FigureState::Unknown, FigureReason::MissingVol);
    CHECK(machine.acknowledge(unknown, kStart + 1s));
    CHECK(!seen(machine, rule(), ok(8), kStart + 2s));
    CHECK(!seen(machine, rule(), ok(9), kStart + 3s));
    CHECK(seen(machine, rule(), ok(10.1), kStart + 4s));
  }

  TEST_CASE("a breach that ends while it is acknowledged is over, and the next one is news after its own hold") {
    AlertMachine machine = firing_at(5);
    CHECK(machine.acknowledge(ok(5), kStart + 1s));
    CHECK(!seen(machine, rule(), ok(3.9), kStart + 2s));  // not inside by the margin
    CHECK(seen(machine, rule(), ok(0), kStart + 3s));
    CHECK(machine.state() == AlertState::Inactive);
    CHECK(seen(machine, rule(), ok(5), kStart + 4s));
    CHECK(machine.state() == AlertState::Pending);
    CHECK(seen(machine, rule(), ok(5), kStart + 64s));
    CHECK(machine.state() == AlertState::Firing);
  }

  TEST_CASE("what is not raised cannot be acknowledged, and what was acknowledged before a restart is so after it") {
    AlertMachine idle;
    CHECK(!idle.acknowledge(ok(0), kStart));
    AlertMachine machine;
    machine.resume(kStart, Acknowledgement{.until = kStart + 10min, .value = 5});
    CHECK(!seen(machine, rule(), ok(6), kStart + 1s));
    CHECK(machine.state() == AlertState::Acknowledged);
    CHECK(seen(machine, rule(), ok(6), kStart + 10min));
    CHECK(machine.state() == AlertState::Firing);
  }
}

}  // namespace
}  // namespace hedgewatch
