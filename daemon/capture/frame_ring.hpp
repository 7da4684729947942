#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/time.hpp"

namespace hedgewatch {

/// A frame on its way to a file.
struct WaitingFrame {
  WallTime received{};
  MonoTime queued{};
  std::uint32_t connection = 0;
};

/// Bytes between one thread that puts frames in and one that takes them out. Neither waits for the other and neither locks; what
/// finds no room is refused.
class FrameRing {
 public:
  /// All of its memory, at least a kibibyte.
  explicit FrameRing(std::size_t bytes);

  /// The putting thread. False when there is no room; nothing is kept then.
  [[nodiscard]] bool put(const WaitingFrame& frame, std::string_view text);
  /// The taking thread: hands over all that waits. The text is valid until the call of `take` returns.
  void drain(const std::function<void(const WaitingFrame&, std::string_view)>& take);
  /// When the oldest frame that waits was put; 0: none waits. Any thread; may be a moment old.
  [[nodiscard]] std::int64_t oldest_waiting_ns() const { return oldest_ns_.load(std::memory_order_relaxed); }

 private:
  struct Head {
    WaitingFrame frame;
    std::uint32_t size = 0;
  };
  void write(std::uint64_t at, const void* from, std::size_t size);
  void read(std::uint64_t at, void* into, std::size_t size) const;

  std::vector<char> bytes_;
  std::string text_;                     ///< of the frame being handed over
  std::atomic<std::uint64_t> put_{0};    ///< bytes put since the beginning
  std::atomic<std::uint64_t> taken_{0};  ///< bytes taken since the beginning
  std::atomic<std::int64_t> oldest_ns_{0};
};

}  // namespace hedgewatch
