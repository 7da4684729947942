#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "feeds/session/venue_session.hpp"

namespace boost::asio {
class io_context;
}

namespace hedgewatch {

class TlsContext;

struct WebsocketEndpoint {
  std::string host;  ///< name or address; also what the certificate must be made out to, the SNI and the Host header
  std::uint16_t port = 443;
  std::string path = "/";
};

struct WebsocketLimits {
  std::size_t frame_bytes = std::size_t{16} * 1024 * 1024;   ///< longest message taken, fragments together
  std::size_t queued_bytes = std::size_t{4} * 1024 * 1024;   ///< waiting to be sent
  std::chrono::nanoseconds open = std::chrono::seconds{10};  ///< from open() to on_open: resolve, connect, TLS, upgrade together
  std::chrono::nanoseconds close = std::chrono::seconds{2};  ///< from close() to the peer's answer
};

/// Why a connection ended or never opened.
enum class CloseCause : std::uint8_t {
  Requested,  ///< close() was called
  ResolveFailed,
  ConnectFailed,
  TlsFailed,       ///< handshake or verification failed; the detail says which
  UpgradeRefused,  ///< the answer was no websocket upgrade; the detail holds the HTTP status
  OpenTimeout,
  PeerClosed,  ///< by a close frame or the end of the stream; the detail holds code and reason
  ReadFailed,
  WriteFailed,
  FrameTooLarge,
  BinaryFrame,
  NotUtf8,
  ProtocolError,  ///< frames that break RFC 6455
  SendQueueFull
};
inline constexpr std::size_t kCloseCauses = 14;
[[nodiscard]] std::string_view label(CloseCause cause);

/// What happens on the socket. Called on the io_context's thread, never from within a call of WebsocketClient.
class WebsocketListener {
 public:
  virtual ~WebsocketListener() = default;
  virtual void on_open(SessionTime now) = 0;
  /// One text message, valid UTF-8. The bytes lie in the read buffer, with SIMDJSON_PADDING readable bytes behind them, and are
  /// valid until the call returns. All messages of one read carry one receive time.
  virtual void on_frame(simdjson::padded_string_view frame, SessionTime received) = 0;
  /// Every message of one read has been handed over.
  virtual void on_read_end(SessionTime received) = 0;
  /// Exactly once for each open(). Afterwards open() may be called again.
  virtual void on_closed(CloseCause cause, std::string_view detail, SessionTime now) = 0;
};

/// Totals over all connections of one client. Written by the io_context's thread, read by any.
struct WebsocketCounters {
  std::atomic<std::uint64_t> frames{0};  ///< text messages handed over
  std::atomic<std::uint64_t> bytes{0};   ///< read from the connection after TLS
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> sent_frames{0};
  std::atomic<std::uint64_t> pings{0};
  std::atomic<std::uint64_t> opens{0};  ///< successful ones
  std::array<std::atomic<std::uint64_t>, kCloseCauses> closes{};
};

/// A websocket over TLS: verified, text only, without compression. Pings are answered, everything is bounded.
/// All calls on the thread that runs the io_context. Destroying the client drops the connection without a word.
class WebsocketClient {
 public:
  /// The io_context, the TLS context and the listener must outlive the client.
  WebsocketClient(boost::asio::io_context& io, TlsContext& tls, WebsocketEndpoint endpoint, const WebsocketLimits& limits,
                  WebsocketListener& listener);
  ~WebsocketClient();
  WebsocketClient(const WebsocketClient&) = delete;
  WebsocketClient& operator=(const WebsocketClient&) = delete;

  /// Starts to connect, at the endpoint's path with `path_suffix` behind it. Ignored unless idle.
  void open(std::string_view path_suffix = {});
  /// Queues one text message. Ignored unless open. Should the queue be full, the connection closes with SendQueueFull: a protocol
  /// with a hole in it is no protocol.
  void send(std::string_view text);
  /// Says goodbye and closes, or gives up opening; on_closed follows with Requested and `reason` as its detail. The peer is told
  /// the first 123 bytes of it. Ignored when idle.
  void close(std::string_view reason);

  /// Drops the connection without a word: the listener is not told. As the destructor does.
  void abandon();

  /// Between on_open and on_closed, and not closing.
  [[nodiscard]] bool is_open() const;
  /// Neither open nor opening nor closing.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] const WebsocketCounters& counters() const;

 private:
  struct Shared;
  class Connection;
  std::shared_ptr<Shared> shared_;
  WebsocketListener& listener_;
  std::shared_ptr<Connection> connection_;  ///< nothing before the first open()
};

}  // namespace hedgewatch
