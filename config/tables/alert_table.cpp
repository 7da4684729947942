#include "config/tables/tables.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shown.hpp"
#include "config/tables/rule_parts.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"
#include "core/alert/alert_rule.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kLimitForm = "a number in the figure's unit";

/// A limit on the change within a time.
void read_change(TableReader& table, AlertRule& rule) {
  constexpr std::string_view kChangeForm = "a positive number in the figure's unit";
  const auto change = table.number("change_above", kChangeForm);
  const bool stated = table.has("change_above");
  if (!stated && table.has("change_within"))
    table.missing("change_above", std::string{kChangeForm} + ": change_within says in which time it is reached");
  if (stated && !table.has("change_within"))
    table.missing("change_within", "a duration such as \"5m\", in which change_above is reached");
  read_duration(table, "change_within", 1s, 24h, rule.change_within);
  if (change && !(change->value > 0)) table.fault(*change, "is " + shown(change->value) + ", must be " + std::string{kChangeForm});
  if (change && (table.has("above") || table.has("below") || table.has("unknown")))
    table.fault(*change, "is beside another condition, must be the only one");
  if (!stated) return;
  rule.condition = AlertCondition::Change;
  if (change) rule.upper = change->value;
}

/// A limit on the value, or that there must be one.
void read_limits(TableReader& table, AlertRule& rule) {
  const auto above = table.number("above", kLimitForm);
  const auto below = table.number("below", kLimitForm);
  const auto unknown = table.boolean("unknown", "true");
  if (unknown && !unknown->value) table.fault(*unknown, "is false, must be true or left out");
  if (table.has("change_above")) return;
  if (above) rule.upper = above->value;
  if (below) rule.lower = below->value;
  if (unknown && (above || below)) {
    table.fault(*unknown, "is true beside a limit, must be the only condition: what is unknown is beyond no limit");
  } else if (unknown) {
    rule.condition = AlertCondition::Unknown;
  } else if (above && below) {
    rule.condition = AlertCondition::Outside;
    if (!(below->value < above->value))
      table.fault(*below,
                  "is " + shown(below->value) + ", must be less than above (" + shown(above->value) + "): no value would be right");
  } else if (above) {
    rule.condition = AlertCondition::Above;
  } else if (below) {
    rule.condition = AlertCondition::Below;
  } else if (!table.has("above") && !table.has("below") && !table.has("unknown") && !table.has("change_within")) {
    table.missing("above", "a limit (above, below or both), change_above, or unknown = true");
  }
}

/// Exactly one condition.
void read_condition(TableReader& table, AlertRule& rule) {
  read_limits(table, rule);
  read_change(table, rule);
  constexpr std::string_view kMarginForm = "a number of the figure's unit, not negative";
  const auto margin = table.number("clear_margin", kMarginForm);
  if (margin && !(margin->value >= 0)) table.fault(*margin, "is " + shown(margin->value) + ", must be " + std::string{kMarginForm});
  if (!margin) return;
  rule.clear_margin = margin->value;
  if (rule.condition == AlertCondition::Change && rule.clear_margin > rule.upper)
    table.fault(*margin, "is " + shown(margin->value) + ", must be at most change_above (" + shown(rule.upper) +
                             "): the alert could never clear");
  if (rule.condition == AlertCondition::Outside && rule.lower + rule.clear_margin > rule.upper - rule.clear_margin)
    table.fault(*margin, "is " + shown(margin->value) + ", must leave values between the limits: the alert could never clear");
}

}  // namespace

void read_alert(TableReader& table, CrossReferences& references, Config& config) {
  static constexpr std::array<Choice<AlertSeverity>, 3> kSeverities{{{label(AlertSeverity::Info), AlertSeverity::Info},
                                                                     {label(AlertSeverity::Warn), AlertSeverity::Warn},
                                                                     {label(AlertSeverity::Page), AlertSeverity::Page}}};
  constexpr std::chrono::nanoseconds kLongest = 24h;
  AlertRule rule;
  if (const auto name = read_name(table, references.alerts)) rule.name = name->value;
  read_rule_scope(table, rule);
  read_condition(table, rule);
  read_duration(table, "hold", 0ns, kLongest, rule.hold);
  read_duration(table, "clear_hold", 0ns, kLongest, rule.clear_hold);
  if (const auto severity = chosen(table, table.required_text("severity", choices_of(kSeverities)), kSeverities))
    rule.severity = *severity;
  if (const auto latched = table.boolean("latched", "true or false")) rule.latched = latched->value;
  if (const auto held = table.boolean("while_held", "true or false")) rule.while_held = held->value;
  read_rule_words(table, rule);
  if (auto owner = table.text("owner", kOwnerForm)) rule.owner = std::move(owner->value);
  table.finish();
  config.alerts.push_back(std::move(rule));
}

}  // namespace hedgewatch
