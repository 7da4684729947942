#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/market/event_batch.hpp"
#include "feeds/event_sink.hpp"
#include "feeds/session/venue_session.hpp"
#include "feeds/transport/websocket_client.hpp"

namespace hedgewatch {

/// What one connection did since the process started. Written by the io_context's thread, read by any.
struct FeedCounters {
  std::atomic<std::uint64_t> events{0};          ///< handed to the sink
  std::atomic<std::uint64_t> reconnects{0};      ///< openings after the first
  std::atomic<std::uint64_t> session_closes{0};  ///< asked for by the session
  std::atomic<std::uint64_t> overflows{0};       ///< closed because the sink was broken
  std::atomic<std::uint64_t> lost_books{0};      ///< declared invalid because the sink was full
};

/// Where the calls of a session go, by the TLS context of its socket.
struct CallEndpoint {
  std::string host;
  std::uint16_t port = 443;
  std::string path = {};  ///< stands before each call's target; empty or without an ending '/'
};

struct FeedConnectionSetup {
  WebsocketEndpoint endpoint;
  CallEndpoint calls = {};  ///< without a host every call fails
  std::chrono::nanoseconds call_timeout = std::chrono::seconds{10};
  WebsocketLimits limits;
  std::size_t batch_capacity = EventBatch::kDefaultCapacity;
  std::chrono::nanoseconds flush_interval = std::chrono::milliseconds{1};  ///< how often held back events are tried again
};

/// Gives one session its socket: opens, forwards frames, obeys actions, keeps the session's deadlines, hands events on.
/// Runs on the io_context's thread; start(), stop() and the counters may be used from any thread.
class FeedConnection {
 public:
  /// The io_context, the TLS context and the sink must outlive the connection.
  FeedConnection(boost::asio::io_context& io, TlsContext& tls, const FeedConnectionSetup& setup,
                 std::unique_ptr<VenueSession> session, EventSink& sink);
  /// Only while the io_context does not run, or on its thread. Drops the socket without a word: call stop() before.
  ~FeedConnection();
  FeedConnection(const FeedConnection&) = delete;
  FeedConnection& operator=(const FeedConnection&) = delete;

  /// Opens now, and again whenever the session says so, until stop().
  void start();
  /// Says goodbye, tells the session, delivers its last events, then calls `done` (may be empty) on the io_context's thread.
  /// Takes at most the limits' closing time. Never opens again.
  void stop(std::function<void()> done = {});

  [[nodiscard]] const FeedCounters& counters() const;
  [[nodiscard]] const WebsocketCounters& socket_counters() const;
  /// On the io_context's thread only.
  [[nodiscard]] VenueSession& session();

 private:
  class Driver;
  std::shared_ptr<Driver> driver_;
};

}  // namespace hedgewatch
