#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/metric/figure.hpp"

namespace hedgewatch {

enum class AlertSeverity : std::uint8_t { Info, Warn, Page };
[[nodiscard]] constexpr std::string_view label(AlertSeverity severity) {
  constexpr std::array<std::string_view, 3> kWords{"info", "warn", "page"};
  return kWords[static_cast<std::size_t>(severity)];
}

/// What a rule looks for in a figure.
enum class AlertCondition : std::uint8_t {
  Above,    ///< value > upper
  Below,    ///< value < lower
  Outside,  ///< value > upper or value < lower
  Unknown,  ///< no value to be believed: unknown or stale
  Change    ///< the value has come farther than upper within change_within, up or down
};

struct LabelMatch {
  std::string label;
  std::string value;  ///< `*` stands for any run of characters
};

/// A threshold on every row of one figure whose labels match. An alert is raised per row.
struct AlertRule {
  std::string name;
  Figure figure = Figure::Count;
  std::vector<LabelMatch> labels;
  AlertCondition condition = AlertCondition::Above;
  double lower = 0;                           ///< in the figure's unit
  double upper = 0;                           ///< in the figure's unit
  std::chrono::nanoseconds change_within{0};  ///< positive with Change
  double clear_margin = 0;           ///< not negative: how far inside the limit the value must come back before it counts as clear
  std::chrono::nanoseconds hold{0};  ///< the condition must last so long before the alert fires
  std::chrono::nanoseconds clear_hold{0};  ///< and be gone so long before it resolves
  AlertSeverity severity = AlertSeverity::Warn;
  /// Once it fires it does so until a person acknowledges it, whatever the value does.
  bool latched = false;
  /// Only while a position is held, or its size is unknown, in the row's book (or hedge's book, or anywhere).
  bool while_held = false;
  /// Only while an account holds the row's asset, or it cannot be told whether one does.
  bool while_asset_held = false;
  /// Only while the net delta of the row's hedge is above its soft limit. Where that cannot be told, a limit counts as if it were;
  /// a rule on the unknown leaves the word to the net delta's own.
  bool while_above_soft_limit = false;
  /// An alert of this rule is the one word about a feed that is down.
  bool tells_outage = false;
  /// Silent while an alert that tells_outage is on its way or told and the reason follows from it: what a feed brought, or never
  /// brought. Only for rules on the
  /// unknown: a value that breaks a limit is never silenced.
  bool suppressed_by_feed = false;
  /// Rules, standing before this one, whose alert about the same hedge, book or account speaks for this one from the moment it is
  /// pending. With the rule's own name: its first alert speaks for the others. Only for rules on the unknown.
  std::vector<std::string> suppressed_by;
  std::string summary;  ///< one sentence of what is wrong; `{hedge}` stands for the row's value of that label
  std::string owner;    ///< who may override the limit for a time; empty: nobody
  std::string runbook;  ///< where it says what to do; empty: the page of the rule's name
};

/// Whether the labels of a row, as in FigureLayout::Row::labels, satisfy every match.
[[nodiscard]] bool matches(const std::vector<LabelMatch>& wanted, std::string_view row_labels);

/// The value of one label of a row, as it stands there (escaped); empty when the row has no such label.
[[nodiscard]] std::string_view label_value(std::string_view row_labels, std::string_view name);

}  // namespace hedgewatch
