#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "feeds/transport/clock.hpp"
#include "feeds/transport/feed_connection.hpp"
#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "feeds/transport/websocket_client.hpp"
#include "support/tls_peer.hpp"

namespace hedgewatch {

using namespace std::chrono_literals;
using testing::Certificate;
using testing::PeerConnection;
using testing::server_frame;
using testing::TestAuthority;
using testing::TlsPeer;

namespace {

constexpr std::uint8_t kText = 0x81;
constexpr std::uint8_t kBinary = 0x82;
constexpr std::uint8_t kClose = 0x88;
constexpr std::uint8_t kPing = 0x89;

const TestAuthority& authority() {
  static const TestAuthority kAuthority;
  return kAuthority;
}

/// Runs the loop until the condition holds. False after a patience that only a hang uses up.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition) {
  const MonoTime end = mono_now() + 15s;
  io.restart();
  while (!condition() && mono_now() < end) io.run_for(5ms), io.restart();
  return condition();
}

class Recorder final : public WebsocketListener {
 public:
  void on_open(SessionTime) override {
    opened = true;
    if (when_open) when_open();
  }
  void on_frame(simdjson::padded_string_view frame, SessionTime) override {
    frames.emplace_back(reinterpret_cast<const char*>(frame.data()), frame.size());
    padded = padded && frame.padding() >= simdjson::SIMDJSON_PADDING;
    if (when_frame) when_frame();
  }
  void on_read_end(SessionTime) override { ++read_ends; }
  void on_closed(CloseCause why, std::string_view text, SessionTime) override {
    ++closings;
    cause = why;
    detail = text;
  }

  std::function<void()> when_open;
  std::function<void()> when_frame;
  std::vector<std::string> frames;
  std::string detail;
  CloseCause cause = CloseCause::Requested;
  int closings = 0;
  int read_ends = 0;
  bool opened = false;
  bool padded = true;
};

/// A client of one peer, run until its connection has ended.
struct Client {
  explicit Client(std::uint16_t port, const std::string& host = "localhost", WebsocketLimits limits = {},
                  const std::filesystem::path& ca_file = authority().file())
      : tls{ca_file}, socket{io, tls, {.host = host, .port = port, .path = "/ws/api/v2"}, limits, recorder} {}

  void run() {
    socket.open();
    CHECK(run_until(io, [this] { return recorder.closings > 0; }));
    CHECK(recorder.closings == 1);
    CHECK(socket.idle());
    CHECK(socket.counters().closes[static_cast<std::size_t>(recorder.cause)] == 1);
  }

  boost::asio::io_context io{1};
  TlsContext tls;
  Recorder recorder;
  WebsocketClient socket;
};

}  // namespace

TEST_SUITE("system/transport") {
  TEST_CASE("a verified connection carries frames both ways and ends in good manners") {
    std::string head;
    PeerConnection::Frame received;
    PeerConnection::Frame goodbye;
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   head = connection.accept_websocket(server_frame(kText, "early"));
                   received = connection.read_frame();
                   connection.write(server_frame(kText, "one") + server_frame(kPing, "alive?") +
                                    server_frame(kText, std::string(70'000, 'x')));
                   const auto pong = connection.read_frame();
                   connection.write(server_frame(kText, "pong " + std::to_string(pong.opcode) + " " + pong.payload));
                   goodbye = connection.read_frame();
                   connection.write(server_frame(kClose, goodbye.payload));
                   connection.wait_for_end();
                 }};
    {
      Client client{peer.port()};
      client.recorder.when_open = [&] { client.socket.send("hello"); };
      client.recorder.when_frame = [&] {
        if (client.recorder.frames.size() == 4) client.socket.close("enough");
      };
      client.run();
      REQUIRE(client.recorder.frames.size() == 4);
      CHECK(client.recorder.frames[0] == "early");
      CHECK(client.recorder.frames[1] == "one");
      CHECK(client.recorder.frames[2].size() == 70'000);
      CHECK(client.recorder.frames[3] == "pong 10 alive?");
      CHECK(client.recorder.padded);
      CHECK(client.recorder.read_ends >= 2);
      CHECK(client.recorder.cause == CloseCause::Requested);
      CHECK(client.recorder.detail == "enough");
      CHECK(client.socket.counters().frames == 4);
      CHECK(client.socket.counters().pings == 1);
      CHECK(client.socket.counters().opens == 1);
    }
    CHECK(peer.asked_for_name() == "localhost");
    CHECK(head.starts_with("GET /ws/api/v2 HTTP/1.1\r\n"));
    CHECK(head.find("Host: localhost:" + std::to_string(peer.port())) != std::string::npos);
    CHECK(head.find("permessage-deflate") == std::string::npos);
    CHECK(received.payload == "hello");
    CHECK(goodbye.payload == std::string{"\x03\xE8"} + "enough");
  }

  TEST_CASE("an address is verified like a name") {
    TlsPeer peer{authority().issue(), [](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.write(server_frame(kClose, ""));
                   connection.wait_for_end();
                 }};
    Client client{peer.port(), "127.0.0.1"};
    client.run();
    CHECK(client.recorder.opened);
    CHECK(client.recorder.cause == CloseCause::PeerClosed);
    CHECK(client.recorder.detail.starts_with("1005"));
  }

  TEST_CASE("certificates that prove nothing are refused before anything is sent") {
    bool served = false;
    const auto serve = [&served](PeerConnection& connection) {
      connection.read_exactly(1);
      served = true;
    };
    const TestAuthority stranger;
    struct Row {
      const char* what;
      Certificate certificate;
      std::string host;
      const char* detail;
      std::optional<int> version{};
    };
    const std::vector<Row> rows{
        {"another name", authority().issue({.names = {"example.org"}, .addresses = {}}), "localhost", "ostname mismatch"},
        {"another address", authority().issue({.addresses = {"127.0.0.2"}}), "127.0.0.1", "IP address mismatch"},
        {"a name where an address was asked for", authority().issue({.addresses = {}}), "127.0.0.1", "IP address mismatch"},
        {"an authority nobody trusts", stranger.issue(), "localhost", "unable to get local issuer"},
        {"expired", authority().issue({.valid_from_days = -5, .valid_to_days = -2}), "localhost", "expired"},
        {"not yet valid", authority().issue({.valid_from_days = 2, .valid_to_days = 5}), "localhost", "not yet valid"},
        {"TLS 1.1", authority().issue(), "localhost", "", TLS1_1_VERSION},
    };
    for (const Row& row : rows) {
      const std::string what = row.what;
      CAPTURE(what);
      TlsPeer peer{row.certificate, serve, row.version};
      Client client{peer.port(), row.host};
      client.run();
      CHECK_FALSE(client.recorder.opened);
      CHECK(client.recorder.cause == CloseCause::TlsFailed);
      CAPTURE(client.recorder.detail);
      CHECK(client.recorder.detail.find(row.detail) != std::string::npos);

      const HttpsResult answer = https_request(&client.tls, {.host = row.host, .port = peer.port()});
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().fault == HttpsFault::TlsFailed);
    }
    CHECK_FALSE(served);
  }

  TEST_CASE("TLS 1.2 is enough") {
    TlsPeer peer{authority().issue(),
                 [](PeerConnection& connection) {
                   connection.accept_websocket(server_frame(kClose, ""));
                   connection.wait_for_end();
                 },
                 TLS1_2_VERSION};
    Client client{peer.port()};
    client.run();
    CHECK(client.recorder.opened);
  }

  TEST_CASE("a file that holds no certificates is a start-up error that names it") {
    const auto file = std::filesystem::temp_directory_path() / "hedgewatch-no-certificates.pem";
    std::ofstream{file} << "nothing\n";
    CHECK_THROWS_WITH_AS(TlsContext{file}, doctest::Contains("hedgewatch-no-certificates.pem"), std::runtime_error);
    std::filesystem::remove(file);
    CHECK_THROWS_AS(TlsContext{file}, std::runtime_error);
  }

  TEST_CASE("frames that must not be taken close the connection, with their cause and code") {
    struct Row {
      const char* what;
      std::string bytes;
      CloseCause cause;
      int code;
    };
    const std::vector<Row> rows{
        {"giant", server_frame(kText, std::string(2'000, 'x')), CloseCause::FrameTooLarge, 1009},
        {"binary", server_frame(kBinary, "\x01"), CloseCause::BinaryFrame, 1003},
        {"not UTF-8", server_frame(kText, "\xFF"), CloseCause::NotUtf8, 1007},
        {"reserved bits", server_frame(0xF1, "x"), CloseCause::ProtocolError, 1002},
    };
    for (const Row& row : rows) {
      const std::string what = row.what;
      CAPTURE(what);
      PeerConnection::Frame goodbye;
      {
        TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                       connection.accept_websocket();
                       connection.write(server_frame(kText, "fine") + row.bytes + server_frame(kText, "never seen"));
                       goodbye = connection.read_frame();
                     }};
        Client client{peer.port(), "localhost", {.frame_bytes = 1'000}};
        client.run();
        CHECK(client.recorder.frames == std::vector<std::string>{"fine"});
        CHECK(client.recorder.cause == row.cause);
      }
      REQUIRE(goodbye.payload.size() >= 2);
      CHECK(static_cast<unsigned char>(goodbye.payload[0]) * 256 + static_cast<unsigned char>(goodbye.payload[1]) == row.code);
    }
  }

  TEST_CASE("a peer's close, end and reset are told apart") {
    struct Row {
      std::function<void(PeerConnection&)> end;
      CloseCause cause;
      const char* detail;
    };
    const std::vector<Row> rows{
        {[](PeerConnection& connection) {
           connection.write(server_frame(kClose, std::string{"\x03\xE9"} + "maintenance"));
           connection.wait_for_end();
         },
         CloseCause::PeerClosed, "1001 maintenance"},
        {[](PeerConnection&) {}, CloseCause::PeerClosed, "without a close frame"},
        {[](PeerConnection& connection) { connection.reset(); }, CloseCause::ReadFailed, ""},
    };
    for (const Row& row : rows) {
      TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                     connection.accept_websocket();
                     connection.read_frame();
                     row.end(connection);
                   }};
      Client client{peer.port()};
      client.recorder.when_open = [&] { client.socket.send("go"); };
      client.run();
      CHECK(client.recorder.cause == row.cause);
      CAPTURE(client.recorder.detail);
      CHECK(client.recorder.detail.find(row.detail) != std::string::npos);
    }
  }

  TEST_CASE("answers that are no upgrade are refused with what was said instead") {
    struct Row {
      std::string answer;
      const char* detail;
    };
    const std::vector<Row> rows{
        {"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "HTTP 429"},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
         "not a websocket's answer"},
        {"not HTTP at all\r\n\r\n", ""},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'), ""},
    };
    for (const Row& row : rows) {
      TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                     connection.read_head();
                     connection.write(row.answer);
                     connection.wait_for_end();
                   }};
      Client client{peer.port()};
      client.run();
      CHECK_FALSE(client.recorder.opened);
      CHECK(client.recorder.cause == CloseCause::UpgradeRefused);
      CAPTURE(client.recorder.detail);
      CHECK(client.recorder.detail.find(row.detail) != std::string::npos);
    }
  }

  TEST_CASE("a peer that never answers costs the opening time, and the step is named") {
    TlsPeer peer{authority().issue(), [](PeerConnection& connection) { connection.wait_for_end(); }};
    Client client{peer.port(), "localhost", {.open = 50ms}};
    client.run();
    CHECK(client.recorder.cause == CloseCause::OpenTimeout);
    CHECK(client.recorder.detail == "upgrade");
  }

  TEST_CASE("nobody at the port and no such name are told apart") {
    std::uint16_t free_port = 0;
    {
      free_port = TlsPeer{authority().issue(), [](PeerConnection&) {}}.port();
    }
    Client nobody{free_port};
    nobody.run();
    CHECK(nobody.recorder.cause == CloseCause::ConnectFailed);
    Client nameless{443, "no-such-host.invalid"};
    nameless.run();
    CHECK(nameless.recorder.cause == CloseCause::ResolveFailed);
  }

  TEST_CASE("a close that the peer does not answer ends all the same") {
    TlsPeer peer{authority().issue(), [](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.wait_for_end();
                 }};
    Client client{peer.port(), "localhost", {.close = 20ms}};
    client.recorder.when_open = [&] { client.socket.close("stopped"); };
    client.run();
    CHECK(client.recorder.cause == CloseCause::Requested);
    CHECK(client.recorder.detail == "stopped");
  }

  TEST_CASE("giving up while opening is a close like any other") {
    TlsPeer peer{authority().issue(), [](PeerConnection& connection) { connection.wait_for_end(); }};
    Client client{peer.port()};
    client.socket.open();
    client.socket.close("changed my mind");
    CHECK(run_until(client.io, [&] { return client.recorder.closings > 0; }));
    CHECK(client.recorder.cause == CloseCause::Requested);
    CHECK(client.socket.idle());
  }

  TEST_CASE("a queue of unsent frames is bounded") {
    TlsPeer peer{authority().issue(), [](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.wait_for_end();
                 }};
    Client client{peer.port(), "localhost", {.queued_bytes = 1'000}};
    client.recorder.when_open = [&] {
      client.socket.send(std::string(900, 'x'));
      client.socket.send(std::string(900, 'y'));
      client.socket.send("dropped");
    };
    client.run();
    CHECK(client.recorder.cause == CloseCause::SendQueueFull);
    CHECK(client.socket.counters().sent_frames == 1);
  }

  TEST_CASE("a client destroyed with its connection open tells nobody") {
    TlsPeer peer{authority().issue(), [](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.wait_for_end();
                 }};
    boost::asio::io_context io{1};
    TlsContext tls{authority().file()};
    Recorder recorder;
    {
      WebsocketClient client{io, tls, {.host = "localhost", .port = peer.port(), .path = "/"}, {}, recorder};
      client.open();
      CHECK(run_until(io, [&] { return recorder.opened; }));
    }
    io.restart();
    io.run();
    CHECK(recorder.closings == 0);
  }
}

TEST_SUITE("system/https_client") {
  TEST_CASE("a request is sent as asked and its response comes back whole") {
    std::string head;
    std::string body;
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   head = connection.read_head();
                   body = connection.read_exactly(7);
                   connection.write("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nX-Answer: yes\r\n\r\nhello");
                   connection.wait_for_end();
                 }};
    TlsContext tls{authority().file()};
    const HttpsResult answer = https_request(&tls, {.method = HttpsMethod::Post,
                                                    .host = "localhost",
                                                    .port = peer.port(),
                                                    .target = "/api/v2/alerts?x=1",
                                                    .headers = {{"Content-Type", "application/json"}},
                                                    .body = "{\"a\":1}"});
    REQUIRE(answer.ok());
    CHECK(answer.value().status == 202);
    CHECK(answer.value().body == "hello");
    CHECK(answer.value().header("x-answer") == "yes");
    CHECK(answer.value().header("absent").empty());
    CHECK(head.starts_with("POST /api/v2/alerts?x=1 HTTP/1.1\r\n"));
    CHECK(head.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(body == "{\"a\":1}");
  }

  TEST_CASE("what goes wrong has a name") {
    struct Row {
      std::string answer;
      HttpsFault fault;
    };
    const std::vector<Row> rows{
        {"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2'000, 'x'), HttpsFault::BodyTooLarge},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", HttpsFault::ReadFailed},
        {"garbage\r\n\r\n", HttpsFault::BadResponse},
    };
    TlsContext tls{authority().file()};
    for (const Row& row : rows) {
      TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                     connection.read_head();
                     connection.write(row.answer);
                   }};
      const HttpsResult answer = https_request(&tls, {.host = "localhost", .port = peer.port()}, {.body_bytes = 1'000});
      CAPTURE(row.answer);
      REQUIRE_FALSE(answer.ok());
      CAPTURE(answer.error().detail);
      CHECK(answer.error().fault == row.fault);
    }
    TlsPeer silent{authority().issue(), [](PeerConnection& connection) { connection.wait_for_end(); }};
    const HttpsResult late = https_request(&tls, {.host = "localhost", .port = silent.port()}, {.timeout = 50ms});
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().fault == HttpsFault::Timeout);
    CHECK(late.error().detail == "response");
  }

  TEST_CASE("a session keeps its connection, and opens another one when the other side has closed it") {
    std::vector<std::string> heads;
    int connections = 0;
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   ++connections;
                   for (int request = 0; request < 2; ++request) {
                     heads.push_back(connection.read_head());
                     connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                   }
                 }};
    TlsContext tls{authority().file()};
    HttpsSession session{&tls};
    for (int request = 0; request < 5; ++request) {
      CAPTURE(request);
      const HttpsResult answer =
          session.request({.host = "localhost", .port = peer.port(), .target = "/" + std::to_string(request)});
      REQUIRE(answer.ok());
      CHECK(answer.value().body == "ok");
    }
    CHECK(connections == 3);
    REQUIRE(heads.size() == 5);
    for (std::size_t request = 0; request < heads.size(); ++request) {
      CHECK(heads[request].starts_with("GET /" + std::to_string(request) + " HTTP/1.1\r\n"));
      CHECK(heads[request].find("Connection: keep-alive\r\n") != std::string::npos);
    }
  }

  TEST_CASE("a session gives a connection up that the other side wants closed, or that has failed") {
    int connections = 0;
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   ++connections;
                   connection.read_head();
                   connection.write(connections == 2 ? "garbage\r\n\r\n"
                                                     : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                   connection.wait_for_end();
                 }};
    TlsContext tls{authority().file()};
    HttpsSession session{&tls};
    const auto ask = [&] { return session.request({.host = "localhost", .port = peer.port()}); };
    CHECK(ask().ok());
    const HttpsResult bad = ask();
    REQUIRE_FALSE(bad.ok());
    CHECK(bad.error().fault == HttpsFault::BadResponse);
    CHECK(ask().ok());
    CHECK(connections == 3);
    HttpsSession plain{nullptr};
    const HttpsResult without_context = plain.request({.host = "localhost", .port = peer.port()});
    REQUIRE_FALSE(without_context.ok());
    CHECK(without_context.error().fault == HttpsFault::TlsFailed);
  }

  TEST_CASE("plain text stays on loopback, and a request cannot smuggle headers") {
    const HttpsResult outside = https_request(nullptr, {.host = "192.0.2.1", .port = 80, .tls = false});
    REQUIRE_FALSE(outside.ok());
    CHECK(outside.error().fault == HttpsFault::PlainTextRefused);
    for (const HttpsRequest& bad : {HttpsRequest{.host = "localhost", .target = "/x HTTP/1.1\r\nA: b", .tls = false},
                                    HttpsRequest{.host = "localhost", .headers = {{"A", "b\r\nC: d"}}, .tls = false}}) {
      const HttpsResult refused = https_request(nullptr, bad);
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().fault == HttpsFault::BadRequest);
    }
    const HttpsResult without_context = https_request(nullptr, {.host = "localhost"});
    REQUIRE_FALSE(without_context.ok());
    CHECK(without_context.error().fault == HttpsFault::TlsFailed);
  }
}

namespace {

/// Says hello, turns each frame into a fill, and follows a script of closings.
class ScriptedSession final : public VenueSession {
 public:
  struct Log {
    std::vector<std::string> closings;
    int opens = 0;
    int deadlines = 0;
    std::vector<InstrumentId> lost;
  };
  explicit ScriptedSession(Log& log) : log_{log} {}

  void on_open(SessionTime now, EventBatch& events, SessionActions& actions) override {
    ++log_.opens;
    actions.send.emplace_back("hello");
    deadline_ = now.mono + 1ms;
    reconnect_at_.reset();
    status(FeedPhase::Live, now, events);
  }
  void on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) override {
    const std::string_view text{reinterpret_cast<const char*>(frame.data()), frame.size()};
    if (text == "close me") {
      actions.close = true;
      actions.close_reason = "session_wish";
      return;
    }
    Event event{.header = {.received = now.mono}, .body = Fill{}};
    if (text == "book") event.body = BookBegin{};
    static_cast<void>(events.push(event));
  }
  void on_closed(std::string_view reason, SessionTime now, EventBatch& events) override {
    log_.closings.emplace_back(reason);
    deadline_.reset();
    reconnect_at_ = now.mono + 1ms;
    status(FeedPhase::Down, now, events);
  }
  void on_deadline(SessionTime, EventBatch&, SessionActions& actions) override {
    ++log_.deadlines;
    deadline_.reset();
    actions.send.emplace_back("deadline");
  }
  void on_books_lost(std::span<const InstrumentId> books, SessionTime, EventBatch&, SessionActions& actions) override {
    log_.lost.assign(books.begin(), books.end());
    actions.send.emplace_back("resync");
  }
  std::optional<MonoTime> deadline() const override { return deadline_; }
  std::optional<MonoTime> reconnect_at() const override { return reconnect_at_; }
  void want(std::string_view) override {}
  SessionNotices& notices() override { return notices_; }

 private:
  static void status(FeedPhase phase, SessionTime now, EventBatch& events) {
    static_cast<void>(events.push({.header = {.received = now.mono}, .body = FeedStatus{.phase = phase}}));
  }

  Log& log_;
  SessionNotices notices_;
  std::optional<MonoTime> deadline_;
  std::optional<MonoTime> reconnect_at_;
};

class RecordingSink final : public EventSink {
 public:
  Delivery deliver(const EventBatch& batch) override {
    bool book = false;
    for (const Event& event : batch.events()) {
      if (const auto* status = std::get_if<FeedStatus>(&event.body)) phases.push_back(status->phase);
      if (std::holds_alternative<Fill>(event.body)) ++fills;
      book = book || std::holds_alternative<BookBegin>(event.body);
    }
    if (fills >= break_at) {
      break_at = 1'000'000;
      return {.outcome = DeliveryOutcome::Broken, .lost_books = {}};
    }
    if (!book) return {};
    return {.outcome = DeliveryOutcome::Conflated, .lost_books = lost_};
  }
  bool flush() override {
    ++flushes;
    return true;
  }

  std::vector<FeedPhase> phases;
  int fills = 0;
  int flushes = 0;
  int break_at = 1'000'000;

 private:
  std::vector<InstrumentId> lost_{InstrumentId{77}};
};

struct Feed {
  explicit Feed(std::uint16_t port)
      : connection{io,
                   tls,
                   {.endpoint = {.host = "localhost", .port = port, .path = "/"}, .limits = {.close = 1s}},
                   std::make_unique<ScriptedSession>(log),
                   sink} {}

  void stop() {
    bool stopped = false;
    connection.stop([&stopped] { stopped = true; });
    CHECK(run_until(io, [&stopped] { return stopped; }));
  }

  boost::asio::io_context io{1};
  TlsContext tls{authority().file()};
  ScriptedSession::Log log;
  RecordingSink sink;
  FeedConnection connection;
};

}  // namespace

TEST_SUITE("system/feed_connection") {
  TEST_CASE("a session is opened, fed, obeyed, reopened and stopped in order") {
    int connections = 0;
    std::vector<std::string> heard;
    std::string goodbye;
    {
      TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                     connection.accept_websocket();
                     const bool first = ++connections == 1;
                     if (first) {
                       heard.push_back(connection.read_frame().payload);
                       heard.push_back(connection.read_frame().payload);
                       connection.write(server_frame(kText, "1") + server_frame(kText, "2") + server_frame(kText, "close me") +
                                        server_frame(kText, "not shown any more"));
                     } else {
                       connection.write(server_frame(kText, "3"));
                       connection.read_frame();
                     }
                     auto frame = connection.read_frame();
                     while (frame.opcode != 8) frame = connection.read_frame();
                     goodbye = frame.payload.substr(2);
                     connection.write(server_frame(kClose, frame.payload));
                     connection.wait_for_end();
                   }};
      Feed feed{peer.port()};
      feed.connection.start();
      CHECK(run_until(feed.io, [&] { return feed.sink.fills == 3; }));
      feed.stop();
      CHECK(feed.log.opens == 2);
      CHECK(feed.log.deadlines >= 1);
      CHECK(feed.log.closings == std::vector<std::string>{"session_wish", "stopped"});
      CHECK(feed.sink.phases == std::vector<FeedPhase>{FeedPhase::Live, FeedPhase::Down, FeedPhase::Live, FeedPhase::Down});
      CHECK(feed.connection.counters().reconnects == 1);
      CHECK(feed.connection.counters().session_closes == 1);
      CHECK(feed.connection.counters().events == 7);
      feed.stop();  // again: answers at once
    }
    CHECK(heard == std::vector<std::string>{"hello", "deadline"});
    CHECK(goodbye == "stopped");
    CHECK(connections == 2);
  }

  TEST_CASE("a session is told of books lost on the way, and its request goes out") {
    std::string request_heard;
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.write(server_frame(kText, "book"));
                   while (request_heard != "resync") request_heard = connection.read_frame().payload;
                   connection.write(server_frame(kText, "fill"));
                   connection.wait_for_end();
                 }};
    Feed feed{peer.port()};
    feed.connection.start();
    CHECK(run_until(feed.io, [&] { return feed.sink.fills == 1; }));
    CHECK(feed.log.lost == std::vector<InstrumentId>{InstrumentId{77}});
    CHECK(feed.connection.counters().lost_books == 1);
  }

  TEST_CASE("what is held back is tried again without any frame") {
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.write(server_frame(kText, "book"));
                   connection.wait_for_end();
                 }};
    Feed feed{peer.port()};
    feed.connection.start();
    CHECK(run_until(feed.io, [&] { return feed.sink.flushes > 0; }));
  }

  TEST_CASE("a broken way closes the connection, and the session comes back") {
    TlsPeer peer{authority().issue(), [&](PeerConnection& connection) {
                   connection.accept_websocket();
                   connection.write(server_frame(kText, "fill"));
                   connection.wait_for_end();
                 }};
    Feed feed{peer.port()};
    feed.sink.break_at = 1;
    feed.connection.start();
    CHECK(run_until(feed.io, [&] { return feed.log.opens == 2; }));
    REQUIRE(feed.log.closings.size() == 1);
    CHECK(feed.log.closings[0] == "overflow");
    CHECK(feed.connection.counters().overflows == 1);
  }

  TEST_CASE("a venue that cannot be reached is tried again, and the session hears why") {
    std::uint16_t free_port = 0;
    {
      free_port = TlsPeer{authority().issue(), [](PeerConnection&) {}}.port();
    }
    Feed feed{free_port};
    feed.connection.start();
    CHECK(run_until(feed.io, [&] { return feed.log.closings.size() >= 3; }));
    CHECK(feed.log.closings[0].starts_with("connect_failed"));
    feed.stop();
    CHECK(feed.connection.socket_counters().opens == 0);
  }
}

}  // namespace hedgewatch
