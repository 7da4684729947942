#include "config/tables/rule_parts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/shown.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kFigureForm = "the name of a published figure such as \"hedgewatch_hedge_ratio\"";

std::vector<std::string_view> figure_names() {
  std::vector<std::string_view> names;
  for (const FigureDefinition& figure : figure_catalogue()) names.push_back(figure.name);
  return names;
}

std::optional<Figure> read_figure(TableReader& table) {
  const auto found = table.required_text("figure", kFigureForm);
  if (!found) return std::nullopt;
  if (const auto figure = figure_from_name(found->value)) return figure;
  const std::vector<std::string_view> names = figure_names();
  const std::string_view near = nearest(found->value, names);
  table.fault(*found, "is " + shown(found->value) + ", must be " + (near.empty() ? std::string{kFigureForm} : shown(near)));
  return std::nullopt;
}

void read_labels(TableReader& table, Figure figure, AlertRule& rule) {
  auto labels = table.table("labels");
  if (!labels) return;
  const FigureDefinition& definition = definition_of(figure);
  for (std::size_t index = 0; index < definition.label_count(); ++index) {
    const std::string_view name = definition.labels[index];
    if (auto value = labels->text(name, "a text, in which * stands for any run of characters"))
      rule.labels.push_back({std::string{name}, std::move(value->value)});
  }
  labels->finish();
}

/// Each `{label}` of the text is a label of the figure.
void check_template(TableReader& table, const Found<std::string>& found, Figure figure) {
  const FigureDefinition& definition = definition_of(figure);
  std::string_view rest = found.value;
  for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
    const std::size_t close = rest.find('}', open);
    const std::string_view label = rest.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    bool known = false;
    for (std::size_t index = 0; index < definition.label_count(); ++index) known = known || definition.labels[index] == label;
    if (!known || close == std::string_view::npos) {
      table.fault(found, "is " + shown(found.value) + ", must name only labels of the figure in braces, such as {" +
                             std::string{definition.label_count() == 0 ? "" : definition.labels.front()} + "}");
      return;
    }
    rest.remove_prefix(close + 1);
  }
}

}  // namespace

void read_rule_scope(TableReader& table, AlertRule& rule) {
  const auto figure = read_figure(table);
  if (figure) {
    rule.figure = *figure;
    read_labels(table, *figure, rule);
  } else {
    static_cast<void>(table.table("labels"));  // whatever they are, the figure is the fault
  }
}

void read_rule_words(TableReader& table, AlertRule& rule) {
  auto summary = table.required_text("summary", "one sentence of what is wrong");
  if (summary && rule.figure != Figure::Count) check_template(table, *summary, rule.figure);
  if (summary) rule.summary = std::move(summary->value);
  if (auto runbook = table.text("runbook", "a path or an address: where it says what to do"))
    rule.runbook = std::move(runbook->value);
}

}  // namespace hedgewatch
