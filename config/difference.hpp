#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch {

/// A setting that two configurations do not share.
struct ConfigDifference {
  std::string path;   ///< as in faults, tables of a list by their name: `hedge[main].soft_delta_limit_coins`
  std::string first;  ///< as TOML; empty: it is not there
  std::string second;
};

/// Where the second text says another thing than the first, in the order of the paths. Both are texts that parse_config() takes;
/// one that is no TOML counts as empty.
[[nodiscard]] std::vector<ConfigDifference> config_differences(std::string_view first, std::string_view second);

}  // namespace hedgewatch
