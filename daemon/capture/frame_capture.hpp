#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/types/time.hpp"
#include "daemon/capture/frame_ring.hpp"

namespace hedgewatch {

struct FrameCaptureOptions {
  std::filesystem::path directory;                                ///< exists and can be written
  std::vector<std::string> connections;                           ///< their names, by number
  std::uint64_t file_bytes = std::uint64_t{64} << 20;             ///< compressed; a new file begins beyond this
  std::uint64_t max_bytes = std::uint64_t{4} << 30;               ///< oldest files are deleted beyond this
  std::chrono::nanoseconds max_age = std::chrono::hours{24 * 7};  ///< and when they were last written so long ago
  std::size_t waiting_bytes = std::size_t{32} << 20;              ///< of frames that wait for the writer
  std::function<MonoTime()> mono;
  std::function<WallTime()> wall;
  /// Hears what went wrong with the files. On the writer's thread.
  std::function<void(const std::string&)> tell;
};

/// Totals; any thread may read.
struct FrameCaptureCounters {
  std::atomic<std::uint64_t> bytes{0};            ///< written to files, compressed
  std::atomic<std::uint64_t> frames{0};           ///< handed to a file
  std::atomic<std::uint64_t> withheld_frames{0};  ///< not kept, because they may hold a secret
  std::atomic<std::uint64_t> lost_frames{0};      ///< found no room, or no file
  std::atomic<std::uint64_t> write_failures{0};   ///< times a file could not be made or written
};

/// Whether a text from a venue is, or may be, about signing in: such a text is never kept.
[[nodiscard]] bool may_hold_secret(std::string_view text);

/// Keeps what the venues send, as it came: a line `RECEIVE_TIME_NS FRAME` for each frame, in zstd files of each connection, which
/// RecordedFrames reads. Written by a thread of its own; the feeds never wait, lock or allocate for it. What they send is not kept.
class FrameCapture {
 public:
  /// Throws std::runtime_error when the directory cannot be written.
  explicit FrameCapture(FrameCaptureOptions options);
  /// Writes what waits.
  ~FrameCapture();
  FrameCapture(const FrameCapture&) = delete;
  FrameCapture& operator=(const FrameCapture&) = delete;

  /// On the feeds' thread.
  void keep(std::size_t connection, WallTime received, std::string_view text);

  [[nodiscard]] const FrameCaptureCounters& counters() const { return counters_; }
  /// Age of the oldest frame that is not handed to a file; 0 when none waits.
  [[nodiscard]] std::chrono::nanoseconds lag() const;

 private:
  class File;
  void run();
  void write(const WaitingFrame& frame, std::string_view text);
  void flush_files();
  void delete_old_files();
  void failed(std::size_t connection, const std::string& what);

  FrameCaptureOptions options_;
  FrameCaptureCounters counters_;
  FrameRing ring_;
  std::vector<std::unique_ptr<File>> files_;  ///< by connection; null: none is open
  std::string line_;
  MonoTime retry_at_{};  ///< no file is opened before, after a failure
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace hedgewatch
