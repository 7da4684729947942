#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "feeds/simulator/outgoing.hpp"

namespace hedgewatch::simulator {

enum class FaultKind : std::uint8_t {
  Disconnect,        ///< every connection is cut; while it lasts, new ones are refused
  Silence,           ///< market data stops, heartbeats and replies go on
  Gap,               ///< book changes are lost
  Duplicate,         ///< market frames arrive twice
  Reorder,           ///< a book change arrives after the next one of its channel
  Slow,              ///< every frame is late by `delay`
  Malformed,         ///< market frames arrive cut, spoilt or as rubbish
  Maintenance,       ///< platform_state says so; every request is answered with 11051
  Liquidation,       ///< user.liquidation goes through its states
  AutoDeleveraging,  ///< user.liquidation: adl_transfer
  Lock,              ///< user.lock: locked, and unlocked at the end
  MarketLock,        ///< platform_state: the index `target` is locked, and unlocked at the end
  TokenExpiry,       ///< every token ends now
  RefusedChannel,    ///< subscriptions whose channel contains `target` are silently not accepted
  RateLimit,         ///< the next request of each connection is answered with 10028 and the connection is cut
  Upgrade            ///< a notice that connections will be closed, which they are at its end; venues that send none ignore it
};
[[nodiscard]] std::string_view label(FaultKind kind);

/// One fault of a drill.
struct Fault {
  FaultKind kind = FaultKind::Disconnect;
  std::chrono::nanoseconds after{0};                      ///< from the moment it is given to the injector
  std::optional<std::chrono::nanoseconds> duration = {};  ///< absent: an instant or, for faults that hold, until cleared
  std::size_t count = 1;                                  ///< frames spoilt, for the faults that spoil frames
  std::string target = {};                                ///< only frames whose channel contains it; empty: all
  std::chrono::nanoseconds delay{200'000'000};            ///< Slow
};

/// Reads `kind[@start][:duration][*count][=delay][/target]`, e.g. `silence@20s:5s`, `gap@15s*3/BTC-PERPETUAL`, `slow@10s:5s=300ms`.
/// Durations need units (ms, s, m, h). The error says what is wrong and what would be right.
[[nodiscard]] Result<Fault, std::string> parse_fault(std::string_view text);
/// Comma-separated faults.
[[nodiscard]] Result<std::vector<Fault>, std::string> parse_faults(std::string_view text);
/// `500ms`, `8h`. Nothing when it is no duration.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The state of all faults, and what they do to outgoing frames. Pure: time is an argument.
class FaultInjector {
 public:
  void add(Fault fault, MonoTime now);
  /// Ends everything that is scheduled or running. Frames held back are sent with the next call of pass.
  void clear();

  /// Is a fault of this kind on now, for this target? (An empty fault target matches all.)
  [[nodiscard]] bool active(FaultKind kind, MonoTime now, std::string_view target = {}) const;
  /// Faults that begin or end at an instant: each is told once. Call often.
  struct Turn {
    FaultKind kind = FaultKind::Disconnect;
    bool begins = true;
    std::string target = {};
  };
  [[nodiscard]] std::vector<Turn> turns(MonoTime now);

  /// Moves frames from `in` to `out`, spoiling, dropping, doubling, swapping or holding back those that a fault names.
  void pass(std::vector<Outgoing>& in, MonoTime now, std::vector<Outgoing>& out);
  /// Nothing of the frames held back for a connection that is gone is wanted any more.
  void forget(ClientId client);

  [[nodiscard]] std::vector<std::string> descriptions(MonoTime now) const;
  /// Frames dropped, doubled, swapped, held back or spoilt so far.
  [[nodiscard]] std::uint64_t touched() const { return touched_; }

 private:
  struct Running {
    Fault fault = {};
    MonoTime begins{};
    std::size_t left = 0;
    bool begun = false;
    bool ended = false;
  };
  struct Held {
    Outgoing frame = {};
    MonoTime due{};
  };
  [[nodiscard]] static bool on(const Running& running, MonoTime now);
  Running* taking(FaultKind kind, MonoTime now, const Outgoing& frame);
  void deliver(Outgoing frame, MonoTime now, std::vector<Outgoing>& out);

  std::vector<Running> running_;
  std::deque<Held> late_;
  std::vector<Outgoing> swapped_;
  std::uint64_t touched_ = 0;
};

}  // namespace hedgewatch::simulator
