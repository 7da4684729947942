#include <doctest/doctest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/alert/starter_rules.hpp"
#include "daemon/alerting/alert_desk.hpp"
#include "shared_files.hpp"

namespace hedgewatch {
namespace {

std::set<std::string> starter_names() {
  HedgeSetup hedge;
  hedge.name = "any";
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  std::set<std::string> names{AlertDesk::kHeartbeat, AlertDesk::kStalled};
  for (const AlertRule& rule : starter_rules(std::vector{hedge})) names.insert(rule.name);
  return names;
}

std::set<std::string> found(const std::string& text, const std::string& pattern) {
  std::set<std::string> names;
  const std::regex expression{pattern};
  for (std::sregex_iterator it{text.begin(), text.end(), expression}; it != std::sregex_iterator{}; ++it) names.insert((*it)[1]);
  return names;
}

TEST_SUITE("daemon/alerting/runbooks") {
  TEST_CASE("every alert has a runbook that says what it means and what to do, and every runbook an alert") {
    const std::filesystem::path deploy = testing::source_directory() / "deploy";
    std::set<std::string> alerts = starter_names();
    const std::string rules = testing::read_text(deploy / "prometheus/hedgewatch.rules.yml");
    alerts.merge(found(rules, "- alert: (\\w+)"));
    for (const std::string& alert : alerts) {
      CAPTURE(alert);
      const std::filesystem::path file = deploy / "runbooks" / (alert + ".md");
      REQUIRE(std::filesystem::exists(file));
      const std::string text = testing::read_text(file);
      CHECK(text.starts_with("# " + alert + '\n'));
      for (const char* heading : {"Meaning", "First look", "Likely causes", "What to do", "How to silence"})
        CHECK(text.find(std::string{"\n## "} + heading + '\n') != std::string::npos);
    }
    for (const auto& entry : std::filesystem::directory_iterator{deploy / "runbooks"})
      CHECK(alerts.contains(entry.path().stem().string()));
  }

  TEST_CASE("a figure that a runbook names is in the catalogue") {
    for (const auto& entry : std::filesystem::directory_iterator{testing::source_directory() / "deploy/runbooks"})
      for (const std::string& name : found(testing::read_text(entry.path()), "`(hedgewatch_\\w+)")) {
        CAPTURE(entry.path().filename().string());
        CAPTURE(name);
        CHECK((figure_from_name(name).has_value() || name == "hedgewatch_figure_state"));
      }
  }

  TEST_CASE("every Prometheus rule is tested, and is one of the daemon's own or about its absence") {
    const std::filesystem::path prometheus = testing::source_directory() / "deploy/prometheus";
    const std::set<std::string> starters = starter_names();
    const std::string tests = testing::read_text(prometheus / "hedgewatch.rules_test.yml");
    for (const std::string& alert : found(testing::read_text(prometheus / "hedgewatch.rules.yml"), "- alert: (\\w+)")) {
      CAPTURE(alert);
      CHECK(tests.find("alertname: " + alert + "\n        exp_alerts:\n          - exp_labels") != std::string::npos);
      CHECK((starters.contains(alert) || alert == "HedgewatchDown"));
    }
  }
}

}  // namespace
}  // namespace hedgewatch
