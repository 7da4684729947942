#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "config/shown.hpp"
#include "config/tables/rule_parts.hpp"
#include "config/tables/tables.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kUnknownHold = 30s;

void set_level(AlertRule& rule, double level) {
  rule.upper = level;
  rule.lower = rule.condition == AlertCondition::Outside ? -level : level;
}

/// The soft level is met before the hard one.
void read_levels(TableReader& table, AlertRule& soft, AlertRule& hard) {
  constexpr std::string_view kLevelForm = "a number in the figure's unit";
  const auto soft_level = table.required_number("soft", kLevelForm);
  const auto hard_level = table.required_number("hard", kLevelForm);
  if (!soft_level || !hard_level) return;
  const bool below = soft.condition == AlertCondition::Below;
  const bool in_order = below ? soft_level->value > hard_level->value : soft_level->value < hard_level->value;
  if (!in_order)
    table.fault(*hard_level, "is " + shown(hard_level->value) + ", must be " + (below ? "below" : "above") + " soft (" +
                                 shown(soft_level->value) + ")");
  if (soft.condition == AlertCondition::Outside && !(soft_level->value > 0))
    table.fault(*soft_level, "is " + shown(soft_level->value) + ", must be above 0: the limit is on both sides of zero");
  set_level(soft, soft_level->value);
  set_level(hard, hard_level->value);
}

}  // namespace

void read_limit(TableReader& table, CrossReferences& references, Config& config) {
  static constexpr std::array<Choice<AlertCondition>, 3> kSides{
      {{"above", AlertCondition::Above}, {"below", AlertCondition::Below}, {"outside", AlertCondition::Outside}}};
  AlertRule soft;
  const auto name = read_name(table, references.alerts);
  read_rule_scope(table, soft);
  read_rule_words(table, soft);
  if (auto owner = table.required_text("owner", kOwnerForm)) soft.owner = std::move(owner->value);
  read_choice(table, "side", kSides, soft.condition);
  soft.hold = 60s;
  read_duration(table, "hold", 0ns, 24h, soft.hold);
  soft.clear_hold = 10s;
  AlertRule hard = soft;
  read_levels(table, soft, hard);
  table.finish();
  if (!name) return;
  soft.name = name->value + "SoftLimit";
  hard.name = name->value + "HardLimit";
  hard.severity = AlertSeverity::Page;
  AlertRule unknown = hard;
  unknown.name = name->value + "Unknown";
  unknown.condition = AlertCondition::Unknown;
  unknown.hold = kUnknownHold;
  unknown.while_held = true;
  unknown.suppressed_by_feed = true;
  unknown.owner.clear();
  for (AlertRule* rule : {&soft, &hard, &unknown}) config.alerts.push_back(std::move(*rule));
}

}  // namespace hedgewatch
