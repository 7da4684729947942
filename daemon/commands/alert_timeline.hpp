#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert/alert_board.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// One change of one alert, by the calendar.
struct AlertChange {
  WallTime at{};
  WallTime since{};  ///< when its condition was first seen
  std::string alert;
  std::string labels;  ///< of its row
  AlertSeverity severity = AlertSeverity::Warn;
  AlertState from = AlertState::Inactive;
  AlertState to = AlertState::Inactive;
  FigureValue value;  ///< that decided it
  std::string limit;  ///< see limit_text()
};

/// What changed in the newest cycle, which ended at `now`, in the board's order.
[[nodiscard]] std::vector<AlertChange> alert_changes(const AlertBoard& board, WallTime now);

/// A rule's limit in a word and its numbers, in the figure's unit: `above 2.5`, `below 0.8`, `outside -5 5`, `change 3 within 60s`,
/// `unknown`; of one that is overridden for a time `above 4 overridden`.
[[nodiscard]] std::string limit_text(const AlertRule& rule, const std::optional<double>& overridden = std::nullopt);

/// The number, or where there is none `STATE/REASON`.
[[nodiscard]] std::string value_text(const FigureValue& value);

inline constexpr std::string_view kAlertTimelineHeader = "ts_ns,alert,labels,severity,from,to,since_ns,value,limit\n";
/// Appends one row of the timeline with its line end.
void append_alert_change(std::string& out, const AlertChange& change);

}  // namespace hedgewatch
