#include "core/alert/alert_state.hpp"

namespace hedgewatch {

AlertFinding judge(const AlertRule& rule, const FigureValue& value, bool applies) {
  if (!applies) return AlertFinding::Clear;
  if (rule.condition == AlertCondition::Unknown) {
    if (value.state == FigureState::Ok) return AlertFinding::Clear;
    return rule.suppressed_by_feed && value.reason == FigureReason::FeedDown ? AlertFinding::Between : AlertFinding::Broken;
  }
  if (value.state != FigureState::Ok) return AlertFinding::Unknown;
  const bool tests_upper = rule.condition != AlertCondition::Below;
  const bool tests_lower = rule.condition != AlertCondition::Above;
  if ((tests_upper && value.value > rule.upper) || (tests_lower && value.value < rule.lower)) return AlertFinding::Broken;
  const bool clear_above = !tests_upper || value.value <= rule.upper - rule.clear_margin;
  const bool clear_below = !tests_lower || value.value >= rule.lower + rule.clear_margin;
  return clear_above && clear_below ? AlertFinding::Clear : AlertFinding::Between;
}

bool AlertMachine::observe(AlertFinding finding, const AlertRule& rule, MonoTime now) {
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
      if (finding == AlertFinding::Clear) {
        if (state_ == AlertState::Firing) clear_since_ = now;
        state_ = now - clear_since_ >= rule.clear_hold ? AlertState::Inactive : AlertState::Clearing;
      } else if (finding != AlertFinding::Unknown) {
        state_ = AlertState::Firing;
      }
      break;
  }
  return state_ != before;
}

void AlertMachine::resume(MonoTime since) {
  state_ = AlertState::Firing;
  since_ = since;
}

}  // namespace hedgewatch
