#include "daemon/alerting/alert_message.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace hedgewatch {
namespace {

using namespace std::chrono_literals;

AlertRule rule() {
  AlertRule result;
  result.name = "NetDeltaAboveHardLimit";
  result.figure = Figure::HedgeNetDeltaCoins;
  result.condition = AlertCondition::Outside;
  result.lower = -4;
  result.upper = 4;
  result.severity = AlertSeverity::Page;
  result.summary = "Net delta is beyond the hard limit";
  return result;
}

AlertTransition transition(AlertState to) {
  return {.alert = 0,
          .from = AlertState::Pending,
          .to = to,
          .value = {.value = -5.25, .as_of = {}, .state = FigureState::Ok, .reason = FigureReason::None},
          .since = from_nanoseconds<MonoTime>(1'000'000'000),
          .at = from_nanoseconds<MonoTime>(61'000'000'000)};
}

constexpr const char* kRunbooks = "/books";
constexpr std::chrono::nanoseconds kOffset{1'800'000'000'000'000'000};

TEST_SUITE("daemon/alerting/alert_message") {
  TEST_CASE("an alert says what is wrong, since when, with which number and limit, and what to read") {
    const AlertMessage message = message_of(rule(), R"(hedge="straddle")", transition(AlertState::Firing), kOffset, kRunbooks);
    CHECK(message.key() == "alertname=NetDeltaAboveHardLimit\nseverity=page\nhedge=straddle\n");
    CHECK(message.summary == "Net delta is beyond the hard limit");
    CHECK(message.description ==
          "hedgewatch_hedge_net_delta_coins{hedge=\"straddle\"} is -5.25, limits -4 and 4, since 2027-01-15T08:00:01.000Z");
    CHECK(message.runbook == "/books/NetDeltaAboveHardLimit.md");
    CHECK(!message.ended.has_value());
  }

  TEST_CASE("the body is what Alertmanager takes, and says until when it holds or when it ended") {
    AlertMessage raised = message_of(rule(), R"(hedge="a \"b\"\n")", transition(AlertState::Firing), kOffset, kRunbooks);
    const std::string body = alertmanager_body({raised}, from_nanoseconds<WallTime>(kOffset.count() + 90'000'000'000));
    CHECK(
        body ==
        R"([{"labels":{"alertname":"NetDeltaAboveHardLimit","severity":"page","hedge":"a \"b\"\u000a"},)"
        R"("annotations":{"summary":"Net delta is beyond the hard limit","description":)"
        R"("hedgewatch_hedge_net_delta_coins{hedge=\"a \\\"b\\\"\\n\"} is -5.25, limits -4 and 4, since 2027-01-15T08:00:01.000Z",)"
        R"("runbook":"/books/NetDeltaAboveHardLimit.md","panel":"d/hedgewatch-hedge?viewPanel=110&var-hedge=a%20%22b%22%0A"},"startsAt":"2027-01-15T08:00:01.000Z",)"
        R"("endsAt":"2027-01-15T08:01:30.000Z"}])");
    const AlertMessage ended = message_of(rule(), R"(hedge="straddle")", transition(AlertState::Inactive), kOffset, kRunbooks);
    CHECK(alertmanager_body({ended}, WallTime::max()).find(R"("endsAt":"2027-01-15T08:01:01.000Z")") != std::string::npos);
    CHECK(alertmanager_body({}, WallTime::max()) == "[]");
  }

  TEST_CASE("a webhook is told as Alertmanager would tell it") {
    AlertRule plain = rule();
    const AlertMessage raised = message_of(plain, R"(hedge="one")", transition(AlertState::Firing), kOffset, kRunbooks);
    const AlertMessage ended = message_of(plain, R"(hedge="two")", transition(AlertState::Inactive), kOffset, kRunbooks);
    const std::string body = webhook_body({raised, ended});
    CAPTURE(body);
    CHECK(body.starts_with(R"({"version":"4","receiver":"hedgewatch","status":"firing","alerts":[{"status":"firing","labels":{)"));
    CHECK(body.find(R"("startsAt":"2027-01-15T08:00:01.000Z","endsAt":"0001-01-01T00:00:00Z"},{"status":"resolved","labels":{)") !=
          std::string::npos);
    CHECK(body.ends_with(R"("endsAt":"2027-01-15T08:01:01.000Z"}]})"));
    CHECK(webhook_body({ended}).find(R"("status":"resolved","alerts")") != std::string::npos);
  }

  TEST_CASE("labels stand in the summary where it names them, and a rule's own page is where it says") {
    AlertRule own = rule();
    own.summary = "{hedge} is far out, {hedge}!";
    own.runbook = "https://wiki.example/net-delta";
    const AlertMessage message = message_of(own, R"(hedge="{hedge} one")", transition(AlertState::Firing), kOffset, kRunbooks);
    CHECK(message.summary == "{hedge} one is far out, {hedge} one!");
    CHECK(message.runbook == "https://wiki.example/net-delta");
    CHECK(runbook_of("https://wiki.example/", "One") == "https://wiki.example/One.md");
  }

  TEST_CASE("a limit that its owner has replaced is the one that is told") {
    AlertTransition overridden = transition(AlertState::Firing);
    overridden.overridden = 5;
    const AlertMessage message = message_of(rule(), R"(hedge="one")", overridden, kOffset, kRunbooks);
    CHECK(message.description.find("is -5.25, limit overridden to 5, since") != std::string::npos);
  }

  TEST_CASE("a time before 1970 is written as the calendar has it") {
    CHECK(utc_text(from_nanoseconds<WallTime>(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(utc_text(from_nanoseconds<WallTime>(-1'000'000)) == "1969-12-31T23:59:59.999Z");
    CHECK(utc_text(from_nanoseconds<WallTime>(-1'000'000'000)) == "1969-12-31T23:59:59.000Z");
    CHECK(utc_text(from_nanoseconds<WallTime>(-1'234'567'890)) == "1969-12-31T23:59:58.765Z");
    CHECK(utc_text(WallTime::min()) == "1677-09-21T00:12:43.145Z");
    CHECK(utc_text(WallTime::max()) == "2262-04-11T23:47:16.854Z");
  }
}

}  // namespace
}  // namespace hedgewatch
