#pragma once

#include "feeds/frame_reader.hpp"
#include "feeds/okx/symbols.hpp"
#include "feeds/position_legs.hpp"

namespace hedgewatch::okx {

/// Bytes to events. Keeps the legs of positions, which the venue reports one by one; the rest of a frame depends on nothing
/// before it.
class Decoder {
 public:
  /// `symbols` outlives the decoder. Listings in frames are added to it.
  explicit Decoder(SymbolTable& symbols, DecodingOptions options = {});

  /// All of a message or none of it. The venue's two text frames, `pong` and `ping`, are messages too. Replies of the HTTP
  /// interface come back as FrameKind::Reply; the calls below read them.
  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out);
  /// About the frame that was decoded last, also when it was an error.
  [[nodiscard]] const FrameDetail& detail() const { return scratch_.detail; }

  // The data of the reply that was decoded last; its frame must still be there. Which call fits, only who asked knows.

  /// public/instruments, account/instruments: a row that cannot be read, or whose units are not certain, is left out and counted.
  [[nodiscard]] Result<Decoded, DecodeError> decode_instruments(MonoTime received, EventBatch& out);
  /// account/positions: the whole statement.
  [[nodiscard]] Result<Decoded, DecodeError> decode_positions(MonoTime received, EventBatch& out);
  /// account/balance: AccountSummary per currency.
  [[nodiscard]] Result<Decoded, DecodeError> decode_balance(MonoTime received, EventBatch& out);
  /// public/opt-summary.
  [[nodiscard]] Result<Decoded, DecodeError> decode_option_summary(MonoTime received, EventBatch& out);
  /// public/time: when the venue answered.
  [[nodiscard]] Result<VenueTime, DecodeError> read_time();
  /// account/config: what the key may do, in the venue's words, e.g. `read_only,trade`. Points into the frame.
  [[nodiscard]] Result<std::string_view, DecodeError> read_permissions();

 private:
  struct Work;

  SymbolTable& symbols_;
  DecodingOptions options_;
  FrameScratch scratch_;
  PositionLegs legs_;
  JsonReader::Position result_ = nullptr;
};

static_assert(VenueDecoder<Decoder>);

}  // namespace hedgewatch::okx
