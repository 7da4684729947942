#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/exposition/http_server.hpp"
#include "daemon/file_descriptor.hpp"
#include "feeds/transport/clock.hpp"
#include "feeds/transport/https_client.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch::testing {

inline constexpr const char* kAlertmanager = "/usr/bin/prometheus-alertmanager";

/// Free at this moment; the program that is given it finds it taken very seldom.
inline std::uint16_t free_port() {
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
      posts_.push_back({std::string{request.body}, mono_now()});
      return HttpResponse{};
    });
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/"; }
  [[nodiscard]] std::size_t posts(std::string_view alert, std::string_view status) {
    const std::scoped_lock lock{mutex_};
    std::size_t count = 0;
    const std::string head = R"("status":")" + std::string{status} + '"';
    for (const Post& post : posts_)
      if (post.body.find(alert) != std::string::npos && status_is(post, head)) ++count;
    return count;
  }
  /// When each alert was told with this status, by the value of one of its labels. Of groups of one alert.
  [[nodiscard]] std::map<std::string, std::vector<MonoTime>> times(std::string_view label, std::string_view status) {
    const std::scoped_lock lock{mutex_};
    std::map<std::string, std::vector<MonoTime>> times;
    const std::string head = R"("status":")" + std::string{status} + '"';
    const std::string mark = '"' + std::string{label} + R"(":")";
    for (const Post& post : posts_) {
      const std::size_t at = post.body.find(mark);
      if (at == std::string::npos || !status_is(post, head)) continue;
      const std::size_t begin = at + mark.size();
      times[post.body.substr(begin, post.body.find('"', begin) - begin)].push_back(post.at);
    }
    return times;
  }
  /// Posts of whatever alert whose group is of this severity.
  [[nodiscard]] std::size_t pages(std::string_view status) { return posts(R"("severity":"page")", status); }
  [[nodiscard]] std::string all() {
    const std::scoped_lock lock{mutex_};
    std::string text;
    for (const Post& post : posts_) text += post.body + '\n';
    return text;
  }

 private:
  static HttpServerOptions options() {
    HttpServerOptions result;
    result.port = 0;
    result.max_body_bytes = 1 << 20;
    result.max_connections = 1'024;
    return result;
  }
  struct Post {
    std::string body;
    MonoTime at{};
  };
  /// The group's own status stands before its alerts.
  static bool status_is(const Post& post, const std::string& head) {
    return post.body.substr(0, post.body.find("\"alerts\"")).find(head) != std::string::npos;
  }
  std::mutex mutex_;
  std::vector<Post> posts_;
  HttpServer server_;
};

/// One of Debian's servers in a process of its own, ended with this.
class ServerProcess {
 public:
  ServerProcess() = default;
  ~ServerProcess() { stop(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Returns when it answers /-/ready on its port.
  void start(const std::vector<std::string>& arguments, std::uint16_t port) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    REQUIRE(eventually([port] {
      const HttpsResult answer = https_request(nullptr, {.host = "127.0.0.1", .port = port, .target = "/-/ready", .tls = false});
      return answer.ok() && answer.value().status == 200;
    }));
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

 private:
  pid_t process_ = -1;
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
  void start() {
    process_.start({kAlertmanager, "--config.file=" + config_, "--storage.path=" + storage_,
                    "--web.listen-address=127.0.0.1:" + std::to_string(port_), "--cluster.listen-address=", "--log.level=error"},
                   port_);
  }
  void stop() { process_.stop(); }
  [[nodiscard]] std::string url() const { return "http://" + address(); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_;
  std::string config_;
  std::string storage_;
  ServerProcess process_;
};

inline bool missing_alertmanager() {
  if (std::filesystem::exists(kAlertmanager)) return false;
  std::cout << "SKIPPED: no Alertmanager here\n";
  return true;
}

}  // namespace hedgewatch::testing
