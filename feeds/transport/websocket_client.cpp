#include "feeds/transport/websocket_client.hpp"

#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "feeds/session/secret.hpp"
#include "feeds/transport/clock.hpp"
#include "feeds/transport/tls_context.hpp"
#include "feeds/transport/websocket_codec.hpp"

namespace hedgewatch {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kMostUpgradeBytes = std::size_t{16} * 1024;
/// So much is taken from TLS before the messages are handed over, so that one flooded read does not delay its first message.
constexpr std::size_t kMostBytesPerTurn = WebsocketReader::kInitialBytes;
constexpr std::uint16_t kNormalClosure = 1000;
/// Of a client's frame: two bytes, the longest length, the mask.
constexpr std::size_t kMostFrameHead = 14;

std::string base64(std::span<const unsigned char> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  std::vector<unsigned char> encoded(text.size());
  const int size = EVP_EncodeBlock(encoded.data(), bytes.data(), static_cast<int>(bytes.size()));
  text.assign(encoded.begin(), encoded.begin() + size);
  return text;
}

template <std::size_t N>
std::array<unsigned char, N> random_bytes() {
  std::array<unsigned char, N> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(N)) != 1) throw std::runtime_error{"OpenSSL has no random bytes"};
  return bytes;
}

/// What the server must answer to a Sec-WebSocket-Key.
std::string accept_of(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64({digest.data(), size});
}

std::string authority(const WebsocketEndpoint& endpoint) {
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  std::string text = ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != 443) text += ":" + std::to_string(endpoint.port);
  return text;
}

/// The code that tells the server why it was refused.
std::uint16_t close_code_of(CloseCause cause) {
  switch (cause) {
    case CloseCause::BinaryFrame:
      return 1003;
    case CloseCause::NotUtf8:
      return 1007;
    case CloseCause::FrameTooLarge:
      return 1009;
    case CloseCause::ProtocolError:
      return 1002;
    default:
      return kNormalClosure;
  }
}

CloseCause cause_of(WebsocketFault fault) {
  switch (fault) {
    case WebsocketFault::TooLarge:
      return CloseCause::FrameTooLarge;
    case WebsocketFault::Binary:
      return CloseCause::BinaryFrame;
    case WebsocketFault::NotUtf8:
      return CloseCause::NotUtf8;
    case WebsocketFault::None:
    case WebsocketFault::Protocol:
      break;
  }
  return CloseCause::ProtocolError;
}

/// Room for so many bytes more. Growing by itself would leave what was there in released memory.
void make_room(std::string& text, std::size_t bytes) {
  if (text.capacity() - text.size() >= bytes) return;
  std::string larger;
  larger.reserve(2 * (text.size() + bytes));
  larger += text;
  wipe(text);
  text.swap(larger);
}

/// The counter has one writer.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

std::string_view label(CloseCause cause) {
  static constexpr std::array<std::string_view, kCloseCauses> kLabels{
      "requested",   "resolve_failed", "connect_failed",  "tls_failed",   "upgrade_refused", "open_timeout",   "peer_closed",
      "read_failed", "write_failed",   "frame_too_large", "binary_frame", "not_utf8",        "protocol_error", "send_queue_full"};
  return kLabels[static_cast<std::size_t>(cause)];
}

struct WebsocketClient::Shared {
  asio::io_context& io;
  TlsContext& tls;
  WebsocketEndpoint endpoint;
  WebsocketLimits limits;
  WebsocketCounters counters;
};

/// One attempt to connect and what comes of it. Its handlers keep it alive; without a listener it is dead.
class WebsocketClient::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Shared> shared, WebsocketListener& listener, std::string_view path_suffix)
      : shared_{std::move(shared)},
        path_suffix_{path_suffix},
        listener_{&listener},
        resolver_{shared_->io},
        stream_{shared_->io, shared_->tls.native()},
        deadline_{shared_->io},
        connect_deadline_{shared_->io},
        reader_{shared_->limits.frame_bytes} {}

  ~Connection() {
    wipe(waiting_);
    wipe(writing_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    arm_deadline(shared_->limits.open);
    resolver_.async_resolve(shared_->endpoint.host, std::to_string(shared_->endpoint.port),
                            [self = shared_from_this()](error_code error, const tcp::resolver::results_type& results) {
                              self->on_resolved(error, results);
                            });
  }

  void send(std::string_view text) {
    if (state_ != State::Open) return;
    if (!queue(WebsocketOpcode::Text, text)) return finish_later(CloseCause::SendQueueFull, {});
    add(shared_->counters.sent_frames, 1);
  }

  void close(std::string_view reason) {
    if (state_ == State::Opening) return finish_later(CloseCause::Requested, std::string{reason});
    if (state_ != State::Open) return;
    say_goodbye(CloseCause::Requested, std::string{reason}, kNormalClosure, reason, Farewell::AwaitPeer);
  }

  /// The client is gone: nobody is told anything any more.
  void abandon() {
    listener_ = nullptr;
    release();
  }

  [[nodiscard]] bool is_open() const { return state_ == State::Open; }
  [[nodiscard]] bool closed() const { return state_ == State::Closed; }

 private:
  enum class State : std::uint8_t { Opening, Open, Closing, Closed };
  enum class Farewell : std::uint8_t { AwaitPeer, FlushOnly };

  void arm_deadline(std::chrono::nanoseconds limit) {
    deadline_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit));
    deadline_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->on_deadline();
    });
  }

  void on_deadline() {
    if (state_ == State::Opening) finish(CloseCause::OpenTimeout, std::string{opening_step_});
    if (state_ == State::Closing) finish(cause_, detail_);
  }

  // ---- opening

  void on_resolved(error_code error, const tcp::resolver::results_type& results) {
    if (state_ != State::Opening) return;
    if (error) return finish(CloseCause::ResolveFailed, error.message());
    for (const auto& entry : results) addresses_.push_back(entry.endpoint());
    opening_step_ = "connect";
    connect_next({});
  }

  /// Addresses are tried in turn; together they get half of the opening time, so that a dead first one does not starve the rest.
  void connect_next(error_code last) {
    if (next_address_ == addresses_.size()) return finish(CloseCause::ConnectFailed, last.message());
    const tcp::endpoint address = addresses_[next_address_++];
    error_code ignored;
    socket().close(ignored);
    connect_deadline_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        shared_->limits.open / static_cast<std::int64_t>(2 * addresses_.size())));
    connect_deadline_.async_wait([self = shared_from_this(), attempt = next_address_](error_code expired) {
      if (expired || self->state_ != State::Opening || attempt != self->next_address_) return;
      error_code unused;
      self->socket().close(unused);
    });
    socket().async_connect(address, [self = shared_from_this()](error_code failed) {
      if (self->state_ != State::Opening) return;
      self->connect_deadline_.cancel();
      if (failed == asio::error::operation_aborted) failed = asio::error::timed_out;
      if (failed) return self->connect_next(failed);
      self->start_tls();
    });
  }

  void start_tls() {
    error_code ignored;
    socket().set_option(tcp::no_delay{true}, ignored);
    opening_step_ = "tls";
    if (!expect_host(stream_.native_handle(), shared_->endpoint.host))
      return finish(CloseCause::TlsFailed, "not a name that a certificate can be checked against");
    stream_.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](error_code error) {
      if (self->state_ != State::Opening) return;
      if (!error) return self->send_upgrade();
      const std::string reason = verification_failure(self->stream_.native_handle());
      self->finish(CloseCause::TlsFailed, reason.empty() ? error.message() : "certificate not accepted: " + reason);
    });
  }

  void send_upgrade() {
    opening_step_ = "upgrade";
    const std::string key = base64(random_bytes<16>());
    accept_ = accept_of(key);
    upgrade_.method(http::verb::get);
    upgrade_.version(11);
    upgrade_.target(shared_->endpoint.path + path_suffix_);
    upgrade_.set(http::field::host, authority(shared_->endpoint));
    upgrade_.set(http::field::upgrade, "websocket");
    upgrade_.set(http::field::connection, "Upgrade");
    upgrade_.set(http::field::sec_websocket_key, key);
    upgrade_.set(http::field::sec_websocket_version, "13");
    upgrade_.set(http::field::user_agent, "hedgewatch");
    http::async_write(stream_, upgrade_, [self = shared_from_this()](error_code error, std::size_t) {
      if (self->state_ != State::Opening) return;
      if (error) return self->finish(CloseCause::WriteFailed, error.message());
      self->read_upgrade();
    });
  }

  void read_upgrade() {
    answer_.emplace();
    answer_->header_limit(kMostUpgradeBytes);
    answer_->skip(true);
    http::async_read_header(stream_, answer_bytes_, *answer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (self->state_ != State::Opening) return;
      if (error) return self->finish(CloseCause::UpgradeRefused, error.message());
      self->on_upgraded();
    });
  }

  void on_upgraded() {
    const auto& answer = answer_->get();
    if (answer.result() != http::status::switching_protocols)
      return finish(CloseCause::UpgradeRefused, "HTTP " + std::to_string(answer.result_int()));
    if (!boost::beast::iequals(answer[http::field::upgrade], "websocket") || answer[http::field::sec_websocket_accept] != accept_)
      return finish(CloseCause::UpgradeRefused, "not a websocket's answer");
    // Neither was asked for.
    if (answer.count(http::field::sec_websocket_extensions) != 0 || answer.count(http::field::sec_websocket_protocol) != 0)
      return finish(CloseCause::UpgradeRefused, "an extension or protocol that was not asked for");
    // The first frames may have come with the answer.
    const std::size_t early = answer_bytes_.size();
    const std::span<char> space = reader_.space();
    if (early > space.size()) return finish(CloseCause::ProtocolError, "too much behind the upgrade");
    std::copy_n(static_cast<const char*>(answer_bytes_.data().data()), early, space.data());
    reader_.commit(early);
    answer_bytes_ = {};

    deadline_.cancel();
    state_ = State::Open;
    add(shared_->counters.opens, 1);
    const SessionTime now = session_now();
    listener_->on_open(now);
    if (early != 0) hand_over(now);
    read_more();
  }

  // ---- reading

  void read_more() {
    if (state_ != State::Open && !(state_ == State::Closing && farewell_ == Farewell::AwaitPeer)) return;
    const std::span<char> space = reader_.space();
    stream_.async_read_some(asio::buffer(space.data(), space.size()),
                            [self = shared_from_this()](error_code error, std::size_t bytes) { self->on_read(error, bytes); });
  }

  void on_read(error_code error, std::size_t bytes) {
    if (state_ == State::Closed) return;
    if (error) {
      if (state_ == State::Closing) return finish(cause_, detail_);
      const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
      return finish(ended ? CloseCause::PeerClosed : CloseCause::ReadFailed, ended ? "without a close frame" : error.message());
    }
    const SessionTime received = session_now();
    reader_.commit(bytes);
    bytes += read_what_is_there();
    add(shared_->counters.reads, 1);
    add(shared_->counters.bytes, bytes);
    hand_over(received);
    read_more();
  }

  /// One asynchronous read yields one TLS record. Records that have already come in are taken at once, without the event loop.
  std::size_t read_what_is_there() {
    std::size_t total = 0;
    while (total < kMostBytesPerTurn) {
      const std::span<char> space = reader_.free_space();
      if (space.empty()) break;
      const int count = SSL_read(stream_.native_handle(), space.data(), static_cast<int>(space.size()));
      if (count <= 0) break;  // nothing there, or an end that the next asynchronous read reports
      reader_.commit(static_cast<std::size_t>(count));
      total += static_cast<std::size_t>(count);
    }
    ERR_clear_error();
    return total;
  }

  void hand_over(SessionTime received) {
    bool any = false;
    while (state_ == State::Open || (state_ == State::Closing && farewell_ == Farewell::AwaitPeer)) {
      const WebsocketMessage message = reader_.next();
      if (message.item == WebsocketItem::NeedMore) break;
      if (message.item == WebsocketItem::Text && state_ == State::Open) {
        add(shared_->counters.frames, 1);
        any = true;
        listener_->on_frame(message.payload, received);
      } else {
        on_control(message);
      }
    }
    if (any && listener_ != nullptr) listener_->on_read_end(received);
  }

  void on_control(const WebsocketMessage& message) {
    switch (message.item) {
      case WebsocketItem::Ping:
        add(shared_->counters.pings, 1);
        if (state_ == State::Open && !queue(WebsocketOpcode::Pong, view(message))) finish_later(CloseCause::SendQueueFull, {});
        break;
      case WebsocketItem::Close:
        if (state_ == State::Closing) return finish(cause_, detail_);
        say_goodbye(CloseCause::PeerClosed, std::to_string(message.close_code) + " " + std::string{view(message)},
                    message.close_code == 1005 ? kNormalClosure : message.close_code, {}, Farewell::FlushOnly);
        break;
      case WebsocketItem::Refused: {
        if (state_ == State::Closing) return finish(cause_, detail_);
        const CloseCause cause = cause_of(message.fault);
        say_goodbye(cause, {}, close_code_of(cause), label(cause), Farewell::FlushOnly);
        break;
      }
      case WebsocketItem::NeedMore:
      case WebsocketItem::Text:
      case WebsocketItem::Pong:
        break;
    }
  }

  static std::string_view view(const WebsocketMessage& message) {
    return {reinterpret_cast<const char*>(message.payload.data()), message.payload.size()};
  }

  // ---- writing

  /// False: the queue is full, and nothing was queued.
  bool queue(WebsocketOpcode opcode, std::string_view payload) {
    if (waiting_.size() + writing_.size() + payload.size() > shared_->limits.queued_bytes) return false;
    make_room(waiting_, payload.size() + kMostFrameHead);
    append_client_frame(waiting_, opcode, payload, random_bytes<4>());
    write_more();
    return true;
  }

  void write_more() {
    if (!writing_.empty()) return;
    if (waiting_.empty()) {
      if (state_ == State::Closing && farewell_ == Farewell::FlushOnly) finish_later(cause_, detail_);
      return;
    }
    writing_.swap(waiting_);
    asio::async_write(stream_, asio::buffer(writing_), [self = shared_from_this()](error_code error, std::size_t) {
      wipe(self->writing_);  // a login may carry the secret itself, under a mask that stands beside it
      if (self->state_ == State::Closed) return;
      if (error && self->state_ == State::Closing) return self->finish(self->cause_, self->detail_);
      if (error) return self->finish(CloseCause::WriteFailed, error.message());
      self->write_more();
    });
  }

  // ---- closing

  void say_goodbye(CloseCause cause, std::string detail, std::uint16_t code, std::string_view reason, Farewell farewell) {
    state_ = State::Closing;
    farewell_ = farewell;
    cause_ = cause;
    detail_ = std::move(detail);
    arm_deadline(shared_->limits.close);
    append_client_frame(waiting_, WebsocketOpcode::Close, close_payload(code, reason), random_bytes<4>());
    write_more();
  }

  /// For callers that may be the listener itself: it is told after its own call has returned.
  void finish_later(CloseCause cause, std::string detail) {
    if (state_ == State::Closed) return;
    state_ = State::Closing;
    farewell_ = Farewell::FlushOnly;
    cause_ = cause;
    detail_ = std::move(detail);
    asio::post(shared_->io, [self = shared_from_this()] { self->finish(self->cause_, self->detail_); });
  }

  void finish(CloseCause cause, const std::string& detail) {
    if (state_ == State::Closed) return;
    release();
    add(shared_->counters.closes[static_cast<std::size_t>(cause)], 1);
    if (WebsocketListener* listener = std::exchange(listener_, nullptr); listener != nullptr)
      listener->on_closed(cause, detail, session_now());
  }

  void release() {
    state_ = State::Closed;
    resolver_.cancel();
    deadline_.cancel();
    connect_deadline_.cancel();
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_both, ignored);
    socket().close(ignored);
  }

  tcp::socket& socket() { return stream_.next_layer(); }

  std::shared_ptr<Shared> shared_;
  std::string path_suffix_;
  WebsocketListener* listener_;  ///< nothing once it was told the end
  tcp::resolver resolver_;
  asio::ssl::stream<tcp::socket> stream_;
  asio::steady_timer deadline_;          ///< of opening, then of closing
  asio::steady_timer connect_deadline_;  ///< of one address
  std::vector<tcp::endpoint> addresses_;
  std::size_t next_address_ = 0;
  std::string_view opening_step_ = "resolve";

  http::request<http::empty_body> upgrade_;
  std::optional<http::response_parser<http::empty_body>> answer_;
  boost::beast::flat_buffer answer_bytes_{kMostUpgradeBytes};
  std::string accept_;

  WebsocketReader reader_;
  std::string waiting_;  ///< encoded frames behind the ones being written
  std::string writing_;
  CloseCause cause_ = CloseCause::Requested;
  std::string detail_;
  Farewell farewell_ = Farewell::AwaitPeer;
  State state_ = State::Opening;
};

WebsocketClient::WebsocketClient(asio::io_context& io, TlsContext& tls, WebsocketEndpoint endpoint, const WebsocketLimits& limits,
                                 WebsocketListener& listener)
    : shared_{new Shared{.io = io, .tls = tls, .endpoint = std::move(endpoint), .limits = limits, .counters = {}}},
      listener_{listener} {}

WebsocketClient::~WebsocketClient() { abandon(); }

void WebsocketClient::abandon() {
  if (connection_) connection_->abandon();
}

void WebsocketClient::open(std::string_view path_suffix) {
  if (!idle()) return;
  connection_ = std::make_shared<Connection>(shared_, listener_, path_suffix);
  asio::post(shared_->io, [connection = connection_] {
    if (!connection->closed()) connection->start();
  });
}

void WebsocketClient::send(std::string_view text) {
  if (connection_) connection_->send(text);
}

void WebsocketClient::close(std::string_view reason) {
  if (connection_) connection_->close(reason);
}

bool WebsocketClient::is_open() const { return connection_ && connection_->is_open(); }
bool WebsocketClient::idle() const { return !connection_ || connection_->closed(); }
const WebsocketCounters& WebsocketClient::counters() const { return shared_->counters; }

}  // namespace hedgewatch
