#include "daemon/commands/command.hpp"

namespace hedgewatch {

void add_every_command(CLI::App& /*app*/, int& /*status*/) {}

}  // namespace hedgewatch
