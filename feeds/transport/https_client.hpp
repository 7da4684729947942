#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/result.hpp"

namespace boost::asio {
class io_context;
}

namespace hedgewatch {

class TlsContext;

enum class HttpsMethod : std::uint8_t { Get, Post, Put };

struct HttpsRequest {
  HttpsMethod method = HttpsMethod::Get;
  std::string host;  ///< name or address; with TLS also what the certificate must be made out to
  std::uint16_t port = 443;
  std::string target = "/";                                    ///< path and query
  std::vector<std::pair<std::string, std::string>> headers{};  ///< besides Host, User-Agent, Content-Length and Connection
  std::string body{};
  /// False: plain HTTP, only to a loopback address. Anything else is refused with PlainTextRefused.
  bool tls = true;
};

struct HttpsLimits {
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};  ///< the whole exchange
  std::size_t body_bytes = std::size_t{64} * 1024 * 1024;       ///< of the response
};

struct HttpsResponse {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// First value of a header, compared without case; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

enum class HttpsFault : std::uint8_t {
  ResolveFailed,
  ConnectFailed,
  TlsFailed,
  PlainTextRefused,
  Timeout,
  BodyTooLarge,
  ReadFailed,
  WriteFailed,
  BadResponse,  ///< not HTTP
  BadRequest    ///< a header that cannot be sent
};
[[nodiscard]] std::string_view label(HttpsFault fault);

struct HttpsError {
  HttpsFault fault = HttpsFault::ConnectFailed;
  std::string detail;
};

using HttpsResult = Result<HttpsResponse, HttpsError>;

/// One request on its own connection. `done` is called once, on the io_context's thread, not from within this call.
/// The TLS context may be null when the request is plain, and must outlive the exchange.
void async_https_request(boost::asio::io_context& io, TlsContext* tls, HttpsRequest request, const HttpsLimits& limits,
                         std::function<void(HttpsResult)> done);

/// One request after the other to one address on a connection that stays open as long as the other side lets it. A request that
/// finds it closed goes out once more on a new one. For one thread, which may wait.
class HttpsSession {
 public:
  /// The TLS context may be null when requests are plain, and must outlive the session.
  explicit HttpsSession(TlsContext* tls);
  ~HttpsSession();
  HttpsSession(const HttpsSession&) = delete;
  HttpsSession& operator=(const HttpsSession&) = delete;

  /// Returns as https_request does.
  [[nodiscard]] HttpsResult request(HttpsRequest request, const HttpsLimits& limits = {});

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// The same for a thread that may wait. Returns within the limit's timeout, or later by what the system's name lookup takes,
/// which cannot be interrupted.
[[nodiscard]] HttpsResult https_request(TlsContext* tls, HttpsRequest request, const HttpsLimits& limits = {});

}  // namespace hedgewatch
