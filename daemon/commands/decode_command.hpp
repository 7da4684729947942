#pragma once

#include <iosfwd>

#include "core/types/ids.hpp"
#include "feeds/capture/recorded_frames.hpp"

namespace CLI {
class App;
}

namespace hedgewatch {

struct DecodeSettings {
  bool summary_only = false;  ///< no events on `out`
  bool known_only = false;    ///< instruments must be listed by the input itself: nothing is taken from a name
};

/// Decodes a venue's frames to one JSON object per event on `out`, and counts on `messages` what became of every record.
/// Returns the exit status: a fault when any frame was an error or any line no record.
int decode_frames(Venue venue, RecordedFrames& frames, const DecodeSettings& settings, std::ostream& out, std::ostream& messages);

void add_decode_command(CLI::App& app, int& status);

}  // namespace hedgewatch
