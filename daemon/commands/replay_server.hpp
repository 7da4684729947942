#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "core/engine/engine.hpp"
#include "core/types/time.hpp"
#include "daemon/exposition/http_server.hpp"
#include "daemon/exposition/routes.hpp"
#include "daemon/snapshot_exchange.hpp"

namespace hedgewatch {

/// Serves /metrics of the moment at which a replay is, on loopback, with that moment as hedgewatch_replay_time_seconds. The
/// replay's thread answers between cycles and while it waits.
class ReplayServer {
 public:
  /// 0: the system chooses. Throws std::runtime_error when the port cannot be bound.
  explicit ReplayServer(std::uint16_t port);
  ReplayServer(const ReplayServer&) = delete;
  ReplayServer& operator=(const ReplayServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  /// The replay's thread: shows the engine as it is now for so long, and at least to a scrape that waits.
  void show(WallTime moment, const Engine& engine, std::chrono::nanoseconds lasts);

 private:
  void serve(WallTime moment, const Engine& engine);
  [[nodiscard]] HttpResponse handle(const HttpRequest& request);

  std::mutex mutex_;
  std::condition_variable asked_;
  std::atomic<std::int64_t> moment_ns_{0};  ///< 0: nothing has been shown
  SnapshotExchange exchange_;
  Routes routes_;
  HttpServer server_;  ///< the last: it calls all above
};

}  // namespace hedgewatch
