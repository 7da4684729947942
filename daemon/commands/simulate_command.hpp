#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "core/types/result.hpp"
#include "core/types/time.hpp"

namespace CLI {
class App;
}

namespace hedgewatch {

namespace simulator {
class SimulatedExchange;
}

/// What `hedgewatch simulate` was asked for.
struct SimulateOptions {
  std::string venue = "deribit";
  std::uint16_t port = 0;
  std::uint64_t seed = 1;
  std::optional<VenueTime> start_time;  ///< of the seeded market; absent: now
  std::filesystem::path frames;         ///< a recording to serve; empty: the seeded market
  std::optional<double> speed = 1;      ///< of the recording; absent: as fast as the clients read
  std::string faults;                   ///< e.g. "disconnect@10s,silence@20s:5s"
  std::filesystem::path ca_out;
  std::string client_id = "simulated";
  std::filesystem::path client_secret_file;  ///< empty: the secret is "simulated"
  bool trading_key = false;                  ///< the key's scope says read_write
  std::chrono::seconds token_lifetime{900};
  int strikes_per_side = 8;
  double jumps_per_day = 0;
};

// What a venue's options build, without faults; `wall` is the start of a seeded market that names none. One file a venue:
// daemon/venues.
using Simulation = Result<std::unique_ptr<simulator::SimulatedExchange>, std::string>;
[[nodiscard]] Simulation make_deribit_simulation(const SimulateOptions& options, std::string secret, WallTime wall);
[[nodiscard]] Simulation make_binance_simulation(const SimulateOptions& options, std::string secret, WallTime wall);
[[nodiscard]] Simulation make_okx_simulation(const SimulateOptions& options, std::string secret, WallTime wall);
[[nodiscard]] Simulation make_bybit_simulation(const SimulateOptions& options, std::string secret, WallTime wall);
/// Where a seeded market starts: as the options say, else now in whole milliseconds.
[[nodiscard]] VenueTime market_start(const SimulateOptions& options, WallTime wall);

/// Builds what the options say, with its faults counted from `now`. `wall` is the calendar's time, for the market's start when none
/// is given. The error is what to tell the user.
[[nodiscard]] Result<std::unique_ptr<simulator::SimulatedExchange>, std::string> make_simulated_exchange(
    const SimulateOptions& options, MonoTime now, WallTime wall);

/// Serves until `wait` returns. The first line on `out` is the addresses as JSON. Returns the exit status.
[[nodiscard]] int simulate(const SimulateOptions& options, std::ostream& out, std::ostream& err, const std::function<void()>& wait);

void add_simulate_command(CLI::App& app, int& status);

}  // namespace hedgewatch
