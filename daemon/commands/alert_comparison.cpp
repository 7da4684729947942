#include "daemon/commands/alert_comparison.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "daemon/alerting/alert_message.hpp"
#include "daemon/commands/alert_timeline.hpp"
#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

/// How far a value lies beyond the limit of the rule; only for comparing two values of one rule.
double excess(const AlertRule& rule, double value) {
  switch (rule.condition) {
    case AlertCondition::Above:
      return value;
    case AlertCondition::Below:
      return -value;
    case AlertCondition::Outside:
      return std::max(value - rule.upper, rule.lower - value);
    case AlertCondition::Change:
      return std::abs(value);
    case AlertCondition::Unknown:
      break;
  }
  return 0;
}

void note_value(AlertHistory& history, const AlertRule& rule, const FigureValue& value) {
  if (rule.condition == AlertCondition::Unknown || value.state != FigureState::Ok) return;
  if (!history.worst || excess(rule, value.value) > excess(rule, *history.worst)) history.worst = value.value;
}

double seconds_of(const AlertHistory& history) { return std::chrono::duration<double>(history.duration()).count(); }

std::string decimal(double number) {
  std::string text;
  append_number(text, number);
  return text;
}

void append_side(std::string& row, const AlertHistory* side) {
  if (side == nullptr) {
    row += ",,,,,,";
    return;
  }
  row.append(",").append(label(side->severity));
  row.append(",").append(std::to_string(side->raised.size()));
  row.append(",").append(std::to_string(nanoseconds_of(side->raised[0].from)));
  row.append(",").append(decimal(seconds_of(*side)));
  row.append(",").append(side->worst ? decimal(*side->worst) : std::string{});
  row.append(",").append(side->limit);
}

std::string in_words(const AlertHistory& side) {
  const std::size_t times = side.raised.size();
  std::string text = "first at " + utc_text(side.raised[0].from) + ", " +
                     (times == 1 ? std::string{"once"} : std::to_string(times) + " times") + ", " +
                     decimal(std::round(seconds_of(side) * 10) / 10) + " s in all";
  if (side.raised.back().open) text += ", still at the end";
  if (side.worst) text += ", worst " + decimal(*side.worst);
  return text + ", limit " + side.limit;
}

/// Visits every alert of either side, with null where a side has none.
template <class Take>
void each(const AlertHistories& recorded, const AlertHistories& other, Take take) {
  auto one = recorded.begin();
  auto two = other.begin();
  while (one != recorded.end() || two != other.end()) {
    const bool first = two == other.end() || (one != recorded.end() && one->first <= two->first);
    const bool second = one == recorded.end() || (two != other.end() && two->first <= one->first);
    take(first ? one->first : two->first, first ? &one->second : nullptr, second ? &two->second : nullptr);
    if (first) ++one;
    if (second) ++two;
  }
}

}  // namespace

std::chrono::nanoseconds AlertHistory::duration() const {
  std::chrono::nanoseconds sum{0};
  for (const RaisedPeriod& period : raised) sum += period.to - period.from;
  return sum;
}

void AlertHistorian::after_cycle(WallTime now, const AlertBoard& board, const FigureTable& table) {
  for (AlertHistory* history : open_) {
    history->raised.back().to = now;
    history->raised.back().open = false;
  }
  open_.clear();
  for (const AlertBoard::Alert& alert : board.alerts()) {
    if (!is_raised(alert.machine.state())) continue;
    const AlertRule& rule = board.rules()[alert.rule];
    AlertHistory& history = histories_[{rule.name, alert.labels}];
    // Closed above in this very cycle: it goes on.
    const bool goes_on = !history.raised.empty() && history.raised.back().to == now;
    if (!goes_on) history.raised.push_back({.from = now, .to = now});
    history.raised.back().open = true;
    history.severity = rule.severity;
    history.limit = limit_text(rule, alert.overridden ? std::optional{alert.overridden->level} : std::nullopt);
    // How far a value has come stands in no row.
    if (rule.condition != AlertCondition::Change) note_value(history, rule, table.at_position(alert.position));
    open_.push_back(&history);
  }
  for (const AlertTransition& transition : board.transitions()) {
    if (!is_raised(transition.to)) continue;
    const AlertBoard::Alert& alert = board.alerts()[transition.alert];
    const AlertRule& rule = board.rules()[alert.rule];
    note_value(histories_[{rule.name, alert.labels}], rule, transition.value);
  }
}

std::string_view label(AlertDifference difference) {
  constexpr std::array<std::string_view, 5> kWords{"none", "only_recorded", "only_other", "other_times", "other_severity"};
  return kWords[static_cast<std::size_t>(difference)];
}

AlertDifference difference_of(const AlertHistory* recorded, const AlertHistory* other) {
  if (other == nullptr) return AlertDifference::OnlyRecorded;
  if (recorded == nullptr) return AlertDifference::OnlyOther;
  if (recorded->raised != other->raised) return AlertDifference::OtherTimes;
  return recorded->severity != other->severity ? AlertDifference::OtherSeverity : AlertDifference::None;
}

std::string alert_differences_csv(const AlertHistories& recorded, const AlertHistories& other) {
  std::string rows =
      "alert,labels,difference,recorded_severity,recorded_times,recorded_first_ns,recorded_seconds,recorded_worst,recorded_limit,"
      "other_severity,other_times,other_first_ns,other_seconds,other_worst,other_limit\n";
  each(recorded, other, [&rows](const auto& key, const AlertHistory* one, const AlertHistory* two) {
    const AlertDifference difference = difference_of(one, two);
    if (difference == AlertDifference::None) return;
    append_field(rows, key.first);
    rows += ',';
    append_field(rows, key.second);
    rows.append(",").append(label(difference));
    append_side(rows, one);
    append_side(rows, two);
    rows += '\n';
  });
  return rows;
}

std::string alert_differences_text(const AlertHistories& recorded, const AlertHistories& other) {
  std::array<std::string, 5> paragraphs;
  std::size_t alike = 0;
  each(recorded, other, [&](const auto& key, const AlertHistory* one, const AlertHistory* two) {
    const AlertDifference difference = difference_of(one, two);
    if (difference == AlertDifference::None) {
      ++alike;
      return;
    }
    std::string& text = paragraphs[static_cast<std::size_t>(difference)];
    const std::string name = key.first + '{' + key.second + '}';
    if (one == nullptr || two == nullptr) {
      const AlertHistory& side = one == nullptr ? *two : *one;
      text += "  " + std::string{label(side.severity)} + ' ' + name + "\n    " + in_words(side) + '\n';
      return;
    }
    text += "  " + name + "\n    recorded: " + std::string{label(one->severity)} + ", " + in_words(*one) +
            "\n    other:    " + std::string{label(two->severity)} + ", " + in_words(*two) + '\n';
  });
  constexpr std::array<std::string_view, 5> kHeads{"", "Alerts raised only as recorded:\n", "Alerts raised only with the other:\n",
                                                   "Alerts raised by both, at other times:\n",
                                                   "Alerts raised at the same times with another severity:\n"};
  std::string text;
  for (std::size_t kind = 0; kind < paragraphs.size(); ++kind)
    if (!paragraphs[kind].empty()) text.append(kHeads[kind]).append(paragraphs[kind]);
  return text + "Alerts raised alike by both: " + std::to_string(alike) + '\n';
}

}  // namespace hedgewatch
