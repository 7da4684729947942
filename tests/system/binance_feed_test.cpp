#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <string_view>

#include "feeds/simulator/binance_exchange.hpp"
#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch {

namespace {

using testing::Daemon;
using testing::eventually;
using testing::Exposition;
using testing::TemporaryFolder;

constexpr std::string_view kChain = R"({connection="binance-options_market",venue="binance"})";
constexpr std::string_view kQuotes = R"({connection="binance-usd_margined_public",venue="binance"})";
constexpr std::string_view kMarks = R"({connection="binance-usd_margined_market",venue="binance"})";
constexpr std::string_view kSpot = R"({connection="binance-spot",venue="binance"})";
constexpr std::string_view kFutures = R"({connection="binance/futures",venue="binance"})";
constexpr std::string_view kOptions = R"({connection="binance/options",venue="binance"})";

/// A daemon that follows three of Binance's markets and two accounts of the simulated exchange.
class Desk {
 public:
  explicit Desk(bool may_trade = false, bool wait = true) {
    simulator::BinanceExchangeConfig config;
    config.market = testing::small_market().market;
    config.account.seed = 11;
    config.account.option_fills_per_minute = 30;
    config.keys = {{std::string{testing::kClientId}, std::string{testing::kClientSecret}, may_trade, {}}};
    simulator::SimulatedExchangeOptions options;
    options.clock = mono_now;
    server_ = std::make_unique<simulator::SimulatedExchangeServer>(std::move(options),
                                                                   std::make_unique<simulator::BinanceExchange>(std::move(config)));
    server_->start();
    tls_ = std::make_unique<TlsContext>(server_->ca_file());
    const std::string port = std::to_string(server_->port());
    std::string text =
        "[http]\nlisten = \"127.0.0.1:0\"\n\n[[venue]]\nkind = \"binance\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n"
        "products = [\"spot\", \"usd_margined\", \"options\"]\nbooks = [\"binance:BTCUSDT\", \"binance:BTCUSDT-SPOT\"]\nwatch = "
        "[\"binance:BTCUSDT_*\"]\n"
        "silence_limit = \"11s\"\nmarket_data_max_age = \"5s\"\n";
    text += "endpoint = \"wss://localhost:" + port + "\"\nrest_endpoint = \"https://localhost:" + port + "\"\n";
    text += "ca_file = \"" + server_->ca_file().string() + "\"\n";
    const std::string secret = folder_.write("secret", testing::kClientSecret);
    for (const auto& [name, product] : {std::pair{"futures", "usd_margined"}, std::pair{"options", "options"}})
      text += std::string{"\n[[account]]\nname = \""} + name + "\"\nvenue = \"binance\"\nproduct = \"" + product +
              "\"\nclient_id = \"" + std::string{testing::kClientId} + "\"\nsecret_file = \"" + secret + "\"\n";
    text += "\n[[book]]\nname = \"desk\"\nrules = [{ accounts = [\"futures\", \"options\"] }]\n";
    daemon_ = std::make_unique<Daemon>(folder_.write("hedgewatch.toml", text));
    daemon_->start();
    if (!wait) return;
    const bool settled = eventually([this] { return whole(); });
    CAPTURE(daemon_->log_text());
    REQUIRE(settled);
  }

  [[nodiscard]] Daemon& daemon() { return *daemon_; }
  void begin(const std::string& json) {
    HttpsRequest request{.method = HttpsMethod::Post, .host = "localhost", .port = server_->port(), .target = "/control/faults"};
    request.body = json;
    const auto answer = https_request(tls_.get(), request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }
  [[nodiscard]] double figure(std::string_view name, std::string_view labels) {
    return daemon_->scrape().value(std::string{name}.append(labels)).value_or(std::nan(""));
  }
  [[nodiscard]] static bool live(const Exposition& seen, std::string_view connection) {
    return seen.value("hedgewatch_feed_live" + std::string{connection}) == 1;
  }
  [[nodiscard]] bool whole() {
    const Exposition seen = daemon_->scrape();
    for (const std::string_view one : {kChain, kQuotes, kMarks, kSpot, kFutures, kOptions})
      if (!live(seen, one)) return false;
    return seen.value(R"(hedgewatch_book_delta_coins{book="desk",underlying="BTC",view="black_scholes"})").has_value();
  }
  void check_recovery() {
    const bool recovered = eventually([this] { return whole(); });
    CAPTURE(daemon_->log_text());
    CHECK(recovered);
  }
  /// Waits until the connection was opened anew, for the reason that the log gives.
  void check_reopened(std::string_view connection, double before, std::string_view words) {
    CAPTURE(std::string{words});
    const bool reopened = eventually([&] { return figure("hedgewatch_feed_reconnects_total", connection) > before; });
    CAPTURE(daemon_->log_text());
    CHECK(reopened);
    CHECK(daemon_->log_text().find(words) != std::string::npos);
  }

 private:
  std::unique_ptr<simulator::SimulatedExchangeServer> server_;
  std::unique_ptr<TlsContext> tls_;
  TemporaryFolder folder_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace

TEST_SUITE("system/binance_feed") {
  TEST_CASE("three markets and two accounts become live, the book has its delta, and the venue's Greeks are ours") {
    Desk desk;
    const Exposition seen = desk.daemon().scrape();
    CHECK(seen.value("hedgewatch_ready") == 1);
    CHECK(seen.value(R"(hedgewatch_spread_ratio{instrument="BTCUSDT",venue="binance"})").has_value());
    CHECK(seen.value(R"(hedgewatch_spread_ratio{instrument="BTCUSDT-SPOT",venue="binance"})").has_value());
    CHECK(seen.value(R"(hedgewatch_position_size{book="desk",instrument="BTCUSDT",venue="binance"})").has_value());
    const auto greek = [&](std::string_view which) {
      return R"({account="options",asset="BTC",greek=")" + std::string{which} + R"(",venue="binance"})";
    };
    // Sums over options of some forty coins. What is left is the second that may lie between a chain and the account's totals.
    const auto close = [&](std::string_view which, double limit) {
      const double difference = desk.figure("hedgewatch_reconcile_greek_difference", greek(which));
      CAPTURE(std::string{which});
      CAPTURE(difference);
      return std::abs(difference) < limit;
    };
    const bool reconciled =
        eventually([&] { return close("delta", 0.2) && close("gamma", 1e-4) && close("vega", 10) && close("theta", 20); });
    CAPTURE(desk.daemon().get("/metrics").body);
    CHECK(reconciled);
    CHECK(desk.figure("hedgewatch_reconcile_position_mismatches", R"({account="options",venue="binance"})") == 0);
    CHECK(desk.figure("hedgewatch_reconcile_position_mismatches", R"({account="futures",venue="binance"})") == 0);
    const Exposition all = desk.daemon().scrape();
    for (const auto& [key, value] : all.samples) {
      CAPTURE(key);
      if (key.starts_with("hedgewatch_feed_decode_errors_total{") && key.find("unknown_instrument") == std::string::npos)
        CHECK(value == 0);
      if (key.starts_with("hedgewatch_feed_refused_channels{")) CHECK(value == 0);
    }
  }

  TEST_CASE("a lost book change, a void key, a rate limit, a notice and a cut: each is noticed and mended") {
    Desk desk;
    desk.begin(R"({"fault":"gap","target":"btcusdt@depth"})");
    CHECK(eventually([&] {
      return desk.figure("hedgewatch_feed_gaps_total", kQuotes) + desk.figure("hedgewatch_feed_gaps_total", kSpot) == 1;
    }));
    desk.check_recovery();
    desk.begin(R"({"fault":"token_expiry"})");
    desk.check_reopened(kFutures, 0, "the private stream's key is void");
    desk.check_recovery();
    double before = desk.figure("hedgewatch_feed_reconnects_total", kSpot);
    desk.begin(R"({"fault":"upgrade","duration":"2s"})");
    desk.check_reopened(kSpot, before, "the venue announces that it will end this connection");
    desk.check_recovery();
    before = desk.figure("hedgewatch_feed_reconnects_total", kChain);
    desk.begin(R"({"fault":"disconnect","duration":"1s"})");
    desk.check_reopened(kChain, before, "the connection ended");
    desk.check_recovery();
    desk.begin(R"({"fault":"rate_limit"})");
    CHECK(eventually([&] {
      const Exposition seen = desk.daemon().scrape();
      double limits = 0;
      for (const auto& [key, value] : seen.samples)
        if (key.starts_with("hedgewatch_feed_rate_limits_total{") || key.starts_with("hedgewatch_feed_reconnects_total{"))
          limits += value;
      return limits > 0;
    }));
    desk.check_recovery();
  }

  TEST_CASE("a stream that is acknowledged and never speaks is found out by its own silence") {
    Desk desk;
    desk.begin(R"({"fault":"refused_channel","duration":"25s","target":"btcusdt@markPrice"})");
    const double before = desk.figure("hedgewatch_feed_reconnects_total", kMarks);
    desk.begin(R"({"fault":"disconnect"})");
    desk.check_reopened(kMarks, before, "the connection ended");
    CHECK(eventually([&] {
      return desk.daemon().log_text().find("a topic is silent and is subscribed anew: btcusdt@markPrice@1s") != std::string::npos;
    }));
    desk.check_recovery();
  }

  TEST_CASE("when nothing comes any more, pings neither, the connections are cut and opened again; a silent market is cut too") {
    Desk desk;
    desk.begin(R"({"fault":"slow","duration":"13s","delay":"60s"})");
    desk.check_reopened(kFutures, 0, "the connection ended: silent");
    desk.check_recovery();
    const double before = desk.figure("hedgewatch_feed_reconnects_total", kChain);
    desk.begin(R"({"fault":"silence","duration":"17s"})");
    desk.check_reopened(kChain, before, "the connection ended: no market data");
    desk.check_recovery();
  }

  TEST_CASE("under maintenance nothing is fresh, and it says so") {
    Desk desk;
    desk.begin(R"({"fault":"maintenance","duration":"25s"})");
    CHECK(eventually([&] { return !Desk::live(desk.daemon().scrape(), kChain); }));
    CHECK(eventually([&] { return desk.daemon().log_text().find("the venue is in maintenance") != std::string::npos; }));
    desk.check_recovery();
  }

  TEST_CASE("a key that may trade is refused") {
    Desk desk{true, false};
    CHECK(eventually([&] {
      return desk.daemon().log_text().find("the key may do more than read: a monitor must not hold it") != std::string::npos;
    }));
    CHECK_FALSE(Desk::live(desk.daemon().scrape(), kOptions));
  }
}

}  // namespace hedgewatch
