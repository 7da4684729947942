#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/alertmanager_fixture.hpp"
#include "system/daemon_fixture.hpp"

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

/// The account's book and hedge under the rules that a desk starts with.
std::string desk_config(Exchange& exchange, const std::string& secret_file, const std::vector<std::string>& urls,
                        const std::string& state_file) {
  std::string list;
  for (const std::string& url : urls) list += (list.empty() ? "\"" : ", \"") + url + '"';
  return venue_config(exchange, "books = [\"deribit:BTC-PERPETUAL\"]\n") + account_config(secret_file) +
         "\n[[book]]\nname = \"account\"\nrules = [{ accounts = [\"main\"] }]\n"
         "\n[[hedge]]\nname = \"straddles\"\nbook = \"account\"\nunderlying = \"BTC\"\nlegs = [\"deribit:BTC-PERPETUAL\"]\n"
         "view = \"net_transaction\"\ntarget_ratio = 1\nsoft_delta_limit_coins = 4\nhard_delta_limit_coins = 8\n"
         "\n[alertmanager]\nurls = [" +
         list + "]\nresend_interval = \"1s\"\nstate_file = \"" + state_file + "\"\n";
}

/// A daemon with a private account, Debian's Alertmanager and a pager behind it.
class Drill {
 public:
  Drill()
      : tls_{exchange_.server().ca_file()},
        alertmanager_{folder_, "one", pager_},
        file_{folder_.write("hedgewatch.toml", desk_config(exchange_, folder_.write("secret", kClientSecret), {alertmanager_.url()},
                                                           folder_.write("state", "")))} {
    start();
  }

  void begin(const std::string& json) {
    HttpsRequest request{
        .method = HttpsMethod::Post, .host = "localhost", .port = exchange_.server().port(), .target = "/control/faults"};
    request.body = json;
    const auto answer = https_request(&tls_, request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }
  void start() {
    daemon_ = std::make_unique<Daemon>(file_);
    daemon_->start();
    const bool ready = daemon_->becomes_ready();
    CAPTURE(daemon_->log_text());
    REQUIRE(ready);
  }
  void stop() { daemon_.reset(); }
  [[nodiscard]] HttpAnswer acknowledge(const std::string& form) {
    return http_request(daemon_->application().http_port(), "POST", "/-/acknowledge",
                        "Content-Length: " + std::to_string(form.size()) + "\r\n", form);
  }

  Pager& pager() { return pager_; }
  Alertmanager& alertmanager() { return alertmanager_; }
  Daemon& daemon() { return *daemon_; }

 private:
  Exchange exchange_;
  TlsContext tls_;
  TemporaryFolder folder_;
  Pager pager_;
  Alertmanager alertmanager_;
  std::string file_;
  std::unique_ptr<Daemon> daemon_;
};

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
    CHECK(daemon.log_text().find("fires: IndexDrill") != std::string::npos);
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
}

}  // namespace
}  // namespace hedgewatch::testing
