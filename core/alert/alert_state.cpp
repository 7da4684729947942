#include "core/alert/alert_state.hpp"

#include <cmath>

namespace hedgewatch {

namespace {

/// What a feed that is down says of what it no longer delivers, or has not delivered since the start.
bool follows_from_outage(FigureReason reason) {
  return reason == FigureReason::FeedDown || reason == FigureReason::NeverReceived || reason == FigureReason::MissingInstrument;
}

}  // namespace

AlertFinding judge(const AlertRule& rule, const FigureValue& value, const AlertCircumstances& circumstances) {
  if (!circumstances.applies) return AlertFinding::Clear;
  if (rule.condition == AlertCondition::Unknown) {
    // Where there is nothing that could have a value, none is missing.
    if (value.state == FigureState::Ok || value.reason == FigureReason::Empty) return AlertFinding::Clear;
    const bool outage = rule.suppressed_by_feed && circumstances.outage_told && follows_from_outage(value.reason);
    return outage || circumstances.spoken_for ? AlertFinding::Between : AlertFinding::Broken;
  }
  if (value.state != FigureState::Ok) return AlertFinding::Unknown;
  const bool tests_upper = rule.condition != AlertCondition::Below;
  const bool tests_lower = rule.condition == AlertCondition::Below || rule.condition == AlertCondition::Outside;
  const double upper = circumstances.overridden.value_or(rule.upper);
  const double other_side = rule.condition == AlertCondition::Outside ? -1 : 1;
  const double lower = circumstances.overridden ? other_side * *circumstances.overridden : rule.lower;
  if ((tests_upper && value.value > upper) || (tests_lower && value.value < lower)) return AlertFinding::Broken;
  const bool clear_above = !tests_upper || value.value <= upper - rule.clear_margin;
  const bool clear_below = !tests_lower || value.value >= lower + rule.clear_margin;
  return clear_above && clear_below ? AlertFinding::Clear : AlertFinding::Between;
}

bool has_worsened(const AlertRule& rule, double then, double now) {
  const double margin = kWorseRatio * std::abs(then);
  const bool above = rule.condition != AlertCondition::Below && now > rule.upper && now > then + margin;
  const bool below = (rule.condition == AlertCondition::Below || rule.condition == AlertCondition::Outside) && now < rule.lower &&
                     now < then - margin;
  return rule.condition != AlertCondition::Unknown && (above || below);
}

bool AlertMachine::observe(AlertFinding finding, const AlertRule& rule, const FigureValue& value, MonoTime now) {
  const AlertState before = state_;
  switch (state_) {
    case AlertState::Inactive:
    case AlertState::Pending:
      if (finding != AlertFinding::Broken) {
        state_ = AlertState::Inactive;
        break;
      }
      if (state_ == AlertState::Inactive) since_ = now;
      state_ = now - since_ >= rule.hold ? AlertState::Firing : AlertState::Pending;
      break;
    case AlertState::Firing:
    case AlertState::Clearing:
      if (finding == AlertFinding::Clear && !rule.latched) {
        if (state_ == AlertState::Firing) clear_since_ = now;
        state_ = now - clear_since_ >= rule.clear_hold ? AlertState::Inactive : AlertState::Clearing;
      } else if (finding != AlertFinding::Unknown) {
        state_ = AlertState::Firing;
      }
      break;
    case AlertState::Acknowledged: {
      // Nobody is told of an end, so there is nothing to dwell for; a new breach has the rule's own hold.
      if (finding == AlertFinding::Clear) {
        state_ = AlertState::Inactive;
        break;
      }
      const bool known = value.state == FigureState::Ok;
      if (known && !acknowledgement_.value) acknowledgement_.value = value.value;
      const bool worse = known && has_worsened(rule, *acknowledgement_.value, value.value);
      if (worse || now >= acknowledgement_.until) state_ = AlertState::Firing;
      break;
    }
  }
  return state_ != before;
}

bool AlertMachine::acknowledge(const FigureValue& value, MonoTime now) {
  if (!is_raised(state_)) return false;
  state_ = AlertState::Acknowledged;
  acknowledgement_ = {.until = now + kAcknowledgedFor,
                      .value = value.state == FigureState::Ok ? std::optional{value.value} : std::nullopt};
  return true;
}

void AlertMachine::resume(MonoTime since, const std::optional<Acknowledgement>& acknowledgement) {
  state_ = acknowledgement ? AlertState::Acknowledged : AlertState::Firing;
  since_ = since;
  acknowledgement_ = acknowledgement.value_or(Acknowledgement{});
}

}  // namespace hedgewatch
