#include "daemon/exposition/http_server.hpp"

#include <pthread.h>

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace hedgewatch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

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

class Connection;

/// What a connection needs of its server.
struct ConnectionContext {
  const HttpServerOptions& options;
  const HttpHandler& handler;
  std::unordered_set<Connection*>& connections;
  std::atomic<std::uint64_t>& requests;
  std::atomic<std::uint64_t>& bad;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, ConnectionContext server) : stream_{std::move(socket)}, server_{server} {
    server_.connections.insert(this);
  }
  ~Connection() { server_.connections.erase(this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() { read(server_.options.request_time_out); }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

 private:
  void read(std::chrono::milliseconds patience) {
    parser_.emplace();
    parser_->header_limit(server_.options.max_header_bytes);
    parser_->body_limit(server_.options.max_body_bytes);
    stream_.expires_after(patience);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(beast::error_code error) {
    if (error) {
      // A peer that leaves between two requests is no fault.
      if (error != http::error::end_of_stream && error != asio::error::operation_aborted &&
          !(error == beast::error::timeout && !parser_->got_some()))
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
                                     .from_page = message.find(http::field::origin) != message.end()});
    response_ = {};
    response_.result(answer.status);
    response_.version(message.version());
    response_.keep_alive(message.keep_alive());
    response_.set(http::field::content_type, to_beast(answer.content_type));
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (!answer.content_encoding.empty()) response_.set(http::field::content_encoding, to_beast(answer.content_encoding));
    if (!answer.allow.empty()) response_.set(http::field::allow, to_beast(answer.allow));
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
    stream_.expires_after(server_.options.request_time_out);
    auto done = [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_written(error); };
    if (head)
      http::async_write_header(stream_, *serializer_, std::move(done));
    else
      http::async_write(stream_, *serializer_, std::move(done));
  }

  void on_written(beast::error_code error) {
    if (error || !response_.keep_alive()) return close();
    read(server_.options.idle_time_out);
  }

  beast::tcp_stream stream_;
  ConnectionContext server_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

struct HttpServer::State {
  explicit State(HttpServerOptions given) : options{std::move(given)} {}

  void open();
  void accept();
  void close_all();

  HttpServerOptions options;
  HttpHandler handler;
  std::unordered_set<Connection*> connections;  ///< outlives the context, whose last handlers end connections
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  tcp::endpoint endpoint;
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> bad{0};
  std::thread thread;
};

void HttpServer::State::open() {
  beast::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) throw std::runtime_error{"http: not a numeric address: " + options.address};
  const tcp::endpoint wanted{address, options.port};
  acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error{"http: cannot listen on " + options.address + " port " + std::to_string(options.port) + ": " +
                             error.message()};
  endpoint = acceptor.local_endpoint();
}

void HttpServer::State::accept() {
  acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
    if (error) {
      // Out of descriptors, most likely: it would fail again at once.
      refused.fetch_add(1, std::memory_order_relaxed);
      pause.expires_after(std::chrono::milliseconds{100});
      pause.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
      return;
    }
    if (connections.size() >= options.max_connections) {
      refused.fetch_add(1, std::memory_order_relaxed);
      beast::error_code ignored;
      socket.close(ignored);
    } else {
      std::make_shared<Connection>(std::move(socket), ConnectionContext{options, handler, connections, requests, bad})->start();
    }
    accept();
  });
}

void HttpServer::State::close_all() {
  beast::error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  for (Connection* connection : connections) connection->close();
}

HttpServer::HttpServer(HttpServerOptions options) : state_{std::make_unique<State>(std::move(options))} { state_->open(); }

void HttpServer::start(HttpHandler handler) {
  state_->handler = std::move(handler);
  state_->accept();
  state_->thread = std::thread{[state = state_.get()] {
    pthread_setname_np(pthread_self(), "http");
    state->context.run();
  }};
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::stop() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->context, [state = state_.get()] { state->close_all(); });
  state_->thread.join();
}

std::uint16_t HttpServer::port() const { return state_->endpoint.port(); }

bool HttpServer::loopback() const { return state_->endpoint.address().is_loopback(); }

HttpServerCounters HttpServer::counters() const {
  return {.requests = state_->requests.load(std::memory_order_relaxed),
          .refused_connections = state_->refused.load(std::memory_order_relaxed),
          .bad_requests = state_->bad.load(std::memory_order_relaxed)};
}

}  // namespace hedgewatch
