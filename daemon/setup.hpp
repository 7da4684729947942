#pragma once

#include <cstddef>
#include <string>

#include "config/config.hpp"
#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// What the engine is told about a checked configuration. AccountId is the index into `config.accounts`.
/// Connections: one for the market data of each venue, in order and named after it ("deribit"), then one for each account
/// ("deribit/main"), as accounts sign in with keys of their own.
[[nodiscard]] EngineSetup to_engine_setup(const Config& config);

[[nodiscard]] ConnectionId venue_connection(std::size_t venue_index);
[[nodiscard]] ConnectionId account_connection(const Config& config, std::size_t account_index);

}  // namespace hedgewatch
