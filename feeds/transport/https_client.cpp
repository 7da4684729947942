#include "feeds/transport/https_client.hpp"

#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "feeds/transport/tls_context.hpp"

namespace hedgewatch {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// A line break inside a header would start another one.
bool sendable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

bool sendable(const HttpsRequest& request) {
  if (request.target.empty() || request.target.front() != '/' || request.target.find(' ') != std::string::npos) return false;
  return sendable(request.target) && sendable(request.host) &&
         std::all_of(request.headers.begin(), request.headers.end(),
                     [](const auto& header) { return !header.first.empty() && sendable(header.first) && sendable(header.second); });
}

/// One request and its response on a stream of its own. Its handlers keep it alive.
http::verb verb_of(HttpsMethod method) {
  switch (method) {
    case HttpsMethod::Get:
      return http::verb::get;
    case HttpsMethod::Post:
      return http::verb::post;
    case HttpsMethod::Put:
      return http::verb::put;
  }
  return http::verb::get;
}

template <class Stream>
class Exchange : public std::enable_shared_from_this<Exchange<Stream>> {
  static constexpr bool kTls = !std::is_same_v<Stream, tcp::socket>;

 public:
  /// `keep` is given the stream when it can be used again; empty: it is closed. `connected`: it was used before.
  Exchange(asio::io_context& io, Stream stream, HttpsRequest request, const HttpsLimits& limits,
           std::function<void(HttpsResult)> done, std::function<void(Stream)> keep = {}, bool connected = false)
      : resolver_{io},
        timer_{io},
        stream_{std::move(stream)},
        request_{std::move(request)},
        limits_{limits},
        done_{std::move(done)},
        keep_{std::move(keep)},
        connected_{connected} {}

  void start() {
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(limits_.timeout));
    timer_.async_wait([self = this->shared_from_this()](error_code error) {
      if (!error) self->fail(HttpsFault::Timeout, std::string{self->step_});
    });
    if (!sendable(request_)) return fail(HttpsFault::BadRequest, "target or header cannot be sent");
    if (connected_) return write();
    resolver_.async_resolve(request_.host, std::to_string(request_.port),
                            [self = this->shared_from_this()](error_code error, const tcp::resolver::results_type& results) {
                              if (error) return self->fail(HttpsFault::ResolveFailed, error.message());
                              self->connect(results);
                            });
  }

 private:
  tcp::socket& socket() {
    if constexpr (kTls)
      return stream_.next_layer();
    else
      return stream_;
  }

  void connect(const tcp::resolver::results_type& results) {
    if (!done_) return;
    std::vector<tcp::endpoint> addresses;
    for (const auto& entry : results)
      if (kTls || entry.endpoint().address().is_loopback()) addresses.push_back(entry.endpoint());
    if (addresses.empty()) return fail(HttpsFault::PlainTextRefused, request_.host + " is not on loopback");
    step_ = "connect";
    asio::async_connect(socket(), addresses, [self = this->shared_from_this()](error_code error, const tcp::endpoint&) {
      if (error) return self->fail(HttpsFault::ConnectFailed, error.message());
      error_code ignored;
      self->socket().set_option(tcp::no_delay{true}, ignored);
      self->handshake();
    });
  }

  void handshake() {
    if (!done_) return;
    if constexpr (kTls) {
      step_ = "tls";
      if (!expect_host(stream_.native_handle(), request_.host))
        return fail(HttpsFault::TlsFailed, "not a name that a certificate can be checked against");
      stream_.async_handshake(asio::ssl::stream_base::client, [self = this->shared_from_this()](error_code error) {
        if (!error) return self->write();
        const std::string reason = verification_failure(self->stream_.native_handle());
        self->fail(HttpsFault::TlsFailed, reason.empty() ? error.message() : "certificate not accepted: " + reason);
      });
    } else {
      write();
    }
  }

  void write() {
    if (!done_) return;
    step_ = "request";
    message_.method(verb_of(request_.method));
    message_.version(11);
    message_.target(request_.target);
    const bool ipv6 = request_.host.find(':') != std::string::npos;
    const std::string name = ipv6 ? "[" + request_.host + "]" : request_.host;
    message_.set(http::field::host, request_.port == (kTls ? 443 : 80) ? name : name + ":" + std::to_string(request_.port));
    message_.set(http::field::user_agent, "hedgewatch");
    message_.set(http::field::connection, keep_ ? "keep-alive" : "close");
    for (const auto& [field, value] : request_.headers) message_.set(field, value);
    message_.body() = std::move(request_.body);
    message_.prepare_payload();
    http::async_write(stream_, message_, [self = this->shared_from_this()](error_code error, std::size_t) {
      if (error) return self->fail(HttpsFault::WriteFailed, error.message());
      self->read();
    });
  }

  void read() {
    if (!done_) return;
    step_ = "response";
    parser_.body_limit(limits_.body_bytes);
    // Header first: Boost 1.74's parser forgets that a Content-Length is above the limit when the body's start is there already.
    http::async_read_header(stream_, buffer_, parser_, [self = this->shared_from_this()](error_code error, std::size_t) {
      if (error) return self->fail_reading(error);
      self->read_body();
    });
  }

  void read_body() {
    if (!done_) return;
    http::async_read(stream_, buffer_, parser_, [self = this->shared_from_this()](error_code error, std::size_t) {
      if (error) return self->fail_reading(error);
      self->succeed();
    });
  }

  void fail_reading(error_code error) {
    if (error == http::error::body_limit) return fail(HttpsFault::BodyTooLarge, error.message());
    // The connection's trouble and the message's have different categories.
    const bool malformed = error.category() == make_error_code(http::error::bad_version).category() &&
                           error != http::error::end_of_stream && error != http::error::partial_message;
    fail(malformed ? HttpsFault::BadResponse : HttpsFault::ReadFailed, error.message());
  }

  void succeed() {
    HttpsResponse response;
    auto& message = parser_.get();
    response.status = message.result_int();
    for (const auto& field : message) response.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    response.body = std::move(message.body());
    kept_ = keep_ && parser_.keep_alive() && buffer_.size() == 0;
    finish(std::move(response));
  }

  void fail(HttpsFault fault, std::string detail) { finish(HttpsError{fault, std::move(detail)}); }

  void finish(HttpsResult result) {
    if (!done_) return;
    const auto done = std::exchange(done_, nullptr);
    timer_.cancel();
    resolver_.cancel();
    if (kept_) {
      keep_(std::move(stream_));
    } else {
      error_code ignored;
      socket().shutdown(tcp::socket::shutdown_both, ignored);
      socket().close(ignored);
    }
    done(std::move(result));
  }

  tcp::resolver resolver_;
  asio::steady_timer timer_;
  Stream stream_;
  HttpsRequest request_;
  HttpsLimits limits_;
  std::function<void(HttpsResult)> done_;  ///< empty once it was called
  std::function<void(Stream)> keep_;
  bool connected_;
  bool kept_ = false;
  std::string_view step_ = "resolve";
  http::request<http::string_body> message_;
  http::response_parser<http::string_body> parser_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace

std::string_view label(HttpsFault fault) {
  static constexpr std::array<std::string_view, 10> kLabels{"resolve_failed", "connect_failed", "tls_failed",  "plain_text_refused",
                                                            "timeout",        "body_too_large", "read_failed", "write_failed",
                                                            "bad_response",   "bad_request"};
  return kLabels[static_cast<std::size_t>(fault)];
}

std::string_view HttpsResponse::header(std::string_view name) const {
  const auto same = [name](const auto& header) {
    return boost::beast::iequals({header.first.data(), header.first.size()}, {name.data(), name.size()});
  };
  const auto found = std::find_if(headers.begin(), headers.end(), same);
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

void async_https_request(asio::io_context& io, TlsContext* tls, HttpsRequest request, const HttpsLimits& limits,
                         std::function<void(HttpsResult)> done) {
  asio::post(io, [&io, tls, limits, request = std::move(request), done = std::move(done)]() mutable {
    using TlsStream = asio::ssl::stream<tcp::socket>;
    if (!request.tls)
      std::make_shared<Exchange<tcp::socket>>(io, tcp::socket{io}, std::move(request), limits, std::move(done))->start();
    else if (tls != nullptr)
      std::make_shared<Exchange<TlsStream>>(io, TlsStream{io, tls->native()}, std::move(request), limits, std::move(done))->start();
    else
      done(HttpsError{HttpsFault::TlsFailed, "no TLS context"});
  });
}

struct HttpsSession::Connection {
  using TlsStream = asio::ssl::stream<tcp::socket>;

  asio::io_context io{1};
  TlsContext* tls = nullptr;
  std::optional<tcp::socket> plain;
  std::optional<TlsStream> encrypted;
  std::string host;
  std::uint16_t port = 0;

  template <class Stream>
  HttpsResult exchange(std::optional<Stream>& open, Stream fresh, HttpsRequest request, const HttpsLimits& limits) {
    const bool connected = open.has_value();
    std::optional<HttpsResult> result;
    {
      Stream stream = connected ? std::move(*open) : std::move(fresh);
      open.reset();
      std::make_shared<Exchange<Stream>>(
          io, std::move(stream), std::move(request), limits, [&result](HttpsResult outcome) { result.emplace(std::move(outcome)); },
          [&open](Stream kept) { open.emplace(std::move(kept)); }, connected)
          ->start();
    }
    io.restart();
    while (!result && io.run_one() != 0) {
    }
    // What was cancelled has to be told so before the stream is used again.
    io.restart();
    io.poll();
    if (!result) return HttpsError{HttpsFault::ReadFailed, "the exchange ended without a result"};
    return std::move(*result);
  }

  HttpsResult request_once(HttpsRequest request, const HttpsLimits& limits) {
    if (!request.tls) return exchange(plain, tcp::socket{io}, std::move(request), limits);
    if (tls == nullptr) return HttpsError{HttpsFault::TlsFailed, "no TLS context"};
    return exchange(encrypted, TlsStream{io, tls->native()}, std::move(request), limits);
  }
};

HttpsSession::HttpsSession(TlsContext* tls) : connection_{std::make_unique<Connection>()} { connection_->tls = tls; }
HttpsSession::~HttpsSession() = default;

HttpsResult HttpsSession::request(HttpsRequest request, const HttpsLimits& limits) {
  Connection& connection = *connection_;
  if (connection.host != request.host || connection.port != request.port) {
    connection.plain.reset();
    connection.encrypted.reset();
    connection.host = request.host;
    connection.port = request.port;
  }
  if (request.tls ? !connection.encrypted.has_value() : !connection.plain.has_value())
    return connection.request_once(std::move(request), limits);
  HttpsResult result = connection.request_once(request, limits);
  const bool closed =
      !result.ok() && (result.error().fault == HttpsFault::WriteFailed || result.error().fault == HttpsFault::ReadFailed);
  return closed ? connection.request_once(std::move(request), limits) : std::move(result);
}

HttpsResult https_request(TlsContext* tls, HttpsRequest request, const HttpsLimits& limits) {
  asio::io_context io{1};
  std::optional<HttpsResult> result;
  async_https_request(io, tls, std::move(request), limits, [&result](HttpsResult outcome) { result.emplace(std::move(outcome)); });
  while (!result && io.run_one() != 0) {
  }
  if (!result) return HttpsError{HttpsFault::ReadFailed, "the exchange ended without a result"};
  return std::move(*result);
}

}  // namespace hedgewatch
