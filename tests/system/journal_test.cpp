#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "daemon/commands/replay_command.hpp"
#include "daemon/journal/replay.hpp"
#include "system/daemon_fixture.hpp"
#include "system/shown_tables.hpp"

namespace hedgewatch::testing {
namespace {

std::string book_config() {
  return "\n[[book]]\nname = \"main\"\nrules = [{ accounts = [\"main\"] }]\nequity = [{ account = \"main\", share = 1 }]\n";
}

std::string journal_config(const std::string& directory) {
  return "\n[journal]\ndirectory = \"" + directory + "\"\nsegment_mebibytes = 1\n";
}

/// Alerts that change with the market, on what was there from the start and what the reload brings.
std::string alert_config() {
  return "\n[alertmanager]\nurls = [\"http://127.0.0.1:1\"]\n\n[[alert]]\nname = \"Held\"\nfigure = "
         "\"hedgewatch_position_size\"\nabove = 0.01\nbelow = -0.01\nseverity = \"warn\"\nsummary = \"something is held\"\n\n"
         "[[alert]]\nname = \"Moves\"\nfigure = \"hedgewatch_book_delta_coins\"\nchange_above = 1e-9\nchange_within = \"1s\"\n"
         "severity = \"page\"\nsummary = \"it moves\"\n";
}

struct Recording : Shown {
  std::string config_file;
  std::string directory;
};

/// A daemon that runs for a while; in between a person takes an alert on, and the configuration is replaced.
Recording record(Exchange& exchange, const TemporaryFolder& folder) {
  Recording recording;
  recording.directory = folder.write("unused", "") + ".journal.d";
  const std::string secret = folder.write("secret", kClientSecret);
  const std::string text =
      venue_config(exchange) + journal_config(recording.directory) + account_config(secret) + book_config() + alert_config();
  recording.config_file = folder.write("hedgewatch.toml", text);
  Daemon daemon{recording.config_file, [&recording](const Engine& engine) {
                  recording.tables[engine.cycles()] = bytes_of(engine.figures());
                  recording.alerts += alerts_of(engine.alerts());
                }};
  daemon.start();
  REQUIRE(daemon.becomes_ready());
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  CHECK(daemon.post("/-/acknowledge", "alert=Held").status == 200);
  static_cast<void>(folder.write("hedgewatch.toml", text + "\n[[book]]\nname = \"by-hand\"\npositions = [{ instrument = "
                                                           "\"deribit:BTC-PERPETUAL\", size = 1000 }]\n"));
  CHECK(!daemon.application().reload().has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  daemon.application().stop();
  return recording;
}

TEST_SUITE("system/journal") {
  TEST_CASE("a replay shows after every cycle, to the last bit, what the daemon showed, and raises the same alerts") {
    Exchange exchange;
    const TemporaryFolder folder;
    const Recording recording = record(exchange, folder);
    REQUIRE(recording.tables.size() > 5);

    JournalReader journal{segments_in(recording.directory)};
    std::size_t compared = 0;
    std::string first_difference;
    std::string alerts;
    ReplaySettings settings;
    settings.after_cycle = [&](WallTime, const Engine& engine) {
      alerts += alerts_of(engine.alerts());
      const auto shown = recording.tables.find(engine.cycles());
      ++compared;
      if (shown == recording.tables.end() || shown->second != bytes_of(engine.figures()))
        if (first_difference.empty()) first_difference = "cycle " + std::to_string(engine.cycles());
    };
    settings.tell = [](const std::string& line) { FAIL_CHECK(line); };
    const ReplayTotals totals = replay_journal(journal, settings);
    CAPTURE(first_difference);
    CHECK(first_difference.empty());
    CHECK(compared == recording.tables.size());
    CHECK(alerts == recording.alerts);
    for (const std::string_view part : {"Held", "by-hand", ",inactive,firing,", ",firing,acknowledged,"})
      CHECK_MESSAGE(recording.alerts.find(part) != std::string::npos, std::string{part});
    CHECK(totals.sessions == 1);
    CHECK(totals.lost_events == 0);
    CHECK(!totals.faults);
    CHECK(recording.tables.rbegin()->second.find("book=\"by-hand\"") != std::string::npos);
  }

  TEST_CASE(
      "the command writes changes as CSV, samples with times as OpenMetrics, and what another configuration would have shown") {
    Exchange exchange;
    const TemporaryFolder folder;
    const Recording recording = record(exchange, folder);

    ReplayRequest request;
    request.inputs = {recording.directory};
    request.every = std::chrono::nanoseconds{0};
    request.figures = {"hedgewatch_book_delta_coins"};
    std::ostringstream csv;
    std::ostringstream messages;
    CHECK(run_replay(request, csv, messages) == 0);
    CAPTURE(messages.str());
    CHECK(csv.str().starts_with("ts_ns,figure,labels,state,reason,value\n"));
    CHECK(
        csv.str().find(",hedgewatch_book_delta_coins,\"book=\"\"main\"\",underlying=\"\"BTC\"\",view=\"\"with_equity\"\"\",ok,,") !=
        std::string::npos);
    CHECK(csv.str().find("hedgewatch_mark_price") == std::string::npos);
    CHECK(messages.str().find("of 1 session\n") != std::string::npos);

    request.format = ReplayFormat::OpenMetrics;
    std::ostringstream open_metrics;
    CHECK(run_replay(request, open_metrics, messages) == 0);
    CHECK(open_metrics.str().starts_with("# TYPE hedgewatch_book_delta_coins gauge\n"));
    CHECK(open_metrics.str().ends_with("# EOF\n"));

    request.figures = {"hedgewatch_position_size"};
    request.compare = recording.config_file;  // as it is after the reload: the second book is there from the start
    std::ostringstream differences;
    CHECK(run_replay(request, differences, messages) == 0);
    CAPTURE(differences.str());
    CHECK(differences.str().find("hedgewatch_position_size,\"book=\"\"by-hand\"\"") != std::string::npos);
    CHECK(differences.str().find("book=\"\"main\"\"") == std::string::npos);
  }

  TEST_CASE("a path that is no journal is named, and nothing is replayed") {
    const TemporaryFolder folder;
    ReplayRequest request;
    request.inputs = {folder.write("notes.txt", "no journal")};
    std::ostringstream out;
    std::ostringstream messages;
    CHECK(run_replay(request, out, messages) == 1);
    CHECK(out.str().empty());
    CHECK(messages.str().ends_with("is no journal segment, must be a directory or a file named NUMBER-TIME.journal\n"));
  }
}

}  // namespace
}  // namespace hedgewatch::testing
