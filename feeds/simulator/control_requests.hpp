#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "core/types/time.hpp"
#include "feeds/simulator/faults.hpp"
#include "feeds/simulator/simulated_exchange.hpp"
#include "feeds/simulator/venue_content.hpp"

namespace hedgewatch::simulator {

/// What `GET /control/state` tells beside the faults.
struct ControlState {
  std::size_t clients = 0;
  std::size_t subscriptions = 0;
  VenueTime venue_time{};
};

/// A drill of what the venue shows (a trade, a fall of the index). Nothing: no such drill.
using ContentDrill = std::function<std::optional<RpcReply>(std::string_view name, const Params& params)>;

/// The answer to a request below `/control/`, the same at every venue: faults are switched on and off, the state is told, and all
/// else is the content's. `path` is what follows `/control/`.
[[nodiscard]] HttpReply answer_control(std::string_view verb, std::string_view path, std::string_view body, MonoTime now,
                                       const ControlState& state, FaultInjector& faults, const ContentDrill& drill);

}  // namespace hedgewatch::simulator
