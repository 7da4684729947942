#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "system/drill_fixture.hpp"

// Drills whose holds and pauses are minutes: a suite of its own, run beside the others.

namespace hedgewatch::testing {
namespace {

using namespace std::chrono_literals;

simulator::SyntheticContentConfig market_with_stablecoin() {
  simulator::SyntheticContentConfig config = small_market();
  config.market.stablecoins = {{.currency = "USDC"}};
  config.account.stablecoin_cash = 250'000;
  return config;
}

TEST_SUITE("system/drills") {
  TEST_CASE("a stablecoin at 0.97 pages once, after two minutes, and resolves once when it is back") {
    if (missing_alertmanager()) return;
    Drill drill{market_with_stablecoin()};
    const std::string confirmed = R"(hedgewatch_stablecoin_confirmed_price_usd{asset="USDC"})";
    CHECK(eventually([&] { return drill.daemon().scrape().value(confirmed) == 1; }));
    const auto price = [&](std::string_view source) {
      return drill.daemon().scrape().value(R"(hedgewatch_stablecoin_price_usd{asset="USDC",source=")" + std::string{source} +
                                           R"(",venue="deribit"})");
    };
    CHECK(price("index") == 1);
    CHECK(eventually([&] { return price("implied").has_value(); }));
    drill.move_index("usdc_usd", -0.03);
    CHECK(eventually([&] { return price("index") == 0.97; }));
    CHECK(eventually([&] { return drill.daemon().scrape().value(confirmed).value_or(1) < 0.985; }));
    std::this_thread::sleep_for(90s);
    CHECK(drill.pager().pages("firing") == 0);
    // Two minutes by the clock, and as long as a busy machine needs.
    CHECK(eventually([&] { return drill.pager().posts("StablecoinDepegged", "firing") == 1; }));
    std::this_thread::sleep_for(5s);  // several turns of sending it again
    CHECK(drill.pager().posts("StablecoinDepegged", "resolved") == 0);
    drill.move_index("usdc_usd", 1 / 0.97 - 1);
    CHECK(eventually([&] { return drill.pager().posts("StablecoinDepegged", "resolved") == 1; }));
    std::this_thread::sleep_for(3s);
    CAPTURE(drill.pager().all());
    CHECK(drill.pager().pages("firing") == 1);
    CHECK(drill.pager().pages("resolved") == 1);
  }

  TEST_CASE("with Alertmanager away for a minute a page is late and one, and what came and went meanwhile pages nobody") {
    if (missing_alertmanager()) return;
    Drill drill;
    std::this_thread::sleep_for(2s);
    drill.alertmanager().stop();
    drill.begin(R"({"fault":"adl"})");
    CHECK(eventually([&] { return drill.daemon().log_text().find("fires: ForcedEvent") != std::string::npos; }));
    // A lock that is lifted while nobody could be told: acknowledged at the daemon, it is over.
    drill.begin(R"({"fault":"lock","duration":"10s"})");
    const std::string lock = "alert=ForcedEvent&kind=account_lock";
    CHECK(eventually([&] { return drill.acknowledge(lock).status == 200; }));
    std::this_thread::sleep_for(60s);
    const auto failures = drill.daemon().scrape();
    double refused = 0;
    double behind = 0;
    for (const auto& [key, value] : failures.samples) {
      if (key.starts_with("hedgewatch_alert_delivery_failures_total{")) refused += value;
      if (key.starts_with("hedgewatch_alert_receiver_behind{")) behind += value;
    }
    // From a quarter of a second on, doubled up to ten: about ten attempts in a minute, and no storm.
    CHECK(refused >= 6);
    CHECK(refused <= 20);
    CHECK(behind == 1);
    CHECK(drill.pager().pages("firing") == 0);
    drill.alertmanager().start();
    CHECK(eventually([&] { return drill.pager().posts("auto_deleveraging", "firing") == 1; }));
    std::this_thread::sleep_for(12s);  // longer than the longest pause between attempts
    CAPTURE(drill.pager().all());
    CHECK(drill.pager().pages("firing") == 1);
    CHECK(drill.pager().posts("account_lock", "firing") == 0);
    CHECK(drill.pager().pages("resolved") == 0);
    CHECK(drill.acknowledge("alert=ForcedEvent&kind=auto_deleveraging").status == 200);
    CHECK(eventually([&] { return drill.pager().pages("resolved") == 1; }));
    CHECK(drill.pager().pages("firing") == 1);
  }
}

}  // namespace
}  // namespace hedgewatch::testing
