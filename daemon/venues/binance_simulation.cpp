#include <memory>
#include <utility>

#include "daemon/commands/simulate_command.hpp"
#include "feeds/simulator/binance_exchange.hpp"

namespace hedgewatch {

Simulation make_binance_simulation(const SimulateOptions& options, std::string secret, WallTime wall) {
  simulator::BinanceExchangeConfig config;
  config.market.seed = options.seed;
  config.market.start = market_start(options, wall);
  config.market.strikes_per_side = options.strikes_per_side;
  config.market.jumps_per_day = options.jumps_per_day;
  config.account.seed = options.seed;
  config.keys = {{options.client_id, std::move(secret), options.trading_key, {}}};
  config.check_timestamps = !options.start_time;
  // An hour where a token lasts for the usual quarter of one.
  config.listen_key_life = 4 * options.token_lifetime;
  std::unique_ptr<simulator::SimulatedExchange> exchange = std::make_unique<simulator::BinanceExchange>(std::move(config));
  return exchange;
}

}  // namespace hedgewatch
