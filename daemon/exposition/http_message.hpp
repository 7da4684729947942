#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hedgewatch {

enum class HttpMethod : std::uint8_t { Get, Head, Post, Other };

/// What the daemon's routes need of a request. Views live as long as the call that gets them.
struct HttpRequest {
  HttpMethod method = HttpMethod::Other;
  std::string_view path;  ///< without the query
  std::string_view accept;
  std::string_view accept_encoding;
  std::string_view body = {};
  std::string_view authorization = {};  ///< whole, as it was sent
  bool on_control_socket = false;       ///< the system's access rights to the socket have let the caller in
  bool from_page = false;               ///< a browser sends it for a web page: it has an Origin
};

/// Nothing in it may come from the request: a path or header is never reflected.
struct HttpResponse {
  unsigned status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string_view content_encoding;  ///< empty: none
  std::string_view allow;             ///< with status 405: the methods that the path knows
  std::string_view authenticate;      ///< with status 401: how to show who asks
  std::string body;
};

/// Runs on the server's thread, one request at a time.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

}  // namespace hedgewatch
