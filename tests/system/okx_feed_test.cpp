#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>

#include "feeds/simulator/okx_exchange.hpp"
#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/daemon_fixture.hpp"

// The daemon against OKX's simulated protocol: sockets, TLS, threads and figures.

namespace hedgewatch {

namespace {

using testing::Daemon;
using testing::eventually;
using testing::Exposition;
using testing::TemporaryFolder;

constexpr std::string_view kPublic = R"({connection="okx",venue="okx"})";
constexpr std::string_view kPrivate = R"({connection="okx/main",venue="okx"})";

simulator::OkxExchangeConfig one_coin(bool may_trade = false) {
  const auto content = testing::small_market();
  simulator::OkxExchangeConfig config{.seed = content.market.seed};
  config.market = content.market;
  config.account = content.account;
  config.keys = {{std::string{testing::kClientId}, std::string{testing::kClientSecret}, may_trade, "open-sesame"}};
  config.account_interval = std::chrono::seconds{1};
  return config;
}

/// A daemon that follows the exchange's market and account, with the account as a book.
class OkxDesk {
 public:
  explicit OkxDesk(simulator::OkxExchangeConfig config = one_coin())
      : server_{{.clock = mono_now}, std::make_unique<simulator::OkxExchange>(std::move(config))} {
    server_.start();
    tls_ = std::make_unique<TlsContext>(server_.ca_file());
    const std::string address = "localhost:" + std::to_string(server_.port());
    std::string text = "[http]\nlisten = \"127.0.0.1:0\"\n\n[[venue]]\nkind = \"okx\"\nnetwork = \"testnet\"\n";
    text += "currencies = [\"BTC\"]\nendpoint = \"wss://" + address + "\"\nrest_endpoint = \"https://" + address + "\"\n";
    text += "ca_file = \"" + server_.ca_file().string() + "\"\nmarket_data_max_age = \"3s\"\nbooks = [\"okx:BTC-USD-SWAP\"]\n";
    text += "\n[[account]]\nname = \"main\"\nvenue = \"okx\"\nclient_id = \"" + std::string{testing::kClientId} + "\"\n";
    text += "secret_file = \"" + folder_.write("secret", testing::kClientSecret) + "\"\n";
    text += "passphrase_file = \"" + folder_.write("passphrase", "open-sesame") + "\"\n";
    text += "\n[[book]]\nname = \"account\"\nrules = [{ accounts = [\"main\"] }]\nequity = [{ account = \"main\", share = 1.0 }]\n";
    daemon_ = std::make_unique<Daemon>(folder_.write("hedgewatch.toml", text));
    daemon_->start();
  }

  [[nodiscard]] Daemon& daemon() { return *daemon_; }
  void begin(const std::string& json) {
    HttpsRequest request{.method = HttpsMethod::Post, .host = "localhost", .port = server_.port(), .target = "/control/faults"};
    request.body = json;
    const auto answer = https_request(tls_.get(), request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }
  [[nodiscard]] double count(std::string_view figure, std::string_view labels = kPublic) {
    return daemon_->scrape().value(std::string{figure} + std::string{labels}).value_or(0);
  }
  [[nodiscard]] static std::optional<double> delta(const Exposition& seen, std::string_view view = "black_scholes") {
    return seen.value("hedgewatch_book_delta_coins{book=\"account\",underlying=\"BTC\",view=\"" + std::string{view} + "\"}");
  }
  [[nodiscard]] static bool live(const Exposition& seen, std::string_view labels = kPublic) {
    return seen.value("hedgewatch_feed_live" + std::string{labels}) == 1;
  }
  [[nodiscard]] static bool whole(const Exposition& seen) { return live(seen) && live(seen, kPrivate) && delta(seen).has_value(); }
  void check_whole() {
    const bool is_whole = eventually([this] { return whole(daemon_->scrape()); });
    CAPTURE(daemon_->log_text());
    REQUIRE(is_whole);
  }
  [[nodiscard]] bool said(std::string_view words) {
    return eventually([&] { return daemon_->log_text().find(words) != std::string::npos; });
  }

 private:
  TemporaryFolder folder_;
  simulator::SimulatedExchangeServer server_;
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace

TEST_SUITE("system/okx_feed") {
  TEST_CASE("an account at OKX: live, its delta and Greeks are there and agree with the venue's own") {
    OkxDesk desk;
    desk.check_whole();
    const bool ready = desk.daemon().becomes_ready();
    CAPTURE(desk.daemon().get("/-/ready").body);
    CAPTURE(desk.daemon().log_text());
    REQUIRE(ready);
    const auto greek = [](std::string_view which) {
      return "hedgewatch_reconcile_greek_difference{account=\"main\",asset=\"BTC\",greek=\"" + std::string{which} +
             "\",venue=\"okx\"}";
    };
    // In the venue's own convention, from the spot. Its statement is of the marks of one moment: what we hold may be of another.
    Exposition seen;
    double vega = 0;
    double theta = 0;
    const bool agrees = eventually([&] {
      seen = desk.daemon().scrape();
      vega = seen.value(R"(hedgewatch_book_vega_usd_per_vol_point{book="account",underlying="BTC"})").value_or(0);
      theta = seen.value(R"(hedgewatch_book_theta_usd_per_day{book="account",underlying="BTC"})").value_or(0);
      return seen.value(greek("gamma")) && std::abs(seen.value(greek("vega")).value_or(1e9)) < 0.001 * std::abs(vega) &&
             std::abs(seen.value(greek("theta")).value_or(1e9)) < 0.002 * std::abs(theta);
    });
    CAPTURE(vega);
    CAPTURE(theta);
    CAPTURE(seen.value(greek("gamma")).value_or(1e9));
    CAPTURE(seen.value(greek("vega")).value_or(1e9));
    CAPTURE(seen.value(greek("theta")).value_or(1e9));
    CHECK(agrees);
    // Sold straddles: short vega, and paid for the waiting.
    CHECK(vega < 0);
    CHECK(theta > 0);
    CHECK(seen.value(R"(hedgewatch_reconcile_position_mismatches{account="main",venue="okx"})") == 0);
    for (const char* view : {"net_transaction", "with_equity"})
      CHECK(eventually([&] { return OkxDesk::delta(desk.daemon().scrape(), view).has_value(); }));
    CHECK(seen.value(R"(hedgewatch_spread_ratio{instrument="BTC-USD-SWAP",venue="okx"})").value_or(0) > 0);
    for (const auto& [key, value] : seen.samples) {
      CAPTURE(key);
      if (key.starts_with("hedgewatch_feed_decode_errors_total")) CHECK(value == 0);
    }
    const std::string log = desk.daemon().log_text();
    CHECK(log.find(testing::kClientSecret) == std::string::npos);
    CHECK(log.find("open-sesame") == std::string::npos);
  }

  TEST_CASE("a topic that the venue refuses is told and costs its own figure alone") {
    OkxDesk desk;
    desk.check_whole();
    desk.begin(R"({"faults":"refused_channel/books:BTC-USD-SWAP,gap/books:BTC-USD-SWAP"})");
    CHECK(desk.said("topics were not granted: 1: books:BTC-USD-SWAP"));
    CHECK(desk.count("hedgewatch_feed_gaps_total") >= 1);
    const Exposition seen = desk.daemon().scrape();
    CHECK_FALSE(seen.value(R"(hedgewatch_spread_ratio{instrument="BTC-USD-SWAP",venue="okx"})").has_value());
    CHECK(OkxDesk::whole(seen));
  }

  TEST_CASE("a stream that falls silent makes its figures stale, is left and found again") {
    OkxDesk desk;
    desk.check_whole();
    desk.begin(R"({"fault":"silence","duration":"17s"})");
    CHECK(eventually([&] { return !OkxDesk::delta(desk.daemon().scrape()).has_value(); }));
    CHECK(eventually([&] { return !OkxDesk::live(desk.daemon().scrape()); }));
    desk.check_whole();
    CHECK(desk.count("hedgewatch_feed_reconnects_total") >= 1);
  }

  TEST_CASE("a connection without pings is cut by the venue when nothing else comes, and opened again") {
    auto config = one_coin();
    config.idle_limit = std::chrono::seconds{2};
    config.account_interval = std::chrono::hours{1};
    config.account.option_fills_per_minute = 0;
    config.account.hedge_band_ratio = 10;
    OkxDesk desk{config};
    CHECK(desk.said("4004 No data received in 30s."));
    CHECK(eventually([&] { return desk.count("hedgewatch_feed_reconnects_total", kPrivate) >= 2; }));
    // Market data comes all the time: that connection needs no ping.
    CHECK(desk.count("hedgewatch_feed_reconnects_total") == 0);
  }

  TEST_CASE("a notice of an upgrade, and a cut without one: both connections come back") {
    OkxDesk desk;
    desk.check_whole();
    desk.begin(R"({"fault":"upgrade","duration":"30s"})");
    CHECK(desk.said("the venue announces that it will end this connection"));
    CHECK(eventually([&] {
      return desk.count("hedgewatch_feed_reconnects_total") >= 1 && desk.count("hedgewatch_feed_reconnects_total", kPrivate) >= 1;
    }));
    desk.check_whole();
    desk.begin(R"({"fault":"disconnect","duration":"1s"})");
    CHECK(eventually([&] { return !OkxDesk::delta(desk.daemon().scrape()).has_value(); }));
    desk.check_whole();
  }

  TEST_CASE("a login that became void is made anew, and market data goes on") {
    OkxDesk desk;
    desk.check_whole();
    desk.begin(R"({"fault":"token_expiry"})");
    CHECK(eventually([&] { return desk.count("hedgewatch_feed_reconnects_total", kPrivate) >= 1; }));
    desk.check_whole();
    CHECK(desk.count("hedgewatch_feed_reconnects_total") == 0);
  }

  TEST_CASE("asked too often, it backs off and comes back") {
    OkxDesk desk;
    desk.check_whole();
    desk.begin(R"({"faults":"disconnect,rate_limit:2s"})");
    CHECK(eventually([&] {
      return desk.count("hedgewatch_feed_rate_limits_total") + desk.count("hedgewatch_feed_rate_limits_total", kPrivate) >= 1;
    }));
    desk.check_whole();
  }

  TEST_CASE("under maintenance nothing is fresh, and it is over when the venue says so") {
    OkxDesk desk;
    desk.check_whole();
    desk.begin(R"({"fault":"maintenance","duration":"4s"})");
    CHECK(eventually([&] {
      const Exposition seen = desk.daemon().scrape();
      return !OkxDesk::live(seen) && !OkxDesk::delta(seen).has_value();
    }));
    desk.check_whole();
    CHECK(desk.said("the venue's maintenance is over"));
  }

  TEST_CASE("a key that may trade is refused, and no figure of its account is shown") {
    OkxDesk desk{one_coin(true)};
    CHECK(desk.said("the key may do more than read: a monitor must not hold it"));
    CHECK(eventually([&] { return OkxDesk::live(desk.daemon().scrape()); }));
    const Exposition seen = desk.daemon().scrape();
    CHECK_FALSE(OkxDesk::live(seen, kPrivate));
    CHECK_FALSE(OkxDesk::delta(seen).has_value());
  }
}

}  // namespace hedgewatch
