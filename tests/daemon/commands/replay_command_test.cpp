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
#include "shared_files.hpp"
#include "support/temporary_folder.hpp"

using namespace hedgewatch;
using hedgewatch::testing::HandMadeJournal;
using hedgewatch::testing::TemporaryFolder;

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

constexpr std::int64_t kCaptured = 1'796'000'000'000'000'000;

/// A line of a capture that came so many seconds after the first.
std::string captured(int second, std::string_view frame) {
  std::string text = std::to_string(kCaptured + second * 1'000'000'000LL) + ' ';
  for (const char c : frame) text += c == '\n' ? ' ' : c;
  return text + '\n';
}
std::string captured_file(std::string_view venue, std::string_view name) {
  return captured(0, hedgewatch::testing::read_text(hedgewatch::testing::source_directory() / "tests/data" / std::string{venue} /
                                                    (std::string{name} + ".json")));
}
std::string captured_index(int second, std::string_view price) {
  std::string frame =
      R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"deribit_price_index.btc_usd","data":{"price":)";
  frame.append(price).append(R"(,"timestamp":1796000000000,"index_name":"btc_usd"}}})");
  return captured(second, frame);
}
/// Lists the perpetual, by its name.
std::string captured_quote() {
  return captured(0, R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"quote.BTC-PERPETUAL","data":{"timestamp":)"
                     R"(1796000000000,"instrument_name":"BTC-PERPETUAL","best_bid_price":50,"best_bid_amount":10,)"
                     R"("best_ask_price":51,"best_ask_amount":10}}})");
}
/// An alert on the index, above so many dollars.
std::string index_config(std::string_view limit) {
  return "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://127.0.0.1:1/\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n"
         "[[book]]\nname = \"desk\"\npositions = [{ instrument = \"deribit:BTC-PERPETUAL\", size = 1000 }]\n"
         "[alertmanager]\nurls = [\"http://127.0.0.1:1\"]\nstarter_rules = false\n[[alert]]\nname = \"High\"\n"
         "figure = \"hedgewatch_index_price_usd\"\nabove = " +
         std::string{limit} + "\nseverity = \"page\"\nsummary = \"high\"\n";
}

}  // namespace

TEST_SUITE("daemon/commands/replay_command") {
  TEST_CASE("captured frames of all four venues become figures under the configuration that is given") {
    const TemporaryFolder folder;
    ReplayRequest request;
    request.inputs = {folder.path()};
    request.configuration = folder.write("hedgewatch.toml", R"(
[[venue]]
kind = "deribit"
endpoint = "wss://127.0.0.1:1/"
network = "testnet"
currencies = ["ETH"]
watch = ["deribit:ETH-PERPETUAL"]
[[venue]]
kind = "binance"
network = "testnet"
products = ["usd_margined"]
currencies = ["BTC"]
watch = ["binance:BTCUSDT"]
[[venue]]
kind = "okx"
network = "testnet"
currencies = ["BTC"]
watch = ["okx:BTC-USD-261225-95000-C"]
[[venue]]
kind = "bybit"
network = "testnet"
products = ["option"]
currencies = ["ETH"]
watch = ["bybit:ETH-25DEC26-3200-P-USDT"]
[[book]]
name = "desk"
positions = [{ instrument = "deribit:ETH-PERPETUAL", size = 1000 }]
)");
    static_cast<void>(folder.write("deribit-1.frames", captured_file("deribit", "ticker_perpetual")));
    static_cast<void>(folder.write("binance-usd_margined_market-1.frames", captured_file("binance", "mark_price")));
    static_cast<void>(folder.write("okx-1.frames", captured_file("okx", "mark_price")));
    static_cast<void>(folder.write("bybit-option-1.frames", captured_file("bybit", "ticker_option")));
    request.figures = {"hedgewatch_mark_price"};
    const Told told = told_of(request);
    CAPTURE(told.messages);
    CAPTURE(told.out);
    CHECK(told.status == kExitSuccess);
    for (const std::string_view row : {R"("venue=""deribit"",instrument=""ETH-PERPETUAL""",ok,,3051.42)",
                                       R"("venue=""binance"",instrument=""BTCUSDT""",ok,,81000.74)",
                                       R"("venue=""okx"",instrument=""BTC-USD-261225-95000-C""",ok,,0.041275)",
                                       R"("venue=""bybit"",instrument=""ETH-25DEC26-3200-P-USDT""",ok,,243.7519)"})
      CHECK_MESSAGE(
          told.out.find(std::to_string(kCaptured) + ",hedgewatch_mark_price," + std::string{row} + "\n") != std::string::npos,
          std::string{row});
    CHECK(told.messages.ends_with(" in 1 cycles of 4 frames\n"));
  }
  TEST_CASE("of captured frames alerts, comparisons, moments and served figures are those of a journal") {
    const TemporaryFolder folder;
    ReplayRequest request;
    request.inputs = {folder.write(
        "deribit-1.frames", captured_quote() + captured_index(0, "50") + captured_index(1, "150") + captured_index(2, "50"))};
    request.configuration = folder.write("hedgewatch.toml", index_config("100"));
    request.alerts = true;
    const Told alerts = told_of(request);
    CAPTURE(alerts.messages);
    const std::string second = std::to_string(kCaptured + 1'000'000'000);
    const std::string third = std::to_string(kCaptured + 2'000'000'000);
    CHECK(alerts.out == std::string{kAlertTimelineHeader} + second +
                            R"(,High,"venue=""deribit"",underlying=""BTC""",page,inactive,firing,)" + second + ",150,above 100\n" +
                            third + R"(,High,"venue=""deribit"",underlying=""BTC""",page,firing,inactive,)" + second +
                            ",50,above 100\n");
    request.to = parse_time(second);
    CHECK(told_of(request).out.find(",firing,inactive,") == std::string::npos);
    request.to.reset();

    request.compare = folder.write("other.toml", index_config("200"));
    const Told compared = told_of(request);
    CAPTURE(compared.messages);
    CHECK(compared.out.find("\nHigh,\"venue=\"\"deribit\"\",underlying=\"\"BTC\"\"\",only_recorded,page,1," + second) !=
          std::string::npos);
    request.compare.clear();

    request.alerts = false;
    request.serve = 0;
    request.progress = true;
    const Told served = told_of(request);
    CHECK(served.status == kExitSuccess);
    CHECK(served.messages.starts_with("serving http://127.0.0.1:"));
    CHECK(served.messages.find("2026-11-30T00:53:20.000Z") != std::string::npos);
  }
  TEST_CASE("what frames cannot do without, and what does not go together, is said in one line") {
    const TemporaryFolder folder;
    HandMadeJournal journal{"replay_mixed", limit_at("100")};
    journal.hold(50);
    journal.end();
    ReplayRequest request;
    const std::string file = folder.write("deribit-1.frames", captured_index(0, "50"));
    request.inputs = {file};
    const Told bare = told_of(request);
    CHECK(bare.status == kExitFault);
    CHECK(bare.messages ==
          file + ": is no journal segment, and a capture of frames carries no configuration: --config FILE must be given\n");
    request.inputs = {file, journal.folder()};
    CHECK(told_of(request).messages ==
          file + ": is a capture of frames and " + journal.folder().string() + " is none, must all be of one kind\n");
    request.inputs = {journal.folder()};
    request.configuration = request.compare = folder.write("hedgewatch.toml", index_config("100"));
    CHECK(told_of(request).messages == "--config: cannot be given with --compare, since a journal carries its configuration\n");
  }
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
