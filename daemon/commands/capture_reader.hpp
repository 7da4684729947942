#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "daemon/config_files.hpp"
#include "daemon/journal/journal_reader.hpp"
#include "daemon/setup.hpp"

namespace hedgewatch {

/// A file of frames, and the connection over which they came.
struct CaptureFile {
  std::filesystem::path path;
  std::size_t connection = 0;  ///< its place in connection_plans()
};

/// Whether this is a directory that holds files of frames and no journal, or a file that is called one of frames; with `any_name`,
/// any file that is called no journal segment.
[[nodiscard]] bool is_capture(const std::filesystem::path& input, bool any_name = false);

/// The files of frames among the inputs, and in those that are directories. A file belongs to the connection with whose name its
/// own begins, a '/' in it written '_', before a '-' or '.'. The error is what to tell the user.
[[nodiscard]] Result<std::vector<CaptureFile>, std::string> capture_files(std::span<const std::filesystem::path> inputs,
                                                                          const std::vector<ConnectionPlan>& connections);

/// What a capture held, and what of it was of no use.
struct CaptureTotals {
  std::uint64_t frames = 0;
  std::uint64_t bad_lines = 0;     ///< that hold no frame with a time, and ends of files that are torn
  std::uint64_t undecoded = 0;     ///< frames that could not be read, those of unknown instruments among them
  std::uint64_t unknown_rows = 0;  ///< rows of lists about instruments that are not known
  std::uint64_t unplaced = 0;      ///< answers whose question cannot be told by their looks
  std::uint64_t out_of_order = 0;  ///< frames that are older than the one before in their file; they count as being as old
  [[nodiscard]] bool whole() const { return bad_lines == 0 && undecoded == 0; }
};

/// Captured frames as a daemon's journal would have them: decoded, merged by their receive times, one cycle for each time, and one
/// every 100 ms while nothing comes. A connection is live from its first frame, and down when it was silent for longer than the
/// data of its venue may be old; what was known of its books is then void. An instrument that no list defines is what its name
/// implies.
class CaptureReader final : public JournalSource {
 public:
  /// `tell` hears `FILE:LINE: what` of each fault, though not of all of many.
  CaptureReader(LoadedConfig config, std::vector<CaptureFile> files, std::function<void(const std::string&)> tell);
  ~CaptureReader() override;

  [[nodiscard]] std::optional<JournalItem> next() override;
  [[nodiscard]] const CaptureTotals& totals() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// When the newest of the frames was received, as far as the file that begins last tells: reads that one.
[[nodiscard]] std::optional<WallTime> end_of_capture(const std::vector<CaptureFile>& files);

}  // namespace hedgewatch
