#include "feeds/simulator/server.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <deque>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "feeds/simulator/certificate.hpp"
#include "feeds/simulator/simulated_exchange.hpp"

namespace hedgewatch::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto kPollInterval = std::chrono::milliseconds{5};
constexpr std::size_t kMostHttpBytes = std::size_t{256} * 1024;
constexpr auto kHandshakeLimit = std::chrono::seconds{10};
/// A replay at maximum speed is produced in portions, so that requests are answered in between.
constexpr std::size_t kPortion = 2'000;
/// A replay at maximum speed waits for its slowest reader, but not for one that has stopped reading.
constexpr auto kStallLimit = std::chrono::seconds{10};

std::string_view standard(beast::string_view text) { return {text.data(), text.size()}; }

class Host;

/// One client's websocket. Everything runs on the server's one thread.
class WebsocketConnection : public std::enable_shared_from_this<WebsocketConnection> {
 public:
  WebsocketConnection(TlsStream stream, Host& host) : stream_{std::move(stream)}, host_{host} {}

  void start(http::request<http::string_body> upgrade);
  /// False when too much is waiting: the connection is being cut.
  void send(std::string text);
  void close(std::string reason);
  void cut();
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Something has been waiting to be written for longer than kStallLimit.
  [[nodiscard]] bool stalled(MonoTime now) const { return !queue_.empty() && now - last_written_ > kStallLimit; }

 private:
  void read();
  void write();
  void finish();

  websocket::stream<TlsStream> stream_;
  Host& host_;
  std::optional<ClientId> client_;
  beast::flat_buffer incoming_;
  http::request<http::string_body> upgrade_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  MonoTime last_written_{};  ///< when a write ended, or began after idleness
  bool writing_ = false;
  bool closing_ = false;
  bool finished_ = false;
  std::string close_reason_;
};

/// What connections need of the server.
class Host {
 public:
  Host(SimulatedExchangeOptions options, std::unique_ptr<SimulatedExchange> exchange)
      : options_{std::move(options)}, exchange_{std::move(exchange)} {}

  [[nodiscard]] MonoTime now() const { return options_.clock(); }
  [[nodiscard]] SimulatedExchange& exchange() { return *exchange_; }
  [[nodiscard]] const SimulatedExchangeOptions& options() const { return options_; }

  /// From here to joined() the client may already take itself for connected.
  void joining(std::shared_ptr<WebsocketConnection> connection) { joining_.insert(std::move(connection)); }
  void not_joined(const std::shared_ptr<WebsocketConnection>& connection) { joining_.erase(connection); }
  ClientId joined(std::shared_ptr<WebsocketConnection> connection, std::string_view target) {
    joining_.erase(connection);
    outgoing_.clear();
    const ClientId id = exchange_->open(target, now(), outgoing_);
    connections_.emplace(id, std::move(connection));
    dispatch();
    return id;
  }
  void left(ClientId id) {
    exchange_->closed(id);
    connections_.erase(id);
  }
  void received(ClientId id, std::string_view text) {
    outgoing_.clear();
    exchange_->handle(id, text, now(), outgoing_);
    dispatch();
  }
  /// True when there may be more at once (a replay at maximum speed).
  bool poll() {
    const std::size_t half = options_.most_queued_frames / 2;
    std::size_t room = half;
    for (const auto& [id, connection] : connections_) {
      if (connection->stalled(now())) {
        connection->close("connection_too_slow");
      } else {
        room = std::min(room, half - std::min(half, connection->queued()));
      }
    }
    outgoing_.clear();
    const std::size_t most = std::min(room, kPortion);
    exchange_->poll(now(), most, outgoing_);
    const bool more = most > 0 && outgoing_.size() >= most;
    dispatch();
    return more;
  }
  void cut_all() {
    const auto connections = connections_;
    for (const auto& [id, connection] : connections) connection->cut();
    for (const auto& connection : joining_) connection->cut();
  }

 private:
  void dispatch() {
    for (Outgoing& frame : outgoing_) {
      const auto found = connections_.find(frame.client);
      if (found == connections_.end()) continue;
      const auto connection = found->second;
      if (!frame.text.empty()) connection->send(std::move(frame.text));
      if (frame.close) connection->close(std::move(frame.reason));
    }
    outgoing_.clear();
  }

  SimulatedExchangeOptions options_;
  std::unique_ptr<SimulatedExchange> exchange_;
  std::set<std::shared_ptr<WebsocketConnection>> joining_;
  std::map<ClientId, std::shared_ptr<WebsocketConnection>> connections_;
  std::vector<Outgoing> outgoing_;
};

void WebsocketConnection::start(http::request<http::string_body> upgrade) {
  upgrade_ = std::move(upgrade);
  beast::get_lowest_layer(stream_).expires_never();
  stream_.set_option(websocket::stream_base::timeout{kHandshakeLimit, websocket::stream_base::none(), false});
  stream_.read_message_max(1U << 20);
  stream_.text(true);
  stream_.auto_fragment(false);
  host_.joining(shared_from_this());
  stream_.async_accept(upgrade_, [self = shared_from_this()](beast::error_code error) {
    if (error || self->closing_) return self->host_.not_joined(self);
    self->client_ = self->host_.joined(self, standard(self->upgrade_.target()));
    self->read();
  });
}

void WebsocketConnection::read() {
  stream_.async_read(incoming_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (error) return self->finish();
    if (!self->closing_) {
      const auto bytes = self->incoming_.cdata();
      self->host_.received(*self->client_, {static_cast<const char*>(bytes.data()), bytes.size()});
    }
    self->incoming_.consume(self->incoming_.size());
    self->read();
  });
}

void WebsocketConnection::send(std::string text) {
  if (closing_) return;
  const SimulatedExchangeOptions& options = host_.options();
  if (queue_.size() >= options.most_queued_frames || queued_bytes_ + text.size() > options.most_queued_bytes) {
    // Nothing more fits: what waits is dropped, but for the frame that is being written.
    while (queue_.size() > (writing_ ? 1U : 0U)) {
      queued_bytes_ -= queue_.back().size();
      queue_.pop_back();
    }
    return close("connection_too_slow");
  }
  queued_bytes_ += text.size();
  queue_.push_back(std::move(text));
  if (writing_) return;
  last_written_ = host_.now();
  write();
}

void WebsocketConnection::write() {
  if (queue_.empty()) {
    if (!closing_) return;
    websocket::close_reason reason{websocket::close_code::policy_error};
    reason.reason = close_reason_.substr(0, 120);
    writing_ = true;
    return stream_.async_close(reason, [self = shared_from_this()](beast::error_code) { self->finish(); });
  }
  writing_ = true;
  stream_.async_write(asio::buffer(queue_.front()), [self = shared_from_this()](beast::error_code error, std::size_t) {
    self->writing_ = false;
    if (error) return self->finish();
    self->last_written_ = self->host_.now();
    self->queued_bytes_ -= self->queue_.front().size();
    self->queue_.pop_front();
    self->write();
  });
}

void WebsocketConnection::close(std::string reason) {
  if (closing_) return;
  closing_ = true;
  close_reason_ = std::move(reason);
  // A peer that does not read never answers a closing handshake either.
  stream_.set_option(websocket::stream_base::timeout{std::chrono::seconds{3}, websocket::stream_base::none(), false});
  if (close_reason_ == "connection_too_slow" || close_reason_ == "drill") return cut();
  if (!writing_) write();
}

void WebsocketConnection::cut() {
  closing_ = true;
  beast::error_code ignored;
  beast::get_lowest_layer(stream_).socket().close(ignored);
  finish();
}

void WebsocketConnection::finish() {
  if (std::exchange(finished_, true) || !client_) return;
  // Later, because this may be inside a loop over the connections.
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->host_.left(*self->client_); });
}

/// One accepted socket until it is a websocket or has had its HTTP requests answered.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(tcp::socket socket, asio::ssl::context& tls, Host& host) : stream_{std::move(socket), tls}, host_{host} {}

  void start() {
    beast::get_lowest_layer(stream_).expires_after(kHandshakeLimit);
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](beast::error_code error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->body_limit(kMostHttpBytes);
    beast::get_lowest_layer(stream_).expires_after(std::chrono::minutes{15});
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->answer();
    });
  }

  void answer() {
    http::request<http::string_body> request = parser_->release();
    const std::string target{request.target()};
    HttpReply reply;
    if (websocket::is_upgrade(request)) {
      if (!host_.exchange().serves_websocket(target)) {
        reply = {404, R"({"error":"the websocket is at )" + std::string{host_.exchange().websocket_path()} + R"("})"};
      } else if (host_.exchange().is_full()) {
        reply = {429, R"({"error":"too many connections"})"};
      } else {
        std::make_shared<WebsocketConnection>(std::move(stream_), host_)->start(std::move(request));
        return;
      }
    } else {
      HttpQuestion question{.verb = standard(request.method_string()), .target = target, .body = request.body()};
      for (const auto& field : request) question.headers.emplace_back(standard(field.name_string()), standard(field.value()));
      reply = host_.exchange().answer(question, host_.now());
    }
    response_.emplace(static_cast<http::status>(reply.status), request.version());
    response_->set(http::field::content_type, "application/json");
    response_->keep_alive(request.keep_alive());
    response_->body() = std::move(reply.body);
    response_->prepare_payload();
    http::async_write(stream_, *response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->response_->keep_alive()) return self->read();
      beast::get_lowest_layer(self->stream_).expires_after(kHandshakeLimit);
      self->stream_.async_shutdown([self](beast::error_code) {});
    });
  }

  TlsStream stream_;
  Host& host_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

}  // namespace

struct SimulatedExchangeServer::State {
  State(SimulatedExchangeOptions options, std::unique_ptr<SimulatedExchange> exchange)
      : host{std::move(options), std::move(exchange)}, acceptor{context}, timer{context} {}

  void accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && host.exchange().accepts(host.now())) {
        beast::error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        std::make_shared<HttpConnection>(std::move(socket), tls, host)->start();
      }
      accept();
    });
  }

  void poll() {
    if (host.poll()) {
      asio::post(context, [this] { poll(); });
      return;
    }
    timer.expires_after(kPollInterval);
    timer.async_wait([this](beast::error_code error) {
      if (!error) poll();
    });
  }

  asio::io_context context{1};
  Host host;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  tcp::acceptor acceptor;
  asio::steady_timer timer;
  std::thread thread;
  std::uint16_t port = 0;
  std::filesystem::path ca_file;
  bool remove_ca_file = false;
};

SimulatedExchangeServer::SimulatedExchangeServer(SimulatedExchangeOptions options, std::unique_ptr<SimulatedExchange> exchange)
    : state_{std::make_unique<State>(std::move(options), std::move(exchange))} {}

SimulatedExchangeServer::~SimulatedExchangeServer() { stop(); }

void SimulatedExchangeServer::start() {
  State& state = *state_;
  const LoopbackCertificate certificate = make_loopback_certificate();
  state.tls.use_certificate_chain(asio::buffer(certificate.certificate));
  state.tls.use_private_key(asio::buffer(certificate.private_key), asio::ssl::context::pem);
  SSL_CTX_set_min_proto_version(state.tls.native_handle(), TLS1_2_VERSION);

  const tcp::endpoint endpoint{asio::ip::address_v4::loopback(), state.host.options().port};
  beast::error_code error;
  state.acceptor.open(endpoint.protocol(), error);
  if (!error) state.acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) state.acceptor.bind(endpoint, error);
  if (!error) state.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error("cannot listen on 127.0.0.1 port " + std::to_string(state.host.options().port) + ": " +
                             error.message());
  state.port = state.acceptor.local_endpoint().port();

  state.ca_file = state.host.options().ca_file;
  if (state.ca_file.empty()) {
    state.ca_file = std::filesystem::temp_directory_path() / ("hedgewatch-simulate-" + std::to_string(state.port) + "-ca.pem");
    state.remove_ca_file = true;
  }
  std::ofstream file{state.ca_file, std::ios::trunc};
  file << certificate.authority;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + state.ca_file.string());

  state.accept();
  state.poll();
  state.thread = std::thread{[&state] { state.context.run(); }};
}

void SimulatedExchangeServer::stop() {
  State& state = *state_;
  if (!state.thread.joinable()) return;
  asio::post(state.context, [&state] {
    beast::error_code ignored;
    state.acceptor.close(ignored);
    state.timer.cancel();
    state.host.cut_all();
    state.context.stop();
  });
  state.thread.join();
  if (state.remove_ca_file) std::filesystem::remove(state.ca_file);
}

std::uint16_t SimulatedExchangeServer::port() const { return state_->port; }
const std::filesystem::path& SimulatedExchangeServer::ca_file() const { return state_->ca_file; }
std::string SimulatedExchangeServer::websocket_url() const {
  return "wss://localhost:" + std::to_string(port()).append(state_->host.exchange().websocket_path());
}
std::string SimulatedExchangeServer::https_url() const {
  return "https://localhost:" + std::to_string(port()).append(state_->host.exchange().https_path());
}
std::string SimulatedExchangeServer::control_url() const { return "https://localhost:" + std::to_string(port()) + "/control"; }

}  // namespace hedgewatch::simulator
