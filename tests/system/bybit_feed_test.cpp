#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "feeds/simulator/bybit_exchange.hpp"
#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch {

namespace {

using testing::Daemon;
using testing::eventually;
using testing::Exposition;
using testing::TemporaryFolder;

constexpr std::array<std::string_view, 4> kBybitConnections{"bybit-linear", "bybit-option", "bybit-spot", "bybit/main"};

/// A daemon that follows three markets and an account of a simulated Bybit, whose faults are switched on while it runs.
class BybitDrill {
 public:
  explicit BybitDrill(std::chrono::milliseconds ping_limit = std::chrono::seconds{60}, bool trading_key = false)
      : server_{options(), exchange(ping_limit, trading_key)} {
    server_.start();
    tls_ = std::make_unique<TlsContext>(server_.ca_file());
    const std::string port = std::to_string(server_.port());
    std::string text = "[http]\nlisten = \"127.0.0.1:0\"\n\n[[venue]]\nkind = \"bybit\"\nnetwork = \"testnet\"\n";
    text += "endpoint = \"wss://localhost:" + port + "\"\nrest_endpoint = \"https://localhost:" + port + "\"\n";
    text += "ca_file = \"" + server_.ca_file().string() + "\"\n";
    text += "products = [\"linear\", \"option\", \"spot\"]\ncurrencies = [\"BTC\"]\nmarket_data_max_age = \"3s\"\n";
    text += "watch = [\"bybit:BTCUSDT\", \"bybit:BTCUSDT-SPOT\", \"bybit:BTC-*\"]\nbooks = [\"bybit:BTCUSDT\"]\n";
    text += "\n[[account]]\nname = \"main\"\nvenue = \"bybit\"\nclient_id = \"" + std::string{testing::kClientId};
    text += "\"\nsecret_file = \"" + folder_.write("secret", testing::kClientSecret) + "\"\n";
    text += "\n[[book]]\nname = \"account\"\nrules = [{ accounts = [\"main\"] }]\n";
    for (const auto& [book, instrument] : {std::pair{"one", std::string{"BTCUSDT"}}, std::pair{"other", some_option()}})
      text += std::string{"\n[[book]]\nname = \""} + book + "\"\n\n[[book.positions]]\ninstrument = \"bybit:" + instrument +
              "\"\nsize = -1.5\n";
    daemon_ = std::make_unique<Daemon>(folder_.write("hedgewatch.toml", text));
    daemon_->start();
  }

  void settle() {
    const bool settled = eventually([this] { return whole(daemon_->scrape()); });
    CAPTURE(daemon_->log_text());
    REQUIRE(settled);
  }
  [[nodiscard]] Daemon& daemon() { return *daemon_; }

  /// Switches a fault on, in the words of the control address.
  void begin(const std::string& json) {
    HttpsRequest request{.method = HttpsMethod::Post, .host = "localhost", .port = server_.port(), .target = "/control/faults"};
    request.body = json;
    const auto answer = https_request(tls_.get(), request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }

  [[nodiscard]] static bool live(const Exposition& seen, std::string_view connection) {
    return seen.value("hedgewatch_feed_live{connection=\"" + std::string{connection} + R"(",venue="bybit"})") == 1;
  }
  [[nodiscard]] double count(std::string_view figure, std::string_view connection) {
    return daemon_->scrape()
        .value(std::string{figure} + "{connection=\"" + std::string{connection} + R"(",venue="bybit"})")
        .value_or(0);
  }
  [[nodiscard]] static std::optional<double> delta(const Exposition& seen, std::string_view book) {
    return seen.value("hedgewatch_book_delta_coins{book=\"" + std::string{book} + R"(",underlying="BTC",view="black_scholes"})");
  }
  [[nodiscard]] static std::optional<double> difference(const Exposition& seen, std::string_view greek) {
    return seen.value("hedgewatch_reconcile_greek_difference{account=\"main\",asset=\"BTC\",greek=\"" + std::string{greek} +
                      R"(",venue="bybit"})");
  }
  /// Every connection is live and every book has its delta.
  [[nodiscard]] static bool whole(const Exposition& seen) {
    for (const std::string_view connection : kBybitConnections)
      if (!live(seen, connection)) return false;
    return delta(seen, "account") && delta(seen, "one") && delta(seen, "other") &&
           seen.value(R"(hedgewatch_spread_ratio{instrument="BTCUSDT",venue="bybit"})").has_value();
  }
  [[nodiscard]] double decode_errors() {
    double sum = 0;
    for (const auto& [key, value] : daemon_->scrape().samples)
      if (key.starts_with("hedgewatch_feed_decode_errors_total{")) sum += value;
    return sum;
  }
  void check_recovery() {
    const bool recovered = eventually([this] { return whole(daemon_->scrape()); });
    CAPTURE(daemon_->log_text());
    CHECK(recovered);
  }

 private:
  /// One that lives for some days yet.
  static std::string some_option() {
    const simulator::SyntheticMarket market{testing::small_market().market};
    for (const simulator::MarketInstrument& instrument : market.instruments())
      if (instrument.kind == ContractKind::Option && instrument.expiry - market.now() > std::chrono::hours{48})
        return instrument.name + "-USDT";
    FAIL("no option lives so long");
    return {};
  }
  static simulator::SimulatedExchangeOptions options() {
    simulator::SimulatedExchangeOptions options;
    options.clock = mono_now;
    return options;
  }
  static std::unique_ptr<simulator::SimulatedExchange> exchange(std::chrono::milliseconds ping_limit, bool trading_key) {
    simulator::BybitExchangeConfig config;
    config.market = testing::small_market().market;
    config.keys = {{std::string{testing::kClientId}, std::string{testing::kClientSecret}, trading_key, ""}};
    config.ping_limit = ping_limit;
    return std::make_unique<simulator::BybitExchange>(std::move(config));
  }

  simulator::SimulatedExchangeServer server_;
  std::unique_ptr<TlsContext> tls_;
  TemporaryFolder folder_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace

TEST_SUITE("system/bybit_feed") {
  TEST_CASE("Bybit: markets and account become live, the books have their delta, and our Greeks are the venue's") {
    BybitDrill drill;
    drill.settle();
    const Exposition seen = drill.daemon().scrape();
    // One coin and a half sold of a linear perpetual, whose sizes are coins.
    CHECK(BybitDrill::delta(seen, "one") == doctest::Approx(-1.5));
    // The account hedges itself to within half a coin or so.
    REQUIRE(BybitDrill::delta(seen, "account").has_value());
    CHECK(std::abs(*BybitDrill::delta(seen, "account")) < 2);
    const bool reconciled = eventually([&] {
      const Exposition now = drill.daemon().scrape();
      const auto within = [&](std::string_view greek, double most) {
        const auto difference = BybitDrill::difference(now, greek);
        return difference && std::abs(*difference) < most;
      };
      // The account is some tens of coins of options: totals of about 10 coins, 0.001 per dollar, 1,000 and 10,000 dollars.
      return within("delta", 0.05) && within("gamma", 1e-5) && within("vega", 5) && within("theta", 20) &&
             now.value(R"(hedgewatch_reconcile_position_mismatches{account="main",venue="bybit"})") == 0;
    });
    std::string differences;
    for (const auto& [key, value] : drill.daemon().scrape().samples)
      if (key.starts_with("hedgewatch_reconcile")) differences += key + " " + std::to_string(value) + "\n";
    CAPTURE(differences);
    CAPTURE(drill.daemon().log_text());
    CHECK(reconciled);
    CHECK(drill.decode_errors() == 0);
    CHECK(drill.count("hedgewatch_feed_gaps_total", "bybit-linear") == 0);
  }

  TEST_CASE("Bybit: a key that may trade is refused, and the market data goes on") {
    BybitDrill drill{std::chrono::seconds{60}, true};
    CHECK(eventually([&] { return drill.daemon().log_text().find("a monitor must not hold it") != std::string::npos; }));
    CHECK(eventually([&] { return BybitDrill::live(drill.daemon().scrape(), "bybit-linear"); }));
    CHECK_FALSE(BybitDrill::live(drill.daemon().scrape(), "bybit/main"));
    CHECK_FALSE(BybitDrill::delta(drill.daemon().scrape(), "account").has_value());
  }

  TEST_CASE("Bybit: connections that are cut come back with their topics") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"disconnect","duration":"2s"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return !BybitDrill::delta(seen, "other") && !BybitDrill::live(seen, "bybit-linear") && !BybitDrill::live(seen, "bybit/main");
    }));
    drill.check_recovery();
    for (const std::string_view connection : kBybitConnections) {
      CAPTURE(std::string{connection});
      CHECK(drill.count("hedgewatch_feed_reconnects_total", connection) >= 1);
    }
  }

  TEST_CASE("Bybit: streams that fall silent are noticed, and come back") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"silence","duration":"17s"})");
    CHECK(eventually([&] { return !BybitDrill::delta(drill.daemon().scrape(), "other").has_value(); }));
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_reconnects_total", "bybit-linear") >= 1; }));
    drill.check_recovery();
  }

  TEST_CASE("Bybit: where the venue cuts a client that pings too seldom, the connection is opened again") {
    // Less than the ten seconds between two pings.
    BybitDrill drill{std::chrono::seconds{4}};
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_reconnects_total", "bybit-linear") >= 1; }));
    CHECK(drill.daemon().log_text().find("no ping") != std::string::npos);
    CHECK(eventually([&] { return BybitDrill::live(drill.daemon().scrape(), "bybit-linear"); }));
  }

  TEST_CASE("Bybit: a void login is made anew, the market data is not touched") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"token_expiry"})");
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_reconnects_total", "bybit/main") >= 1; }));
    drill.check_recovery();
    CHECK(drill.count("hedgewatch_feed_reconnects_total", "bybit-linear") == 0);
  }

  TEST_CASE("Bybit: a rate limit keeps the connections away for a while, then all is back") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"rate_limit"})");
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_rate_limits_total", "bybit-linear") >= 1; }));
    drill.check_recovery();
  }

  TEST_CASE("Bybit: a refused topic is counted, and the others are not harmed") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"refused_channel","target":"orderbook.50.BTCUSDT","duration":"20s"})");
    drill.begin(R"({"fault":"gap","count":1,"target":"orderbook.50.BTCUSDT"})");
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_refused_channels", "bybit-linear") >= 1; }));
    const Exposition seen = drill.daemon().scrape();
    CHECK(BybitDrill::live(seen, "bybit-linear"));
    CHECK(BybitDrill::delta(seen, "one").has_value());
    CHECK_FALSE(seen.value(R"(hedgewatch_spread_ratio{instrument="BTCUSDT",venue="bybit"})").has_value());
  }

  TEST_CASE("Bybit: a lost change of a book leads to a new snapshot on the same connection") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"gap","count":1,"target":"orderbook.50.BTCUSDT"})");
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_gaps_total", "bybit-linear") == 1; }));
    drill.check_recovery();
    CHECK(drill.count("hedgewatch_feed_reconnects_total", "bybit-linear") == 0);
  }

  TEST_CASE("Bybit: maintenance takes the figures away, and gives them back when it is over") {
    BybitDrill drill;
    drill.settle();
    drill.begin(R"({"fault":"maintenance","duration":"6s"})");
    CHECK(eventually([&] { return !BybitDrill::delta(drill.daemon().scrape(), "other").has_value(); }));
    drill.check_recovery();
  }
}

}  // namespace hedgewatch
