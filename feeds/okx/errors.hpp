#pragma once

#include <cstdint>

#include "feeds/session/stream_dialect.hpp"

namespace hedgewatch::okx {

/// What the venue's error means to a connection. Codes from 60000 on are those of the websocket, lower ones those of calls, and
/// below 1000 they are statuses of HTTP. An unknown error of a call is tried again: what it would have told stays unknown.
[[nodiscard]] StreamReaction reaction_to(std::int64_t code);

}  // namespace hedgewatch::okx
