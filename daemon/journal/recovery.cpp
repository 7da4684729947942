#include "daemon/journal/recovery.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "daemon/journal/journal_reader.hpp"
#include "daemon/journal/snapshot_files.hpp"

namespace hedgewatch {

namespace {

/// Snapshots that are tried; there are seldom more than a few that are young enough to be of use.
constexpr std::size_t kMostTried = 4;
/// The engine's table of instruments keeps what has expired: it is begun anew before it is full.
constexpr std::size_t kMostInstruments = InstrumentRegistry::kDefaultCapacity / 4 * 3;
/// A calendar that was corrected by less makes no other clock.
constexpr std::chrono::nanoseconds kSameClock = std::chrono::minutes{1};
constexpr const char* kTooLong = "replaying to the journal's end would take too long";

bool has_room(const Engine& engine) {
  const KnownInstruments known = engine.known_instruments();
  return known.named.size() < kMostInstruments && std::all_of(known.next_counts.begin(), known.next_counts.end(),
                                                              [](std::uint32_t next) { return next < kMostInstruments; });
}

}  // namespace

Result<Recovered, std::string> recover_engine(const RecoveryOptions& options) {
  const MonoTime begun = options.mono();
  const auto late = [&] { return options.mono() - begun > options.patience; };
  const std::vector<SnapshotFile> snapshots = snapshots_in(options.directory);
  const std::size_t last = snapshots.size() - std::min(snapshots.size(), kMostTried);
  std::string reason;  // of the newest
  for (std::size_t i = snapshots.size(); i-- > last;) {
    if (late()) return std::string{kTooLong};
    const auto pass_over = [&](const std::string& why) {
      if (options.tell) options.tell(snapshots[i].path.string() + ": " + why + ", passed over");
      if (reason.empty()) reason = "the newest snapshot " + why;
    };
    auto snapshot = read_snapshot(snapshots[i].path);
    if (!snapshot.ok()) {
      pass_over(snapshot.error());
      continue;
    }
    if (!is_of_build(snapshot.value(), options.build)) {
      pass_over("is of another build of the program");
      continue;
    }
    const WallTime taken = snapshot.value().taken;
    const std::uint64_t sequence = snapshot.value().sequence;
    ReplaySettings settings;
    settings.start = std::move(snapshot).value();
    settings.tell = options.tell;
    settings.give_up = late;
    JournalReader journal{segments_from(segments_in(options.directory), sequence), sequence};
    auto replayed = replay_to_end(journal, settings);
    if (!replayed.ok()) {
      if (late()) return std::string{kTooLong};
      if (reason.empty()) reason = replayed.error();
      continue;
    }
    ReplayEnd end = std::move(replayed).value();
    if (!has_room(end.engine)) return std::string{"so many instruments have been listed that their table is begun anew"};
    const WallTime until = from_nanoseconds<WallTime>(nanoseconds_of(end.engine.now()) + end.session.wall_offset_ns);
    return Recovered{.engine = std::move(end.engine),
                     .session = std::move(end.session),
                     .snapshot = taken,
                     .until = until,
                     .replayed = end.totals,
                     .took = options.mono() - begun};
  }
  return reason.empty() ? std::string{"no snapshot to go on from"} : reason;
}

std::chrono::nanoseconds steady_clock_shift(const Recovered& recovered, const ClockReading& now) {
  const JournalSession& session = recovered.session;
  if (!now.boot.empty() && now.boot == session.boot) {
    const std::chrono::nanoseconds as_then = std::chrono::nanoseconds{session.clock_shift_ns} - now.shift;
    if (now.mono + as_then >= recovered.engine.now()) return as_then;
  }
  const std::int64_t offset = nanoseconds_of(now.wall) - nanoseconds_of(now.mono);
  const std::chrono::nanoseconds moved{offset - session.wall_offset_ns};
  if (now.mono >= recovered.engine.now() && moved >= -kSameClock && moved <= kSameClock) return std::chrono::nanoseconds{0};
  return std::max(moved, recovered.engine.now() - now.mono);
}

}  // namespace hedgewatch
