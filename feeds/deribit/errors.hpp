#pragma once

#include <cstdint>
#include <string_view>

namespace hedgewatch::deribit {

/// What a monitor does about an error reply.
enum class ErrorReaction : std::uint8_t {
  Log,                   ///< a fault of ours, or of no consequence: not tried again
  Retry,                 ///< soon, slower each time
  RetryAfterSettlement,  ///< the venue settles for some seconds
  RetrySlowly,           ///< something is switched off for now
  BackOff,               ///< too many requests: the connection is being closed, wait 5 to 10 s
  Maintenance,           ///< degraded; again in 30 s
  Reconnect,             ///< this server does not serve it
  Resubscribe,
  DropInstrument,  ///< it is not there
  Authenticate,    ///< public requests need a login for now
  Reauthenticate,  ///< the token is not valid (any more): once
  StayAwayLong,    ///< too many logins: minutes
  AccountLocked,
  Fatal  ///< only a new configuration heals it
};

/// By code, and where a code is not known by the message's word: two lists of codes are in circulation.
[[nodiscard]] ErrorReaction reaction_to(std::int64_t code, std::string_view message);

}  // namespace hedgewatch::deribit
