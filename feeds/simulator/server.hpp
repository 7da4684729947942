#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/types/time.hpp"

namespace hedgewatch::simulator {

class SimulatedExchange;

struct SimulatedExchangeOptions {
  std::uint16_t port = 0;  ///< 0: any free one
  /// Where the certificate of the authority that signed the server's goes, as PEM. Empty: a file of its own in the
  /// temporary directory, removed at the end.
  std::filesystem::path ca_file = {};
  /// Reads the steady clock; given by the owner, because a feed never reads one.
  std::function<MonoTime()> clock = {};
  /// A client with more than this waiting to be written is cut off as too slow.
  std::size_t most_queued_bytes = 32U << 20;
  std::size_t most_queued_frames = 50'000;
};

/// A simulated exchange on loopback, on its own thread: TLS websocket and HTTPS where the venue has them, drills at /control.
/// One port serves all three. The certificate is for localhost, 127.0.0.1 and ::1, from an authority made at start.
class SimulatedExchangeServer {
 public:
  /// The exchange is used on the server's thread only, from start() to stop().
  SimulatedExchangeServer(SimulatedExchangeOptions options, std::unique_ptr<SimulatedExchange> exchange);
  /// Stops.
  ~SimulatedExchangeServer();
  SimulatedExchangeServer(const SimulatedExchangeServer&) = delete;
  SimulatedExchangeServer& operator=(const SimulatedExchangeServer&) = delete;

  /// Listens and returns. Throws std::runtime_error when it cannot (port taken, file not writable).
  void start();
  /// Cuts every connection and joins the thread. Nothing to do when it is not running.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] const std::filesystem::path& ca_file() const;
  [[nodiscard]] std::string websocket_url() const;  ///< wss://localhost:PORT/ws/api/v2 for Deribit
  [[nodiscard]] std::string https_url() const;      ///< https://localhost:PORT/api/v2 for Deribit
  [[nodiscard]] std::string control_url() const;    ///< https://localhost:PORT/control

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch::simulator
