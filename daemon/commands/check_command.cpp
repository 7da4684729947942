#include "daemon/commands/check_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "config/parser.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/config_files.hpp"
#include "daemon/credentials.hpp"
#include "daemon/listener_identity.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {

int check_config_file(const std::string& file, std::ostream& out, std::ostream& messages) {
  const auto loaded = load_config(file);
  if (!loaded.ok()) {
    if (!loaded.error().unreadable.empty()) messages << loaded.error().unreadable << '\n';
    for (const std::string& line : loaded.error().lines) out << line << '\n';
    return kExitFault;
  }
  const ListenerFindings listener = check_listener_tls(loaded.value().config.http.tls, credentials_directory(), wall_now());
  if (listener.warning) messages << "warning: " << *listener.warning << '\n';
  if (listener.fault) {
    out << file << ": " << *listener.fault << '\n';
    return kExitFault;
  }
  out << file << ": " << summary(loaded.value().config) << "; no faults\n";
  return kExitSuccess;
}

void add_check_command(CLI::App& app, int& status) {
  CLI::App* check = app.add_subcommand("check", "Check a configuration file and name every fault in it");
  check->footer(
      R"(Reads the file, and the positions file and the listener's certificate that it names: no network, and of credentials the
certificate's key alone, where it can be read. A certificate that has expired, or will within two weeks, is a warning.

Every fault is one line on standard output, in the order of the file:
  FILE:LINE:COL: path: is X, must be Y
  desk.toml:31:26: hedge[0].hard_delta_limit_coins: is 2, must be above soft_delta_limit_coins (5)

Elements of arrays count from 0. Without a fault one line sums up what the file holds.

Exit status: 0 no fault, 1 a fault or an unreadable file, 2 wrong usage.

Example:
  hedgewatch check --config /etc/hedgewatch/hedgewatch.toml)");
  auto file = std::make_shared<std::string>();
  check->add_option("-c,--config", *file, "The configuration file (TOML)")->required()->type_name("FILE");
  check->callback([file, &status] { status = check_config_file(*file, std::cout, std::cerr); });
}

}  // namespace hedgewatch
