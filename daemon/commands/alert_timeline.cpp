#include "daemon/commands/alert_timeline.hpp"

#include <chrono>

#include "daemon/commands/csv.hpp"

namespace hedgewatch {

std::string limit_text(const AlertRule& rule, const std::optional<double>& overridden) {
  std::string text;
  const auto add = [&text](std::string_view word, double number) {
    text += word;
    append_number(text, number);
  };
  switch (rule.condition) {
    case AlertCondition::Above:
      add("above ", overridden.value_or(rule.upper));
      break;
    case AlertCondition::Below:
      add("below ", overridden.value_or(rule.lower));
      break;
    case AlertCondition::Outside:
      add("outside ", overridden ? -*overridden : rule.lower);
      add(" ", overridden.value_or(rule.upper));
      break;
    case AlertCondition::Change:
      add("change ", overridden.value_or(rule.upper));
      add(" within ", std::chrono::duration<double>(rule.change_within).count());
      text += 's';
      break;
    case AlertCondition::Unknown:
      return "unknown";
  }
  if (overridden) text += " overridden";
  return text;
}

std::string value_text(const FigureValue& value) {
  if (value.state != FigureState::Ok) return std::string{label(value.state)} + '/' + std::string{label(value.reason)};
  std::string text;
  append_number(text, value.value);
  return text;
}

std::vector<AlertChange> alert_changes(const AlertBoard& board, WallTime now) {
  std::vector<AlertChange> changes;
  for (const AlertTransition& transition : board.transitions()) {
    const AlertBoard::Alert& alert = board.alerts()[transition.alert];
    const AlertRule& rule = board.rules()[alert.rule];
    changes.push_back({.at = now,
                       .since = now - (transition.at - transition.since),
                       .alert = rule.name,
                       .labels = alert.labels,
                       .severity = rule.severity,
                       .from = transition.from,
                       .to = transition.to,
                       .value = transition.value,
                       .limit = limit_text(rule, transition.overridden)});
  }
  return changes;
}

void append_alert_change(std::string& out, const AlertChange& change) {
  out += std::to_string(nanoseconds_of(change.at));
  out += ',';
  append_field(out, change.alert);
  out += ',';
  append_field(out, change.labels);
  out.append(",").append(label(change.severity));
  out.append(",").append(label(change.from));
  out.append(",").append(label(change.to));
  out.append(",").append(std::to_string(nanoseconds_of(change.since)));
  out.append(",").append(value_text(change.value));
  out.append(",").append(change.limit).append("\n");
}

}  // namespace hedgewatch
