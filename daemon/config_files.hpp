#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/types/result.hpp"

namespace hedgewatch {

/// The configuration and the text it was read from, positions file and all: parse_config() of it gives the same again.
struct LoadedConfig {
  Config config;
  std::string text;
};

/// What kept a configuration from being loaded.
struct LoadFaults {
  std::string unreadable;          ///< `FILE: why`, when a file could not be read; nothing else is then told
  std::vector<std::string> lines;  ///< `FILE:LINE:COL: path: is X, must be Y`
};

/// The text as it may be kept in a journal: instead of the webhook's path, which may be a secret, it has `/...`. A path that the
/// text holds in escapes is not found.
[[nodiscard]] std::string without_secret_path(std::string text, const Config& config);

/// Reads the configuration file and the positions file that it names.
[[nodiscard]] Result<LoadedConfig, LoadFaults> load_config(const std::string& file);

}  // namespace hedgewatch
