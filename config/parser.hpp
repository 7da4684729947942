#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/config_fault.hpp"
#include "core/types/result.hpp"

namespace hedgewatch {

/// Reads and checks the whole configuration: TOML 1.0 text to a Config that can be run, or every fault in it (at least one), in the
/// order of the text. A text that is not TOML has exactly one fault, as nothing behind it can be trusted.
/// `file_name` is only written into the faults: reading files is the caller's business.
[[nodiscard]] Result<Config, std::vector<ConfigFault>> parse_config(std::string_view text, std::string_view file_name);

/// A text and the name under which its faults are told.
struct NamedText {
  std::string_view text;
  std::string_view name;
};
/// The same with the positions file that the configuration names: [[position]] tables and nothing else, as if they stood at its
/// end. `main` has no faults of its own.
[[nodiscard]] Result<Config, std::vector<ConfigFault>> parse_config(const NamedText& main, const NamedText& positions);
/// Both in one text, which parse_config() reads alike.
[[nodiscard]] std::string joined_text(std::string_view main, std::string_view positions);

/// What a configuration holds, for a summary line: "1 venue, 1 account, 2 books, 1 hedge".
[[nodiscard]] std::string summary(const Config& config);

}  // namespace hedgewatch
