#include "daemon/commands/replay_pace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "daemon/alerting/alert_message.hpp"

namespace hedgewatch {

namespace {

double seconds_between(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

std::string clock_text(double seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 3'600;
  const std::int64_t whole = std::llround(seconds);
  const auto two_digits = [](std::int64_t number) { return (number < 10 ? ":0" : ":") + std::to_string(number); };
  return std::to_string(whole / kHour) + two_digits(whole / kMinute % kMinute) + two_digits(whole % kMinute);
}

}  // namespace

std::chrono::nanoseconds ReplayPace::wait_for(WallTime moment, MonoTime now) {
  if (!speed_) return std::chrono::nanoseconds{0};
  if (!first_moment_) {
    first_moment_ = moment;
    begun_ = now;
  }
  const double due = static_cast<double>((moment - *first_moment_).count()) / *speed_;
  return std::max(std::chrono::nanoseconds{std::llround(due)} - (now - begun_), std::chrono::nanoseconds{0});
}

std::optional<std::string> ReplayProgress::line(WallTime moment, MonoTime now) {
  constexpr std::chrono::nanoseconds kInterval = std::chrono::milliseconds{250};
  if (told_ && now - *told_ < kInterval) return std::nullopt;
  told_ = now;
  if (!begun_) begun_ = now;
  if (!begin_) begin_ = moment;
  std::string text = utc_text(moment);
  const double done = seconds_between(moment - *begin_);
  const double whole = end_ ? seconds_between(*end_ - *begin_) : 0;
  if (whole > 0) text += "  " + std::to_string(std::lround(100 * std::clamp(done / whole, 0.0, 1.0))) + " %";
  const double elapsed = seconds_between(now - *begun_);
  if (elapsed > 0 && done > 0) {
    const double speed = done / elapsed;
    text += "  x" + std::to_string(std::lround(speed));
    if (whole > done) text += "  " + clock_text((whole - done) / speed) + " left";
  }
  return text;
}

}  // namespace hedgewatch
