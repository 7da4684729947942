#pragma once

namespace CLI {
class App;
}

namespace hedgewatch {

/// Exit statuses of every command.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFault = 1;  ///< a fault in the input or configuration; everything else was still done
inline constexpr int kExitUsage = 2;

/// Each adds one subcommand to `app`; when it is the chosen one, its callback runs it and stores the exit status.
void add_every_command(CLI::App& app, int& status);

}  // namespace hedgewatch
