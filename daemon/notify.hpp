#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hedgewatch {

/// Tells the service manager about this process, by sd_notify(3). Without one (NOTIFY_SOCKET unset) nothing happens.
class ServiceManager {
 public:
  void ready(std::string_view status);
  void status(std::string_view status);
  void reloading();
  void stopping();
  void alive();

  /// How long the manager waits for alive() before it restarts the process; nothing when it does not watch.
  [[nodiscard]] static std::optional<std::chrono::microseconds> watchdog();

 private:
  std::string last_status_;
};

}  // namespace hedgewatch
