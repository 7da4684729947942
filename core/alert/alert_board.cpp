#include "core/alert/alert_board.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace hedgewatch {

namespace {

/// The order in which one alert stands for its rule.
std::uint8_t rank(AlertState state) {
  switch (state) {
    case AlertState::Firing:
      return 4;
    case AlertState::Clearing:
      return 3;
    case AlertState::Acknowledged:
      return 2;
    case AlertState::Pending:
      return 1;
    case AlertState::Inactive:
      break;
  }
  return 0;
}

AlertState of_rank(std::uint8_t rank) {
  constexpr std::array kStates{AlertState::Inactive, AlertState::Pending, AlertState::Acknowledged, AlertState::Clearing,
                               AlertState::Firing};
  return kStates[rank];
}

}  // namespace

bool can_be_overridden(const AlertRule& rule) {
  return rule.condition != AlertCondition::Unknown && (rule.condition != AlertCondition::Outside || rule.lower == -rule.upper);
}

void AlertBoard::set_rules(std::vector<AlertRule> rules, HedgeScopes hedges) {
  // Alerts are known by rule name and row until they are bound again.
  std::vector<AlertRule> old_rules = std::move(rules_);
  rules_ = std::move(rules);
  hedges_ = std::move(hedges);
  for (Alert& alert : alerts_) {
    const std::string& name = old_rules[alert.rule].name;
    const auto found = std::find_if(rules_.begin(), rules_.end(),
                                    [&](const AlertRule& rule) { return rule.name == name && matches(rule.labels, alert.labels); });
    alert.rule = found == rules_.end() ? kNoPosition : static_cast<std::uint32_t>(found - rules_.begin());
  }
  std::erase_if(alerts_, [](const Alert& alert) { return alert.rule == kNoPosition; });
  // Rules that are made per hedge share a name; their states are shown as one.
  first_of_name_.clear();
  for (const AlertRule& rule : rules_) {
    const auto first = std::find_if(rules_.begin(), rules_.end(), [&](const AlertRule& one) { return one.name == rule.name; });
    first_of_name_.push_back(static_cast<std::uint32_t>(first - rules_.begin()));
  }
  worst_of_rule_.assign(rules_.size(), 0);
  transitions_.reserve(kMostTransitions);
  acknowledged_.reserve(kMostAcknowledged);
  pending_overrides_.reserve(kMostAcknowledged);
}

void AlertBoard::add_rows(FigureTable& table) {
  state_rows_.clear();
  for (std::size_t rule = 0; rule < rules_.size(); ++rule)
    for (const AlertState state : kAlertStates)
      state_rows_.push_back(
          first_of_name_[rule] != rule
              ? kNoRow
              : table.add_row(Figure::AlertState, {rules_[rule].name, label(rules_[rule].severity), label(state)}));
}

std::string_view AlertBoard::scope_of(std::string_view row_labels, std::string_view label) const {
  const std::string_view own = label_value(row_labels, label);
  if (!own.empty()) return own == "all" || own == "(all)" ? std::string_view{} : own;
  const auto hedge = hedges_.find(std::string{label_value(row_labels, "hedge")});
  if (hedge == hedges_.end()) return {};
  if (label == "book") return hedge->second.book;
  return label == "underlying" ? std::string_view{hedge->second.underlying} : std::string_view{};
}

bool AlertBoard::concern_the_same(std::string_view one, std::string_view other) const {
  constexpr std::array<std::string_view, 5> kScopes{"venue", "account", "book", "underlying", "hedge"};
  return std::all_of(kScopes.begin(), kScopes.end(), [&](std::string_view label) {
    const std::string_view first = scope_of(one, label);
    const std::string_view second = scope_of(other, label);
    return first.empty() || second.empty() || first == second;
  });
}

void AlertBoard::find_roots(std::vector<Alert>& alerts, std::uint32_t index) const {
  Alert& alert = alerts[index];
  const AlertRule& rule = rules_[alert.rule];
  alert.outages.clear();
  alert.speakers.clear();
  if (!rule.suppressed_by_feed && rule.suppressed_by.empty()) return;
  for (std::uint32_t earlier = 0; earlier < index; ++earlier) {
    const AlertRule& root = rules_[alerts[earlier].rule];
    const bool outage = rule.suppressed_by_feed && root.tells_outage;
    const bool speaker = std::find(rule.suppressed_by.begin(), rule.suppressed_by.end(), root.name) != rule.suppressed_by.end();
    if ((!outage && !speaker) || !concern_the_same(alerts[earlier].labels, alert.labels)) continue;
    (outage ? alert.outages : alert.speakers).push_back(earlier);
  }
}

void AlertBoard::find_conditions(const FigureLayout& layout, Alert& alert) const {
  const AlertRule& rule = rules_[alert.rule];
  alert.holdings.clear();
  alert.balances.clear();
  alert.unstated.clear();
  alert.limit_usage = kNoPosition;
  const std::string_view hedge = label_value(alert.labels, "hedge");
  const std::string_view book = scope_of(alert.labels, "book");
  for (std::uint32_t place = 0; place < layout.rows.size(); ++place) {
    const FigureLayout::Row& row = layout.rows[place];
    if (rule.while_held && row.figure == Figure::PositionSize && (book.empty() || label_value(row.labels, "book") == book))
      alert.holdings.push_back(place);
    if (rule.while_asset_held && (row.figure == Figure::Balance || row.figure == Figure::MarginBalance) &&
        label_value(row.labels, "asset") == label_value(alert.labels, "asset"))
      alert.balances.push_back(place);
    if (rule.while_held && row.figure == Figure::ReconcileSecondsSince) alert.unstated.push_back(place);
    if (rule.while_above_soft_limit && row.figure == Figure::HedgeLimitUsageRatio && label_value(row.labels, "hedge") == hedge &&
        label_value(row.labels, "greek") == "delta")
      alert.limit_usage = place;
  }
}

void AlertBoard::take_resumed(Alert& alert) {
  const auto limit = std::find_if(resumed_overrides_.begin(), resumed_overrides_.end(), [&](const OverriddenLimit& one) {
    return one.rule == rules_[alert.rule].name && one.labels == alert.labels && can_be_overridden(rules_[alert.rule]);
  });
  if (limit != resumed_overrides_.end()) {
    alert.overridden = {.level = limit->level, .until = limit->until};
    any_override_ = true;
    resumed_overrides_.erase(limit);
  }
  const auto before = std::find_if(resumed_.begin(), resumed_.end(), [&](const RaisedAlert& raised) {
    return raised.rule == rules_[alert.rule].name && raised.labels == alert.labels;
  });
  if (before == resumed_.end()) return;
  alert.machine.resume(before->since, before->acknowledgement);
  resumed_.erase(before);
}

void AlertBoard::resume(std::vector<RaisedAlert> raised) {
  resumed_ = std::move(raised);
  resumed_since_.reset();
  for (Alert& alert : alerts_) {
    const bool acknowledged = alert.machine.state() == AlertState::Acknowledged;
    if (!acknowledged && !is_raised(alert.machine.state())) {
      take_resumed(alert);
      continue;
    }
    const auto same = std::find_if(resumed_.begin(), resumed_.end(), [&](const RaisedAlert& one) {
      return one.rule == rules_[alert.rule].name && one.labels == alert.labels;
    });
    // What is as it was said goes on with all that it knows, such as since when it has been clear.
    if (same != resumed_.end() && same->acknowledgement.has_value() == acknowledged) {
      resumed_.erase(same);
      continue;
    }
    alert.machine = AlertMachine{};
    take_resumed(alert);
  }
}

void AlertBoard::resume_overrides(std::vector<OverriddenLimit> overridden) {
  resumed_overrides_ = std::move(overridden);
  any_override_ = false;
  for (Alert& alert : alerts_) {
    alert.overridden.reset();
    take_resumed(alert);
  }
}

void AlertBoard::override_limit(const AlertIdentity& alert, double level, MonoTime until) {
  if (pending_overrides_.size() < kMostAcknowledged) pending_overrides_.push_back({alert, level, until});
}

std::vector<OverriddenLimit> AlertBoard::overrides() const {
  std::vector<OverriddenLimit> overridden;
  for (const Alert& alert : alerts_)
    if (alert.overridden)
      overridden.push_back({rules_[alert.rule].name, alert.labels, alert.overridden->level, alert.overridden->until});
  return overridden;
}

std::vector<RaisedAlert> AlertBoard::raised() const {
  std::vector<RaisedAlert> raised = resumed_;
  for (const Alert& alert : alerts_) {
    const bool acknowledged = alert.machine.state() == AlertState::Acknowledged;
    if (!acknowledged && !is_raised(alert.machine.state())) continue;
    raised.push_back({.rule = rules_[alert.rule].name,
                      .labels = alert.labels,
                      .since = alert.machine.since(),
                      .acknowledgement = acknowledged ? std::optional{alert.machine.acknowledgement()} : std::nullopt});
  }
  return raised;
}

void AlertBoard::take_overrides(MonoTime now) {
  overrides_changed_ = false;
  if (pending_overrides_.empty() && !any_override_) return;
  any_override_ = false;
  for (Alert& alert : alerts_) {
    for (const PendingOverride& pending : pending_overrides_) {
      if (alert.identity != pending.alert || !can_be_overridden(rules_[alert.rule])) continue;
      alert.overridden.reset();
      if (std::isfinite(pending.level)) alert.overridden = {.level = pending.level, .until = pending.until};
      overrides_changed_ = true;
    }
    if (alert.overridden && now >= alert.overridden->until) {
      alert.overridden.reset();
      overrides_changed_ = true;
    }
    any_override_ = any_override_ || alert.overridden;
  }
  pending_overrides_.clear();
}

void AlertBoard::give_up_resumed(MonoTime now) {
  if (resumed_.empty()) return;
  if (!resumed_since_) resumed_since_ = now;
  if (now - *resumed_since_ < kRowsComeWithin) return;
  for (const RaisedAlert& raised : resumed_) {
    const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const AlertRule& candidate) {
      return candidate.name == raised.rule && matches(candidate.labels, raised.labels);
    });
    if (rule == rules_.end()) continue;
    Alert& gone = alerts_.emplace_back();
    gone.rule = static_cast<std::uint32_t>(rule - rules_.begin());
    gone.labels = raised.labels;
    gone.machine.resume(raised.since, raised.acknowledgement);
    ++gone_;
  }
  resumed_.clear();
}

void AlertBoard::bind(const FigureTable& table) {
  const auto layout = table.layout();
  std::vector<Alert> bound;
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    for (std::uint32_t place = 0; place < layout->rows.size(); ++place) {
      const FigureLayout::Row& row = layout->rows[place];
      if (row.figure != rules_[rule].figure || !matches(rules_[rule].labels, row.labels)) continue;
      Alert alert;
      alert.rule = rule;
      alert.labels = row.labels;
      alert.identity = identity_of(rules_[rule].name, row.figure, row.labels);
      alert.position = place;
      const auto known = std::find_if(alerts_.begin(), alerts_.end(),
                                      [&](const Alert& old) { return old.rule == rule && old.labels == row.labels; });
      if (known != alerts_.end()) {
        alert.machine = known->machine;
        if (can_be_overridden(rules_[rule])) alert.overridden = known->overridden;
        alert.change = known->change;
        alerts_.erase(known);
      } else {
        take_resumed(alert);
      }
      const std::chrono::nanoseconds within = rules_[rule].change_within;
      if (rules_[rule].condition != AlertCondition::Change)
        alert.change.reset();
      else if (!alert.change || alert.change->window() != within)
        alert.change.emplace(within);
      find_conditions(*layout, alert);
      bound.push_back(std::move(alert));
    }
  }
  for (std::uint32_t index = 0; index < bound.size(); ++index) find_roots(bound, index);
  // What has gone is told once more, behind the others.
  gone_ = 0;
  for (Alert& left : alerts_) {
    if (left.machine.state() == AlertState::Inactive || left.machine.state() == AlertState::Pending) continue;
    bound.push_back(std::move(left));
    ++gone_;
  }
  alerts_ = std::move(bound);
}

bool AlertBoard::fits(std::size_t rows) const {
  if (gone_ > alerts_.size()) return false;
  const auto inside = [rows](std::uint32_t place) { return place < rows; };
  return std::ranges::all_of(std::span{alerts_}.first(alerts_.size() - gone_), [&](const Alert& alert) {
    return alert.rule < rules_.size() && inside(alert.position) &&
           (alert.limit_usage == kNoPosition || inside(alert.limit_usage)) && std::ranges::all_of(alert.holdings, inside) &&
           std::ranges::all_of(alert.balances, inside) && std::ranges::all_of(alert.unstated, inside);
  });
}

std::vector<std::uint8_t> AlertBoard::rows_read(std::size_t rows) const {
  std::vector<std::uint8_t> read(rows, 0);
  for (std::size_t index = 0; index < alerts_.size() - gone_; ++index) {
    const Alert& alert = alerts_[index];
    read[alert.position] = 1;
    if (alert.limit_usage != kNoPosition) read[alert.limit_usage] = 1;
    for (const auto* places : {&alert.holdings, &alert.balances, &alert.unstated})
      for (const std::uint32_t place : *places) read[place] = 1;
  }
  return read;
}

FigureValue AlertBoard::looked_at(const FigureTable& table, Alert& alert, MonoTime now) {
  FigureValue value = table.at_position(alert.position);
  if (alert.change && value.state == FigureState::Ok) value.value = alert.change->observe(value.value, now);
  return value;
}

bool AlertBoard::any_not_zero(const FigureTable& table, const std::vector<std::uint32_t>& places) {
  return std::any_of(places.begin(), places.end(), [&](std::uint32_t place) {
    const FigureValue& size = table.at_position(place);
    return size.state != FigureState::Ok || size.value != 0;
  });
}

bool AlertBoard::is_held(const FigureTable& table, const Alert& alert) const {
  // An account that never said what it holds may hold anything.
  return any_not_zero(table, alert.holdings) || std::any_of(alert.unstated.begin(), alert.unstated.end(), [&](std::uint32_t place) {
           return table.at_position(place).state == FigureState::Unknown;
         });
}

bool AlertBoard::usage_unknown(const FigureTable& table, const Alert& alert) {
  return alert.limit_usage != kNoPosition && table.at_position(alert.limit_usage).state != FigureState::Ok;
}

bool AlertBoard::any_active(const std::vector<std::uint32_t>& alerts) const {
  return std::any_of(alerts.begin(), alerts.end(),
                     [this](std::uint32_t index) { return alerts_[index].machine.state() != AlertState::Inactive; });
}

bool AlertBoard::applies(const FigureTable& table, const Alert& alert) const {
  const AlertRule& rule = rules_[alert.rule];
  if (rule.while_held && !is_held(table, alert)) return false;
  if (rule.while_asset_held && !any_not_zero(table, alert.balances)) return false;
  if (rule.while_above_soft_limit) {
    if (alert.limit_usage == kNoPosition) return false;
    const FigureValue& usage = table.at_position(alert.limit_usage);
    return usage.state != FigureState::Ok || std::abs(usage.value) > 1;  // unknown is not below
  }
  return true;
}

void AlertBoard::tell(const AlertTransition& transition) {
  if (transitions_.size() < kMostTransitions)
    transitions_.push_back(transition);
  else
    ++untold_;
}

void AlertBoard::acknowledge(const AlertIdentity& alert) {
  if (acknowledged_.size() < kMostAcknowledged) acknowledged_.push_back(alert);
}

void AlertBoard::take_acknowledged(const FigureTable& table, MonoTime now) {
  if (acknowledged_.empty()) return;
  const std::size_t bound = alerts_.size() - gone_;
  for (std::uint32_t index = 0; index < bound; ++index) {
    Alert& alert = alerts_[index];
    if (std::find(acknowledged_.begin(), acknowledged_.end(), alert.identity) == acknowledged_.end()) continue;
    const AlertState before = alert.machine.state();
    const FigureValue value = looked_at(table, alert, now);
    if (alert.machine.acknowledge(value, now)) tell({index, before, alert.machine.state(), value, alert.machine.since(), now});
  }
  acknowledged_.clear();
}

void AlertBoard::observe(FigureTable& table, MonoTime now) {
  transitions_.clear();
  give_up_resumed(now);
  take_overrides(now);
  take_acknowledged(table, now);
  std::fill(worst_of_rule_.begin(), worst_of_rule_.end(), std::uint8_t{0});
  const std::size_t bound = alerts_.size() - gone_;
  for (std::uint32_t index = 0; index < bound; ++index) {
    Alert& alert = alerts_[index];
    const AlertRule& rule = rules_[alert.rule];
    const FigureValue value = looked_at(table, alert, now);
    const AlertState before = alert.machine.state();
    const auto overridden = alert.overridden ? std::optional{alert.overridden->level} : std::nullopt;
    const AlertCircumstances circumstances{.applies = applies(table, alert),
                                           .outage_told = any_active(alert.outages),
                                           .spoken_for = any_active(alert.speakers) || usage_unknown(table, alert),
                                           .overridden = overridden};
    if (alert.machine.observe(judge(rule, value, circumstances), rule, value, now))
      tell({index, before, alert.machine.state(), value, alert.machine.since(), now, overridden});
    std::uint8_t& worst = worst_of_rule_[first_of_name_[alert.rule]];
    worst = std::max(worst, rank(alert.machine.state()));
  }
  for (std::size_t index = bound; index < alerts_.size(); ++index) {
    Alert& alert = alerts_[index];
    if (alert.machine.state() == AlertState::Inactive) continue;  // told before
    tell({static_cast<std::uint32_t>(index), alert.machine.state(), AlertState::Inactive, FigureValue{}, alert.machine.since(),
          now});
    alert.machine = AlertMachine{};
  }
  publish_states(table, now);
}

void AlertBoard::publish_states(FigureTable& table, MonoTime now) {
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    if (first_of_name_[rule] != rule) continue;
    for (std::size_t state = 0; state < kAlertStates.size(); ++state)
      table.set(state_rows_[rule * kAlertStates.size() + state], kAlertStates[state] == of_rank(worst_of_rule_[rule]) ? 1 : 0, now);
  }
}

}  // namespace hedgewatch
