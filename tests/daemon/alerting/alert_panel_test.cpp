#include "daemon/alerting/alert_panel.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/alert/starter_rules.hpp"
#include "shared_files.hpp"

namespace hedgewatch {
namespace {

using Json = nlohmann::json;

/// The panel that an address leads to, or nothing.
Json panel_at(const std::string& address) {
  const std::string board = address.substr(2, address.find('?') - 2);
  const int id = std::stoi(address.substr(address.find("viewPanel=") + 10));
  const Json dashboard =
      Json::parse(testing::read_text(testing::source_directory() / "deploy/grafana/dashboards" / (board + ".json")));
  for (const Json& panel : dashboard["panels"])
    if (panel["id"] == id) return panel;
  return {};
}

TEST_SUITE("daemon/alerting/alert_panel") {
  TEST_CASE("an alert leads to its panel, with what it is about chosen there") {
    CHECK(alert_panel({{"alertname", "NetDeltaAboveHardLimit"}, {"severity", "page"}, {"hedge", "btc delta&1"}}) ==
          "d/hedgewatch-hedge?viewPanel=110&var-hedge=btc%20delta%261");
    CHECK(alert_panel({{"alertname", "HedgeCannotBeMoved"}, {"hedge", "one"}, {"venue", "all"}, {"demand", "now"}}) ==
          "d/hedgewatch-liquidity?viewPanel=140&var-hedge=one");
  }

  TEST_CASE("an alert of the desk's own leads to the list of alerts") {
    CHECK(alert_panel({{"alertname", "equity-low"}, {"account", "main"}}) == "d/hedgewatch-overview?viewPanel=100");
    CHECK(alert_panel({}) == "d/hedgewatch-overview?viewPanel=100");
  }

  TEST_CASE("the panel that a shipped alert leads to is there, and leads on to the alert's runbook") {
    HedgeSetup hedge;
    hedge.name = "any";
    hedge.soft_delta_limit_coins = 1;
    hedge.hard_delta_limit_coins = 2;
    std::vector<std::string> names{"HedgewatchDown", "HedgewatchHeartbeat", "FeedGapStorm", "JournalBehind"};
    for (const AlertRule& rule : starter_rules(std::vector{hedge})) names.push_back(rule.name);
    for (const std::string& name : names) {
      CAPTURE(name);
      const std::string address = alert_panel({{"alertname", name}});
      CAPTURE(address);
      const Json panel = panel_at(address);
      REQUIRE(!panel.is_null());
      if (address == "d/hedgewatch-overview?viewPanel=100") continue;  // its rows lead on
      bool leads = false;
      for (const Json& link : panel.value("links", Json::array())) leads = leads || link["title"] == "Runbook: " + name;
      CHECK(leads);
    }
  }
}

}  // namespace
}  // namespace hedgewatch
