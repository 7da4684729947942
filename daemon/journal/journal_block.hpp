#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/time.hpp"

namespace hedgewatch {

enum class BlockKind : std::uint8_t {
  Session = 1,        ///< a process begins to write: its version and the offset of its clocks
  Configuration = 2,  ///< the configuration's text, in force from here
  Restated = 3,       ///< events that were true before this segment, so that it can be read without the ones before it
  Events = 4,         ///< events in the engine's order
  Loss = 5,           ///< events that found no room: their count, as decimal text
  State = 6,          ///< of an engine; in snapshots, not in segments
  Alerts = 7          ///< what a process remembered of alerts when it began, as text: see raised_alerts_file
};

/// One framed piece of a journal: a header of fixed size, then its payload, compressed by zstd.
struct JournalBlock {
  BlockKind kind = BlockKind::Events;
  std::uint64_t sequence = 0;  ///< of the first event in it, counted from 0 over the whole journal
  std::uint32_t count = 0;     ///< events in it
  WallTime first{};            ///< when the first was received, by the calendar
  std::string payload;
};

/// Bytes of a block's header on disk.
inline constexpr std::size_t kBlockHeaderBytes = 48;
/// A payload is never longer than this, so that a damaged length cannot ask for memory.
inline constexpr std::size_t kLongestPayload = std::size_t{64} << 20;

/// Appends the block as it stands on disk: magic, header with CRC32C over header and stored bytes, stored bytes.
/// The payload must not exceed kLongestPayload.
void append_block(std::string& out, const JournalBlock& block);

/// A place where the bytes are no block.
struct BlockDamage {
  std::uint64_t offset = 0;  ///< of the first bad byte
  std::uint64_t bytes = 0;   ///< until the next good block, or the end
  bool at_end = false;       ///< nothing good follows: a torn tail
};

/// Walks over the blocks of one segment's bytes, and over damage between them.
class BlockWalker {
 public:
  /// `bytes` outlives the walker.
  explicit BlockWalker(std::string_view bytes) : bytes_{bytes} {}
  /// Events before that number are not unpacked: their blocks come with an empty payload.
  BlockWalker(std::string_view bytes, std::uint64_t first_wanted) : bytes_{bytes}, first_wanted_{first_wanted} {}

  struct Step {
    std::optional<JournalBlock> block;  ///< one of the two
    std::optional<BlockDamage> damage;
  };
  /// Nothing at the end.
  [[nodiscard]] std::optional<Step> next();

  /// Where the next step starts.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  [[nodiscard]] std::optional<JournalBlock> block_at(std::uint64_t offset, std::uint64_t& end) const;

  std::string_view bytes_;
  std::uint64_t first_wanted_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace hedgewatch
