#include "daemon/reload_check.hpp"

#include <doctest/doctest.h>

namespace hedgewatch {

namespace {

Config config() {
  Config result;
  result.venues.emplace_back();
  result.venues.front().endpoint.host = "exchange.example";
  result.venues.front().watch = {{Venue::Deribit, "BTC-PERPETUAL"}};
  result.accounts.push_back(
      {.name = "main", .venue = Venue::Deribit, .client_id = "id", .secret_credential = "key", .secret_file = {}});
  return result;
}

}  // namespace

TEST_SUITE("daemon/reload_check") {
  TEST_CASE("books, hedges, limits and single instruments to watch change while running") {
    Config next = config();
    next.books.emplace_back().name = "main";
    next.hedges.emplace_back().name = "delta";
    next.venues.front().market_data_max_age = std::chrono::seconds{3};
    next.venues.front().watch.push_back({Venue::Deribit, "ETH-PERPETUAL"});
    next.daemon.log_level = LogLevel::Debug;
    const ReloadVerdict verdict = check_reload(config(), next);
    CHECK(verdict.refused.empty());
    CHECK(verdict.delayed.empty());
  }

  TEST_CASE("threads and the listener wait for a restart") {
    Config next = config();
    next.http.port = 1;
    next.http.tls.certificate_file = "/etc/hedgewatch/listener.pem";
    next.daemon.feeds = FeedPlace::EngineThread;
    next.daemon.engine_cpu = 1;
    next.daemon.lock_memory = true;
    const ReloadVerdict verdict = check_reload(config(), next);
    CHECK(verdict.refused.empty());
    REQUIRE(verdict.delayed.size() == 5);
    CHECK(verdict.delayed[0] == "daemon.feeds changed: takes effect after a restart");
    CHECK(verdict.delayed[1] == "daemon.engine_cpu changed: takes effect after a restart");
    CHECK(verdict.delayed[2] == "daemon.lock_memory changed: takes effect after a restart");
    CHECK(verdict.delayed[3] == "http.port changed: takes effect after a restart");
    CHECK(verdict.delayed[4] == "http.tls_certificate_file changed: takes effect after a restart");
  }

  TEST_CASE("another exchange or account refuses the whole configuration") {
    Config next = config();
    next.venues.front().endpoint.host = "elsewhere.example";
    next.accounts.front().name = "other";
    const ReloadVerdict verdict = check_reload(config(), next);
    REQUIRE(verdict.refused.size() == 2);
    CHECK(verdict.refused[0] == "venue[0].endpoint changed: restart to use it; nothing of the new configuration is in force");
    CHECK(verdict.refused[1].starts_with("account[0].name changed"));
    next = config();
    next.accounts.clear();
    CHECK(check_reload(config(), next).refused.size() == 1);
    next = config();
    next.venues.front().watch.push_back({Venue::Deribit, "BTC-*"});
    REQUIRE(check_reload(config(), next).refused.size() == 1);
    CHECK(check_reload(config(), next).refused[0].starts_with("venue[0].watch has a new pattern with *"));
  }
}

}  // namespace hedgewatch
