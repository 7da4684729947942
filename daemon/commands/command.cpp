#include "daemon/commands/command.hpp"

#include "daemon/commands/check_command.hpp"
#include "daemon/commands/decode_command.hpp"
#include "daemon/commands/effectiveness_command.hpp"
#include "daemon/commands/figures_command.hpp"
#include "daemon/commands/greeks_command.hpp"
#include "daemon/commands/implied_vol_command.hpp"
#include "daemon/commands/replay_command.hpp"
#include "daemon/commands/run_command.hpp"
#include "daemon/commands/simulate_command.hpp"
#include "daemon/commands/what_if_command.hpp"

namespace hedgewatch {

void add_every_command(CLI::App& app, int& status) {
  add_check_command(app, status);
  add_decode_command(app, status);
  add_effectiveness_command(app, status);
  add_figures_command(app, status);
  add_greeks_command(app, status);
  add_implied_vol_command(app, status);
  add_replay_command(app, status);
  add_run_command(app, status);
  add_simulate_command(app, status);
  add_what_if_command(app, status);
}

}  // namespace hedgewatch
