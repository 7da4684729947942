#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch {

namespace {

using testing::Daemon;
using testing::eventually;
using testing::Exchange;
using testing::Exposition;
using testing::TemporaryFolder;

constexpr std::string_view kPublic = R"({connection="deribit",venue="deribit"})";

/// A daemon with a private account against a simulated exchange whose faults are switched on while it runs.
class Drill {
 public:
  Drill() : tls_{exchange_.server().ca_file()}, secret_{folder_.write("secret", testing::kClientSecret)} {
    const auto config = testing::small_market();
    const simulator::SyntheticContent content{config};
    for (const simulator::MarketInstrument& instrument : content.market().instruments())
      if (instrument.kind == ContractKind::Option && instrument.expiry - content.market().now() > std::chrono::hours{48})
        option_ = instrument.name;
    REQUIRE_FALSE(option_.empty());
    std::string text = testing::venue_config(
        exchange_, "market_data_max_age = \"3s\"\nbooks = [\"deribit:BTC-PERPETUAL\"]\nwatch = [\"deribit:*\"]\n");
    text += testing::account_config(secret_);
    text += "\n[[book]]\nname = \"account\"\nrules = [{ accounts = [\"main\"] }]\n";
    for (const auto& [book, instrument] : {std::pair{"one", std::string{"BTC-PERPETUAL"}}, std::pair{"other", option_}})
      text += std::string{"\n[[book]]\nname = \""} + book + "\"\n\n[[book.positions]]\ninstrument = \"deribit:" + instrument +
              "\"\nsize = -10.0\n";
    daemon_ = std::make_unique<Daemon>(folder_.write("hedgewatch.toml", text));
    daemon_->start();
    const bool settled = eventually([this] { return whole(daemon_->scrape()); });
    CAPTURE(daemon_->log_text());
    REQUIRE(settled);
  }

  [[nodiscard]] Daemon& daemon() { return *daemon_; }

  /// Switches a fault on, in the words of the control address.
  void begin(const std::string& json) {
    HttpsRequest request{
        .method = HttpsMethod::Post, .host = "localhost", .port = exchange_.server().port(), .target = "/control/faults"};
    request.body = json;
    const auto answer = https_request(&tls_, request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }

  [[nodiscard]] double count(std::string_view figure, std::string_view labels = kPublic) {
    return daemon_->scrape().value(std::string{figure} + std::string{labels}).value_or(0);
  }
  [[nodiscard]] double decode_errors() {
    double sum = 0;
    for (const auto& [key, value] : daemon_->scrape().samples)
      if (key.starts_with("hedgewatch_feed_decode_errors_total{")) sum += value;
    return sum;
  }

  /// Every book has its delta, and both feeds are live.
  [[nodiscard]] static bool whole(const Exposition& seen) {
    return has_delta(seen, "account") && has_delta(seen, "one") && has_delta(seen, "other") &&
           seen.value("hedgewatch_feed_live" + std::string{kPublic}) == 1 &&
           seen.value(R"(hedgewatch_feed_live{connection="deribit/main",venue="deribit"})") == 1 &&
           seen.value(spread()).has_value();
  }
  [[nodiscard]] static bool has_delta(const Exposition& seen, std::string_view book) {
    return seen.value("hedgewatch_book_delta_coins{book=\"" + std::string{book} + R"(",underlying="BTC",view="black_scholes"})")
        .has_value();
  }
  [[nodiscard]] static std::string spread() { return R"(hedgewatch_spread_ratio{instrument="BTC-PERPETUAL",venue="deribit"})"; }
  /// Why a book's delta has no series; empty when it has one.
  [[nodiscard]] static std::string reason(const Exposition& seen, std::string_view figure, std::string_view scope) {
    for (const auto& [key, value] : seen.samples) {
      if (!key.starts_with("hedgewatch_figure_state{figure=\"" + std::string{figure} + '"')) continue;
      if (key.find("scope=\"" + std::string{scope}) == std::string::npos) continue;
      const std::size_t begin = key.find("reason=\"") + 8;
      return key.substr(begin, key.find('"', begin) - begin);
    }
    return {};
  }

  void check_recovery() {
    const bool recovered = eventually([this] { return whole(daemon_->scrape()); });
    CAPTURE(daemon_->log_text());
    CHECK(recovered);
  }

 private:
  Exchange exchange_;
  TlsContext tls_;
  TemporaryFolder folder_;
  std::string secret_;
  std::string option_;
  std::unique_ptr<Daemon> daemon_;
};

constexpr std::string_view kDelta = "hedgewatch_book_delta_coins";

}  // namespace

TEST_SUITE("system/faults") {
  TEST_CASE("a disconnection makes every figure of the feed stale until it is back") {
    Drill drill;
    drill.begin(R"({"fault":"disconnect","duration":"2s"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return !Drill::has_delta(seen, "one") && !Drill::has_delta(seen, "account") &&
             Drill::reason(seen, kDelta, "one/BTC/black_scholes") == "feed_down" &&
             seen.value("hedgewatch_feed_live" + std::string{kPublic}) == 0 && seen.value("hedgewatch_ready") == 0;
    }));
    drill.check_recovery();
    CHECK(drill.count("hedgewatch_feed_reconnects_total") >= 1);
  }

  TEST_CASE("one silent instrument turns stale alone") {
    Drill drill;
    drill.begin(R"({"fault":"silence","duration":"8s","target":"ticker.BTC-PERPETUAL"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return !Drill::has_delta(seen, "one") && Drill::reason(seen, kDelta, "one/BTC/black_scholes") == "too_old" &&
             Drill::has_delta(seen, "other") && seen.value("hedgewatch_feed_live" + std::string{kPublic}) == 1;
    }));
    drill.check_recovery();
  }

  TEST_CASE("a feed that only sends heartbeats is noticed, cut and opened again") {
    Drill drill;
    drill.begin(R"({"fault":"silence","duration":"18s"})");
    CHECK(eventually([&] { return Drill::reason(drill.daemon().scrape(), kDelta, "one/BTC/black_scholes") == "too_old"; }));
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_live") == 0; }));
    drill.check_recovery();
    CHECK(drill.count("hedgewatch_feed_reconnects_total") >= 1);
  }

  TEST_CASE("a lost book change is noticed by its change id, costs the book only, and is mended") {
    Drill drill;
    // The new subscription that would mend it is refused for a while, so that a scrape sees the time between.
    drill.begin(R"({"faults":"refused_channel:4s/book.BTC-PERPETUAL,gap/book.BTC-PERPETUAL"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return !seen.value(Drill::spread()) &&
             Drill::reason(seen, "hedgewatch_spread_ratio", "deribit/BTC-PERPETUAL") == "order_book_invalid" &&
             Drill::has_delta(seen, "one") && Drill::has_delta(seen, "other");
    }));
    CHECK(drill.count("hedgewatch_feed_gaps_total") >= 1);
    CHECK(drill.count("hedgewatch_feed_resyncs_total") >= 1);
    drill.check_recovery();
    CHECK(drill.count("hedgewatch_feed_reconnects_total") == 0);
  }

  TEST_CASE("a book change that comes after its successor is noticed and mended") {
    Drill drill;
    drill.begin(R"({"fault":"reorder","target":"book.BTC-PERPETUAL"})");
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_gaps_total") >= 1; }));
    CHECK(Drill::has_delta(drill.daemon().scrape(), "one"));
    drill.check_recovery();
  }

  TEST_CASE("frames that arrive twice change nothing or are mended") {
    Drill drill;
    const double before = drill.count("hedgewatch_feed_messages_total");
    drill.begin(R"({"fault":"duplicate","count":200})");
    CHECK(eventually([&] { return drill.count("hedgewatch_feed_messages_total") > before + 400; }));
    CHECK(Drill::has_delta(drill.daemon().scrape(), "one"));
    CHECK(drill.decode_errors() == 0);
    drill.check_recovery();
  }

  TEST_CASE("spoilt frames are counted by reason and cost nothing else") {
    Drill drill;
    const double before = drill.decode_errors();
    drill.begin(R"({"fault":"malformed","count":20})");
    CHECK(eventually([&] { return drill.decode_errors() >= before + 10; }));
    CHECK(Drill::has_delta(drill.daemon().scrape(), "other"));
    drill.check_recovery();
  }

  TEST_CASE("data later than its permitted age is not shown as fresh") {
    Drill drill;
    drill.begin(R"({"fault":"slow","duration":"8s","delay":"5s"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return !Drill::has_delta(seen, "one") && !Drill::has_delta(seen, "account");
    }));
    drill.check_recovery();
  }

  TEST_CASE("data that is younger than its permitted age and late by the exchange's clock takes the feed down") {
    Drill drill;
    // Longer than max_lag, shorter than market_data_max_age: by receive times alone everything would look fresh.
    drill.begin(R"({"fault":"slow","duration":"20s","delay":"4s"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return seen.value("hedgewatch_feed_live" + std::string{kPublic}) == 0 && !Drill::has_delta(seen, "one") &&
             Drill::reason(seen, kDelta, "one/BTC/black_scholes") == "feed_down";
    }));
    CHECK(eventually([&] { return drill.daemon().log_text().find("the venue's data comes late") != std::string::npos; }));
    drill.check_recovery();
    CHECK(drill.count("hedgewatch_feed_reconnects_total") == 0);
  }

  TEST_CASE("under maintenance nothing is fresh, and it says so") {
    Drill drill;
    drill.begin(R"({"fault":"maintenance","duration":"3s"})");
    CHECK(eventually([&] {
      const Exposition seen = drill.daemon().scrape();
      return !Drill::has_delta(seen, "one") && seen.value("hedgewatch_feed_live" + std::string{kPublic}) == 0;
    }));
    drill.check_recovery();
  }

  TEST_CASE("an expired token is renewed without a figure lost for long") {
    Drill drill;
    drill.begin(R"({"fault":"token_expiry"})");
    drill.check_recovery();
    CHECK(Drill::has_delta(drill.daemon().scrape(), "account"));
  }

  TEST_CASE("a rate limit backs off and comes back") {
    Drill drill;
    drill.begin(R"({"fault":"rate_limit"})");
    CHECK(eventually([&] {
      return drill.count("hedgewatch_feed_rate_limits_total", R"({connection="deribit/main",venue="deribit"})") >= 1 ||
             drill.count("hedgewatch_feed_rate_limits_total") >= 1;
    }));
    drill.check_recovery();
  }
}

}  // namespace hedgewatch
