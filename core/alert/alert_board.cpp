#include "core/alert/alert_board.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

namespace {

/// The order in which one alert stands for its rule.
std::uint8_t rank(AlertState state) {
  switch (state) {
    case AlertState::Firing:
      return 3;
    case AlertState::Clearing:
      return 2;
    case AlertState::Pending:
      return 1;
    case AlertState::Inactive:
      break;
  }
  return 0;
}

AlertState of_rank(std::uint8_t rank) {
  constexpr std::array kStates{AlertState::Inactive, AlertState::Pending, AlertState::Clearing, AlertState::Firing};
  return kStates[rank];
}

}  // namespace

void AlertBoard::set_rules(std::vector<AlertRule> rules, std::map<std::string, std::string> book_of_hedge) {
  // Alerts are known by rule name and row until they are bound again.
  std::vector<AlertRule> old_rules = std::move(rules_);
  rules_ = std::move(rules);
  book_of_hedge_ = std::move(book_of_hedge);
  for (Alert& alert : alerts_) {
    const std::string& name = old_rules[alert.rule].name;
    const auto found = std::find_if(rules_.begin(), rules_.end(),
                                    [&](const AlertRule& rule) { return rule.name == name && matches(rule.labels, alert.labels); });
    alert.rule = found == rules_.end() ? kNoPosition : static_cast<std::uint32_t>(found - rules_.begin());
  }
  std::erase_if(alerts_, [](const Alert& alert) { return alert.rule == kNoPosition; });
  worst_of_rule_.assign(rules_.size(), 0);
  transitions_.reserve(kMostTransitions);
}

void AlertBoard::add_rows(FigureTable& table) {
  state_rows_.clear();
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    // Rules that are made per hedge share a name; their states are shown as one.
    const bool again = std::any_of(rules_.begin(), rules_.begin() + static_cast<std::ptrdiff_t>(rule),
                                   [&](const AlertRule& earlier) { return earlier.name == rules_[rule].name; });
    for (const AlertState state : kAlertStates)
      state_rows_.push_back(
          again ? kNoRow : table.add_row(Figure::AlertState, {rules_[rule].name, label(rules_[rule].severity), label(state)}));
  }
}

void AlertBoard::find_conditions(const FigureLayout& layout, Alert& alert) const {
  const AlertRule& rule = rules_[alert.rule];
  alert.holdings.clear();
  alert.limit_usage = kNoPosition;
  const std::string_view hedge = label_value(alert.labels, "hedge");
  std::string_view book = label_value(alert.labels, "book");
  if (const auto of_hedge = book_of_hedge_.find(std::string{hedge}); !hedge.empty() && of_hedge != book_of_hedge_.end())
    book = of_hedge->second;
  for (std::uint32_t place = 0; place < layout.rows.size(); ++place) {
    const FigureLayout::Row& row = layout.rows[place];
    if (rule.while_held && row.figure == Figure::PositionSize && (book.empty() || label_value(row.labels, "book") == book))
      alert.holdings.push_back(place);
    if (rule.while_above_soft_limit && row.figure == Figure::HedgeLimitUsageRatio && label_value(row.labels, "hedge") == hedge &&
        label_value(row.labels, "greek") == "delta")
      alert.limit_usage = place;
  }
}

void AlertBoard::take_resumed(Alert& alert) {
  const auto before = std::find_if(resumed_.begin(), resumed_.end(), [&](const RaisedAlert& raised) {
    return raised.rule == rules_[alert.rule].name && raised.labels == alert.labels;
  });
  if (before == resumed_.end()) return;
  alert.machine.resume(before->since);
  resumed_.erase(before);
}

void AlertBoard::resume(std::vector<RaisedAlert> raised) {
  resumed_ = std::move(raised);
  for (Alert& alert : alerts_) take_resumed(alert);
}

void AlertBoard::bind(const FigureTable& table) {
  const auto layout = table.layout();
  std::vector<Alert> bound;
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    for (std::uint32_t place = 0; place < layout->rows.size(); ++place) {
      const FigureLayout::Row& row = layout->rows[place];
      if (row.figure != rules_[rule].figure || !matches(rules_[rule].labels, row.labels)) continue;
      Alert alert{.rule = rule, .labels = row.labels, .machine = {}, .position = place, .holdings = {}};
      const auto known = std::find_if(alerts_.begin(), alerts_.end(),
                                      [&](const Alert& old) { return old.rule == rule && old.labels == row.labels; });
      if (known != alerts_.end()) {
        alert.machine = known->machine;
        alerts_.erase(known);
      } else {
        take_resumed(alert);
      }
      find_conditions(*layout, alert);
      bound.push_back(std::move(alert));
    }
  }
  // What has gone is told once more, behind the others.
  gone_ = 0;
  for (Alert& left : alerts_) {
    if (!is_raised(left.machine.state())) continue;
    bound.push_back(std::move(left));
    ++gone_;
  }
  alerts_ = std::move(bound);
}

bool AlertBoard::applies(const FigureTable& table, const Alert& alert) const {
  const AlertRule& rule = rules_[alert.rule];
  if (rule.while_held && std::none_of(alert.holdings.begin(), alert.holdings.end(), [&](std::uint32_t place) {
        const FigureValue& size = table.at_position(place);
        return size.state != FigureState::Ok || size.value != 0;
      }))
    return false;
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

void AlertBoard::observe(FigureTable& table, MonoTime now) {
  transitions_.clear();
  std::fill(worst_of_rule_.begin(), worst_of_rule_.end(), std::uint8_t{0});
  const std::size_t bound = alerts_.size() - gone_;
  for (std::uint32_t index = 0; index < bound; ++index) {
    Alert& alert = alerts_[index];
    const AlertRule& rule = rules_[alert.rule];
    const FigureValue& value = table.at_position(alert.position);
    const AlertState before = alert.machine.state();
    if (alert.machine.observe(judge(rule, value, applies(table, alert)), rule, now))
      tell({index, before, alert.machine.state(), value, alert.machine.since(), now});
    worst_of_rule_[alert.rule] = std::max(worst_of_rule_[alert.rule], rank(alert.machine.state()));
  }
  for (std::size_t index = bound; index < alerts_.size(); ++index) {
    Alert& alert = alerts_[index];
    if (!is_raised(alert.machine.state())) continue;  // told before
    tell({static_cast<std::uint32_t>(index), alert.machine.state(), AlertState::Inactive, FigureValue{}, alert.machine.since(),
          now});
    alert.machine = AlertMachine{};
  }
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    if (state_rows_[rule * kAlertStates.size()] == kNoRow) continue;
    std::uint8_t worst = worst_of_rule_[rule];
    for (std::size_t other = rule + 1; other < rules_.size(); ++other)
      if (state_rows_[other * kAlertStates.size()] == kNoRow && rules_[other].name == rules_[rule].name)
        worst = std::max(worst, worst_of_rule_[other]);
    for (std::size_t state = 0; state < kAlertStates.size(); ++state)
      table.set(state_rows_[rule * kAlertStates.size() + state], kAlertStates[state] == of_rank(worst) ? 1 : 0, now);
  }
}

}  // namespace hedgewatch
