#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/alert/alert_board.hpp"
#include "core/metric/figure_table.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// A time during which an alert was raised.
struct RaisedPeriod {
  WallTime from{};
  WallTime to{};  ///< of the first cycle in which it was not; while `open` of the newest cycle
  bool open = true;

  friend bool operator==(const RaisedPeriod&, const RaisedPeriod&) = default;
};

/// What became of one alert in one replay.
struct AlertHistory {
  std::vector<RaisedPeriod> raised;  ///< at least one
  AlertSeverity severity = AlertSeverity::Warn;
  std::string limit;            ///< see limit_text(); the newest
  std::optional<double> worst;  ///< the value farthest beyond the limit while raised; nothing for a rule on the unknown

  [[nodiscard]] std::chrono::nanoseconds duration() const;
};

/// By rule and labels of the row.
using AlertHistories = std::map<std::pair<std::string, std::string>, AlertHistory>;

/// Watches the alerts of one replay, cycle by cycle. What is acknowledged counts as not raised.
class AlertHistorian {
 public:
  void after_cycle(WallTime now, const AlertBoard& board, const FigureTable& table);
  [[nodiscard]] const AlertHistories& histories() const { return histories_; }

 private:
  AlertHistories histories_;
  std::vector<AlertHistory*> open_;  ///< raised in the cycle before
};

enum class AlertDifference : std::uint8_t { None, OnlyRecorded, OnlyOther, OtherTimes, OtherSeverity };
[[nodiscard]] std::string_view label(AlertDifference difference);

/// How the two sides of one alert differ; a side on which it was never raised is null, not both.
[[nodiscard]] AlertDifference difference_of(const AlertHistory* recorded, const AlertHistory* other);

/// `alert,labels,difference,` and of each side severity, times, first_ns, seconds, worst and limit: a row for each alert that
/// differs.
[[nodiscard]] std::string alert_differences_csv(const AlertHistories& recorded, const AlertHistories& other);

/// The same in words, one paragraph for each kind of difference, and how many alerts are alike.
[[nodiscard]] std::string alert_differences_text(const AlertHistories& recorded, const AlertHistories& other);

}  // namespace hedgewatch
