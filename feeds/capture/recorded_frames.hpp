#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "core/types/result.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

enum class RecordKind : std::uint8_t {
  Header,   ///< about the recording itself; no payload
  Http,     ///< the body of an answer to `url`
  Connect,  ///< a socket was opened; no payload
  Sent,     ///< a frame from us
  Received  ///< a frame from the venue
};

/// One line of a recording. The views point into the reader and live until its next call.
struct RecordedFrame {
  RecordKind kind = RecordKind::Received;
  std::optional<WallTime> received;  ///< nothing where the recording has no time
  std::string_view connection;
  std::string_view url;      ///< of an answer, or the address of the connection where the recording has it
  std::string_view payload;  ///< as it was on the wire; at least SIMDJSON_PADDING readable bytes follow it
  std::string_view book;     ///< a reconstructed order book kept beside the frame, as JSON; usually empty
  std::uint64_t line = 0;    ///< from 1

  [[nodiscard]] simdjson::padded_string_view padded_payload() const {
    return simdjson::padded_string_view{payload.data(), payload.size(), payload.size() + simdjson::SIMDJSON_PADDING};
  }
};

/// A line that is no record, or a file that ends badly.
struct RecordFault {
  std::uint64_t line = 0;
  std::string_view what;  ///< a literal
};

/// Reads recordings line by line, in three forms that may be mixed:
/// - objects `{"t":"recv","ts":SECONDS,"data":"PAYLOAD",...}` whose payload is a JSON string;
/// - `TIME FRAME`, where TIME is integer nanoseconds since the epoch or ISO 8601 in UTC;
/// - the frame alone.
/// Empty lines are passed over.
class RecordedFrames {
 public:
  /// Lines longer than this are a fault.
  static constexpr std::size_t kLongestLine = std::size_t{64} << 20;

  /// From a file; one whose name ends in `.zst` is expanded on the way. The error is what to tell the user.
  [[nodiscard]] static Result<RecordedFrames, std::string> open(const std::filesystem::path& file);
  /// From a stream that outlives the reader. Text that starts with zstd's mark is expanded on the way.
  explicit RecordedFrames(std::istream& in);

  RecordedFrames(RecordedFrames&&) noexcept;
  RecordedFrames& operator=(RecordedFrames&&) noexcept;
  ~RecordedFrames();

  /// The next line that holds something; nothing at the end. After a fault the lines behind it can still be read.
  [[nodiscard]] std::optional<Result<RecordedFrame, RecordFault>> next();

 private:
  struct State;
  explicit RecordedFrames(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
