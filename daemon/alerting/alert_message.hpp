#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/alert/alert_board.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// An alert as its receivers see it.
struct AlertMessage {
  std::vector<std::pair<std::string, std::string>> labels;  ///< alertname, severity, then those of the row: its identity
  std::string summary;
  std::string description;  ///< which figure, its value and limit
  std::string runbook;      ///< where it says what to do
  WallTime starts{};
  std::optional<WallTime> ended;  ///< nothing while it is raised

  /// What tells it from every other alert.
  [[nodiscard]] std::string key() const;
};

/// How a raised or ended alert is told. `wall_offset` is calendar time minus the transition's own; `runbooks` is the folder or
/// address of the pages.
[[nodiscard]] AlertMessage message_of(const AlertRule& rule, std::string_view row_labels, const AlertTransition& transition,
                                      std::chrono::nanoseconds wall_offset, std::string_view runbooks);

/// Where the page of an alert is.
[[nodiscard]] std::string runbook_of(std::string_view runbooks, std::string_view alert);

/// The body of Alertmanager's POST /api/v2/alerts. An alert that is raised is said to end at `valid_until` unless it is sent again.
[[nodiscard]] std::string alertmanager_body(const std::vector<AlertMessage>& alerts, WallTime valid_until);

/// The body of a webhook in the form of Alertmanager's own, version 4, for receivers made for those.
[[nodiscard]] std::string webhook_body(const std::vector<AlertMessage>& alerts);

/// RFC 3339 in UTC with milliseconds.
[[nodiscard]] std::string utc_text(WallTime time);

/// The labels of a row as pairs, unescaped.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_row_labels(std::string_view row_labels);

}  // namespace hedgewatch
