#pragma once

#include <doctest/doctest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/application.hpp"
#include "daemon/exposition/exposition_text.hpp"
#include "daemon/exposition/tcp_client.hpp"
#include "daemon/log.hpp"
#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/server.hpp"
#include "feeds/simulator/synthetic_content.hpp"
#include "feeds/transport/clock.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"

namespace hedgewatch::testing {

inline constexpr std::string_view kClientId = "monitor";
inline constexpr std::string_view kClientSecret = "a-secret-made-for-these-tests";

/// One coin with a short chain, so that it is quick.
inline simulator::SyntheticContentConfig small_market() {
  simulator::SyntheticContentConfig config;
  config.market.seed = 11;
  config.market.start = from_nanoseconds<VenueTime>(nanoseconds_of(wall_now()) / 1'000'000 * 1'000'000);
  config.market.strikes_per_side = 2;
  simulator::UnderlyingConfig coin;
  coin.currency = "BTC";
  coin.index_usd = 61'000;
  config.market.underlyings = {coin};
  return config;
}

class Exchange {
 public:
  explicit Exchange(
      std::unique_ptr<simulator::VenueContent> content = std::make_unique<simulator::SyntheticContent>(small_market())) {
    simulator::DeribitExchangeConfig config;
    config.keys = {{std::string{kClientId}, std::string{kClientSecret}, false}};
    simulator::SimulatedExchangeOptions options;
    options.clock = mono_now;
    server_ = std::make_unique<simulator::SimulatedExchangeServer>(
        std::move(options), std::make_unique<simulator::DeribitExchange>(std::move(config), std::move(content)));
    server_->start();
  }
  [[nodiscard]] simulator::SimulatedExchangeServer& server() { return *server_; }

 private:
  std::unique_ptr<simulator::SimulatedExchangeServer> server_;
};

/// The configuration's head: listener and venue.
inline std::string venue_config(Exchange& exchange, std::string_view more = {}) {
  std::string text =
      "[http]\nlisten = \"127.0.0.1:0\"\n\n[[venue]]\nkind = \"deribit\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n";
  text += "endpoint = \"" + exchange.server().websocket_url() + "\"\n";
  text += "ca_file = \"" + exchange.server().ca_file().string() + "\"\n";
  text.append(more);
  return text;
}

inline std::string account_config(const std::string& secret_file) {
  return "\n[[account]]\nname = \"main\"\nvenue = \"deribit\"\nclient_id = \"" + std::string{kClientId} + "\"\nsecret_file = \"" +
         secret_file + "\"\n";
}

/// The daemon in this process.
class Daemon {
 public:
  explicit Daemon(const std::string& config_file, std::function<void(const Engine&)> observer = {},
                  std::optional<std::size_t> most_events_per_cycle = {})
      : log_{{.least = LogLevel::Info,
              .journal = true,
              .write =
                  [this](std::string_view line) {
                    const std::scoped_lock lock{mutex_};
                    lines_ += line;
                    std::array<char, 16> name{};
                    if (pthread_getname_np(pthread_self(), name.data(), name.size()) == 0) writers_.insert(name.data());
                  },
              .mono = mono_now,
              .wall = wall_now}},
        application_{{.config_file = config_file,
                      .observer = std::move(observer),
                      .control_socket = control_socket_,
                      .most_events_per_cycle = most_events_per_cycle},
                     log_} {}

  [[nodiscard]] Application& application() { return application_; }
  void start() {
    std::string faults;
    for (const std::string& fault : application_.start()) faults += fault + '\n';
    CAPTURE(faults);
    REQUIRE(faults.empty());
  }
  [[nodiscard]] HttpAnswer get(std::string_view path, std::string_view headers = {}) {
    return http_request(application_.http_port(), "GET", path, headers);
  }
  /// On the control socket.
  [[nodiscard]] HttpAnswer post(std::string_view path, std::string_view form = {}) {
    return http_request(control_socket_, "POST", path, "Content-Length: " + std::to_string(form.size()) + "\r\n", form);
  }
  [[nodiscard]] Exposition scrape() { return parse_exposition(get("/metrics").body); }
  [[nodiscard]] bool becomes_ready() {
    return eventually([this] { return get("/-/ready").status == 200; });
  }
  [[nodiscard]] std::string log_text() {
    const std::scoped_lock lock{mutex_};
    return lines_;
  }
  /// Names of the threads that wrote to the log.
  [[nodiscard]] std::set<std::string> log_writers() {
    const std::scoped_lock lock{mutex_};
    return writers_;
  }

 private:
  /// Of its own, in the folder for temporary files.
  static std::string socket_path() {
    static std::atomic<int> made{0};
    const std::string name = "hedgewatch-control-" + std::to_string(::getpid()) + '-' + std::to_string(++made) + ".sock";
    return (std::filesystem::temp_directory_path() / name).string();
  }

  std::string control_socket_ = socket_path();
  std::mutex mutex_;
  std::string lines_;
  std::set<std::string> writers_;
  Log log_;
  Application application_;
};

}  // namespace hedgewatch::testing
