#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/market/event.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

enum class JournalSync : std::uint8_t {
  Never,  ///< the system decides when bytes reach the disk: a crash of the machine may lose half a minute, one of the process
          ///< nothing
  Block   ///< every block is on the disk before the next one is begun
};

struct JournalOptions {
  std::filesystem::path directory;                                ///< exists and can be written
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;          ///< a new segment begins beyond this
  std::uint64_t max_bytes = std::uint64_t{4} << 30;               ///< oldest segments are deleted beyond this
  std::chrono::nanoseconds max_age = std::chrono::hours{24 * 7};  ///< and when all of a segment is older than this
  /// An event waits no longer than this in a block; with fills, transfers and other things that are told once nothing waits
  /// for a block: they are written when the writer next looks at the queue, within about 20 ms.
  std::chrono::nanoseconds block_age = std::chrono::milliseconds{200};
  JournalSync sync = JournalSync::Never;
  std::chrono::nanoseconds snapshot_every = std::chrono::minutes{1};  ///< by the time that is told to snapshot_due()
  /// After so many events a snapshot does not wait any longer: to replay them takes about a second.
  std::uint64_t snapshot_events = 500'000;
  /// Events that may wait for the writer: what a connection brings at once after seconds of a stalled network, at tens of thousands
  /// a second, while the writer has no processor. Their memory, 38 MB, is resident from the start.
  std::size_t capacity = 262'144;
  std::string version;                      ///< of the program, for the reader's eyes
  std::string build;                        ///< identity of the program's file
  bool continues = false;                   ///< the engine goes on from where the journal in the directory ends
  std::string boot;                         ///< identity of the machine's start
  std::chrono::nanoseconds clock_shift{0};  ///< in `mono`, beyond the machine's steady clock
  std::optional<std::string> alerts;        ///< what is remembered of alerts at the start, for the head of the session
  std::function<MonoTime()> mono;
  std::function<WallTime()> wall;
  /// Hears what went wrong with the files, and that it is well again. On the writer's thread.
  std::function<void(const std::string&)> tell;
};

/// Totals; any thread may read.
struct JournalCounters {
  std::atomic<std::uint64_t> bytes{0};             ///< written to files
  std::atomic<std::uint64_t> events{0};            ///< written to files
  std::atomic<std::uint64_t> lost_events{0};       ///< found no room in the queue, or no room on the disk
  std::atomic<std::uint64_t> write_failures{0};    ///< times a file could not be written
  std::atomic<std::uint64_t> segments{0};          ///< files there are now
  std::atomic<std::uint64_t> snapshots{0};         ///< written
  std::atomic<std::int64_t> oldest_waiting_ns{0};  ///< MonoTime of the oldest event that is not written; 0: none waits
};

/// Writes the engine's event sequence to segment files on a thread of its own. The engine's side never waits, locks or allocates:
/// what finds no room is counted, and the journal says at that place how much is missing.
/// When the disk refuses, events are counted as lost until it takes a new segment again.
class JournalWriter {
 public:
  /// Throws std::runtime_error when the directory cannot be written.
  JournalWriter(JournalOptions options, std::string configuration);
  /// Writes what waits.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // ---- the engine's thread
  void record(std::span<const Event> events);
  void record(const Event& event) { record({&event, 1}); }
  /// The configuration with this number is in force from here.
  void record_configuration(std::uint32_t number);
  /// It is time for a snapshot, and the one before has been written. The first is due at once: what is replayed after the next
  /// start begins with this process.
  [[nodiscard]] bool snapshot_due(MonoTime now) const;
  /// The engine's state as of here, written beside the segments: `save` appends it to a buffer that is used again and again. Only
  /// when one is due.
  template <class Save>
  void record_snapshot(MonoTime now, Save save) {
    std::vector<std::byte>& state = snapshot_buffer();
    state.clear();
    save(state);
    hand_over_snapshot(now);
  }

  // ---- any other thread
  /// Keeps a configuration's text until the engine takes it; its number.
  [[nodiscard]] std::uint32_t announce_configuration(std::string text);
  [[nodiscard]] const JournalCounters& counters() const { return counters_; }

 private:
  struct State;
  void run();
  [[nodiscard]] std::vector<std::byte>& snapshot_buffer();
  void hand_over_snapshot(MonoTime now);

  JournalCounters counters_;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
