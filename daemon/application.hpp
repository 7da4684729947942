#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "daemon/log.hpp"

namespace hedgewatch {

struct ApplicationOptions {
  std::string config_file;
  /// Called on the engine's thread after each cycle; for tests.
  std::function<void(const Engine&)> observer;
  /// Instead of the configuration's; for tests.
  std::string control_socket = {};
  /// Of the engine's cycle; 1 shows the observer the table after every single event.
  std::optional<std::size_t> most_events_per_cycle = {};
};

/// The whole daemon without its signals: configuration, feeds, queue, engine and HTTP listener. Several may live in one process.
class Application {
 public:
  /// The log outlives the application.
  Application(ApplicationOptions options, Log& log);
  /// Stops.
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// Everything that kept it from starting, one line each; empty: it runs. Exchanges need not answer for that.
  [[nodiscard]] std::vector<std::string> start();
  void stop();

  /// Reads the configuration file again. Nothing on success; else the faults, and the old configuration stays in force as a whole.
  /// Any thread.
  [[nodiscard]] std::optional<std::string> reload();

  /// What keeps it from being ready, one reason each; empty: every feed is live and every account reconciled.
  [[nodiscard]] std::vector<std::string> not_ready() const;
  /// One line for `systemctl status`.
  [[nodiscard]] std::string status() const;
  /// Grows while the engine lives, also without data.
  [[nodiscard]] std::uint64_t progress() const;
  [[nodiscard]] std::uint16_t http_port() const;
  /// About once a second: log repeats, changes of readiness.
  void tick();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
