#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log.hpp"

namespace hedgewatch {

/// Messages of a thread that must not wait for whoever reads the log, such as the engine's: kept, up to a bound, until another
/// thread writes them. Any thread may do either.
class LogOutbox {
 public:
  /// What comes when so many wait is counted instead, and told behind them.
  static constexpr std::size_t kCapacity = 1'024;

  /// As Log::write has it. Waits for nothing but another thread in one of these calls, which none of them stays in for long.
  void add(LogLevel level, std::string_view source, std::string_view text, std::string_view detail = {});
  /// Writes what has come so far, in order.
  void write_to(Log& log);

 private:
  struct Message {
    LogLevel level = LogLevel::Info;
    std::string source;
    std::string text;
    std::string detail;
  };

  std::mutex mutex_;
  std::vector<Message> waiting_;
  std::uint64_t lost_ = 0;
};

}  // namespace hedgewatch
