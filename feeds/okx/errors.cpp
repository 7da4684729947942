#include "feeds/okx/errors.hpp"

#include <array>

namespace hedgewatch::okx {

namespace {

struct Row {
  std::int64_t code;
  StreamReaction reaction;
};

constexpr std::array kRows{
    // Calls.
    Row{50001, StreamReaction::Maintenance},                                   // service unavailable
    Row{50011, StreamReaction::BackOff},                                       // too many requests, with status 200 or 429
    Row{50013, StreamReaction::BackOff},                                       // the system is busy
    Row{50040, StreamReaction::BackOff},                                       // too frequent
    Row{50030, StreamReaction::Refused},                                       // the key lacks the permission
    Row{50035, StreamReaction::Refused},                                       // the key must be bound to an address
    Row{50101, StreamReaction::Refused},                                       // the key is of the other environment
    Row{50103, StreamReaction::Refused},                                       // headers are missing
    Row{50104, StreamReaction::Refused}, Row{50105, StreamReaction::Refused},  // the passphrase is wrong
    Row{50110, StreamReaction::Refused},                                       // the address is not on the key's list
    Row{50111, StreamReaction::Refused},                                       // the key is wrong
    Row{50113, StreamReaction::Refused},                                       // the signature is wrong
    Row{50119, StreamReaction::Refused},  // the key does not exist here: another region or environment
    Row{50120, StreamReaction::Refused}, Row{51001, StreamReaction::Note},  // no such instrument
    // The websocket.
    Row{60005, StreamReaction::Refused},                                         // the key
    Row{60007, StreamReaction::Refused},                                         // the signature
    Row{60009, StreamReaction::Refused},                                         // the login
    Row{60024, StreamReaction::Refused},                                         // the passphrase
    Row{60032, StreamReaction::Refused},                                         // the key does not exist here
    Row{60011, StreamReaction::Login},                                           // not logged in
    Row{60014, StreamReaction::BackOff},                                         // too many requests
    Row{60023, StreamReaction::BackOff}, Row{60031, StreamReaction::Reconnect},  // logged in twice
    Row{63999, StreamReaction::Maintenance},  // a fault of the service; over when a call is answered
    Row{64007, StreamReaction::Reconnect},    // a fault of this connection
};

constexpr std::int64_t kTooManyRequests = 429;
constexpr std::int64_t kFirstOfSocket = 60'000;

}  // namespace

StreamReaction reaction_to(std::int64_t code) {
  for (const Row& row : kRows)
    if (row.code == code) return row.reaction;
  if (code == kTooManyRequests) return StreamReaction::BackOff;
  return code < kFirstOfSocket ? StreamReaction::Retry : StreamReaction::Note;
}

}  // namespace hedgewatch::okx
