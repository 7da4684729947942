#pragma once

#include <string>

namespace CLI {
class App;
}

namespace hedgewatch {

/// Runs the daemon until SIGINT or SIGTERM; SIGHUP reloads. Returns the exit status.
int run_daemon(const std::string& config_file);

void add_run_command(CLI::App& app, int& status);

}  // namespace hedgewatch
