#pragma once

#include <array>
#include <chrono>
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
  Clearing,     ///< fires still; the condition is gone, not yet for long enough
  Acknowledged  ///< a person has it: not told until the acknowledgement ends or breaks
};
inline constexpr std::array kAlertStates{AlertState::Inactive, AlertState::Pending, AlertState::Firing, AlertState::Clearing,
                                         AlertState::Acknowledged};
[[nodiscard]] constexpr std::string_view label(AlertState state) {
  constexpr std::array<std::string_view, kAlertStates.size()> kWords{"inactive", "pending", "firing", "clearing", "acknowledged"};
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

/// What a rule asks for beside the value.
struct AlertCircumstances {
  bool applies = true;                              ///< while_held and while_above_soft_limit; where they are not so, all is clear
  bool outage_told = false;                         ///< an alert of the feed that is down is pending or told
  bool spoken_for = false;                          ///< one of suppressed_by is
  std::optional<double> overridden = std::nullopt;  ///< the limit in the place of the rule's own, of one on both sides its size
};

/// `value` is the figure's, with Change how far it has come.
[[nodiscard]] AlertFinding judge(const AlertRule& rule, const FigureValue& value, const AlertCircumstances& circumstances);

/// An acknowledgement breaks when the figure is worse by this share of what it was.
inline constexpr double kWorseRatio = 0.25;
inline constexpr std::chrono::nanoseconds kAcknowledgedFor = std::chrono::minutes{30};

/// What a person has taken on.
struct Acknowledgement {
  MonoTime until{};
  std::optional<double> value;  ///< of the figure at that time; nothing while it has not been known since
};

/// Whether a value that breaks the rule lies farther out than `then` by kWorseRatio of its size, or beyond the other limit.
[[nodiscard]] bool has_worsened(const AlertRule& rule, double then, double now);

/// The life of one alert: a function of the findings and times it is given. An unknown value neither raises nor resolves: what
/// fires goes on firing, and what is pending starts again, because the limit was not seen broken all the time.
class AlertMachine {
 public:
  /// True when the state changed. `value` is what the finding was made of. Times must not go back.
  bool observe(AlertFinding finding, const AlertRule& rule, const FigureValue& value, MonoTime now);
  /// True when the state changed: what is not raised cannot be acknowledged.
  bool acknowledge(const FigureValue& value, MonoTime now);
  /// Fires since then, from before a restart, or was acknowledged.
  void resume(MonoTime since, const std::optional<Acknowledgement>& acknowledgement = std::nullopt);

  [[nodiscard]] AlertState state() const { return state_; }
  /// When the condition was first seen to hold; meaningless while inactive.
  [[nodiscard]] MonoTime since() const { return since_; }
  /// Meaningless unless acknowledged.
  [[nodiscard]] const Acknowledgement& acknowledgement() const { return acknowledgement_; }

 private:
  AlertState state_ = AlertState::Inactive;
  MonoTime since_{};
  MonoTime clear_since_{};
  Acknowledgement acknowledgement_;
};

}  // namespace hedgewatch
