#include "daemon/exposition/http_server.hpp"

#include <doctest/doctest.h>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "daemon/exposition/tcp_client.hpp"
#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

namespace hedgewatch {

namespace {

using testing::http_request;
using testing::TcpClient;

HttpResponse echo_nothing(const HttpRequest& request) {
  HttpResponse response;
  if (request.path == "/gone") response.status = 404;
  if (request.path == "/secret") response.status = 401;
  if (request.path == "/throws") throw std::runtime_error{"secret words"};
  response.body = request.method == HttpMethod::Post ? "posted" : "read";
  return response;
}

HttpServerOptions options() {
  HttpServerOptions result;
  result.port = 0;
  return result;
}

std::shared_ptr<ListenerTls> shown_by(const testing::TestAuthority& authority) {
  const testing::TemporaryFolder folder;
  const testing::Certificate own = authority.issue();
  auto read = ListenerTls::read(
      {.certificate_file = folder.write("own.pem", own.chain_pem), .certificate_name = {}, .key_name = {}}, Secret{own.key_pem});
  REQUIRE(read.ok());
  return std::move(read).value();
}

/// What a client that trusts the authority gets.
HttpsResult ask(const testing::TestAuthority& authority, std::uint16_t port, const std::string& target = "/") {
  TlsContext trust{authority.file()};
  return https_request(&trust, {.host = "localhost", .port = port, .target = target});
}

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
};

/// Whether a client is let in that knows no newer protocol than this, with these ciphers of TLS 1.2, and takes any certificate.
bool lets_in(std::uint16_t port, int newest, const char* ciphers = "ALL:@SECLEVEL=0") {
  const std::unique_ptr<SSL_CTX, FreeTls> context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), newest);
  REQUIRE(SSL_CTX_set_cipher_list(context.get(), ciphers) == 1);
  const TcpClient client{port};
  const std::unique_ptr<SSL, FreeTls> connection{SSL_new(context.get())};
  SSL_set_fd(connection.get(), client.number());
  return SSL_connect(connection.get()) == 1;
}

template <class Condition>
bool soon(Condition condition) {
  for (int attempt = 0; attempt < 2'000; ++attempt) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return false;
}

}  // namespace

TEST_SUITE("daemon/exposition/http_server") {
  TEST_CASE("a request reaches the handler without its query and gets its answer") {
    std::string path;
    std::string accept;
    HttpServer server{options()};
    server.start([&](const HttpRequest& request) {
      path = request.path;
      accept = request.accept;
      return echo_nothing(request);
    });
    const auto answer = http_request(server.port(), "GET", "/metrics?name=x", "Accept: text/plain\r\n");
    CHECK(answer.status == 200);
    CHECK(answer.body == "read");
    CHECK(answer.head.find("Content-Length: 4") != std::string::npos);
    CHECK(path == "/metrics");
    CHECK(accept == "text/plain");
    CHECK(http_request(server.port(), "POST", "/", "Content-Length: 0\r\n").body == "posted");
    CHECK(http_request(server.port(), "GET", "/gone").status == 404);
    CHECK(server.counters().requests == 3);
  }

  TEST_CASE("HEAD gets the length but no body") {
    HttpServer server{options()};
    server.start(echo_nothing);
    const auto answer = http_request(server.port(), "HEAD", "/");
    CHECK(answer.status == 200);
    CHECK(answer.head.find("Content-Length: 4") != std::string::npos);
    CHECK(answer.body.empty());
  }

  TEST_CASE("one connection serves several requests") {
    HttpServer server{options()};
    server.start(echo_nothing);
    const TcpClient client{server.port()};
    for (int round = 0; round < 3; ++round) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      CHECK(client.receive_until("read").starts_with("HTTP/1.1 200"));
    }
    CHECK(server.counters().requests == 3);
  }

  TEST_CASE("a request without its password ends the connection, and any other status keeps it") {
    HttpServer server{options()};
    server.start(echo_nothing);
    const TcpClient client{server.port()};
    client.send("GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(client.receive_until("read").starts_with("HTTP/1.1 404"));
    client.send("GET /secret HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string last = client.receive_all();
    CHECK(last.starts_with("HTTP/1.1 401"));
    CHECK(last.find("Connection: close\r\n") != std::string::npos);
    CHECK(last.find("HTTP/1.1 200") == std::string::npos);
    CHECK(server.counters().requests == 2);
    CHECK(server.counters().bad_requests == 0);
  }

  TEST_CASE("a handler that throws is a 500 without its words") {
    HttpServer server{options()};
    server.start(echo_nothing);
    const auto answer = http_request(server.port(), "GET", "/throws");
    CHECK(answer.status == 500);
    CHECK(answer.body.find("secret") == std::string::npos);
  }

  TEST_CASE("what is too large or no HTTP is refused and counted") {
    HttpServer server{options()};
    server.start(echo_nothing);
    const TcpClient large{server.port()};
    large.send("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'));
    CHECK(large.receive_all().find("200") == std::string::npos);
    const TcpClient body{server.port()};
    body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n");
    CHECK(body.receive_all().starts_with("HTTP/1.1 413"));
    const TcpClient noise{server.port()};
    noise.send("\x16\x03\x01 hello\r\n\r\n");
    CHECK(noise.receive_all().find("hello") == std::string::npos);
    CHECK(soon([&] { return server.counters().bad_requests == 3; }));
    CHECK(server.counters().requests == 0);
    CHECK(http_request(server.port(), "GET", "/").status == 200);
  }

  TEST_CASE("a request that does not end is closed") {
    HttpServerOptions impatient = options();
    impatient.request_time_out = std::chrono::milliseconds{50};
    HttpServer server{impatient};
    server.start(echo_nothing);
    const TcpClient slow{server.port()};
    slow.send("GET / HT");
    CHECK(slow.receive_all().empty());
    CHECK(soon([&] { return server.counters().bad_requests == 1; }));
  }

  TEST_CASE("connections beyond the limit are closed and counted") {
    HttpServerOptions small = options();
    small.max_connections = 2;
    HttpServer server{small};
    server.start(echo_nothing);
    const TcpClient first{server.port()};
    first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    static_cast<void>(first.receive_until("read"));
    const TcpClient second{server.port()};
    second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    static_cast<void>(second.receive_until("read"));
    const TcpClient third{server.port()};
    CHECK(third.receive_all().empty());
    CHECK(server.counters().refused_connections == 1);
  }

  TEST_CASE("with a certificate the address speaks TLS alone, and the control socket stays plain") {
    const testing::TemporaryFolder folder;
    const testing::TestAuthority authority;
    HttpServerOptions secure = options();
    secure.tls = shown_by(authority);
    secure.control_socket = (folder.path() / "control.sock").string();
    HttpServer server{secure};
    server.start(echo_nothing);
    const HttpsResult answer = ask(authority, server.port(), "/metrics?name=x");
    REQUIRE(answer.ok());
    CHECK(answer.value().status == 200);
    CHECK(answer.value().body == "read");
    CHECK(http_request(secure.control_socket, "GET", "/").body == "read");
    CHECK(server.counters().requests == 2);
    CHECK(server.counters().tls_failures == 0);
    CHECK(server.counters().bad_requests == 0);
  }

  TEST_CASE("over TLS one connection serves several requests, and a large answer arrives whole") {
    const testing::TestAuthority authority;
    HttpServerOptions secure = options();
    secure.tls = shown_by(authority);
    HttpServer server{secure};
    const std::string large(3'000'000, 'x');
    server.start([&](const HttpRequest&) {
      HttpResponse response;
      response.body = large;
      return response;
    });
    TlsContext trust{authority.file()};
    HttpsSession session{&trust};
    for (int round = 0; round < 3; ++round) {
      const HttpsResult answer = session.request({.host = "localhost", .port = server.port()});
      REQUIRE(answer.ok());
      CHECK(answer.value().body == large);
    }
    CHECK(server.counters().requests == 3);
  }

  TEST_CASE("plain HTTP at a TLS address, an old protocol, weak ciphers and distrust are counted, and the first is told") {
    const testing::TestAuthority authority;
    const testing::TestAuthority stranger;
    HttpServerOptions secure = options();
    secure.tls = shown_by(authority);
    std::mutex mutex;
    std::vector<std::string> told;
    secure.tell_tls_failure = [&](const std::string& why) {
      const std::scoped_lock lock{mutex};
      told.push_back(why);
    };
    HttpServer server{secure};
    server.start(echo_nothing);
    const TcpClient plain{server.port()};
    plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(plain.receive_all().find("HTTP/1.1") == std::string::npos);
    CHECK(soon([&] { return server.counters().tls_failures == 1; }));
    CHECK_FALSE(lets_in(server.port(), TLS1_1_VERSION));
    CHECK(soon([&] { return server.counters().tls_failures == 2; }));
    CHECK_FALSE(lets_in(server.port(), TLS1_2_VERSION, "AES128-SHA:AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"));
    CHECK(soon([&] { return server.counters().tls_failures == 3; }));
    CHECK_FALSE(ask(stranger, server.port()).ok());
    CHECK(soon([&] { return server.counters().tls_failures == 4; }));
    CHECK(lets_in(server.port(), TLS1_2_VERSION));
    CHECK(lets_in(server.port(), TLS1_3_VERSION));
    CHECK(ask(authority, server.port()).ok());
    CHECK(server.counters().tls_failures == 4);
    CHECK(server.counters().requests == 1);
    const std::scoped_lock lock{mutex};
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("http request") != std::string::npos);
  }

  TEST_CASE("a handshake takes one of the connections while it lasts") {
    const testing::TestAuthority authority;
    HttpServerOptions secure = options();
    secure.tls = shown_by(authority);
    secure.max_connections = 1;
    // Longer than the second client waits: nothing ends the first one's handshake before.
    secure.request_time_out = std::chrono::seconds{60};
    HttpServer server{secure};
    server.start(echo_nothing);
    const TcpClient slow{server.port()};
    slow.send("\x16\x03\x01");
    const TcpClient second{server.port()};
    CHECK(second.receive_all().empty());
    CHECK(server.counters().refused_connections == 1);
    CHECK(server.counters().tls_failures == 0);
  }

  TEST_CASE("a handshake that does not end is cut and counted") {
    const testing::TestAuthority authority;
    HttpServerOptions secure = options();
    secure.tls = shown_by(authority);
    secure.request_time_out = std::chrono::milliseconds{300};
    HttpServer server{secure};
    server.start(echo_nothing);
    const TcpClient slow{server.port()};
    slow.send("\x16\x03\x01");
    CHECK(slow.receive_all().empty());
    CHECK(soon([&] { return server.counters().tls_failures > 0; }));
    CHECK(server.counters().bad_requests == 0);
  }

  TEST_CASE("a certificate that is taken later is shown to new connections, and the open ones go on") {
    const testing::TestAuthority first;
    const testing::TestAuthority second;
    HttpServerOptions secure = options();
    secure.tls = shown_by(first);
    HttpServer server{secure};
    server.start(echo_nothing);
    TlsContext trust{first.file()};
    HttpsSession open{&trust};
    REQUIRE(open.request({.host = "localhost", .port = server.port()}).ok());
    server.use(shown_by(second));
    CHECK(soon([&] { return ask(second, server.port()).ok(); }));
    CHECK_FALSE(ask(first, server.port()).ok());
    CHECK(open.request({.host = "localhost", .port = server.port()}).ok());
  }

  TEST_CASE("stopping closes open connections and comes back") {
    HttpServer server{options()};
    server.start(echo_nothing);
    const TcpClient idle{server.port()};
    idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    static_cast<void>(idle.receive_until("read"));
    server.stop();
    CHECK(idle.receive_all().empty());
  }

  TEST_CASE("the control socket is for its owner and group, tells where a request came from, and goes with the server") {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("hedgewatch-socket-" + std::to_string(::getpid()) + ".sock")).string();
    std::filesystem::remove(path);
    HttpServerOptions with_socket = options();
    with_socket.control_socket = path;
    with_socket.max_connections = 1;
    {
      HttpServer server{with_socket};
      server.start([](const HttpRequest& request) {
        HttpResponse response;
        response.body = request.on_control_socket ? "socket" : "address";
        response.status = request.authorization.empty() ? 200 : 202;
        return response;
      });
      CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) ==
            (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write | std::filesystem::perms::group_read |
             std::filesystem::perms::group_write));
      // The address is full, which does not keep anybody from the socket.
      const TcpClient idle{server.port()};
      idle.send("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eA==\r\n\r\n");
      const std::string first = idle.receive_until("address");
      CHECK(first.starts_with("HTTP/1.1 202"));
      CHECK(http_request(path, "POST", "/-/reload", "Content-Length: 0\r\n").body == "socket");
      CHECK_THROWS_WITH_AS(HttpServer{with_socket}, doctest::Contains("another process serves it"), std::runtime_error);
    }
    CHECK_FALSE(std::filesystem::exists(path));
  }

  TEST_CASE("a socket that a dead process left is replaced, and any other file is not") {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("hedgewatch-left-" + std::to_string(::getpid()) + ".sock")).string();
    std::filesystem::remove(path);
    HttpServerOptions with_socket = options();
    with_socket.control_socket = path;
    {
      const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      path.copy(address.sun_path, sizeof address.sun_path - 1);
      REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
      ::close(left);
    }
    {
      HttpServer server{with_socket};
      server.start(echo_nothing);
      CHECK(http_request(path, "GET", "/").body == "read");
    }
    std::ofstream{path} << "a file";
    CHECK_THROWS_WITH_AS(HttpServer{with_socket}, doctest::Contains("it is another file"), std::runtime_error);
    CHECK(std::filesystem::exists(path));
    std::filesystem::remove(path);
  }

  TEST_CASE("a port in use is said at start") {
    HttpServer server{options()};
    server.start(echo_nothing);
    HttpServerOptions same = options();
    same.port = server.port();
    CHECK_THROWS_WITH_AS(HttpServer{same}, doctest::Contains("cannot listen on 127.0.0.1"), std::runtime_error);
  }
}

}  // namespace hedgewatch
