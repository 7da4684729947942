#include <utility>

#include "daemon/commands/simulate_command.hpp"
#include "feeds/simulator/bybit_exchange.hpp"

namespace hedgewatch {

Simulation make_bybit_simulation(const SimulateOptions& options, std::string secret, WallTime wall) {
  simulator::BybitExchangeConfig config;
  config.seed = config.market.seed = config.account.seed = options.seed;
  config.market.start = market_start(options, wall);
  config.market.strikes_per_side = options.strikes_per_side;
  config.market.jumps_per_day = options.jumps_per_day;
  simulator::ApiKey key;
  key.client_id = options.client_id;
  key.client_secret = std::move(secret);
  key.read_write = options.trading_key;
  config.keys.push_back(std::move(key));
  config.check_timestamps = !options.start_time;
  std::unique_ptr<simulator::SimulatedExchange> exchange = std::make_unique<simulator::BybitExchange>(std::move(config));
  return exchange;
}

}  // namespace hedgewatch
