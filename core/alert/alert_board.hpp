#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/alert/alert_rule.hpp"
#include "core/alert/alert_state.hpp"
#include "core/metric/figure_table.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// One alert of one rule on one row, from one state to another.
struct AlertTransition {
  std::uint32_t alert = 0;  ///< index into AlertBoard::alerts()
  AlertState from = AlertState::Inactive;
  AlertState to = AlertState::Inactive;
  FigureValue value;  ///< that decided it; with an unknown state where the alert's row has gone
  MonoTime since{};   ///< when the condition was first seen
  MonoTime at{};
};

/// An alert that fired before a restart.
struct RaisedAlert {
  std::string rule;
  std::string labels;  ///< of its row
  MonoTime since{};
};

/// Rules bound to the rows of a table. Observes after each cycle; allocates only when rules or the layout change.
class AlertBoard {
 public:
  /// Transitions of one cycle beyond this are counted and not told; the states are right all the same.
  static constexpr std::size_t kMostTransitions = 1'024;

  struct Alert {
    std::uint32_t rule = 0;  ///< index into rules()
    std::string labels;      ///< of its row, as in the layout
    AlertMachine machine;
    std::uint32_t position = 0;               ///< of its row in the layout
    std::vector<std::uint32_t> holdings;      ///< rows of position sizes that make the rule apply
    std::uint32_t limit_usage = kNoPosition;  ///< row of the hedge's delta limit usage
  };

  /// New rules; alerts of rules and rows that are there again keep their state. bind() must follow.
  /// `book_of_hedge` says whose positions a hedge is about.
  void set_rules(std::vector<AlertRule> rules, std::map<std::string, std::string> book_of_hedge);
  /// These fire already, and fire on without a new transition, until their values are seen to be clear.
  void resume(std::vector<RaisedAlert> raised);

  /// Adds the state rows; the table's layout is open.
  void add_rows(FigureTable& table);
  /// Finds the rows of the finished layout. An alert whose row has gone is told as inactive by the next observe().
  void bind(const FigureTable& table);
  /// Judges every alert, publishes the states, and forgets the transitions of the cycle before.
  void observe(FigureTable& table, MonoTime now);

  [[nodiscard]] std::span<const AlertTransition> transitions() const { return transitions_; }
  [[nodiscard]] const std::vector<AlertRule>& rules() const { return rules_; }
  [[nodiscard]] const std::vector<Alert>& alerts() const { return alerts_; }
  [[nodiscard]] std::uint64_t untold_transitions() const { return untold_; }

 private:
  static constexpr std::uint32_t kNoPosition = 0xFFFFFFFF;

  void take_resumed(Alert& alert);
  void find_conditions(const FigureLayout& layout, Alert& alert) const;
  [[nodiscard]] bool applies(const FigureTable& table, const Alert& alert) const;
  void tell(const AlertTransition& transition);

  std::vector<AlertRule> rules_;
  std::map<std::string, std::string> book_of_hedge_;
  std::vector<Alert> alerts_;
  std::vector<RaisedAlert> resumed_;
  std::vector<AlertTransition> transitions_;
  std::vector<RowId> state_rows_;  ///< four a rule
  std::vector<std::uint8_t> worst_of_rule_;
  std::size_t gone_ = 0;  ///< alerts at the end that were raised and have no row any more: told once
  std::uint64_t untold_ = 0;
};

}  // namespace hedgewatch
