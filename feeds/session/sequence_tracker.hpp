#pragma once

#include <cstdint>
#include <optional>

namespace hedgewatch {

enum class SequenceVerdict : std::uint8_t {
  Apply,   ///< continues what is known
  Resync,  ///< something is missing: nothing may be applied until a snapshot
  Ignore   ///< already contained in what is known
};

/// Follows a chain in which every change names its predecessor (Deribit's change_id and prev_change_id, OKX's seqId and prevSeqId).
/// Sees numbers only. After a gap it stays lost until a snapshot, even when the missing change arrives late.
class SequenceTracker {
 public:
  /// So many old changes in a row are taken for repetitions; one more, and the venue is thought to count from anew.
  static constexpr std::uint32_t kMostIgnored = 64;

  /// A snapshot always applies.
  SequenceVerdict on_snapshot(std::uint64_t sequence);
  /// Before the first snapshot every change asks for one.
  SequenceVerdict on_delta(std::uint64_t previous, std::uint64_t sequence);
  /// What was known is void: the connection or the subscription ended.
  void invalidate() { last_.reset(); }

  /// The newest applied number. Nothing while lost.
  [[nodiscard]] std::optional<std::uint64_t> last() const { return last_; }

 private:
  std::optional<std::uint64_t> last_;
  std::uint32_t ignored_ = 0;
};

}  // namespace hedgewatch
