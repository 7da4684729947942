#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace hedgewatch {

/// Writes every fault of the configuration file to `out`, one a line, or a summary when there is none. What kept the file from
/// being read goes to `messages`. Returns the exit status.
int check_config_file(const std::string& file, std::ostream& out, std::ostream& messages);

void add_check_command(CLI::App& app, int& status);

}  // namespace hedgewatch
