#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/alert/starter_rules.hpp"
#include "daemon/alerting/alert_desk.hpp"
#include "shared_files.hpp"

namespace hedgewatch {
namespace {

std::vector<AlertRule> any_starter_rules() {
  HedgeSetup hedge;
  hedge.name = "any";
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  return starter_rules(std::vector{hedge});
}

std::set<std::string> starter_names() {
  std::set<std::string> names{AlertDesk::kHeartbeat, AlertDesk::kStalled};
  for (const AlertRule& rule : any_starter_rules()) names.insert(rule.name);
  return names;
}

/// About the daemon itself, told by Prometheus alone.
const std::set<std::string> kOfPrometheus{"HedgewatchDown", "FeedGapStorm", "JournalBehind"};

/// Each rule of the file: its name and its text.
std::vector<std::pair<std::string, std::string>> prometheus_rules() {
  const std::string text = testing::read_text(testing::source_directory() / "deploy/prometheus/hedgewatch.rules.yml");
  std::vector<std::pair<std::string, std::string>> rules;
  const std::string head = "- alert: ";
  for (std::size_t at = text.find(head); at != std::string::npos;) {
    const std::size_t next = text.find(head, at + 1);
    const std::string body = text.substr(at + head.size(), next == std::string::npos ? next : next - at - head.size());
    rules.emplace_back(body.substr(0, body.find('\n')), body);
    at = next;
  }
  return rules;
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
      CHECK((starters.contains(alert) || kOfPrometheus.contains(alert)));
    }
  }

  TEST_CASE(
      "a starter rule is told by Prometheus too, with the same hold, severity and words, unless another alert may speak for it") {
    const auto rules = prometheus_rules();
    CHECK(rules.size() > 30);
    for (const AlertRule& starter : any_starter_rules()) {
      CAPTURE(starter.name);
      const auto rule = std::find_if(rules.begin(), rules.end(), [&](const auto& one) { return one.first == starter.name; });
      if (rule == rules.end()) {
        CHECK((!starter.suppressed_by.empty() || starter.name == "HedgeCannotBeMovedUnknown"));
        continue;
      }
      const std::string& text = rule->second;
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(starter.hold).count();
      CHECK((seconds == 0 ? text.find("\n        for: ") == std::string::npos
                          : text.find("\n        for: " + std::to_string(seconds) + "s\n") != std::string::npos));
      CHECK(text.find("severity: " + std::string{label(starter.severity)} + '}') != std::string::npos);
      std::string words = starter.summary;
      for (std::size_t at = words.find('\''); at != std::string::npos; at = words.find('\'', at + 2)) words.insert(at, 1, '\'');
      CHECK(text.find("summary: '" + words + "'\n") != std::string::npos);
      CHECK(text.find("runbook: /usr/share/hedgewatch/runbooks/" + starter.name + ".md\n") != std::string::npos);
      CHECK(text.find("panel: 'd/hedgewatch-") != std::string::npos);
      const bool quiet = text.find("hedgewatch_alert_acknowledged{alert=\"" + starter.name + "\"}") != std::string::npos;
      CHECK(quiet);
    }
  }
}

}  // namespace
}  // namespace hedgewatch
