// What a client may send to the HTTP server, as bytes on its control socket: heads that are no heads, bodies that are cut, requests
// behind one another. The first byte says whether the routes see the caller as one at the control socket or at the address behind
// a password, and in how large pieces the rest is sent. Property: the server answers with whole responses of the known kinds, no
// more of them than requests can have been, ends the connection when the client has ended, and goes on to serve the next one.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "daemon/exposition/http_server.hpp"
#include "daemon/exposition/routes.hpp"
#include "daemon/file_descriptor.hpp"

using namespace hedgewatch;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

RouteSources sources() {
  RouteSources sources;
  sources.snapshot = [] { return static_cast<const FigureSnapshot*>(nullptr); };
  sources.families = [](const ScrapeFacts&) { return std::vector<prometheus::MetricFamily>{}; };
  sources.unhealthy = [] { return std::optional<std::string>{}; };
  sources.not_ready = [] { return std::vector<std::string>{}; };
  sources.reload = [] { return std::optional<std::string>{}; };
  sources.acknowledge = [](const std::string&, const std::vector<LabelMatch>&) { return std::size_t{1}; };
  sources.override_limits = [](const OverrideOrder&) { return OverrideAnswer{.count = 1, .forbidden = false}; };
  sources.authorization = "Basic ZGVzazpodXNo";
  return sources;
}

/// The server that the daemon has, on a socket of its own.
class Served {
 public:
  Served() : server_{options()} {
    server_.start([this](const HttpRequest& request) {
      HttpRequest seen = request;
      seen.on_control_socket = at_control_socket;
      return routes_.handle(seen);
    });
  }
  void connect(const FileDescriptor& socket) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    require(::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  [[nodiscard]] HttpServerCounters counters() const { return server_.counters(); }

  /// Set while no connection is open.
  bool at_control_socket = true;

 private:
  static std::string path() {
    return (std::filesystem::temp_directory_path() / ("hedgewatch-http-fuzz-" + std::to_string(::getpid()))).string();
  }
  static HttpServerOptions options() {
    HttpServerOptions options;
    options.port = 0;
    options.control_socket = path();
    return options;
  }

  Routes routes_{sources()};
  HttpServer server_;
};

/// All that comes back. Reading and writing take turns, so that neither side waits for the other.
std::string conversation(const Served& served, std::string_view bytes, std::size_t piece) {
  constexpr int kPatienceMs = 20'000;
  const FileDescriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  served.connect(socket);
  std::string answer;
  bool writing = true;
  while (true) {
    if (writing && bytes.empty()) {
      ::shutdown(socket.number(), SHUT_WR);
      writing = false;
    }
    pollfd waiting{.fd = socket.number(), .events = static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), .revents = 0};
    require(::poll(&waiting, 1, kPatienceMs) == 1);
    if ((waiting.revents & POLLIN) != 0 || !writing) {
      std::array<char, 16'384> buffer;
      const ssize_t count = ::recv(socket.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      // A server that closes with bytes unread resets the connection.
      if (count == 0 || (count < 0 && errno == ECONNRESET)) return answer;
      if (count > 0) answer.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    const ssize_t sent = ::send(socket.number(), bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN) writing = false;
  }
}

std::optional<std::size_t> length_of(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = head.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t length = 0;
  const auto [end, fault] = std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  require(fault == std::errc{});
  return length;
}

/// Takes the responses apart. Those to HEAD have no body, which only who sent the request knows.
std::size_t check_responses(std::string_view rest, bool may_have_heads) {
  constexpr std::array<std::string_view, 8> kStatus{"200", "400", "401", "403", "404", "405", "413", "431"};
  std::size_t count = 0;
  while (!rest.empty()) {
    require(rest.starts_with("HTTP/1.1 ") || rest.starts_with("HTTP/1.0 "));
    require(std::ranges::find(kStatus, rest.substr(9, 3)) != kStatus.end());
    const std::size_t end = rest.find("\r\n\r\n");
    require(end != std::string_view::npos);
    const std::string_view head = rest.substr(0, end + 2);
    const auto length = length_of(head);
    require(length.has_value());
    rest.remove_prefix(end + 4);
    const bool headless = may_have_heads && (rest.empty() || rest.starts_with("HTTP/1."));
    if (!headless) {
      require(rest.size() >= *length);
      rest.remove_prefix(*length);
    }
    ++count;
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Served served;
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  served.at_control_socket = data[0] % 2 == 0;
  // At most some dozens of pieces: each costs two threads their turns.
  constexpr std::size_t kMostPieces = 32;
  const std::size_t piece = data[0] < 64 ? std::max(std::size_t{1} + data[0], bytes.size() / kMostPieces) : bytes.size() + 1;

  const HttpServerCounters before = served.counters();
  const std::string answer = conversation(served, bytes, piece);
  const std::size_t responses = check_responses(answer, bytes.find("HEAD") != std::string_view::npos);
  const HttpServerCounters after = served.counters();
  // The shortest request: "X / HTTP/1.0\r\n\r\n".
  constexpr std::size_t kShortestRequest = 16;
  require(after.requests - before.requests <= bytes.size() / kShortestRequest);
  require(responses <= after.requests - before.requests + 1);
  require(after.bad_requests - before.bad_requests <= 1 && after.refused_connections == before.refused_connections);

  static std::uint32_t runs = 0;
  constexpr std::uint32_t kBetweenLooks = 256;
  if (runs++ % kBetweenLooks != 0) return 0;
  served.at_control_socket = true;
  require(conversation(served, "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n", kBetweenLooks).starts_with("HTTP/1.1 200 "));
  return 0;
}
