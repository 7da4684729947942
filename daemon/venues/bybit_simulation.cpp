#include "daemon/commands/simulate_command.hpp"
#include "feeds/simulator/simulated_exchange.hpp"

namespace hedgewatch {

Simulation make_bybit_simulation(const SimulateOptions& /*options*/, std::string /*secret*/, WallTime /*wall*/) {
  return std::string{"bybit is not simulated yet"};
}

}  // namespace hedgewatch
