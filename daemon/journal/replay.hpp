#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/engine/engine.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "daemon/journal/journal_reader.hpp"
#include "daemon/journal/snapshot_files.hpp"

namespace hedgewatch {

/// What a replay did, and what it could not do.
struct ReplayTotals {
  std::uint64_t sessions = 0;
  std::uint64_t continued = 0;  ///< of them, in which the engine went on from the one before
  std::uint64_t events = 0;
  std::uint64_t cycles = 0;
  std::uint64_t lost_events = 0;  ///< that the journal had no room for: figures after them may differ from what was shown
  std::uint64_t damages = 0;
  bool faults = false;  ///< a configuration in the journal could not be read, or did not fit
};

struct ReplaySettings {
  /// Instead of what the journal says: for asking what would have been. Its venues and accounts must be those of the journal.
  std::optional<Config> configuration;
  /// Called after each cycle, with the calendar time at which it ended. The engine is that of the session.
  std::function<void(WallTime now, const Engine& engine)> after_cycle;
  /// Called with each configuration that the journal holds, before it is in force.
  std::function<void(const std::string& text)> configured = {};
  /// Called when a session begins, after its engine was made, or goes on.
  std::function<void(const JournalSession& session)> begin_session = {};
  /// Where to begin: what comes before it in the journal is passed over. Not with another configuration.
  std::optional<JournalSnapshot> start = {};
  /// Nothing after it is taken.
  std::optional<WallTime> until = {};
  /// Called at the end, unless nothing was replayed, with the last session's engine, its accounts' names and its time, to ask it
  /// more.
  std::function<void(Engine& engine, std::span<const std::string> accounts, MonoTime now)> finished = {};
  /// Hears what is not whole, one line each.
  std::function<void(const std::string& line)> tell;
  /// Asked now and then: true ends the replay where it is.
  std::function<bool()> give_up = {};
};

/// Runs a journal through an engine of its own, event by event and cycle by cycle as it was recorded: the same sequence gives the
/// same figures. A session that was recorded by another process gets a new engine, or goes on with the one before, as it did.
ReplayTotals replay_journal(JournalSource& journal, const ReplaySettings& settings);

/// Where a journal ends.
struct ReplayEnd {
  Engine engine;
  JournalSession session;  ///< the last one
  ReplayTotals totals;
};
/// The engine as it was at the journal's end, from the snapshot at which `settings` start. An error in words, which is also told,
/// when the snapshot does not fit, events directly behind it are missing, a configuration is not understood, or it was given up.
[[nodiscard]] Result<ReplayEnd, std::string> replay_to_end(JournalReader& journal, const ReplaySettings& settings);

/// The same with two engines side by side, each event to both before the next: `first` is done with a cycle before `second`.
/// The totals are those of `first`; faults are of either.
ReplayTotals replay_side_by_side(JournalSource& journal, const ReplaySettings& first, const ReplaySettings& second);

/// What keeps a configuration from being used on events that were recorded under another: they name connections and accounts by
/// their place in it. Empty when nothing does.
[[nodiscard]] std::string misfit(const Config& recorded, const Config& other);

}  // namespace hedgewatch
