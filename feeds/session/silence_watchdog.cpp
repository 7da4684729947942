#include "feeds/session/silence_watchdog.hpp"

#include <algorithm>

namespace hedgewatch {

void SilenceWatchdog::start(MonoTime now) {
  last_frame_ = now;
  last_market_data_.reset();
}

void SilenceWatchdog::expect_market_data(MonoTime now) {
  if (last_frame_ && !last_market_data_) last_market_data_ = now;
}

void SilenceWatchdog::stop() {
  last_frame_.reset();
  last_market_data_.reset();
}

void SilenceWatchdog::on_frame(MonoTime now) {
  if (last_frame_) last_frame_ = std::max(*last_frame_, now);
}

void SilenceWatchdog::on_market_data(MonoTime now) {
  on_frame(now);
  if (last_market_data_) last_market_data_ = std::max(*last_market_data_, now);
}

Silence SilenceWatchdog::check(MonoTime now) const {
  if (last_frame_ && now >= *last_frame_ + limits_.any_frame) return Silence::NoFrames;
  if (last_market_data_ && now >= *last_market_data_ + limits_.market_data) return Silence::NoMarketData;
  return Silence::None;
}

std::optional<MonoTime> SilenceWatchdog::deadline() const {
  if (!last_frame_) return std::nullopt;
  const MonoTime link = *last_frame_ + limits_.any_frame;
  return last_market_data_ ? std::min(link, *last_market_data_ + limits_.market_data) : link;
}

}  // namespace hedgewatch
