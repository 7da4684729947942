#include "daemon/commands/replay_command.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "core/alert/alert_identity.hpp"
#include "daemon/commands/alert_timeline.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/replay_journal.hpp"
#include "feeds/transport/clock.hpp"

using namespace hedgewatch;
using hedgewatch::testing::HandMadeJournal;

namespace {

/// An alert on what is held, above so many dollars.
std::string limit_at(std::string_view limit) {
  return "[alertmanager]\nurls = [\"http://127.0.0.1:1\"]\nstarter_rules = false\nstate_file = \"/nowhere/alerts\"\n[[alert]]\n"
         "name = \"Held\"\nfigure = \"hedgewatch_position_size\"\nabove = " +
         std::string{limit} + "\nowner = \"desk\"\nseverity = \"page\"\nsummary = \"much is held\"\n";
}

constexpr const char* kRow = R"(book="desk",venue="deribit",instrument="BTC-PERPETUAL")";
/// The same as a field of CSV.
constexpr const char* kLabels = R"("book=""desk"",venue=""deribit"",instrument=""BTC-PERPETUAL""")";

ReplayRequest timeline_of(const HandMadeJournal& journal) {
  ReplayRequest request;
  request.inputs = {journal.folder()};
  request.alerts = true;
  return request;
}

struct Told {
  int status = 0;
  std::string out;
  std::string messages;
};

Told told_of(const ReplayRequest& request) {
  std::ostringstream out;
  std::ostringstream messages;
  Told told;
  told.status = run_replay(request, out, messages);
  told.out = out.str();
  told.messages = messages.str();
  return told;
}

std::string row(int second, std::string_view from, std::string_view to, int since, std::string_view value, std::string_view limit) {
  std::string text = HandMadeJournal::at(second) + ",Held," + kLabels + ",page,";
  text.append(from).append(",").append(to).append(",").append(HandMadeJournal::at(since));
  return text.append(",").append(value).append(",").append(limit).append("\n");
}

}  // namespace

TEST_SUITE("daemon/commands/replay_command") {
  TEST_CASE("the timeline holds every change of an alert, through reloads, people's orders and a restart") {
    HandMadeJournal journal{"replay_alerts", limit_at("100")};
    const AlertIdentity identity = identity_of("Held", Figure::PositionSize, kRow);
    journal.hold(50);
    journal.hold(150);
    journal.record(AlertAcknowledged{.rule = identity.rule, .row = identity.row});
    journal.hold(160);
    journal.hold(90);
    journal.record(LimitOverridden{.rule = identity.rule, .row = identity.row, .level = 80, .lasts_ns = 1'500'000'000});
    journal.hold(90);
    journal.hold(90);
    journal.hold(90);
    journal.reload(limit_at("70"));
    journal.hold(90);
    journal.begin_session(limit_at("70"));
    journal.hold(95);
    journal.hold(60);
    journal.end();

    const Told told = told_of(timeline_of(journal));
    CAPTURE(told.messages);
    CHECK(told.status == kExitSuccess);
    CHECK(told.out ==
          std::string{kAlertTimelineHeader} + row(2, "inactive", "firing", 2, "150", "above 100") +
              row(3, "firing", "acknowledged", 2, "160", "above 100") + row(4, "acknowledged", "inactive", 2, "90", "above 100") +
              row(5, "inactive", "firing", 5, "90", "above 80 overridden") + row(6, "firing", "inactive", 5, "90", "above 100") +
              row(8, "inactive", "firing", 8, "90", "above 70") + row(10, "firing", "inactive", 8, "60", "above 70"));
    CHECK(told_of(timeline_of(journal)).out == told.out);
  }

  TEST_CASE("without a state file a restart forgets what was raised, in the replay as in the daemon") {
    std::string configuration = limit_at("100");
    configuration.erase(configuration.find("state_file"), std::string_view{"state_file = \"/nowhere/alerts\"\n"}.size());
    HandMadeJournal journal{"replay_forgets", configuration};
    journal.hold(150);
    journal.begin_session(configuration);
    journal.hold(150);
    journal.end();
    const Told told = told_of(timeline_of(journal));
    CHECK(told.out == std::string{kAlertTimelineHeader} + row(1, "inactive", "firing", 1, "150", "above 100") +
                          row(2, "inactive", "firing", 2, "150", "above 100"));
  }

  TEST_CASE("of the timeline only what was asked for is written, and the rest has happened all the same") {
    HandMadeJournal journal{"replay_part", limit_at("100")};
    journal.hold(150);
    journal.hold(50);
    journal.hold(150);
    journal.end();
    ReplayRequest request = timeline_of(journal);
    request.from = request.to = parse_time(HandMadeJournal::at(2));
    const Told told = told_of(request);
    CHECK(told.out == std::string{kAlertTimelineHeader} + row(2, "firing", "inactive", 1, "50", "above 100"));
  }
  TEST_CASE("a comparison tells which alerts another configuration would have raised, as CSV and in words") {
    HandMadeJournal journal{"replay_compare", limit_at("100")};
    journal.hold(50);
    journal.hold(150);
    journal.hold(50);
    journal.end();
    const std::string file = (journal.folder() / "other.toml").string();
    std::ofstream{file} << HandMadeJournal::configuration(limit_at("40"));
    ReplayRequest request = timeline_of(journal);
    request.compare = file;
    const Told csv = told_of(request);
    CAPTURE(csv.messages);
    CHECK(csv.status == kExitSuccess);
    CHECK(csv.out.ends_with(std::string{"\nHeld,"} + kLabels + ",other_times,page,1," + HandMadeJournal::at(2) +
                            ",1,150,above 100,page,1," + HandMadeJournal::at(1) + ",2,150,above 40\n"));

    request.alerts = false;
    request.every = std::chrono::nanoseconds{0};
    request.format = ReplayFormat::Text;
    const Told text = told_of(request);
    CAPTURE(text.messages);
    CHECK(
        text.out.starts_with("Settings, recorded -> other:\n  alert[Held].above: 100 -> 40\n\nAlerts raised by both, at other "
                             "times:\n  Held{"));
    CHECK(text.out.find("once, 1 s in all, worst 150, limit above 100\n") != std::string::npos);
    CHECK(text.out.find("once, 2 s in all, still at the end, worst 150, limit above 40\n") != std::string::npos);
    CHECK(text.out.ends_with("\nFigures that differed, with the number of their series:\n  hedgewatch_alert_state: 2\n"));
  }
  TEST_CASE("on a terminal a line says where the replay is, and what follows begins below it") {
    HandMadeJournal journal{"replay_progress", limit_at("100")};
    for (int second = 1; second <= 4; ++second) journal.hold(50);
    journal.end();
    ReplayRequest request = timeline_of(journal);
    request.progress = true;
    request.from = parse_time(HandMadeJournal::at(1));
    const Told told = told_of(request);
    CHECK(told.messages.starts_with("\r20"));
    CHECK(told.messages.find("Z  0 %\x1b[K") != std::string::npos);
    CHECK(told.messages.find("\nreplayed ") != std::string::npos);
    request.progress = false;
    CHECK(told_of(request).messages.starts_with("replayed "));
  }

  TEST_CASE("a replay is paced: five seconds of the journal at a hundred times their speed last a twentieth of one at least") {
    HandMadeJournal journal{"replay_paced", limit_at("100")};
    for (int second = 0; second <= 5; ++second) journal.hold(50);
    journal.end();
    ReplayRequest request = timeline_of(journal);
    request.speed = 100;
    const MonoTime begun = mono_now();
    CHECK(told_of(request).status == kExitSuccess);
    CHECK(mono_now() - begun >= std::chrono::milliseconds{50});
  }

  TEST_CASE("a speed is a factor above 0") {
    CHECK(parse_speed("20") == 20);
    CHECK(parse_speed("0.5") == 0.5);
    for (const char* const wrong : {"0", "-1", "nan", "inf", "2x", "", "1e7"}) CHECK_MESSAGE(!parse_speed(wrong), wrong);
  }
}
