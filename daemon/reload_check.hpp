#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace hedgewatch {

/// How a new configuration can follow the one in force.
struct ReloadVerdict {
  std::vector<std::string> refused;  ///< what needs a restart and cannot be left out: nothing of the new configuration is used
  std::vector<std::string> delayed;  ///< what takes effect after a restart; the rest is used now
};

[[nodiscard]] ReloadVerdict check_reload(const Config& current, const Config& next);

}  // namespace hedgewatch
