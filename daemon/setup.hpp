#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// One connection that a configuration asks for. ConnectionId is its place in the list of all.
struct ConnectionPlan {
  std::string name;                         ///< "deribit", "bybit-linear", "deribit/main"
  std::size_t venue{};                      ///< index into Config::venues
  std::string part = {};                    ///< of the venue's market data, where several connections share it; empty: all
  std::optional<std::size_t> account = {};  ///< index into Config::accounts; nothing: market data
};

/// Market data first, venue by venue in the file's order, named after the venue and its part; then one for each account, as
/// accounts sign in with keys of their own. An account whose venue is not configured has none: the parser refuses it.
[[nodiscard]] std::vector<ConnectionPlan> connection_plans(const Config& config);

/// What the engine is told about a checked configuration. AccountId is the index into `config.accounts`, ConnectionId the place in
/// connection_plans().
[[nodiscard]] EngineSetup to_engine_setup(const Config& config);

}  // namespace hedgewatch
