#include "daemon/alerting/alert_desk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/metric/figure_table.hpp"
#include "daemon/exposition/http_server.hpp"
#include "feeds/transport/clock.hpp"
#include "shared_files.hpp"
#include "support/eventually.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::TemporaryFolder;

/// Takes what is posted, or answers with an error while it is told to.
class Sink {
 public:
  explicit Sink(std::uint16_t port = 0) {
    HttpServerOptions options;
    options.port = port;
    options.max_body_bytes = 1 << 20;
    server_ = std::make_unique<HttpServer>(options);
    server_->start([this](const HttpRequest& request) {
      HttpResponse response;
      if (refuse) {
        response.status = 503;
        return response;
      }
      const std::scoped_lock lock{mutex_};
      bodies_.push_back(std::string{request.path} + ' ' + std::string{request.body});
      return response;
    });
  }
  [[nodiscard]] AlertReceiver receiver() const {
    return {.host = "127.0.0.1", .port = server_->port(), .path = "", .tls = false, .authorization = {}};
  }
  /// Posts in which the alert is raised, and in which it has ended: an ended one ends in the past.
  [[nodiscard]] std::size_t posts_with(const std::string& text) {
    const std::scoped_lock lock{mutex_};
    std::size_t count = 0;
    for (const std::string& body : bodies_)
      if (body.find(text) != std::string::npos) ++count;
    return count;
  }
  /// Alerts in the post with the most of them, and in all posts.
  [[nodiscard]] std::pair<std::size_t, std::size_t> most_and_all(const std::string& text) {
    const std::scoped_lock lock{mutex_};
    std::size_t most = 0;
    std::size_t all = 0;
    for (const std::string& body : bodies_) {
      std::size_t here = 0;
      for (std::size_t at = body.find(text); at != std::string::npos; at = body.find(text, at + 1)) ++here;
      most = std::max(most, here);
      all += here;
    }
    return {most, all};
  }
  std::atomic<bool> refuse{false};

 private:
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::unique_ptr<HttpServer> server_;
};

AlertRule ratio_rule() {
  AlertRule rule;
  rule.name = "Ratio";
  rule.figure = Figure::HedgeRatio;
  rule.upper = 1.2;
  rule.severity = AlertSeverity::Page;
  rule.summary = "too much";
  return rule;
}

/// A board with one row that the test moves.
struct OneRow {
  OneRow() {
    board.set_rules({ratio_rule()}, {});
    table.begin_layout();
    row = table.add_row(Figure::HedgeRatio, {"one"});
    board.add_rows(table);
    table.end_layout();
    board.bind(table);
  }
  void observe(double value) {
    const MonoTime now = mono_now();
    table.set(row, value, now);
    board.observe(table, now);
  }
  FigureTable table;
  AlertBoard board;
  RowId row{};
};

AlertDeskOptions options(std::vector<AlertReceiver> receivers) {
  AlertDeskOptions result;
  result.receivers = std::move(receivers);
  result.resend = 10s;
  result.timeout = 2s;
  result.first_retry = 20ms;
  result.longest_retry = 100ms;
  result.mono = mono_now;
  result.wall = wall_now;
  result.healthy = [] { return true; };
  return result;
}

constexpr const char* kAlert = R"("alertname":"Ratio")";

TEST_SUITE("daemon/alerting/alert_desk") {
  TEST_CASE("what is raised is posted at once, and its end too") {
    Sink sink;
    OneRow desk_rows;
    AlertDesk desk{options({sink.receiver()})};
    desk.start();
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(kAlert) == 1; }));
    desk_rows.observe(1);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(kAlert) == 2; }));
    CHECK(hedgewatch::testing::eventually([&] { return desk.delivery().read().cumulative.back() == 2; }));
    CHECK(hedgewatch::testing::eventually([&] { return !desk.counters().at(0).behind; }));
  }

  TEST_CASE("a receiver that refuses is asked again until it takes the page, and another is not kept waiting") {
    Sink well;
    Sink ill;
    ill.refuse = true;
    OneRow desk_rows;
    AlertDesk desk{options({ill.receiver(), well.receiver()})};
    desk.start();
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return well.posts_with(kAlert) == 1; }));
    CHECK(eventually([&] { return desk.counters().at(0).failures >= 3; }));
    CHECK(desk.counters().at(0).behind);
    ill.refuse = false;
    CHECK(eventually([&] { return ill.posts_with(kAlert) == 1; }));
    CHECK(well.posts_with(kAlert) == 1);
  }

  TEST_CASE("an alert that came and went while a receiver was away is told to it as ended") {
    Sink sink;
    sink.refuse = true;
    OneRow desk_rows;
    AlertDesk desk{options({sink.receiver()})};
    desk.start();
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    desk_rows.observe(1);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return desk.counters().at(0).failures >= 2; }));
    sink.refuse = false;
    CHECK(eventually([&] { return sink.posts_with(kAlert) == 1; }));
  }

  TEST_CASE("what is raised is sent again and again, with a heartbeat that stops when the engine does") {
    Sink sink;
    OneRow desk_rows;
    AlertDeskOptions quick = options({sink.receiver()});
    quick.resend = 20ms;
    std::atomic<bool> healthy{true};
    quick.healthy = [&healthy] { return healthy.load(); };
    AlertDesk desk{quick};
    desk.start();
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(kAlert) > 3; }));
    CHECK(sink.posts_with(AlertDesk::kHeartbeat) > 3);
    healthy = false;
    std::this_thread::sleep_for(100ms);
    const std::size_t beats = sink.posts_with(AlertDesk::kHeartbeat);
    const std::size_t posts = sink.posts_with(kAlert);
    CHECK(eventually([&] { return sink.posts_with(kAlert) > posts + 2; }));
    CHECK(sink.posts_with(AlertDesk::kHeartbeat) == beats);
  }

  TEST_CASE("a restart neither resolves nor raises again what is raised") {
    const TemporaryFolder folder;
    AlertDeskOptions remembering = options({});
    Sink sink;
    remembering.receivers = {sink.receiver()};
    remembering.state_file = folder.write("alerts", "");
    {
      OneRow desk_rows;
      AlertDesk desk{remembering};
      CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules()).empty());
      desk.start();
      desk_rows.observe(2);
      desk.take(desk_rows.board);
      CHECK(eventually([&] { return sink.posts_with(kAlert) == 1; }));
    }
    OneRow desk_rows;
    AlertDesk desk{remembering};
    std::vector<RaisedAlert> raised = desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules());
    REQUIRE(raised.size() == 1);
    CHECK(raised[0].rule == "Ratio");
    desk_rows.board.resume(std::move(raised));
    desk.start();
    desk_rows.observe(2);
    CHECK(desk_rows.board.transitions().empty());
    // It is told on, so that the receiver does not think it ended.
    CHECK(eventually([&] { return sink.posts_with(kAlert) == 2; }));
    desk_rows.observe(1);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(kAlert) == 3; }));
    desk.stop();
    CHECK(parse_remembered(testing::read_text(remembering.state_file)).alerts.empty());
  }

  TEST_CASE("a page that a webhook had not accepted is told to it after the restart, once, and one that it had accepted is not") {
    const TemporaryFolder folder;
    Sink sink;
    Sink alertmanager;
    AlertReceiver webhook = sink.receiver();
    webhook.kind = ReceiverKind::Webhook;
    AlertDeskOptions remembering = options({webhook, alertmanager.receiver()});
    remembering.resend = 50ms;
    remembering.state_file = folder.write("alerts", "");
    /// A start on what the one before has left, without a transition; until the Alertmanager has been told of it twice.
    const auto start_again = [&] {
      OneRow desk_rows;
      AlertDesk desk{remembering};
      const std::size_t told = alertmanager.posts_with(kAlert);
      std::vector<RaisedAlert> raised = desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules());
      CHECK(raised.size() == 1);
      desk_rows.board.resume(std::move(raised));
      desk.start();
      desk_rows.observe(2);
      desk.take(desk_rows.board);
      CHECK(desk_rows.board.transitions().empty());
      CHECK(eventually([&] { return alertmanager.posts_with(kAlert) >= told + 2; }));
      CHECK(eventually([&] { return sink.refuse ? desk.counters().at(0).failures > 0 : !desk.counters().at(0).behind; }));
    };
    sink.refuse = true;
    {
      OneRow desk_rows;
      AlertDesk desk{remembering};
      desk.start();
      desk_rows.observe(2);
      desk.take(desk_rows.board);
      CHECK(eventually([&] { return desk.counters().at(0).failures > 0 && alertmanager.posts_with(kAlert) > 0; }));
      // As it dies here the file says so already.
      CHECK(eventually([&] { return testing::read_text(remembering.state_file).ends_with("\tuntold\n"); }));
    }
    start_again();  // it still refuses
    CHECK(sink.posts_with(kAlert) == 0);
    sink.refuse = false;
    start_again();
    CHECK(sink.posts_with(kAlert) == 1);
    CHECK(sink.posts_with(R"("status":"firing")") == 1);
    start_again();
    CHECK(sink.posts_with(kAlert) == 1);
  }

  TEST_CASE("what a webhook has accepted is no longer marked in the file, while the desk runs on") {
    const TemporaryFolder folder;
    Sink sink;
    AlertReceiver webhook = sink.receiver();
    webhook.kind = ReceiverKind::Webhook;
    AlertDeskOptions remembering = options({webhook});
    remembering.state_file = folder.write("alerts", "");
    OneRow desk_rows;
    AlertDesk desk{remembering};
    desk.start();
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    CHECK(eventually([&] {
      const std::vector<RememberedAlert> known = parse_remembered(testing::read_text(remembering.state_file)).alerts;
      return known.size() == 1 && !known[0].untold;
    }));
    CHECK(sink.posts_with(kAlert) == 1);
  }

  TEST_CASE("an end that one receiver had not accepted is told to it after the restart, once, and to the other not again") {
    for (const bool webhook_lacks : {true, false}) {
      CAPTURE(webhook_lacks);
      const TemporaryFolder folder;
      Sink hook;
      Sink alertmanager;
      AlertReceiver webhook = hook.receiver();
      webhook.kind = ReceiverKind::Webhook;
      Sink& ill = webhook_lacks ? hook : alertmanager;
      Sink& well = webhook_lacks ? alertmanager : hook;
      AlertDeskOptions remembering = options({webhook, alertmanager.receiver()});
      remembering.state_file = folder.write("alerts", "");
      const auto kept = [&] { return parse_remembered(testing::read_text(remembering.state_file)); };
      {
        OneRow desk_rows;
        AlertDesk desk{remembering};
        desk.start();
        desk_rows.observe(2);
        desk.take(desk_rows.board);
        REQUIRE(eventually([&] { return hook.posts_with(kAlert) == 1 && alertmanager.posts_with(kAlert) == 1; }));
        ill.refuse = true;
        desk_rows.observe(1);
        desk.take(desk_rows.board);
        REQUIRE(eventually([&] { return well.posts_with(kAlert) == 2; }));
        // As it dies here the file says so already.
        REQUIRE(eventually([&] { return kept().ended.size() == 1 && kept().ended[0].untold == webhook_lacks; }));
        CHECK(kept().alerts.empty());
      }
      const std::size_t known = hook.posts_with(kAlert);
      const auto start_again = [&](bool accepts) {
        ill.refuse = !accepts;
        OneRow desk_rows;
        AlertDesk desk{remembering};
        CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules()).empty());
        desk.start();
        desk_rows.observe(1);
        desk.take(desk_rows.board);
        const std::size_t index = webhook_lacks ? 0 : 1;
        if (accepts)
          CHECK(eventually([&] { return !desk.counters().at(0).behind && !desk.counters().at(1).behind && kept().ended.empty(); }));
        else
          CHECK(eventually([&] { return desk.counters().at(index).failures > 0 && !desk.counters().at(1 - index).behind; }));
      };
      start_again(false);
      CHECK(kept().ended.size() == 1);
      CHECK(hook.posts_with(kAlert) == known);
      start_again(true);
      CHECK(hook.posts_with(R"("status":"resolved")") == 1);
      CHECK(ill.posts_with("ended before the restart") == 1);
      start_again(true);
      CHECK(hook.posts_with(R"("status":"resolved")") == 1);
      CHECK(ill.posts_with("ended before the restart") == 1);
      CHECK(hook.posts_with(kAlert) == 2);
    }
  }

  TEST_CASE("an end without its rule is not told after the restart, and what has been raised again is not told as ended") {
    const TemporaryFolder folder;
    Sink sink;
    AlertReceiver webhook = sink.receiver();
    webhook.kind = ReceiverKind::Webhook;
    AlertDeskOptions remembering = options({webhook});
    remembering.state_file = folder.write("alerts",
                                          "5\tRatio\thedge=\"one\"\tuntold\nended\tRatio\thedge=\"one\"\t3\t4\tuntold\n"
                                          "ended\tGone\thedge=\"one\"\t3\t4\tuntold\n");
    OneRow desk_rows;
    AlertDesk desk{remembering};
    CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules()).size() == 1);
    desk.start();
    CHECK(eventually([&] { return !desk.counters().at(0).behind; }));
    CHECK(sink.posts_with(R"("status":"firing")") == 1);
    CHECK(sink.posts_with(R"("status":"resolved")") == 0);
    CHECK(sink.posts_with("Gone") == 0);
  }

  TEST_CASE("a receiver that is away for long is owed no more ends than there is room for, and what it will not get is counted") {
    constexpr std::size_t kRows = 1'000;
    constexpr std::size_t kTurns = 5;
    const TemporaryFolder folder;
    Sink sink;
    sink.refuse = true;
    AlertDeskOptions remembering = options({sink.receiver()});
    remembering.state_file = folder.write("alerts", "");
    FigureTable table;
    AlertBoard board;
    board.set_rules({ratio_rule()}, {});
    table.begin_layout();
    std::vector<RowId> rows;
    for (std::size_t i = 0; i < kTurns * kRows; ++i) rows.push_back(table.add_row(Figure::HedgeRatio, {"h" + std::to_string(i)}));
    board.add_rows(table);
    table.end_layout();
    board.bind(table);
    {
      AlertDesk desk{remembering};
      desk.start();
      for (std::size_t turn = 0; turn < kTurns; ++turn)
        for (const double value : {2.0, 1.0}) {
          const MonoTime now = mono_now();
          for (std::size_t i = 0; i < kRows; ++i) table.set(rows[turn * kRows + i], value, now);
          board.observe(table, now);
          desk.take(board);
        }
      CHECK(desk.refused() == kTurns * kRows - AlertDesk::kMostRaised);
    }
    const AlertMemory kept = parse_remembered(testing::read_text(remembering.state_file));
    CHECK(kept.ended.size() == AlertDesk::kMostRaised);
    CHECK(kept.alerts.empty());
    // It takes no more than a megabyte at once.
    sink.refuse = false;
    AlertDesk desk{remembering};
    CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), board.rules()).empty());
    CHECK(desk.refused() == 0);
    desk.start();
    CHECK(eventually([&] { return !desk.counters().at(0).behind; }));
    CHECK(desk.counters().at(0).failures == 0);
    CHECK(sink.most_and_all(kAlert) == std::pair{AlertDesk::kMostChangesInPost, AlertDesk::kMostRaised});
  }

  TEST_CASE("what is acknowledged ends for its receivers, is remembered over a restart, and is told again when it fires again") {
    const TemporaryFolder folder;
    Sink sink;
    AlertDeskOptions remembering = options({sink.receiver()});
    remembering.state_file = folder.write("alerts", "");
    {
      OneRow desk_rows;
      AlertDesk desk{remembering};
      desk.start();
      desk_rows.observe(2);
      desk.take(desk_rows.board);
      CHECK(eventually([&] { return sink.posts_with(kAlert) == 1; }));
      CHECK(desk.raised("Other", {}).empty());
      CHECK(desk.raised("Ratio", {{"hedge", "two"}}).empty());
      const std::vector<AlertIdentity> raised = desk.raised("Ratio", {{"hedge", "o*"}});
      REQUIRE(raised.size() == 1);
      CHECK(raised[0] == identity_of("Ratio", Figure::HedgeRatio, "hedge=\"one\""));
      desk_rows.board.acknowledge(raised[0]);
      desk_rows.observe(2);
      desk.take(desk_rows.board);
      CHECK(eventually([&] { return sink.posts_with("acknowledged until") == 1; }));
      CHECK(desk.raised("Ratio", {}).empty());
    }
    OneRow desk_rows;
    AlertDesk desk{remembering};
    std::vector<RaisedAlert> raised = desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules());
    REQUIRE(raised.size() == 1);
    REQUIRE(raised[0].acknowledgement.has_value());
    CHECK(raised[0].acknowledgement->value == 2);
    desk_rows.board.resume(std::move(raised));
    desk.start();
    desk_rows.observe(2.2);
    CHECK(desk_rows.board.transitions().empty());
    desk_rows.observe(2.6);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(kAlert) == 3; }));
    CHECK(sink.posts_with("acknowledged until") == 1);
    desk_rows.board.acknowledge(identity_of("Ratio", Figure::HedgeRatio, "hedge=\"one\""));
    desk_rows.observe(1);
    desk.take(desk_rows.board);
    desk.stop();
    CHECK(parse_remembered(testing::read_text(remembering.state_file)).alerts.empty());
  }

  TEST_CASE("a webhook gets every change once, at its own address, and neither repeats nor heartbeats") {
    Sink alertmanager;
    Sink sink;
    OneRow desk_rows;
    AlertReceiver webhook = sink.receiver();
    webhook.kind = ReceiverKind::Webhook;
    webhook.path = "/hooks/risk";
    AlertDeskOptions both = options({alertmanager.receiver(), webhook});
    both.resend = 50ms;
    AlertDesk desk{std::move(both)};
    desk.start();
    sink.refuse = true;
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return alertmanager.posts_with(kAlert) >= 5; }));
    sink.refuse = false;
    CHECK(eventually([&] { return sink.posts_with("/hooks/risk {\"version\":\"4\"") == 1; }));
    CHECK(sink.posts_with(R"("status":"firing")") == 1);
    desk_rows.observe(1);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(R"("status":"resolved")") == 1; }));
    const std::size_t repeats = alertmanager.posts_with("HedgewatchHeartbeat");
    CHECK(eventually([&] { return alertmanager.posts_with("HedgewatchHeartbeat") >= repeats + 3; }));
    CHECK(sink.posts_with(kAlert) == 2);
    CHECK(sink.posts_with("HedgewatchHeartbeat") == 0);
  }

  TEST_CASE("the path of a webhook, which may be a secret, is not part of its name") {
    const AlertReceiver webhook{
        .host = "hooks.example", .port = 443, .path = "/services/hush", .tls = true, .kind = ReceiverKind::Webhook};
    CHECK(webhook.name() == "https://hooks.example:443/...");
    const AlertReceiver alertmanager{.host = "alerts.example", .port = 443, .path = "/team", .tls = true};
    CHECK(alertmanager.name() == "https://alerts.example:443/team");
  }

  TEST_CASE("a limit that is overridden is remembered over a restart until its time is over") {
    const TemporaryFolder folder;
    AlertDeskOptions remembering = options({});
    remembering.state_file = folder.write("state", "");
    OneRow desk_rows;
    {
      AlertDesk desk{remembering};
      desk.start();
      desk_rows.board.override_limit(identity_of("Ratio", Figure::HedgeRatio, R"(hedge="one")"), 3, mono_now() + 1h);
      desk_rows.observe(2);
      desk.take(desk_rows.board);
      REQUIRE(desk.overridden().size() == 1);
      CHECK(desk.overridden()[0].level == 3);
      CHECK(desk.overridden()[0].labels == R"(hedge="one")");
    }
    AlertDesk desk{remembering};
    CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), desk_rows.board.rules()).empty());
    const std::vector<OverriddenLimit> overridden = desk.remembered_overrides();
    REQUIRE(overridden.size() == 1);
    CHECK(overridden[0].rule == "Ratio");
    CHECK(overridden[0].level == 3);
    CHECK(overridden[0].until - mono_now() > 59min);
    AlertDeskOptions later = remembering;
    later.wall = [] { return wall_now() + 2h; };
    AlertDesk late{later};
    CHECK(late.remember(late.memory().value_or(AlertMemory{}), desk_rows.board.rules()).empty());
    CHECK(late.remembered_overrides().empty());
  }

  TEST_CASE("an engine that stands still is paged by the desk itself, and resolved when it moves") {
    Sink sink;
    OneRow desk_rows;
    AlertDeskOptions watching = options({sink.receiver()});
    std::atomic<std::int64_t> stalled_seconds{0};
    watching.stall = [&stalled_seconds] { return std::chrono::seconds{stalled_seconds.load()}; };
    AlertDesk desk{watching};
    desk.start();
    CHECK(eventually([&] { return desk.counters().at(0).delivered > 0; }));
    CHECK(sink.posts_with(AlertDesk::kStalled) == 0);
    stalled_seconds = 4;
    CHECK(eventually([&] { return sink.posts_with(AlertDesk::kStalled) == 1; }));
    stalled_seconds = 0;
    CHECK(eventually([&] { return sink.posts_with(AlertDesk::kStalled) == 2; }));
  }

  TEST_CASE("a stall that a process died of is told as ended by the next one") {
    const TemporaryFolder folder;
    Sink sink;
    AlertReceiver webhook = sink.receiver();
    webhook.kind = ReceiverKind::Webhook;
    AlertDeskOptions watching = options({webhook});
    watching.state_file = folder.write("alerts", "");
    std::atomic<std::int64_t> stalled_seconds{4};
    watching.stall = [&stalled_seconds] { return std::chrono::seconds{stalled_seconds.load()}; };
    {
      AlertDesk desk{watching};
      desk.start();
      CHECK(eventually([&] { return sink.posts_with(AlertDesk::kStalled) == 1; }));
    }
    stalled_seconds = 0;
    const auto start_again = [&] {
      AlertDesk desk{watching};
      CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), {}).empty());
      desk.start();
      CHECK(eventually([&] {
        return !desk.counters().at(0).behind &&
               testing::read_text(watching.state_file).find(AlertDesk::kStalled) == std::string::npos;
      }));
    };
    start_again();
    CHECK(sink.posts_with(AlertDesk::kStalled) == 2);
    CHECK(sink.posts_with(R"("status":"resolved")") == 1);
    start_again();
    CHECK(sink.posts_with(AlertDesk::kStalled) == 2);
  }

  TEST_CASE("a stall that a process died of goes on, over restarts too, until an engine moves") {
    const TemporaryFolder folder;
    Sink sink;
    AlertDeskOptions watching = options({sink.receiver()});
    watching.resend = 20ms;
    watching.state_file = folder.write("alerts", "");
    std::atomic<bool> healthy{false};
    watching.healthy = [&healthy] { return healthy.load(); };
    std::atomic<std::int64_t> stalled_seconds{4};
    watching.stall = [&stalled_seconds] { return std::chrono::seconds{stalled_seconds.load()}; };
    {
      AlertDesk desk{watching};
      desk.start();
      CHECK(eventually([&] { return sink.posts_with(AlertDesk::kStalled) > 0; }));
    }
    stalled_seconds = 0;
    const std::size_t before = sink.posts_with(AlertDesk::kStalled);
    for (int restart = 0; restart < 2; ++restart) {
      AlertDesk desk{watching};
      CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), {}).empty());
      desk.start();
      CHECK(eventually([&] { return desk.counters().at(0).delivered >= 3; }));
      CHECK(sink.posts_with(AlertDesk::kStalled) == before);
      CHECK(testing::read_text(watching.state_file).find(AlertDesk::kStalled) != std::string::npos);
    }
    healthy = true;
    AlertDesk desk{watching};
    CHECK(desk.remember(desk.memory().value_or(AlertMemory{}), {}).empty());
    desk.start();
    CHECK(eventually([&] { return sink.posts_with(AlertDesk::kStalled) == before + 1; }));
    CHECK(eventually([&] { return testing::read_text(watching.state_file).find(AlertDesk::kStalled) == std::string::npos; }));
  }

  TEST_CASE("a stall that nobody watched, because the whole process was stopped, is no page") {
    Sink sink;
    AlertDeskOptions watching = options({sink.receiver()});
    watching.resend = 20ms;
    std::atomic<int> looks{0};
    // As the first look after the process goes on sees it.
    watching.stall = [&looks] { return std::chrono::seconds{looks++ == 3 ? 8 : 0}; };
    AlertDesk desk{watching};
    desk.start();
    CHECK(eventually([&] { return looks >= 10 && desk.counters().at(0).delivered >= 6; }));
    CHECK(sink.posts_with(AlertDesk::kStalled) == 0);
  }

  TEST_CASE("a calendar that is set back makes no alert of the future, and one that is set on no older one") {
    Sink sink;
    OneRow desk_rows;
    AlertDeskOptions stepping = options({sink.receiver()});
    stepping.resend = 20ms;
    std::atomic<std::int64_t> wall{1'800'000'000'000'000'000};
    stepping.wall = [&wall] { return from_nanoseconds<WallTime>(wall.load()); };
    AlertDesk desk{stepping};
    desk.start();
    desk_rows.observe(2);
    desk.take(desk_rows.board);
    CHECK(eventually([&] { return sink.posts_with(kAlert) > 0; }));
    wall -= 3'600'000'000'000;
    // 2027-01-15T08:00:00Z, less the hour.
    CHECK(eventually(
        [&] { return sink.posts_with(R"("startsAt":"2027-01-15T07:00:00.000Z","endsAt":"2027-01-15T07:00:00.080Z")") > 0; }));
    wall += 7'200'000'000'000;
    CHECK(eventually([&] { return sink.posts_with(R"("endsAt":"2027-01-15T09:00:00.080Z")") > 0; }));
  }
}

}  // namespace
}  // namespace hedgewatch
