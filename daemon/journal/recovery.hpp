#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/engine/engine.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "daemon/journal/journal_files.hpp"
#include "daemon/journal/replay.hpp"

namespace hedgewatch {

struct RecoveryOptions {
  std::filesystem::path directory;                              ///< of the journal; need not be there
  std::string build;                                            ///< of this program: what another one has saved is not taken
  std::chrono::nanoseconds patience = std::chrono::seconds{8};  ///< no longer is spent on it
  std::function<MonoTime()> mono;
  /// Hears what is not whole, one line each.
  std::function<void(const std::string&)> tell;
};

/// An engine that is where the journal ends.
struct Recovered {
  Engine engine;
  JournalSession session;  ///< the last one of the journal
  WallTime snapshot{};     ///< when the snapshot was taken that it began with
  WallTime until{};        ///< its newest time, by the calendar of the session
  ReplayTotals replayed;   ///< behind the snapshot
  std::chrono::nanoseconds took{0};
};

/// The newest good snapshot and every event behind it. One that is damaged or does not fit is told of, and the one before it is
/// taken. An error in words when there is none, or when it would take too long: why the engine begins anew.
[[nodiscard]] Result<Recovered, std::string> recover_engine(const RecoveryOptions& options);

/// A process's clocks at one moment.
struct ClockReading {
  MonoTime mono{};
  WallTime wall{};
  std::string boot = {};              ///< boot_identity() of the machine; may be empty
  std::chrono::nanoseconds shift{0};  ///< in `mono` already, beyond the machine's steady clock
};
/// How far this process's steady clock has to be set on so that the engine's time goes on. Where the machine has not been started
/// anew since the session it is that session's clock, whatever the calendar says. Else, or where the session does not say, it is
/// the same clock as far as the calendar can tell; or set on so much that the time between is the calendar's. The engine's time
/// never goes back.
[[nodiscard]] std::chrono::nanoseconds steady_clock_shift(const Recovered& recovered, const ClockReading& now);

}  // namespace hedgewatch
