#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/alert/starter_rules.hpp"
#include "core/metric/figure.hpp"
#include "shared_files.hpp"

namespace hedgewatch {
namespace {

using Json = nlohmann::json;

const std::filesystem::path& dashboards_folder() {
  static const std::filesystem::path folder = testing::source_directory() / "deploy/grafana/dashboards";
  return folder;
}

/// By file name, in order.
const std::map<std::string, Json>& dashboards() {
  static const std::map<std::string, Json> all = [] {
    std::map<std::string, Json> read;
    for (const auto& entry : std::filesystem::directory_iterator{dashboards_folder()})
      read[entry.path().filename().string()] = Json::parse(testing::read_text(entry.path()));
    return read;
  }();
  return all;
}

struct Query {
  std::string board;
  std::string panel;
  std::string expression;
};

std::vector<Query> queries() {
  std::vector<Query> all;
  for (const auto& [board, json] : dashboards())
    for (const Json& panel : json["panels"])
      for (const Json& target : panel.value("targets", Json::array())) all.push_back({board, panel["title"], target["expr"]});
  return all;
}

std::vector<std::smatch> every(const std::string& text, const std::regex& expression) {
  return {std::sregex_iterator{text.begin(), text.end(), expression}, std::sregex_iterator{}};
}

/// A counter or histogram that the daemon publishes beside the catalogue, as its source names it.
bool is_process_metric(std::string name) {
  static const std::string source = testing::read_text(testing::source_directory() / "daemon/process_metrics.cpp");
  for (const std::string suffix : {"_bucket", "_sum", "_count"})
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  return name == "hedgewatch_figure_state" || source.find('"' + name + '"') != std::string::npos;
}

bool has_label(const FigureDefinition& figure, const std::string& name) {
  return name == "instance" || name == "job" || std::find(figure.labels.begin(), figure.labels.end(), name) != figure.labels.end();
}

/// The runbook that a link of a panel leads to, or nothing.
std::string runbook_of(const Json& link) {
  const std::string url = link["url"];
  const std::string prefix = "/d/hedgewatch-runbooks?viewPanel=";
  if (!url.starts_with(prefix)) return {};
  const int id = std::stoi(url.substr(prefix.size()));
  for (const Json& panel : dashboards().at("hedgewatch-runbooks.json")["panels"])
    if (panel["id"] == id) return panel["title"];
  return {};
}

/// Alert, and the panels that lead to its runbook.
std::multimap<std::string, Json> panels_by_alert() {
  std::multimap<std::string, Json> found;
  for (const auto& [board, json] : dashboards())
    for (const Json& panel : json["panels"])
      for (const Json& link : panel.value("links", Json::array())) found.emplace(runbook_of(link), panel);
  return found;
}

std::vector<AlertRule> starters() {
  HedgeSetup hedge;
  hedge.name = "any";
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  return starter_rules(std::vector{hedge});
}

TEST_SUITE("dashboards/dashboards") {
  TEST_CASE("every figure on a dashboard is in the catalogue, or one that the daemon publishes of itself") {
    const std::regex name{R"(\bhedgewatch_\w+)"};
    const std::regex quoted{R"("[^"]*")"};
    REQUIRE(queries().size() > 100);
    for (const Query& query : queries()) {
      CAPTURE(query.board);
      CAPTURE(query.panel);
      const std::string bare = std::regex_replace(query.expression, quoted, "\"\"");
      for (const std::smatch& match : every(bare, name)) {
        CAPTURE(match.str());
        CHECK((figure_from_name(match.str()).has_value() || is_process_metric(match.str())));
      }
    }
  }

  TEST_CASE("a query selects by labels that its figure has") {
    const std::regex selector{R"(\b(hedgewatch_\w+)\{([^}]*)\})"};
    const std::regex label{R"re((\w+)(?:=~|!~|!=|=)")re"};
    for (const Query& query : queries()) {
      for (const std::smatch& match : every(query.expression, selector)) {
        const auto figure = figure_from_name(match[1].str());
        if (!figure) continue;
        const std::string inside = match[2];
        for (const std::smatch& one : every(inside, label)) {
          CAPTURE(query.board);
          CAPTURE(query.panel);
          CAPTURE(query.expression);
          CAPTURE(one[1].str());
          CHECK(has_label(definition_of(*figure), one[1].str()));
        }
      }
    }
  }

  TEST_CASE("no query adds up figures, and none fills what is unknown with a number of its own") {
    const std::regex name{R"(\bhedgewatch_\w+)"};
    for (const Query& query : queries()) {
      CAPTURE(query.board);
      CAPTURE(query.panel);
      CAPTURE(query.expression);
      CHECK(query.expression.find("vector(") == std::string::npos);
      CHECK(query.expression.find("avg") == std::string::npos);
      if (query.expression.find("sum") == std::string::npos) continue;
      for (const std::smatch& match : every(query.expression, name)) CHECK(!figure_from_name(match.str()).has_value());
    }
  }

  TEST_CASE("what is told as of now is asked for now, and says unknown when it is not there") {
    for (const auto& [board, json] : dashboards())
      for (const Json& panel : json["panels"]) {
        if (!panel.contains("targets")) continue;
        CAPTURE(board);
        CAPTURE(panel["title"].get<std::string>());
        const bool over_time = panel["type"] == "timeseries";
        for (const Json& target : panel["targets"]) CHECK(target["instant"] == !over_time);
        CHECK(!panel["fieldConfig"]["defaults"].value("noValue", "").empty());
        if (over_time) CHECK(panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] == false);
      }
  }

  TEST_CASE("panels have ids of their own, lie in the grid and do not overlap") {
    std::set<std::string> boards;
    for (const auto& [file, json] : dashboards()) {
      CAPTURE(file);
      CHECK(file == json["uid"].get<std::string>() + ".json");
      CHECK(boards.insert(json["title"].get<std::string>()).second);
      std::set<int> ids;
      std::set<std::pair<int, int>> cells;
      for (const Json& panel : json["panels"]) {
        CAPTURE(panel["title"].get<std::string>());
        CHECK(ids.insert(panel["id"].get<int>()).second);
        const Json& at = panel["gridPos"];
        CHECK(at["x"].get<int>() + at["w"].get<int>() <= 24);
        for (int x = at["x"]; x < at["x"].get<int>() + at["w"].get<int>(); ++x)
          for (int y = at["y"]; y < at["y"].get<int>() + at["h"].get<int>(); ++y) CHECK(cells.insert({x, y}).second);
      }
    }
  }

  TEST_CASE("every variable that a panel uses is one of its board or Grafana's own, and every variable of a board is used") {
    const std::regex use{R"(\$\{?([A-Za-z_]\w*))"};
    const std::set<std::string> own{"__rate_interval", "__value", "__data", "__url_time_range"};
    for (const auto& [file, json] : dashboards()) {
      CAPTURE(file);
      std::set<std::string> defined;
      for (const Json& variable : json["templating"]["list"]) defined.insert(variable["name"].get<std::string>());
      const std::string text = json["panels"].dump();
      std::set<std::string> used{"datasource"};
      if (json["uid"] != "hedgewatch-runbooks")
        for (const std::smatch& match : every(text, use)) used.insert(match[1]);
      for (const std::string& name : used) {
        CAPTURE(name);
        CHECK((defined.contains(name) || own.contains(name)));
      }
      for (const std::string& name : defined) {
        CAPTURE(name);
        CHECK(used.contains(name));
      }
    }
  }

  TEST_CASE("every link of a panel leads to a runbook, and every runbook has a panel") {
    const auto panels = panels_by_alert();
    CHECK(!panels.contains(""));
    for (const Json& runbook : dashboards().at("hedgewatch-runbooks.json")["panels"])
      CHECK(
          std::filesystem::exists(testing::source_directory() / "deploy/runbooks" / (runbook["title"].get<std::string>() + ".md")));
  }

  TEST_CASE("a panel draws the limit of the alert that leads to it") {
    const auto panels = panels_by_alert();
    int compared = 0;
    for (const AlertRule& rule : starters()) {
      if (rule.condition != AlertCondition::Above && rule.condition != AlertCondition::Below) continue;
      const double limit = rule.condition == AlertCondition::Above ? rule.upper : rule.lower;
      for (auto [at, end] = panels.equal_range(rule.name); at != end; ++at) {
        const Json& defaults = at->second["fieldConfig"]["defaults"];
        const bool in_words = at->second["fieldConfig"].dump().find("mappings") != std::string::npos;
        if (in_words && limit == 0.5) continue;  // yes and no
        CAPTURE(rule.name);
        CAPTURE(limit);
        CAPTURE(defaults["thresholds"].dump());
        const Json& steps = defaults["thresholds"]["steps"];
        CHECK(std::any_of(steps.begin(), steps.end(), [limit](const Json& step) { return step["value"] == limit; }));
        ++compared;
      }
    }
    CHECK(compared >= 5);
  }
}

}  // namespace
}  // namespace hedgewatch
