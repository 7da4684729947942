#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/exposition/http_message.hpp"
#include "daemon/exposition/listener_tls.hpp"

namespace hedgewatch {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< numeric IPv4 or IPv6
  std::uint16_t port = 9464;          ///< 0: the system chooses
  std::string control_socket;         ///< path of a Unix socket, for its owner and group alone; empty: none
  std::size_t max_connections = 64;   ///< at either; more are closed at once and counted
  std::uint32_t max_header_bytes = 8'192;
  std::uint64_t max_body_bytes = 1'024;
  std::chrono::milliseconds request_time_out{5'000};  ///< for a handshake, a whole request to arrive, and a response to leave
  std::chrono::milliseconds idle_time_out{75'000};    ///< for the next request on a kept connection
  /// At the address; the control socket is plain always. Null: plain there too.
  std::shared_ptr<ListenerTls> tls = nullptr;
  /// Of the first handshake that failed, in words, on the server's thread; what follows is counted alone. May be empty.
  std::function<void(const std::string&)> tell_tls_failure = {};
};

/// Counters only grow; any thread may read.
struct HttpServerCounters {
  std::uint64_t requests = 0;
  std::uint64_t refused_connections = 0;  ///< beyond max_connections
  std::uint64_t bad_requests = 0;         ///< not HTTP, too large, or too slow
  std::uint64_t tls_failures = 0;         ///< handshakes that failed or took too long
};

/// Serves HTTP/1.1 on one thread of its own, at an address and, where it is asked for, on a Unix socket. Knows no route; the
/// handler does.
class HttpServer {
 public:
  /// Binds the address and the socket; a socket that a dead process left is replaced. Throws std::runtime_error when it cannot.
  explicit HttpServer(HttpServerOptions options);
  /// Stops.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Serves from now on. Once.
  void start(HttpHandler handler);
  /// Connections from now on are shown this; those that are open go on as they are. Only where there was one from the start.
  void use(std::shared_ptr<ListenerTls> tls);
  /// Closes every connection and ends the thread; a handler that runs is waited for.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] HttpServerCounters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
