#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/market/event_batch.hpp"
#include "core/types/time.hpp"
#include "feeds/session/http_call.hpp"
#include "feeds/session/secret.hpp"
#include "feeds/session/session_notice.hpp"

namespace hedgewatch {

/// Both readings of one moment, taken by whoever owns the clock.
struct SessionTime {
  MonoTime mono{};
  WallTime wall{};
};

/// An HTTP call that a session wants made beside its socket; `id` comes back with the outcome.
struct SessionCall {
  std::uint64_t id = 0;
  HttpCall request;
};

/// What a session wants done. Its memory is reused between calls.
struct SessionActions {
  std::vector<std::string> send;   ///< text frames, in order
  std::vector<SessionCall> calls;  ///< taken by the owner, who wipes what they held
  bool close = false;
  std::string_view close_reason;  ///< a literal, for the log and the `reason` label

  /// Wipes what was sent: a login may carry the secret itself.
  void clear() {
    for (std::string& text : send) wipe(text);
    send.clear();
    for (SessionCall& call : calls) {
      wipe(call.request.target);
      for (auto& [name, value] : call.request.headers) wipe(value);
    }
    calls.clear();
    close = false;
    close_reason = {};
  }
};

/// One connection's life and protocol, without the socket. Each call says what happened and when; events and actions come out.
/// The owner of the socket obeys, and calls on_deadline when deadline() has come. Every fault is an ordinary unit test.
class VenueSession {
 public:
  virtual ~VenueSession() = default;

  /// Asked before each opening, and again after each outcome while the socket is closed. False: calls that it asked for have to be
  /// answered first, or time has to pass.
  [[nodiscard]] virtual bool prepare(SessionTime /*now*/, SessionActions& /*actions*/) { return true; }
  /// What goes behind the endpoint's path at the next opening.
  [[nodiscard]] virtual std::string path_suffix() const { return {}; }
  virtual void on_open(SessionTime now, EventBatch& events, SessionActions& actions) = 0;
  virtual void on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) = 0;
  /// How a call ended that the session asked for, also when it belongs to an earlier connection. The body may be overwritten.
  virtual void on_outcome(std::uint64_t /*call*/, HttpOutcome& /*outcome*/, SessionTime /*now*/, EventBatch& /*events*/,
                          SessionActions& /*actions*/) {}
  /// `reason` is the transport's words, for the log. After it the owner reconnects when reconnect_at() has come.
  virtual void on_closed(std::string_view reason, SessionTime now, EventBatch& events) = 0;
  virtual void on_deadline(SessionTime now, EventBatch& events, SessionActions& actions) = 0;
  /// The way to the engine was full and these books were declared invalid there: each needs a new snapshot. A session that
  /// carries no books has nothing to do.
  virtual void on_books_lost(std::span<const InstrumentId> /*books*/, SessionTime /*now*/, EventBatch& /*events*/,
                             SessionActions& /*actions*/) {}
  /// The next moment at which on_deadline has something to do. Nothing: only frames matter.
  [[nodiscard]] virtual std::optional<MonoTime> deadline() const = 0;
  /// When to open the socket again after on_closed. Nothing: never (a fault that only a new configuration heals).
  [[nodiscard]] virtual std::optional<MonoTime> reconnect_at() const = 0;

  /// Market data is needed for this instrument from now on; a name that is not listed yet is remembered until it is.
  virtual void want(std::string_view name) = 0;
  [[nodiscard]] virtual SessionNotices& notices() = 0;
};

}  // namespace hedgewatch
