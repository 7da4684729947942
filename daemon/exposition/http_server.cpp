#include "daemon/exposition/http_server.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace hedgewatch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;
/// Of either kind.
using AnySocket = asio::generic::stream_protocol::socket;

std::string_view to_std(beast::string_view text) { return {text.data(), text.size()}; }
beast::string_view to_beast(std::string_view text) { return {text.data(), text.size()}; }

HttpMethod method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return HttpMethod::Get;
    case http::verb::head:
      return HttpMethod::Head;
    case http::verb::post:
      return HttpMethod::Post;
    default:
      return HttpMethod::Other;
  }
}

/// Of either kind, plain or over TLS.
class Connection {
 public:
  Connection() = default;
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual void close() = 0;
};

using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;

struct PlainLayer {
  static constexpr bool kTls = false;
  explicit PlainLayer(AnySocket socket) : stream{std::move(socket)} {}
  [[nodiscard]] PlainStream& lowest() { return stream; }
  PlainStream stream;
};

struct TlsLayer {
  static constexpr bool kTls = true;
  TlsLayer(AnySocket socket, std::shared_ptr<ListenerTls> shown)
      : tls{std::move(shown)}, stream{PlainStream{std::move(socket)}, tls->native()} {}
  [[nodiscard]] PlainStream& lowest() { return stream.next_layer(); }
  std::shared_ptr<ListenerTls> tls;
  asio::ssl::stream<PlainStream> stream;
};

/// What a connection needs of its server.
struct ConnectionContext {
  const HttpServerOptions& options;
  const HttpHandler& handler;
  std::unordered_set<Connection*>& connections;
  std::atomic<std::uint64_t>& requests;
  std::atomic<std::uint64_t>& bad;
  std::atomic<std::uint64_t>& tls_failures;
  bool control;  ///< of the Unix socket
};

template <class Layer>
class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection<Layer>> {
 public:
  template <class... Parts>
  explicit HttpConnection(ConnectionContext server, Parts&&... layer) : layer_{std::forward<Parts>(layer)...}, server_{server} {
    server_.connections.insert(this);
  }
  ~HttpConnection() override { server_.connections.erase(this); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start() {
    if constexpr (Layer::kTls) {
      layer_.lowest().expires_after(server_.options.request_time_out);
      layer_.stream.async_handshake(asio::ssl::stream_base::server, [self = this->shared_from_this()](beast::error_code error) {
        if (!error) return self->read(self->server_.options.request_time_out);
        if (error != asio::error::operation_aborted) self->count_tls_failure(error);
        self->close();
      });
    } else {
      read(server_.options.request_time_out);
    }
  }

  void close() override {
    beast::error_code ignored;
    layer_.lowest().socket().shutdown(AnySocket::shutdown_both, ignored);
    layer_.lowest().close();
  }

 private:
  void count_tls_failure(beast::error_code error) {
    const bool first = server_.tls_failures.fetch_add(1, std::memory_order_relaxed) == 0;
    if (first && server_.options.tell_tls_failure)
      server_.options.tell_tls_failure(error == beast::error::timeout ? "the handshake did not end in time" : error.message());
  }

  /// Says that no more comes, so that nobody takes a cut connection for an end.
  void end() {
    if constexpr (Layer::kTls) {
      layer_.lowest().expires_after(server_.options.request_time_out);
      layer_.stream.async_shutdown([self = this->shared_from_this()](beast::error_code) { self->close(); });
    } else {
      close();
    }
  }

  void read(std::chrono::milliseconds patience) {
    parser_.emplace();
    parser_->header_limit(server_.options.max_header_bytes);
    parser_->body_limit(server_.options.max_body_bytes);
    layer_.lowest().expires_after(patience);
    http::async_read(layer_.stream, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(beast::error_code error) {
    if (error) {
      // A client of TLS 1.3 that does not take the certificate says so behind the handshake.
      if (error.category() == asio::error::get_ssl_category()) {
        count_tls_failure(error);
        return close();
      }
      // A peer that leaves between two requests is no fault.
      const bool left = error == beast::error::timeout || error == asio::ssl::error::stream_truncated;
      if (error != http::error::end_of_stream && error != asio::error::operation_aborted && !(left && !parser_->got_some()))
        server_.bad.fetch_add(1, std::memory_order_relaxed);
      if (error == http::error::header_limit) return refuse(http::status::request_header_fields_too_large);
      if (error == http::error::body_limit) return refuse(http::status::payload_too_large);
      if (error.category() == http::make_error_code(http::error::bad_method).category() && error != http::error::end_of_stream &&
          error != http::error::partial_message)
        return refuse(http::status::bad_request);
      return close();
    }
    server_.requests.fetch_add(1, std::memory_order_relaxed);
    const auto& message = parser_->get();
    std::string_view target = to_std(message.target());
    target = target.substr(0, target.find('?'));
    HttpResponse answer = answer_to({.method = method_of(message.method()),
                                     .path = target,
                                     .accept = to_std(message[http::field::accept]),
                                     .accept_encoding = to_std(message[http::field::accept_encoding]),
                                     .body = message.body(),
                                     .authorization = to_std(message[http::field::authorization]),
                                     .on_control_socket = server_.control,
                                     .from_page = message.find(http::field::origin) != message.end()});
    response_ = {};
    response_.result(answer.status);
    response_.version(message.version());
    // Who lacks the password keeps none of the places of those who have it.
    constexpr unsigned kUnauthorized = 401;
    response_.keep_alive(message.keep_alive() && answer.status != kUnauthorized);
    response_.set(http::field::content_type, to_beast(answer.content_type));
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (!answer.content_encoding.empty()) response_.set(http::field::content_encoding, to_beast(answer.content_encoding));
    if (!answer.allow.empty()) response_.set(http::field::allow, to_beast(answer.allow));
    if (!answer.authenticate.empty()) response_.set(http::field::www_authenticate, to_beast(answer.authenticate));
    response_.content_length(answer.body.size());
    const bool head = message.method() == http::verb::head;
    if (!head) response_.body() = std::move(answer.body);
    write(head);
  }

  HttpResponse answer_to(const HttpRequest& request) {
    try {
      return server_.handler(request);
    } catch (const std::exception&) {
      HttpResponse failed;
      failed.status = 500;
      failed.body = "the daemon could not answer\n";
      return failed;
    }
  }

  void refuse(http::status status) {
    response_ = {};
    response_.result(status);
    response_.version(11);
    response_.keep_alive(false);
    response_.content_length(0);
    write(false);
  }

  void write(bool head) {
    serializer_.emplace(response_);
    layer_.lowest().expires_after(server_.options.request_time_out);
    auto done = [self = this->shared_from_this()](beast::error_code error, std::size_t) { self->on_written(error); };
    if (head)
      http::async_write_header(layer_.stream, *serializer_, std::move(done));
    else
      http::async_write(layer_.stream, *serializer_, std::move(done));
  }

  void on_written(beast::error_code error) {
    if (error) return close();
    if (!response_.keep_alive()) return end();
    read(server_.options.idle_time_out);
  }

  Layer layer_;
  ConnectionContext server_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

struct HttpServer::State {
  explicit State(HttpServerOptions given) : options{std::move(given)} {}
  ~State() {
    if (!bound_control.empty()) ::unlink(bound_control.c_str());
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Where clients come in.
  template <class Protocol>
  struct Door {
    Door(asio::io_context& served, std::unordered_set<Connection*>& held) : acceptor{served}, pause{served}, connections{held} {}
    typename Protocol::acceptor acceptor;
    asio::steady_timer pause;
    std::unordered_set<Connection*>& connections;
  };

  void open();
  void open_control();
  template <class Protocol>
  void accept(Door<Protocol>& door);
  template <class Protocol>
  void close_all(Door<Protocol>& door);

  HttpServerOptions options;
  HttpHandler handler;
  std::unordered_set<Connection*> connections;  ///< outlive the context, whose last handlers end connections
  std::unordered_set<Connection*> control_connections;
  asio::io_context context{1};
  Door<tcp> door{context, connections};
  Door<local> control_door{context, control_connections};
  tcp::endpoint endpoint;
  std::string bound_control;  ///< the socket's path, once it is this server's
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> bad{0};
  std::atomic<std::uint64_t> tls_failures{0};
  std::thread thread;
};

void HttpServer::State::open() {
  beast::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) throw std::runtime_error{"http: not a numeric address: " + options.address};
  const tcp::endpoint wanted{address, options.port};
  tcp::acceptor& acceptor = door.acceptor;
  acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error{"http: cannot listen on " + options.address + " port " + std::to_string(options.port) + ": " +
                             error.message()};
  endpoint = acceptor.local_endpoint();
}

void HttpServer::State::open_control() {
  constexpr mode_t kOwnerAndGroup = 0660;
  const std::string& path = options.control_socket;
  const auto fail = [&path](const std::string& why) {
    throw std::runtime_error{"http: cannot listen on the control socket " + path + ": " + why};
  };
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) fail("it is another file");
    beast::error_code no_one;
    local::socket{context}.connect(local::endpoint{path}, no_one);
    if (!no_one) fail("another process serves it");
    ::unlink(path.c_str());
  }
  beast::error_code error;
  local::acceptor& acceptor = control_door.acceptor;
  acceptor.open(local{}, error);
  // The file is never open to others, not even for a moment.
  if (!error && ::fchmod(acceptor.native_handle(), kOwnerAndGroup) != 0) fail(std::generic_category().message(errno));
  if (!error) acceptor.bind(local::endpoint{path}, error);
  if (error) fail(error.message());
  bound_control = path;
  if (::chmod(path.c_str(), kOwnerAndGroup) != 0) fail(std::generic_category().message(errno));
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) fail(error.message());
}

template <class Protocol>
void HttpServer::State::accept(Door<Protocol>& at) {
  at.acceptor.async_accept([this, &at](beast::error_code error, typename Protocol::socket socket) {
    if (error == asio::error::operation_aborted || !at.acceptor.is_open()) return;
    if (error) {
      // Out of descriptors, most likely: it would fail again at once.
      refused.fetch_add(1, std::memory_order_relaxed);
      at.pause.expires_after(std::chrono::milliseconds{100});
      at.pause.async_wait([this, &at](beast::error_code stopped) {
        if (!stopped) accept(at);
      });
      return;
    }
    if (at.connections.size() >= options.max_connections) {
      refused.fetch_add(1, std::memory_order_relaxed);
      beast::error_code ignored;
      socket.close(ignored);
    } else {
      constexpr bool kControl = std::is_same_v<Protocol, local>;
      const ConnectionContext server{options, handler, at.connections, requests, bad, tls_failures, kControl};
      if (!kControl && options.tls)
        std::make_shared<HttpConnection<TlsLayer>>(server, AnySocket{std::move(socket)}, options.tls)->start();
      else
        std::make_shared<HttpConnection<PlainLayer>>(server, AnySocket{std::move(socket)})->start();
    }
    accept(at);
  });
}

template <class Protocol>
void HttpServer::State::close_all(Door<Protocol>& at) {
  beast::error_code ignored;
  at.acceptor.close(ignored);
  at.pause.cancel();
  for (Connection* connection : at.connections) connection->close();
}

HttpServer::HttpServer(HttpServerOptions options) : state_{std::make_unique<State>(std::move(options))} {
  state_->open();
  if (!state_->options.control_socket.empty()) state_->open_control();
}

void HttpServer::start(HttpHandler handler) {
  state_->handler = std::move(handler);
  state_->accept(state_->door);
  if (state_->control_door.acceptor.is_open()) state_->accept(state_->control_door);
  state_->thread = std::thread{[state = state_.get()] {
    pthread_setname_np(pthread_self(), "http");
    state->context.run();
  }};
}

void HttpServer::use(std::shared_ptr<ListenerTls> tls) {
  asio::post(state_->context, [state = state_.get(), tls = std::move(tls)]() mutable {
    if (state->options.tls) state->options.tls = std::move(tls);
  });
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::stop() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->context, [state = state_.get()] {
    state->close_all(state->door);
    state->close_all(state->control_door);
  });
  state_->thread.join();
}

std::uint16_t HttpServer::port() const { return state_->endpoint.port(); }

HttpServerCounters HttpServer::counters() const {
  return {.requests = state_->requests.load(std::memory_order_relaxed),
          .refused_connections = state_->refused.load(std::memory_order_relaxed),
          .bad_requests = state_->bad.load(std::memory_order_relaxed),
          .tls_failures = state_->tls_failures.load(std::memory_order_relaxed)};
}

}  // namespace hedgewatch
