#pragma once

#include <cstdint>
#include <optional>

namespace hedgewatch {

/// What the kernel says of this process. A field that cannot be read is absent.
struct ProcessUsage {
  std::optional<double> cpu_seconds;
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> start_time_seconds;  ///< Unix time
  std::optional<double> open_descriptors;
  std::optional<double> max_descriptors;
  std::optional<double> threads;
};

[[nodiscard]] ProcessUsage read_process_usage();

}  // namespace hedgewatch
