#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/market/event_batch.hpp"
#include "core/types/ids.hpp"
#include "daemon/commands/event_json.hpp"
#include "feeds/capture/recorded_frames.hpp"
#include "feeds/decoding.hpp"

namespace hedgewatch {

/// What a recorded frame was.
struct Interpretation {
  Result<Decoded, DecodeError> decoded;
  std::string reply;       ///< why a reply gave nothing; empty: it is no such reply
  std::string_view label;  ///< of the channel's kind
  std::uint32_t unknown_rows = 0;
  std::uint32_t left_out_rows = 0;
  std::uint32_t refused_fields = 0;
};

/// Reads the frames of one venue's recording, in their order. What a reply answers is known to who asked; a recording only has its
/// address and its looks.
class FrameInterpreter {
 public:
  virtual ~FrameInterpreter() = default;
  /// A socket was opened: its address may say what its frames are about.
  virtual void connected(const RecordedFrame& /*record*/) {}
  [[nodiscard]] virtual Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) = 0;
  [[nodiscard]] virtual const InstrumentNames& names() const = 0;
};

/// `known_only`: nothing is taken from an instrument's name.
[[nodiscard]] std::unique_ptr<FrameInterpreter> make_interpreter(Venue venue, bool known_only);

}  // namespace hedgewatch
