#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/types/time.hpp"

namespace CLI {
class App;
}

namespace hedgewatch {

struct WhatIfRequest {
  std::vector<std::filesystem::path> inputs;  ///< journal directories and segments
  std::string account;                        ///< that trades; empty: the only one
  std::optional<WallTime> at;                 ///< the moment that is asked about; nothing: the journal's end
};

/// Reads trades, puts them on the account as the journal leaves it, and writes what its books, margin and worst cells were before
/// and would be after. The exit status.
int run_what_if(const WhatIfRequest& request, std::istream& trades, std::ostream& out, std::ostream& messages);

void add_what_if_command(CLI::App& app, int& status);

}  // namespace hedgewatch
