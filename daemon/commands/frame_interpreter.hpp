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
#include "feeds/symbol_table.hpp"

namespace hedgewatch {

/// What a recorded frame was.
struct Interpretation {
  Result<Decoded, DecodeError> decoded;
  std::string reply;       ///< why a reply gave nothing; empty: it is no such reply
  std::string_view label;  ///< of the channel's kind
  std::uint32_t unknown_rows = 0;
  std::uint32_t left_out_rows = 0;
  std::uint32_t refused_fields = 0;
  std::string unknown_name = {};  ///< the first instrument that was not known, where that is the error or left a row out
};

/// Whose frames are read, and into whose words.
struct InterpreterSetup {
  Venue venue = Venue::Deribit;
  bool known_only = false;  ///< nothing is taken from an instrument's name
  /// What ConnectionPlan::part says of the one connection that the frames came over. Empty: of several, or all of the venue's.
  std::string part = {};
  ConnectionId connection = kNoConnection;
  AccountId account = kNoAccount;  ///< whom account messages speak about
  /// The venue's, made by make_symbols, shared by its connections; it outlives the interpreter. Null: one of its own.
  SymbolTable* symbols = nullptr;
};

/// Reads the frames of one venue's recording, in their order. What a reply answers is known to who asked; a recording only has its
/// address and its looks.
class FrameInterpreter {
 public:
  virtual ~FrameInterpreter() = default;
  /// A socket was opened: its address may say what its frames are about.
  virtual void connected(const RecordedFrame& /*record*/) {}
  /// What came before is of a connection that was lost: no book is whole, no statement is under way.
  virtual void lost() {}
  [[nodiscard]] virtual Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) = 0;
  [[nodiscard]] virtual const InstrumentNames& names() const = 0;
};

/// With a connection a book counts only as long as its sequence is whole: where it breaks BookInvalidated comes out, and nothing
/// more of the book until its next snapshot; the statements of positions that come in several answers are one. Without, a frame's
/// events are what the frame says by itself.
[[nodiscard]] std::unique_ptr<FrameInterpreter> make_interpreter(const InterpreterSetup& setup);

}  // namespace hedgewatch
