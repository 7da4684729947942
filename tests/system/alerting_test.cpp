#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/exposition/http_server.hpp"
#include "daemon/file_descriptor.hpp"
#include "feeds/transport/https_client.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch::testing {
namespace {

constexpr const char* kAlertmanager = "/usr/bin/prometheus-alertmanager";

/// Free at this moment; the program that is given it finds it taken very seldom.
std::uint16_t free_port() {
  const FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

/// What the desk's pager would get.
class Pager {
 public:
  Pager() : server_{options()} {
    server_.start([this](const HttpRequest& request) {
      const std::scoped_lock lock{mutex_};
      posts_.emplace_back(request.body);
      return HttpResponse{};
    });
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/"; }
  [[nodiscard]] std::size_t posts(std::string_view alert, std::string_view status) {
    const std::scoped_lock lock{mutex_};
    std::size_t count = 0;
    const std::string head = R"("status":")" + std::string{status} + '"';
    for (const std::string& post : posts_)
      // The group's own status stands before its alerts.
      if (post.find(alert) != std::string::npos && post.substr(0, post.find("\"alerts\"")).find(head) != std::string::npos) ++count;
    return count;
  }
  [[nodiscard]] std::string all() {
    const std::scoped_lock lock{mutex_};
    std::string text;
    for (const std::string& post : posts_) text += post + '\n';
    return text;
  }

 private:
  static HttpServerOptions options() {
    HttpServerOptions result;
    result.port = 0;
    result.max_body_bytes = 1 << 20;
    return result;
  }
  std::mutex mutex_;
  std::vector<std::string> posts_;
  HttpServer server_;
};

/// Debian's Alertmanager in a process of its own.
class Alertmanager {
 public:
  Alertmanager(const TemporaryFolder& folder, const std::string& name, const Pager& pager) : port_{free_port()} {
    config_ = folder.write(name + ".yml",
                           "route:\n  receiver: pager\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n"
                           "  repeat_interval: 1h\n  routes:\n    - matchers: ['alertname = \"HedgewatchHeartbeat\"']\n"
                           "      receiver: nobody\nreceivers:\n  - name: nobody\n  - name: pager\n    webhook_configs:\n"
                           "      - url: " +
                               pager.url() + "\n        send_resolved: true\n");
    storage_ = config_ + ".data";
    start();
  }
  ~Alertmanager() { stop(); }
  Alertmanager(const Alertmanager&) = delete;
  Alertmanager& operator=(const Alertmanager&) = delete;

  void start() {
    const std::vector<std::string> arguments{kAlertmanager,
                                             "--config.file=" + config_,
                                             "--storage.path=" + storage_,
                                             "--web.listen-address=127.0.0.1:" + std::to_string(port_),
                                             "--cluster.listen-address=",
                                             "--log.level=error"};
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      ::execv(kAlertmanager, pointers.data());
      ::_exit(127);
    }
    REQUIRE(eventually([this] {
      const HttpsResult answer = https_request(nullptr, {.host = "127.0.0.1", .port = port_, .target = "/-/ready", .tls = false});
      return answer.ok() && answer.value().status == 200;
    }));
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_;
  std::string config_;
  std::string storage_;
  pid_t process_ = -1;
};

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

bool missing_alertmanager() {
  if (std::filesystem::exists(kAlertmanager)) return false;
  std::cout << "SKIPPED: no Alertmanager here\n";
  return true;
}

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
}

}  // namespace
}  // namespace hedgewatch::testing
