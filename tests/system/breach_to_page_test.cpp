#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/alertmanager_fixture.hpp"
#include "system/daemon_fixture.hpp"

// From the frame that breaks a limit to the pager's webhook, by the daemon's own route and by scrape and rules at one second, in
// one run. The times are printed and not judged: run it from a release build on a quiet machine to read them.

namespace hedgewatch::testing {
namespace {

constexpr const char* kPrometheus = "/usr/bin/prometheus";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kBreaches = 20;  // their times say nothing there
#else
constexpr std::size_t kBreaches = 200;
#endif
constexpr double kLastingBid = 0.0004;  ///< coins
constexpr double kLot = 0.1;            ///< held before; a breach is one more

simulator::SyntheticContentConfig wide_market() {
  simulator::SyntheticContentConfig config = small_market();
  config.market.strikes_per_side = 17;
  // Nothing moves but what the test orders.
  config.account.straddle_usd = 0;
  config.account.option_fills_per_minute = 0;
  config.account.hedge_band_ratio = 1e6;
  return config;
}

/// Options that somebody buys and sells, and will for the minutes of the test: a bid of a tick or two is gone when the price
/// drifts.
std::vector<std::string> traded_options() {
  const simulator::SyntheticContent content{wide_market()};
  std::vector<std::string> names;
  for (const simulator::MarketInstrument& one : content.market().instruments())
    if (is_option(one) && one.expiry - content.market().now() > std::chrono::hours{48} && !one.bids.empty() && !one.asks.empty() &&
        one.bids[0].amount >= 1 && one.asks[0].amount >= 1 && one.bids[0].price >= kLastingBid && names.size() < kBreaches)
      names.push_back(one.name);
  return names;
}

struct Spread {
  double p50_ms = 0;
  double p99_ms = 0;
};

Spread spread_of(const std::map<std::string, MonoTime>& begun, const std::map<std::string, std::vector<MonoTime>>& told) {
  std::vector<double> milliseconds;
  for (const auto& [name, at] : begun)
    if (const auto found = told.find(name); found != told.end())
      milliseconds.push_back(std::chrono::duration<double, std::milli>(found->second[0] - at).count());
  std::sort(milliseconds.begin(), milliseconds.end());
  if (milliseconds.empty()) return {};
  const auto share = [&](double of) {
    return milliseconds[static_cast<std::size_t>(of * static_cast<double>(milliseconds.size() - 1))];
  };
  return {share(0.5), share(0.99)};
}

/// The daemon with three Alertmanagers: one hears the daemon, one Prometheus, one both.
class Routes {
 public:
  Routes()
      : exchange_{std::make_unique<simulator::SyntheticContent>(wide_market())},
        tls_{exchange_.server().ca_file()},
        own_{folder_, "own", own_pager},
        ruled_{folder_, "ruled", ruled_pager},
        both_{folder_, "both", both_pager},
        daemon_{folder_.write("hedgewatch.toml", config()), [this](const Engine& engine) { note(engine); }} {
    daemon_.start();
    REQUIRE(daemon_.becomes_ready());
    const std::uint16_t port = free_port();
    prometheus_.start(
        {kPrometheus, "--config.file=" + prometheus_config(), "--storage.tsdb.path=" + folder_.write("tsdb.mark", "") + ".data",
         "--web.listen-address=127.0.0.1:" + std::to_string(port), "--log.level=error"},
        port);
  }

  void order(const std::string& name, bool buy) {
    HttpsRequest request{
        .method = HttpsMethod::Post, .host = "localhost", .port = exchange_.server().port(), .target = "/control/trade"};
    request.body = R"({"instrument_name":")" + name + R"(","direction":")" + (buy ? "buy" : "sell") + R"(","amount":)" +
                   std::to_string(kLot) + "}";
    const auto answer = https_request(&tls_, request);
    REQUIRE(answer.ok());
    CAPTURE(answer.value().body);
    REQUIRE(answer.value().status == 200);
  }
  [[nodiscard]] std::size_t held() {
    std::size_t count = 0;
    for (const auto& [key, value] : daemon_.scrape().samples)
      if (key.starts_with("hedgewatch_position_size{book=\"account\"") && value > 0) ++count;
    return count;
  }
  /// When the frame came that broke each instrument's limit.
  [[nodiscard]] std::map<std::string, MonoTime> begun() {
    const std::scoped_lock lock{mutex_};
    return begun_;
  }

  Pager own_pager;
  Pager ruled_pager;
  Pager both_pager;

 private:
  [[nodiscard]] std::string config() {
    return venue_config(exchange_) + account_config(folder_.write("secret", kClientSecret)) +
           "\n[[book]]\nname = \"account\"\nrules = [{ accounts = [\"main\"] }]\n\n[alertmanager]\nurls = [\"" + own_.url() +
           "\", \"" + both_.url() +
           "\"]\nstarter_rules = false\n\n[[alert]]\nname = \"LongDrill\"\nfigure = \"hedgewatch_position_size\"\n"
           "labels = { book = \"account\", instrument = \"BTC-*-*-*\" }\nabove = 0.15\nseverity = \"page\"\nsummary = \"drill\"\n";
  }
  [[nodiscard]] std::string prometheus_config() {
    const std::string rules = folder_.write(
        "rules.yml",
        "groups:\n  - name: drill\n    rules:\n      - alert: LongDrill\n        expr: max by (book, venue, instrument) "
        "(hedgewatch_position_size{book=\"account\", instrument=~\"BTC-.*-.*-.*\"}) > 0.15\n        labels: {severity: page}\n"
        "        annotations: {summary: drill}\n");
    return folder_.write("prometheus.yml",
                         "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [" + rules +
                             "]\nscrape_configs:\n  - job_name: hedgewatch\n    static_configs:\n      - targets: "
                             "['127.0.0.1:" +
                             std::to_string(daemon_.application().http_port()) +
                             "']\nalerting:\n  alertmanagers:\n    - static_configs:\n        - targets: ['" + ruled_.address() +
                             "', '" + both_.address() + "']\n");
  }
  /// On the engine's thread. A position's figure is as old as the message that brought it.
  void note(const Engine& engine) {
    for (const AlertTransition& transition : engine.alerts().transitions()) {
      if (transition.to != AlertState::Firing) continue;
      const std::string_view instrument = label_value(engine.alerts().alerts()[transition.alert].labels, "instrument");
      const std::scoped_lock lock{mutex_};
      begun_.emplace(instrument, transition.value.as_of);
    }
  }

  Exchange exchange_;
  TlsContext tls_;
  TemporaryFolder folder_;
  Alertmanager own_;
  Alertmanager ruled_;
  Alertmanager both_;
  std::mutex mutex_;
  std::map<std::string, MonoTime> begun_;
  Daemon daemon_;
  ServerProcess prometheus_;
};

std::size_t told_once(Pager& pager, std::string_view status) {
  std::size_t count = 0;
  for (const auto& [name, times] : pager.times("instrument", status)) count += times.size() == 1 ? 1U : 0U;
  return count;
}

TEST_SUITE("system/breach_to_page") {
  TEST_CASE(
      "two hundred breaches, a tenth of them under a sanitizer, are paged once and resolved once by each route, and by both "
      "together") {
    if (missing_alertmanager()) return;
    if (!std::filesystem::exists(kPrometheus)) {
      std::cout << "SKIPPED: no Prometheus here\n";
      return;
    }
    const std::vector<std::string> names = traded_options();
    REQUIRE(names.size() == kBreaches);
    Routes routes;
    const std::vector<Pager*> pagers{&routes.own_pager, &routes.ruled_pager, &routes.both_pager};
    for (const std::string& name : names) routes.order(name, true);
    REQUIRE(eventually([&] { return routes.held() == kBreaches; }));
    for (Pager* pager : pagers) CHECK(pager->times("instrument", "firing").empty());

    for (const std::string& name : names) {
      routes.order(name, true);
      std::this_thread::sleep_for(std::chrono::milliseconds{150});
    }
    for (Pager* pager : pagers) CHECK(eventually([&] { return pager->times("instrument", "firing").size() == kBreaches; }));
    for (const std::string& name : names) routes.order(name, false);
    for (Pager* pager : pagers) CHECK(eventually([&] { return pager->times("instrument", "resolved").size() == kBreaches; }));
    std::this_thread::sleep_for(std::chrono::seconds{4});  // what comes late
    for (Pager* pager : pagers) {
      CHECK(told_once(*pager, "firing") == kBreaches);
      CHECK(told_once(*pager, "resolved") == kBreaches);
    }

    const std::map<std::string, MonoTime> begun = routes.begun();
    CHECK(begun.size() == kBreaches);
    const Spread own = spread_of(begun, routes.own_pager.times("instrument", "firing"));
    const Spread ruled = spread_of(begun, routes.ruled_pager.times("instrument", "firing"));
    std::cout << "frame received to webhook called, " << begun.size() << " breaches: own route p50 " << own.p50_ms << " ms, p99 "
              << own.p99_ms << " ms; scrape and rules at 1 s p50 " << ruled.p50_ms << " ms, p99 " << ruled.p99_ms << " ms\n";
  }
}

}  // namespace
}  // namespace hedgewatch::testing
