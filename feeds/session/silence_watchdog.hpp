#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/types/time.hpp"

namespace hedgewatch {

struct SilenceLimits {
  std::chrono::nanoseconds any_frame = std::chrono::seconds{75};  ///< longest time without any frame, heartbeats included
  std::chrono::nanoseconds market_data =
      std::chrono::seconds{30};  ///< longest time without market data on a connection that carries it
};

enum class Silence : std::uint8_t {
  None,
  NoFrames,     ///< the link is dead: nothing came at all
  NoMarketData  ///< heartbeats come, data does not
};

/// Notices a connection that is open but says nothing. A heartbeat proves the link, not the data.
class SilenceWatchdog {
 public:
  explicit SilenceWatchdog(SilenceLimits limits = {}) : limits_{limits} {}

  /// The connection opened: frames are expected from now on.
  void start(MonoTime now);
  /// Market data is expected from now on (the first subscription was confirmed).
  void expect_market_data(MonoTime now);
  /// Market data is no longer expected (the venue is locked or in maintenance).
  void excuse_market_data() { last_market_data_.reset(); }
  /// The connection closed: nothing is expected.
  void stop();

  void on_frame(MonoTime now);
  /// A frame that carries market data.
  void on_market_data(MonoTime now);

  [[nodiscard]] Silence check(MonoTime now) const;
  /// When check() first says something else than None, should nothing arrive. Nothing while stopped.
  [[nodiscard]] std::optional<MonoTime> deadline() const;

 private:
  SilenceLimits limits_;
  std::optional<MonoTime> last_frame_;
  std::optional<MonoTime> last_market_data_;  ///< nothing: not expected
};

}  // namespace hedgewatch
