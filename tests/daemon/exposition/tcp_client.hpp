#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hedgewatch::testing {

/// A plain blocking client on loopback or at a Unix socket; every wait ends after some seconds.
class TcpClient {
 public:
  explicit TcpClient(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_STREAM, 0)} {
    be_patient();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  explicit TcpClient(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    be_patient();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~TcpClient() { ::close(socket_); }
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  /// The socket's descriptor, for who speaks TLS on it.
  [[nodiscard]] int number() const { return socket_; }
  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Everything until the peer closes.
  [[nodiscard]] std::string receive_all() const {
    std::string text;
    char block[65'536];
    for (ssize_t got = 0; (got = ::recv(socket_, block, sizeof block, 0)) > 0;) text.append(block, static_cast<std::size_t>(got));
    return text;
  }
  /// Until `end` has come, or the peer closes.
  [[nodiscard]] std::string receive_until(std::string_view end) const {
    std::string text;
    char block[65'536];
    for (ssize_t got = 0; text.find(end) == std::string::npos && (got = ::recv(socket_, block, sizeof block, 0)) > 0;)
      text.append(block, static_cast<std::size_t>(got));
    return text;
  }

 private:
  void be_patient() const {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  int socket_;
};

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;
};

/// One request on a connection of its own, to a port of loopback or the path of a Unix socket. `headers` are whole lines with their
/// ends.
template <class Where>
HttpAnswer http_request(const Where& where, std::string_view method, std::string_view path, std::string_view headers = {},
                        std::string_view body = {}) {
  const TcpClient client{where};
  std::string request;
  request.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  request.append(headers).append("\r\n").append(body);
  client.send(request);
  const std::string answer = client.receive_all();
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == std::string::npos || answer.size() < 12) return {};
  return {std::stoi(answer.substr(9, 3)), answer.substr(0, end), answer.substr(end + 4)};
}

}  // namespace hedgewatch::testing
