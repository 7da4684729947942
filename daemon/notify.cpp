#include "daemon/notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

namespace hedgewatch {

namespace {

void notify(const std::string& message) { sd_notify(0, message.c_str()); }

std::string status_line(std::string_view status) {
  std::string line{"STATUS="};
  for (const char c : status) line += c == '\n' ? ' ' : c;
  return line;
}

}  // namespace

void ServiceManager::ready(std::string_view status) {
  last_status_ = status;
  notify("READY=1\n" + status_line(status));
}

void ServiceManager::status(std::string_view status) {
  if (status == last_status_) return;
  last_status_ = status;
  notify(status_line(status));
}

void ServiceManager::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void ServiceManager::stopping() { notify("STOPPING=1\nSTATUS=stopping"); }

void ServiceManager::alive() { notify("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> ServiceManager::watchdog() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0 || microseconds == 0) return std::nullopt;
  return std::chrono::microseconds{microseconds};
}

}  // namespace hedgewatch
