#pragma once

#include <cstdint>
#include <string>

namespace hedgewatch::simulator {

/// One client's connection; never used twice in a run.
enum class ClientId : std::uint32_t {};

/// What a frame is, as far as faults tell frames apart.
enum class FrameClass : std::uint8_t { Reply, Heartbeat, Platform, Account, Market, BookSnapshot, BookChange };

/// A frame to send, or (with `close`) the end of the connection after it.
struct Outgoing {
  ClientId client{};
  FrameClass kind = FrameClass::Reply;
  bool close = false;
  std::string channel = {};  ///< the subscribed name; empty for replies and heartbeats
  std::string text = {};     ///< the frame; with `close`, may be empty
  std::string reason = {};   ///< why it closes
};

[[nodiscard]] constexpr bool is_market(FrameClass kind) { return kind >= FrameClass::Market; }

}  // namespace hedgewatch::simulator
