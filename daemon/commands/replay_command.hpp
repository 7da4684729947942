#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/types/time.hpp"
#include "daemon/journal/journal_files.hpp"

namespace CLI {
class App;
}

namespace hedgewatch {

enum class ReplayFormat : std::uint8_t {
  Csv,
  OpenMetrics,
  Text  ///< only of a comparison
};

struct ReplayRequest {
  std::vector<std::filesystem::path> inputs;  ///< journal directories and segments, or those of a capture
  ReplayFormat format = ReplayFormat::Csv;
  std::chrono::nanoseconds every = std::chrono::seconds{15};  ///< 0: after every cycle
  std::optional<WallTime> from;                               ///< samples before are computed and not written
  std::optional<WallTime> to;
  std::vector<std::string> figures;    ///< empty: all
  bool alerts = false;                 ///< the changes of alerts, or their differences, instead of figures
  std::string configuration;           ///< file, of a capture; of a journal, instead of the recorded ones
  std::optional<double> speed;         ///< of the recorded time, from the first moment shown; nothing: as fast as it goes
  std::optional<std::uint16_t> serve;  ///< port on loopback for /metrics, instead of any output
  bool progress = false;               ///< a line on a terminal says where the replay is
  std::string compare;                 ///< file, beside the recorded ones: only differences are written
};

/// The segments of journal directories and segment files, in the order of the events; nothing, with a message, when one is neither.
[[nodiscard]] std::optional<std::vector<SegmentFile>> segments_of(const std::vector<std::filesystem::path>& inputs,
                                                                  std::ostream& messages);
/// Nanoseconds since the epoch, or ISO 8601 in UTC.
[[nodiscard]] std::optional<WallTime> parse_time(const std::string& text);
/// A factor above 0 and at most a million, or nothing.
[[nodiscard]] std::optional<double> parse_speed(const std::string& text);

/// Replays and writes samples to `out`, everything else to `messages`. The exit status.
int run_replay(const ReplayRequest& request, std::ostream& out, std::ostream& messages);

void add_replay_command(CLI::App& app, int& status);

}  // namespace hedgewatch
