#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/alertmanager_fixture.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch::testing {

/// The account's book and hedge under the rules that a desk starts with.
inline std::string desk_config(Exchange& exchange, const std::string& secret_file, const std::vector<std::string>& urls,
                               const std::string& state_file, std::string_view more = {}) {
  std::string list;
  for (const std::string& url : urls) list += (list.empty() ? "\"" : ", \"") + url + '"';
  return venue_config(exchange, "books = [\"deribit:BTC-PERPETUAL\"]\n") + account_config(secret_file) +
         "\n[[book]]\nname = \"account\"\nrules = [{ accounts = [\"main\"] }]\n"
         "\n[[hedge]]\nname = \"straddles\"\nbook = \"account\"\nunderlying = \"BTC\"\nlegs = [\"deribit:BTC-PERPETUAL\"]\n"
         "view = \"net_transaction\"\ntarget_ratio = 1\nsoft_delta_limit_coins = 4\nhard_delta_limit_coins = 8\n"
         "limit_owner = \"anna\"\n\n[scenario]\n"
         "\n[alertmanager]\nurls = [" +
         list + "]\nresend_interval = \"1s\"\nowner = \"anna\"\nstate_file = \"" + state_file + "\"\n" + std::string{more};
}

/// A daemon with a private account, Debian's Alertmanager and a pager behind it.
class Drill {
 public:
  explicit Drill(const simulator::SyntheticContentConfig& world = small_market(), std::string_view more = {})
      : exchange_{std::make_unique<simulator::SyntheticContent>(world)},
        tls_{exchange_.server().ca_file()},
        alertmanager_{folder_, "one", pager_},
        file_{folder_.write("hedgewatch.toml", desk_config(exchange_, folder_.write("secret", kClientSecret), {alertmanager_.url()},
                                                           folder_.write("state", ""), more))} {
    start();
  }

  /// Switches a fault on, in the words of the control address.
  void begin(const std::string& json) { control("faults", json); }
  void move_index(const std::string& name, double ratio) {
    control("index", R"({"index_name":")" + name + R"(","move_ratio":)" + std::to_string(ratio) + "}");
  }
  void start() {
    daemon_ = std::make_unique<Daemon>(file_);
    daemon_->start();
    const bool ready = daemon_->becomes_ready();
    CAPTURE(daemon_->log_text());
    REQUIRE(ready);
  }
  void stop() { daemon_.reset(); }
  [[nodiscard]] HttpAnswer acknowledge(const std::string& form) { return post_form("/-/acknowledge", form); }
  [[nodiscard]] HttpAnswer post_form(const char* path, const std::string& form) { return daemon_->post(path, form); }

  Pager& pager() { return pager_; }
  Alertmanager& alertmanager() { return alertmanager_; }
  Daemon& daemon() { return *daemon_; }

 private:
  void control(const std::string& what, const std::string& json) {
    HttpsRequest request{
        .method = HttpsMethod::Post, .host = "localhost", .port = exchange_.server().port(), .target = "/control/" + what};
    request.body = json;
    const auto answer = https_request(&tls_, request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }

  Exchange exchange_;
  TlsContext tls_;
  TemporaryFolder folder_;
  Pager pager_;
  Alertmanager alertmanager_;
  std::string file_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace hedgewatch::testing
