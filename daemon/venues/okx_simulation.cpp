#include <utility>

#include "daemon/commands/simulate_command.hpp"
#include "feeds/simulator/okx_exchange.hpp"

namespace hedgewatch {

Simulation make_okx_simulation(const SimulateOptions& options, std::string secret, WallTime wall) {
  simulator::OkxExchangeConfig config{.seed = options.seed};
  config.market.seed = config.account.seed = options.seed;
  config.market.start = market_start(options, wall);
  config.market.strikes_per_side = options.strikes_per_side;
  config.market.jumps_per_day = options.jumps_per_day;
  config.keys = {{options.client_id, std::move(secret), options.trading_key, "simulated"}};
  config.check_signature_age = !options.start_time;
  std::unique_ptr<simulator::SimulatedExchange> exchange = std::make_unique<simulator::OkxExchange>(std::move(config));
  return exchange;
}

}  // namespace hedgewatch
