#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/alert/alert_identity.hpp"
#include "core/alert/alert_rule.hpp"
#include "core/alert/alert_state.hpp"
#include "core/alert/change_window.hpp"
#include "core/metric/figure_table.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// One alert of one rule on one row, from one state to another.
struct AlertTransition {
  std::uint32_t alert = 0;  ///< index into AlertBoard::alerts()
  AlertState from = AlertState::Inactive;
  AlertState to = AlertState::Inactive;
  FigureValue value;  ///< that decided it, with Change how far it had come; with an unknown state where the alert's row has gone
  MonoTime since{};   ///< when the condition was first seen
  MonoTime at{};
  std::optional<double> overridden = std::nullopt;  ///< the limit in force where it is not the rule's own
};

/// A limit that its owner has replaced for a time.
struct OverriddenLimit {
  std::string rule;
  std::string labels;  ///< of its row
  double level = 0;    ///< of a limit on both sides its size
  MonoTime until{};

  void visit_state(auto& archive) { archive(rule, labels, level, until); }
};

/// Whether the limit of such a rule can be replaced by one number: above, below, a change, or the same on both sides of zero.
[[nodiscard]] bool can_be_overridden(const AlertRule& rule);

/// An alert that fired before a restart.
struct RaisedAlert {
  std::string rule;
  std::string labels;  ///< of its row
  MonoTime since{};
  std::optional<Acknowledgement> acknowledgement = std::nullopt;  ///< where it was acknowledged then

  void visit_state(auto& archive) { archive(rule, labels, since, acknowledgement); }
};

/// What a hedge is about, for alerts whose row names only the hedge.
struct HedgeScope {
  std::string book;
  std::string underlying;
};
using HedgeScopes = std::map<std::string, HedgeScope>;  ///< by the hedge's name

/// Rules bound to the rows of a table. Observes after each cycle; allocates only when rules or the layout change.
class AlertBoard {
 public:
  /// An alert from before a restart whose row has not come back so long after it has ended.
  static constexpr std::chrono::nanoseconds kRowsComeWithin = std::chrono::minutes{5};
  /// Transitions of one cycle beyond this are counted and not told; the states are right all the same.
  static constexpr std::size_t kMostTransitions = 1'024;
  /// Acknowledgements of one cycle; more have no effect.
  static constexpr std::size_t kMostAcknowledged = 1'024;

  struct Alert {
    std::uint32_t rule = 0;  ///< index into rules()
    std::string labels;      ///< of its row, as in the layout
    AlertIdentity identity;
    AlertMachine machine;
    struct Override {
      double level = 0;
      MonoTime until{};
    };
    std::optional<Override> overridden;
    std::optional<ChangeWindow> change;       ///< of a rule on the change
    std::uint32_t position = 0;               ///< of its row in the layout
    std::vector<std::uint32_t> holdings;      ///< rows of position sizes that make the rule apply
    std::vector<std::uint32_t> balances;      ///< rows of what accounts have of the row's asset
    std::vector<std::uint32_t> unstated;      ///< rows that are unknown until an account has stated its positions
    std::vector<std::uint32_t> outages;       ///< earlier alerts that tell of the feeds this one is computed from
    std::vector<std::uint32_t> speakers;      ///< earlier alerts that speak for this one
    std::uint32_t limit_usage = kNoPosition;  ///< row of the hedge's delta limit usage

    void visit_state(auto& archive) {
      archive(rule, labels, identity, machine, overridden, change, position, holdings, balances, unstated, outages, speakers,
              limit_usage);
    }
  };

  /// New rules; alerts of rules and rows that are there again keep their state. bind() must follow.
  void set_rules(std::vector<AlertRule> rules, HedgeScopes hedges);
  /// These fire already, and fire on without a new transition, until their values are seen to be clear. What else is raised or
  /// acknowledged is so no longer, and is raised anew when it breaks its limit.
  void resume(std::vector<RaisedAlert> raised);

  /// These are in force from the moment their rows are there, and no others.
  void resume_overrides(std::vector<OverriddenLimit> overridden);

  /// Adds the state rows; the table's layout is open.
  void add_rows(FigureTable& table);
  /// Finds the rows of the finished layout. An alert whose row has gone is told as inactive by the next observe().
  void bind(const FigureTable& table);
  /// Whether all that alerts look at is in a table of so many rows. A state that was loaded may say otherwise.
  [[nodiscard]] bool fits(std::size_t rows) const;
  /// One a row of the layout that was bound: not 0 where some alert looks at the row.
  [[nodiscard]] std::vector<std::uint8_t> rows_read(std::size_t rows) const;
  /// A person has taken the alert on; told by the next observe(). No effect on one that is not raised then.
  void acknowledge(const AlertIdentity& alert);
  /// Another limit until then, from the next observe() on; none when `level` is absent. No effect on a rule that has no such limit.
  void override_limit(const AlertIdentity& alert, double level, MonoTime until);
  /// Judges every alert, publishes the states, and forgets the transitions of the cycle before.
  void observe(FigureTable& table, MonoTime now);

  [[nodiscard]] std::span<const AlertTransition> transitions() const { return transitions_; }
  [[nodiscard]] const std::vector<AlertRule>& rules() const { return rules_; }
  [[nodiscard]] const std::vector<Alert>& alerts() const { return alerts_; }
  /// Whether one began, ended or was replaced in the newest observe().
  [[nodiscard]] bool overrides_changed() const { return overrides_changed_; }
  [[nodiscard]] std::vector<OverriddenLimit> overrides() const;
  /// What a restart would have to resume() now: what is raised or acknowledged, also where its row has not come back yet.
  [[nodiscard]] std::vector<RaisedAlert> raised() const;
  [[nodiscard]] std::uint64_t untold_transitions() const { return untold_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(alerts_, resumed_, resumed_since_, acknowledged_, pending_overrides_, resumed_overrides_, any_override_,
            overrides_changed_, transitions_, state_rows_, worst_of_rule_, gone_, untold_);
  }

 private:
  static constexpr std::uint32_t kNoPosition = 0xFFFFFFFF;

  void take_resumed(Alert& alert);
  void give_up_resumed(MonoTime now);
  void take_acknowledged(const FigureTable& table, MonoTime now);
  void take_overrides(MonoTime now);
  void find_conditions(const FigureLayout& layout, Alert& alert) const;
  void find_roots(std::vector<Alert>& alerts, std::uint32_t index) const;
  /// Nothing in the labels of the two rows says that they are about different things.
  [[nodiscard]] bool concern_the_same(std::string_view one, std::string_view other) const;
  /// A label's value, or what the row's hedge says of it; empty: the row does not say.
  [[nodiscard]] std::string_view scope_of(std::string_view row_labels, std::string_view label) const;
  /// Of sizes that are unknown one may be anything.
  [[nodiscard]] static bool any_not_zero(const FigureTable& table, const std::vector<std::uint32_t>& places);
  [[nodiscard]] bool is_held(const FigureTable& table, const Alert& alert) const;
  /// What the rule looks at: the figure's value, or how far it has come.
  [[nodiscard]] static FigureValue looked_at(const FigureTable& table, Alert& alert, MonoTime now);
  [[nodiscard]] bool applies(const FigureTable& table, const Alert& alert) const;
  /// Whether the hedge's net delta is unknown, which is a page of its own.
  [[nodiscard]] static bool usage_unknown(const FigureTable& table, const Alert& alert);
  [[nodiscard]] bool any_active(const std::vector<std::uint32_t>& alerts) const;
  void publish_states(FigureTable& table, MonoTime now);
  void tell(const AlertTransition& transition);

  std::vector<AlertRule> rules_;
  HedgeScopes hedges_;
  std::vector<Alert> alerts_;
  std::vector<RaisedAlert> resumed_;         ///< whose row has not come yet
  std::optional<MonoTime> resumed_since_;    ///< the first cycle that waited for one
  std::vector<AlertIdentity> acknowledged_;  ///< since the cycle before
  struct PendingOverride {
    AlertIdentity alert;
    double level = 0;
    MonoTime until{};
  };
  std::vector<PendingOverride> pending_overrides_;  ///< since the cycle before
  std::vector<OverriddenLimit> resumed_overrides_;  ///< whose row has not come yet
  bool any_override_ = false;
  bool overrides_changed_ = false;
  std::vector<AlertTransition> transitions_;
  std::vector<RowId> state_rows_;             ///< one a state for each rule that is the first of its name
  std::vector<std::uint32_t> first_of_name_;  ///< by rule: the first one of its name, whose states stand for both
  std::vector<std::uint8_t> worst_of_rule_;
  std::size_t gone_ = 0;  ///< alerts at the end that were raised and have no row any more: told once
  std::uint64_t untold_ = 0;
};

}  // namespace hedgewatch
