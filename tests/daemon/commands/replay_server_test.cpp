#include "daemon/commands/replay_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "daemon/exposition/exposition_text.hpp"
#include "daemon/exposition/tcp_client.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kMoment{1'764'057'300s};

Engine engine_of_two_cycles() {
  EngineSetup setup;
  setup.venues = {{.venue = Venue::Deribit, .market_data_max_age = 10s}};
  setup.accounts = {"main"};
  setup.connections = {"market"};
  setup.connection_venues = {Venue::Deribit};
  Engine engine{std::move(setup)};
  engine.end_cycle(MonoTime{1s});
  engine.end_cycle(MonoTime{2s});
  return engine;
}

testing::HttpAnswer get(const ReplayServer& server, std::string_view path) {
  return testing::http_request(server.port(), "GET", path);
}

}  // namespace

TEST_SUITE("daemon/commands/replay_server") {
  TEST_CASE("a scrape is answered while the replay waits, with the figures and the moment") {
    const Engine engine = engine_of_two_cycles();
    ReplayServer server{0};
    CHECK(get(server, "/-/ready").status == 503);
    std::atomic<bool> done{false};
    std::thread replay{[&] {
      while (!done) server.show(kMoment, engine, 50ms);
    }};
    testing::HttpAnswer answer = get(server, "/metrics");
    for (int attempt = 0; attempt < 100 && answer.body.find("hedgewatch_feeds_down") == std::string::npos; ++attempt)
      answer = get(server, "/metrics");
    CHECK(answer.status == 200);
    const testing::Exposition seen = testing::parse_exposition(answer.body);
    CHECK(seen.samples.at("hedgewatch_replay_time_seconds") == 1'764'057'300);
    CHECK(answer.body.find("hedgewatch_feeds_down{") != std::string::npos);
    CHECK(get(server, "/-/ready").status == 200);
    done = true;
    replay.join();
  }

  TEST_CASE("there is nothing to be changed in a replay") {
    const ReplayServer server{0};
    CHECK(get(server, "/-/healthy").status == 200);
    for (const char* const path : {"/-/reload", "/-/acknowledge", "/-/override", "/"})
      CHECK_MESSAGE(testing::http_request(server.port(), "POST", path, "Content-Length: 0\r\n").status == 404, path);
  }

  TEST_CASE("a port that is taken is an error") {
    const ReplayServer first{0};
    CHECK_THROWS(ReplayServer{first.port()});
  }
}
