#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "system/drill_fixture.hpp"
#include "system/program_fixture.hpp"

namespace hedgewatch::testing {
namespace {

/// The daemon's configuration with one alert on the index, at this limit.
std::string config(Exchange& exchange, const std::vector<std::string>& urls, const std::string& state_file, double limit) {
  std::string list;
  for (const std::string& url : urls) list += (list.empty() ? "\"" : ", \"") + url + '"';
  return venue_config(exchange, "watch = [\"deribit:BTC-PERPETUAL\"]\n") + "\n[alertmanager]\nurls = [" + list +
         "]\nresend_interval = \"1s\"\nstarter_rules = false\nstate_file = \"" + state_file +
         "\"\n\n[[alert]]\nname = \"IndexDrill\"\nfigure = \"hedgewatch_index_price_usd\"\nabove = " + std::to_string(limit) +
         "\nseverity = \"page\"\nsummary = \"The index is above the drill's limit\"\n";
}

constexpr double kNeverBroken = 1e9;
constexpr double kAlwaysBroken = 1;

TEST_SUITE("system/alerting") {
  TEST_CASE("a broken limit pages once through Alertmanager, however often it is sent, and resolves once") {
    if (missing_alertmanager()) return;
    Exchange exchange;
    const TemporaryFolder folder;
    Pager pager;
    const Alertmanager alertmanager{folder, "one", pager};
    const std::string state_file = folder.write("state", "");
    const std::string file = folder.write("hedgewatch.toml", config(exchange, {alertmanager.url()}, state_file, kNeverBroken));
    Daemon daemon{file};
    daemon.start();
    REQUIRE(daemon.becomes_ready());

    static_cast<void>(folder.write("hedgewatch.toml", config(exchange, {alertmanager.url()}, state_file, kAlwaysBroken)));
    CHECK(!daemon.application().reload().has_value());
    CHECK(eventually([&] { return pager.posts("IndexDrill", "firing") == 1; }));
    CHECK(daemon.log_text().find("<2>alert: fires: IndexDrill") != std::string::npos);
    std::this_thread::sleep_for(std::chrono::seconds{4});  // several turns of sending it again
    CHECK(pager.posts("IndexDrill", "firing") == 1);
    CHECK(pager.posts("IndexDrill", "resolved") == 0);
    CHECK(daemon.get("/metrics").body.find("hedgewatch_alert_state{alert=\"IndexDrill\",severity=\"page\",state=\"firing\"} 1\n") !=
          std::string::npos);

    static_cast<void>(folder.write("hedgewatch.toml", config(exchange, {alertmanager.url()}, state_file, kNeverBroken)));
    CHECK(!daemon.application().reload().has_value());
    CHECK(eventually([&] { return pager.posts("IndexDrill", "resolved") == 1; }));
    CAPTURE(pager.all());
    CHECK(pager.posts("IndexDrill", "firing") == 1);
  }

  TEST_CASE("a restart of the daemon while an alert fires neither resolves it nor pages again") {
    if (missing_alertmanager()) return;
    Exchange exchange;
    const TemporaryFolder folder;
    Pager pager;
    const Alertmanager alertmanager{folder, "one", pager};
    const std::string state_file = folder.write("state", "");
    const std::string file = folder.write("hedgewatch.toml", config(exchange, {alertmanager.url()}, state_file, kAlwaysBroken));
    {
      Daemon daemon{file};
      daemon.start();
      CHECK(eventually([&] { return pager.posts("IndexDrill", "firing") == 1; }));
    }
    Daemon daemon{file};
    daemon.start();
    REQUIRE(daemon.becomes_ready());
    std::this_thread::sleep_for(std::chrono::seconds{3});
    CAPTURE(pager.all());
    CHECK(pager.posts("IndexDrill", "firing") == 1);
    CHECK(pager.posts("IndexDrill", "resolved") == 0);
    CHECK(daemon.log_text().find("fires: IndexDrill") == std::string::npos);
  }

  TEST_CASE("an end that the webhook had not taken when the daemon was killed with signal 9 is told by the next one, once") {
    constexpr const char* kNobody = "http://127.0.0.1:1";
    Exchange exchange;
    const TemporaryFolder folder;
    std::atomic<bool> refuses{false};
    std::atomic<int> firing{0};
    std::atomic<int> resolved{0};
    HttpServerOptions hook_options;
    hook_options.port = 0;
    hook_options.max_body_bytes = 1 << 20;
    HttpServer hook{hook_options};
    hook.start([&](const HttpRequest& request) {
      HttpResponse response;
      response.status = refuses ? 503 : 200;
      if (!refuses && request.body.find("IndexDrill") != std::string_view::npos)
        ++(request.body.find(R"("status":"resolved")") == std::string_view::npos ? firing : resolved);
      return response;
    });
    const std::string state_file = folder.write("state", "");
    const std::string webhook = "\n[webhook]\nurl = \"http://127.0.0.1:" + std::to_string(hook.port()) + "/hook\"\n";
    const std::string file = folder.write("hedgewatch.toml", config(exchange, {kNobody}, state_file, kAlwaysBroken) + webhook);
    {
      Program program{file, folder.write("log", "")};
      REQUIRE(eventually([&] { return firing == 1; }));
      refuses = true;
      static_cast<void>(folder.write("hedgewatch.toml", config(exchange, {kNobody}, state_file, kNeverBroken) + webhook));
      program.signal(SIGHUP);
      REQUIRE(eventually([&] {
        return read_text(state_file).ends_with("\tuntold\n") && read_text(state_file).starts_with("ended\tIndexDrill\t");
      }));
      CHECK(WTERMSIG(program.end(SIGKILL)) == SIGKILL);
    }
    CHECK(resolved == 0);
    refuses = false;
    const auto live_once = [&](const std::string& log) {
      Program program{file, folder.write(log, "")};
      const std::uint16_t port = program.port();
      CHECK(eventually([&] { return http_request(port, "GET", "/-/ready").status == 200; }));
      // The Alertmanager that nobody answers for still lacks it.
      CHECK(eventually([&] { return resolved == 1 && read_text(state_file).starts_with("ended\t"); }));
      CHECK(eventually([&] { return !read_text(state_file).ends_with("\tuntold\n"); }));
    };
    live_once("second");
    live_once("third");
    CHECK(resolved == 1);
    CHECK(firing == 1);
  }

  TEST_CASE("with one of two Alertmanagers dead the page is out at once; one that comes back gets what is raised") {
    if (missing_alertmanager()) return;
    Exchange exchange;
    const TemporaryFolder folder;
    Pager pager;
    Pager second_pager;
    const Alertmanager alertmanager{folder, "one", pager};
    Alertmanager second{folder, "two", second_pager};
    second.stop();
    const std::string state_file = folder.write("state", "");
    const std::string file =
        folder.write("hedgewatch.toml", config(exchange, {second.url(), alertmanager.url()}, state_file, kAlwaysBroken));
    Daemon daemon{file};
    daemon.start();
    CHECK(eventually([&] { return pager.posts("IndexDrill", "firing") == 1; }));
    CHECK(second_pager.posts("IndexDrill", "firing") == 0);
    CHECK(eventually([&] { return daemon.log_text().find("cannot be told to " + second.url()) != std::string::npos; }));
    second.start();
    CHECK(eventually([&] { return second_pager.posts("IndexDrill", "firing") == 1; }));
    CHECK(pager.posts("IndexDrill", "firing") == 1);
  }

  TEST_CASE("a feed cut pages once and resolves once, whatever the connections and figures that it takes") {
    if (missing_alertmanager()) return;
    Drill drill;
    drill.begin(R"({"fault":"disconnect","duration":"45s"})");
    CHECK(eventually([&] { return drill.pager().posts("FeedDown", "firing") == 1; }));
    CHECK(eventually([&] { return drill.pager().posts("FeedDown", "resolved") == 1; }));
    std::this_thread::sleep_for(std::chrono::seconds{3});  // several turns of sending it again
    CAPTURE(drill.pager().all());
    CHECK(drill.pager().pages("firing") == 1);
    CHECK(drill.pager().pages("resolved") == 1);
  }

  TEST_CASE("auto-deleveraging pages once, also with Alertmanager away for a while and over a restart, until it is acknowledged") {
    if (missing_alertmanager()) return;
    Drill drill;
    std::this_thread::sleep_for(std::chrono::seconds{2});
    CAPTURE(drill.pager().all());
    CHECK(drill.pager().pages("firing") == 0);
    drill.alertmanager().stop();
    drill.begin(R"({"fault":"adl"})");
    CHECK(eventually([&] { return drill.daemon().log_text().find("fires: ForcedEvent") != std::string::npos; }));
    CHECK(eventually([&] { return drill.daemon().log_text().find("cannot be told to") != std::string::npos; }));
    drill.alertmanager().start();
    CHECK(eventually([&] { return drill.pager().posts("ForcedEvent", "firing") == 1; }));
    drill.begin(R"({"fault":"adl"})");
    drill.stop();
    drill.start();
    std::this_thread::sleep_for(std::chrono::seconds{3});
    CHECK(drill.pager().pages("firing") == 1);
    CHECK(drill.pager().pages("resolved") == 0);

    CHECK(drill.acknowledge("alert=ForcedEvent&account=nobody").status == 404);
    const HttpAnswer answer = drill.acknowledge("alert=ForcedEvent&account=main&kind=auto_deleveraging");
    CAPTURE(answer.body);
    CHECK(answer.status == 200);
    CHECK(eventually([&] { return drill.pager().posts("ForcedEvent", "resolved") == 1; }));
    std::this_thread::sleep_for(std::chrono::seconds{3});
    CHECK(drill.pager().pages("firing") == 1);
    CHECK(drill.pager().pages("resolved") == 1);
  }

  TEST_CASE("an owner's override ends the page, is journalled news in the log and the figures, and outlives a restart") {
    if (missing_alertmanager()) return;
    Drill drill{small_market(),
                "\n[[alert]]\nname = \"IndexDrill\"\nfigure = \"hedgewatch_index_price_usd\"\nabove = 1\nseverity = \"page\"\n"
                "owner = \"anna\"\nsummary = \"The index of {underlying} is above the drill's limit\"\n"
                "runbook = \"https://wiki.example/drill\"\n"};
    CHECK(eventually([&] { return drill.pager().posts("IndexDrill", "firing") == 1; }));
    CHECK(drill.pager().all().find("The index of BTC is above the drill's limit") != std::string::npos);
    CHECK(drill.pager().all().find("https://wiki.example/drill") != std::string::npos);
    const std::string order = "alert=IndexDrill&underlying=BTC&limit=1e9&for=1h&reason=a+drill&owner=";
    CHECK(drill.post_form("/-/override", order + "bob").status == 403);
    CHECK(drill.post_form("/-/override", "alert=Nothing&limit=1&for=1h&reason=r&owner=anna").status == 404);
    CHECK(drill.post_form("/-/override", order + "anna").status == 200);
    CHECK(eventually([&] { return drill.pager().posts("IndexDrill", "resolved") == 1; }));
    const std::string figure = R"(hedgewatch_alert_limit_overridden{alert="IndexDrill",underlying="BTC",venue="deribit"})";
    CHECK(drill.daemon().scrape().value(figure) == 1e9);
    CHECK(drill.daemon().log_text().find("the limit of IndexDrill is overridden to 1e+09 for 1h by anna") != std::string::npos);
    drill.stop();
    drill.start();
    std::this_thread::sleep_for(std::chrono::seconds{3});
    CHECK(drill.daemon().scrape().value(figure) == 1e9);
    CHECK(drill.pager().posts("IndexDrill", "firing") == 1);
    CHECK(drill.post_form("/-/override", "alert=IndexDrill&limit=none&reason=done&owner=anna").status == 200);
    CHECK(eventually([&] { return drill.pager().posts("IndexDrill", "firing") == 2; }));
    CHECK(drill.acknowledge("alert=IndexDrill").status == 200);
    CHECK(eventually([&] {
      return drill.daemon().scrape().value(
                 R"(hedgewatch_alert_acknowledged{alert="IndexDrill",underlying="BTC",venue="deribit"})") == 1;
    }));
  }
}

}  // namespace
}  // namespace hedgewatch::testing
