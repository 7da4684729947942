#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/alert/alert_rule.hpp"
#include "core/metric/figure_table.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

enum class AlertState : std::uint8_t {
  Inactive,
  Pending,  ///< the condition holds, not yet for long enough
  Firing,
  Clearing  ///< fires still; the condition is gone, not yet for long enough
};
inline constexpr std::array kAlertStates{AlertState::Inactive, AlertState::Pending, AlertState::Firing, AlertState::Clearing};
[[nodiscard]] constexpr std::string_view label(AlertState state) {
  constexpr std::array<std::string_view, kAlertStates.size()> kWords{"inactive", "pending", "firing", "clearing"};
  return kWords[static_cast<std::size_t>(state)];
}
/// Whether the world is told of it.
[[nodiscard]] constexpr bool is_raised(AlertState state) { return state == AlertState::Firing || state == AlertState::Clearing; }

/// What a rule makes of one value.
enum class AlertFinding : std::uint8_t {
  Broken,   ///< the condition holds
  Between,  ///< it does not hold, and the value is not clear of the limit by the margin
  Clear,
  Unknown  ///< the value cannot be believed, so that neither can be said
};

/// `applies`: whether what the rule asks for beside the value is so (while_held, while_above_soft_limit). Where it is not, all is
/// clear.
[[nodiscard]] AlertFinding judge(const AlertRule& rule, const FigureValue& value, bool applies);

/// The life of one alert: a function of the findings and times it is given. An unknown value neither raises nor resolves: what
/// fires goes on firing, and what is pending starts again, because the limit was not seen broken all the time.
class AlertMachine {
 public:
  /// True when the state changed. Times must not go back.
  bool observe(AlertFinding finding, const AlertRule& rule, MonoTime now);
  /// Fires since then, from before a restart.
  void resume(MonoTime since);

  [[nodiscard]] AlertState state() const { return state_; }
  /// When the condition was first seen to hold; meaningless while inactive.
  [[nodiscard]] MonoTime since() const { return since_; }

 private:
  AlertState state_ = AlertState::Inactive;
  MonoTime since_{};
  MonoTime clear_since_{};
};

}  // namespace hedgewatch
