#include <CLI/CLI.hpp>

#include "daemon/commands/command.hpp"

int main(int argc, char** argv) {
  CLI::App app{"hedgewatch: real-time risk of hedged crypto derivatives"};
  app.require_subcommand(1);
  int status = hedgewatch::kExitSuccess;
  hedgewatch::add_every_command(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? hedgewatch::kExitSuccess : hedgewatch::kExitUsage;
  }
  return status;
}
