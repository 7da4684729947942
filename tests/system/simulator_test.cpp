#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/exchange_bench.hpp"
#include "feeds/simulator/server.hpp"
#include "feeds/transport/clock.hpp"
#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "feeds/transport/websocket_client.hpp"

namespace hedgewatch {

using namespace std::chrono_literals;
using simulator::SimulatedExchangeServer;
using testing::ExchangeBench;

namespace {

std::unique_ptr<SimulatedExchangeServer> started(std::size_t most_queued_frames = 50'000) {
  auto server = std::make_unique<SimulatedExchangeServer>(
      simulator::SimulatedExchangeOptions{.clock = mono_now, .most_queued_frames = most_queued_frames},
      std::make_unique<simulator::DeribitExchange>(ExchangeBench::config(), ExchangeBench::synthetic()));
  server->start();
  return server;
}

class Client final : public WebsocketListener {
 public:
  explicit Client(const SimulatedExchangeServer& server, const std::string& path = "/ws/api/v2")
      : tls_{server.ca_file()}, socket_{io_, tls_, {.host = "localhost", .port = server.port(), .path = path}, {}, *this} {
    socket_.open();
  }

  void on_open(SessionTime) override { opened = true; }
  void on_frame(simdjson::padded_string_view frame, SessionTime) override {
    frames.emplace_back(reinterpret_cast<const char*>(frame.data()), frame.size());
  }
  void on_read_end(SessionTime) override {}
  void on_closed(CloseCause why, std::string_view text, SessionTime) override {
    closed = true;
    cause = why;
    detail = text;
  }

  void send(std::string_view text) { socket_.send(text); }
  /// Runs the loop until the condition holds. False after a patience that only a hang uses up.
  bool until(const std::function<bool()>& condition) {
    const MonoTime end = mono_now() + 15s;
    while (!condition() && mono_now() < end) {
      io_.restart();
      io_.run_for(5ms);
    }
    return condition();
  }
  [[nodiscard]] bool saw(std::string_view part) const {
    for (const std::string& frame : frames)
      if (frame.find(part) != std::string::npos) return true;
    return false;
  }

  bool opened = false;
  bool closed = false;
  CloseCause cause = CloseCause::Requested;
  std::string detail;
  std::vector<std::string> frames;

 private:
  boost::asio::io_context io_{1};
  TlsContext tls_;
  WebsocketClient socket_;
};

HttpsResponse ask(const SimulatedExchangeServer& server, const std::string& target, HttpsMethod method = HttpsMethod::Get,
                  const std::string& body = {}) {
  TlsContext tls{server.ca_file()};
  auto response =
      https_request(&tls, {.method = method, .host = "127.0.0.1", .port = server.port(), .target = target, .body = body});
  if (!response.ok()) FAIL(response.error().detail);
  return std::move(response).value();
}

}  // namespace

TEST_SUITE("system/simulator") {
  TEST_CASE("a verified websocket subscribes and is fed") {
    const auto server = started();
    Client client{*server};
    REQUIRE(client.until([&] { return client.opened; }));
    client.send(
        R"({"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{"channels":["ticker.BTC-PERPETUAL.100ms","book.BTC-PERPETUAL.100ms"]}})");
    CHECK(client.until([&] { return client.frames.size() > 10; }));
    CHECK(client.saw(R"("id":1,"result")"));
    CHECK(client.saw(R"("type":"snapshot")"));
    CHECK(client.saw(R"("type":"change")"));
  }

  TEST_CASE("queries over HTTPS are answered, to the address as to the name, and other paths are not") {
    const auto server = started();
    const HttpsResponse time = ask(*server, "/api/v2/public/get_time");
    CHECK(time.status == 200);
    CHECK(testing::integer_at(time.body, "/result") >= 1'772'625'600'000);
    CHECK(ask(*server, "/elsewhere").status == 404);
    CHECK(ask(*server, "/control/state").status == 200);
    CHECK(server->websocket_url() == "wss://localhost:" + std::to_string(server->port()) + "/ws/api/v2");
  }

  TEST_CASE("a websocket at another path is refused") {
    const auto server = started();
    Client client{*server, "/elsewhere"};
    REQUIRE(client.until([&] { return client.closed; }));
    CHECK(client.cause == CloseCause::UpgradeRefused);
  }

  TEST_CASE("a cut over the control address reaches the client, which can come back") {
    const auto server = started();
    Client client{*server};
    REQUIRE(client.until([&] { return client.opened; }));
    CHECK(ask(*server, "/control/faults", HttpsMethod::Post, R"({"fault":"disconnect"})").status == 200);
    CHECK(client.until([&] { return client.closed; }));
    Client again{*server};
    CHECK(again.until([&] { return again.opened; }));
  }

  TEST_CASE("too many requests end the connection with the error and the reason") {
    const auto server = started();
    Client client{*server};
    REQUIRE(client.until([&] { return client.opened; }));
    for (int i = 0; i < 300; ++i) client.send(R"({"jsonrpc":"2.0","id":1,"method":"public/get_time","params":{}})");
    REQUIRE(client.until([&] { return client.closed; }));
    CHECK(client.saw("10028"));
    CHECK(client.cause == CloseCause::PeerClosed);
    CHECK(client.detail.find("too_many_requests") != std::string::npos);
  }

  TEST_CASE("a client that does not keep up is cut, instead of being queued for without end") {
    const auto server = started(2);
    Client client{*server};
    REQUIRE(client.until([&] { return client.opened; }));
    std::string channels;
    for (const char* depth : {"1", "10", "20"})
      for (const char* coin : {"BTC", "ETH"})
        channels += std::string{R"("book.)"} + coin + "-PERPETUAL.none." + depth + R"(.100ms",)";
    client.send(R"({"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{"channels":[)" + channels +
                R"("platform_state"]}})");
    CHECK(client.until([&] { return client.closed; }));
  }

  TEST_CASE("stopping cuts the clients and takes the certificate's file away") {
    auto server = started();
    const std::filesystem::path file = server->ca_file();
    CHECK(std::filesystem::exists(file));
    Client client{*server};
    REQUIRE(client.until([&] { return client.opened; }));
    server->stop();
    CHECK(client.until([&] { return client.closed; }));
    CHECK_FALSE(std::filesystem::exists(file));
  }

  TEST_CASE("a taken port is told") {
    const auto first = started();
    SimulatedExchangeServer second{
        {.port = first->port(), .clock = mono_now},
        std::make_unique<simulator::DeribitExchange>(ExchangeBench::config(), ExchangeBench::synthetic())};
    CHECK_THROWS_AS(second.start(), std::runtime_error);
  }
}

}  // namespace hedgewatch
