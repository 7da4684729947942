#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/market/event.hpp"
#include "core/types/time.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/journal_files.hpp"

namespace hedgewatch {

/// A place where the journal is not whole: told, and gone over.
struct JournalDamage {
  std::filesystem::path file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  bool torn_tail = false;  ///< the end of a segment: the process died while it wrote
  std::string what;
};

/// A process began to write. Unless it continues, nothing that an engine knew before holds.
struct SessionStart {
  JournalSession session;
  bool continues = false;      ///< its engine is that of the session before, none of whose events is missing here
  std::uint64_t sequence = 0;  ///< of its first event that is here
};
/// What the process that begins remembered of alerts, as remembered_text of the session's steady clock. Before its configuration.
struct RememberedAlerts {
  std::string text;
};
struct ConfigurationText {
  std::string text;
  std::uint64_t sequence = 0;  ///< of the first event under it
};
/// An event that was true before the first segment that is read.
struct RestatedEvent {
  Event event;
};
struct JournaledEvent {
  Event event;
  std::uint64_t sequence = 0;
};
/// Events that the journal could not take.
struct LostEvents {
  std::uint64_t count = 0;
};

using JournalItem =
    std::variant<SessionStart, RememberedAlerts, ConfigurationText, RestatedEvent, JournaledEvent, LostEvents, JournalDamage>;

/// Where a replay has its events from.
class JournalSource {
 public:
  virtual ~JournalSource() = default;
  /// Nothing at the end.
  [[nodiscard]] virtual std::optional<JournalItem> next() = 0;
};

/// Reads segments one after the other, in the engine's order. The session and configuration that each segment repeats at its head,
/// and what it restates, come out only for the first segment of a session.
class JournalReader final : public JournalSource {
 public:
  explicit JournalReader(std::vector<SegmentFile> segments) : segments_{std::move(segments)} {}
  /// Events before that number need not come out.
  JournalReader(std::vector<SegmentFile> segments, std::uint64_t first_wanted)
      : segments_{std::move(segments)}, first_wanted_{first_wanted} {}

  /// A segment that cannot be opened comes out as damage.
  [[nodiscard]] std::optional<JournalItem> next() override;

 private:
  bool open_next_segment();
  [[nodiscard]] std::optional<JournalItem> from_block(JournalBlock& block);

  std::vector<SegmentFile> segments_;
  std::uint64_t first_wanted_ = 0;
  std::size_t next_segment_ = 0;
  std::filesystem::path path_;
  std::string bytes_;
  std::optional<BlockWalker> walker_;

  std::optional<JournalSession> session_;
  bool begins_session_ = false;  ///< the segment's head is news
  std::string configuration_;
  std::uint64_t expected_sequence_ = 0;  ///< of the next event in an unbroken journal

  JournalBlock block_;  ///< whose events are being handed out
  std::string_view events_;
  std::uint64_t event_sequence_ = 0;
};

}  // namespace hedgewatch
