#pragma once

#include <filesystem>

namespace hedgewatch {

/// Counts, on disk, starts in a row that went on from what a process before left and did not prove themselves. What kills or halts
/// the process each time it is restored must not do so for ever: a daemon that begins anew can still page.
class RecoveryAttempts {
 public:
  /// So many failed ones in a row, and the next start begins anew.
  static constexpr unsigned kMost = 5;

  /// `directory` is the journal's.
  explicit RecoveryAttempts(const std::filesystem::path& directory) : file_{directory / "recovering"} {}

  /// Counts one more that is about to be made. False, with nothing counted, after kMost: this time it must not be made, and the
  /// count begins again. A count that cannot be read or written stops nobody.
  [[nodiscard]] bool begin();
  /// It runs as it should: none has failed. Does nothing when there is nothing to forget.
  void proven();

 private:
  std::filesystem::path file_;
  bool counting_ = false;
};

}  // namespace hedgewatch
