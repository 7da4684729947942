#include "daemon/process_usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace hedgewatch {

namespace {

/// The numbers of /proc/self/stat behind the command's name, which may itself hold spaces and brackets.
/// The first of them is field 4 of proc(5).
std::vector<double> stat_fields() {
  std::ifstream file{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos || bracket + 3 > text.size()) return {};
  std::istringstream rest{text.substr(bracket + 3)};
  std::vector<double> fields;
  for (double field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

/// Unix time of the machine's start. /proc/stat has it too, but a sandbox may hide what is not about processes.
std::optional<double> boot_time_seconds() {
  timespec since_boot{};
  timespec now{};
  if (::clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0) return std::nullopt;
  const auto seconds = [](const timespec& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  return seconds(now) - seconds(since_boot);
}

}  // namespace

ProcessUsage read_process_usage() {
  // Numbers of proc(5), counted from its field 4.
  constexpr std::size_t kUserTime = 14 - 4;
  constexpr std::size_t kSystemTime = 15 - 4;
  constexpr std::size_t kThreads = 20 - 4;
  constexpr std::size_t kStartTime = 22 - 4;
  constexpr std::size_t kVirtualBytes = 23 - 4;
  constexpr std::size_t kResidentPages = 24 - 4;

  ProcessUsage usage;
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const std::vector<double> fields = stat_fields();
  if (fields.size() > kResidentPages && ticks_per_second > 0) {
    usage.cpu_seconds = (fields[kUserTime] + fields[kSystemTime]) / ticks_per_second;
    usage.threads = fields[kThreads];
    usage.virtual_bytes = fields[kVirtualBytes];
    usage.resident_bytes = fields[kResidentPages] * static_cast<double>(::sysconf(_SC_PAGESIZE));
    if (const auto boot = boot_time_seconds()) usage.start_time_seconds = *boot + fields[kStartTime] / ticks_per_second;
  }
  std::error_code error;
  double descriptors = 0;
  for (std::filesystem::directory_iterator entry{"/proc/self/fd", error}, end; !error && entry != end; entry.increment(error))
    ++descriptors;
  // One of them was the directory itself.
  if (!error && descriptors > 0) usage.open_descriptors = descriptors - 1;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    usage.max_descriptors = static_cast<double>(limit.rlim_cur);
  return usage;
}

}  // namespace hedgewatch
