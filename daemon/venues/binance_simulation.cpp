#include "daemon/commands/simulate_command.hpp"
#include "feeds/simulator/simulated_exchange.hpp"

namespace hedgewatch {

Simulation make_binance_simulation(const SimulateOptions& /*options*/, std::string /*secret*/, WallTime /*wall*/) {
  return std::string{"binance is not simulated yet"};
}

}  // namespace hedgewatch
