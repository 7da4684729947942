#pragma once

#include <vector>

#include "feeds/bybit/symbols.hpp"
#include "feeds/frame_reader.hpp"
#include "feeds/position_legs.hpp"

namespace hedgewatch::bybit {

/// Bytes to events. Tickers of futures come as changes of what was said before, so the newest whole ticker of each instrument is
/// kept here, and so are the two sides of positions in hedge mode; the rest of a frame depends on nothing before it.
class Decoder {
 public:
  /// `category` is the market of the connection's path; private messages name their own. `symbols` outlives the decoder.
  Decoder(SymbolTable& symbols, Category category, DecodingOptions options = {});

  /// All of a message or none of it. Replies of the HTTP interface come back as FrameKind::Reply; the calls below read them.
  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out);
  /// About the frame that was decoded last, also when it was an error.
  [[nodiscard]] const FrameDetail& detail() const { return scratch_.detail; }
  /// The subscriptions are gone: changes count for nothing until each ticker's next snapshot.
  void forget_tickers() { tickers_.clear(); }

  // The result of the reply that was decoded last; its frame must still be there. Which call fits, only who asked knows.

  /// instruments-info: InstrumentListed per instrument. A row that cannot be read is left out and counted: one odd listing must
  /// not hide the others. detail().next_page tells where the list goes on.
  [[nodiscard]] Result<Decoded, DecodeError> decode_instruments(MonoTime received, EventBatch& out);
  /// position/list: a page of the whole statement.
  [[nodiscard]] Result<Decoded, DecodeError> decode_positions(MonoTime received, StatementPart part, EventBatch& out);
  /// account/wallet-balance: AccountSummary per coin.
  [[nodiscard]] Result<Decoded, DecodeError> decode_wallet(MonoTime received, EventBatch& out);

 private:
  struct Work;

  /// What a future's ticker said so far.
  struct Ticker {
    QuoteFields quote;
    double mark = kAbsent;
    double index = kAbsent;
    double funding_rate = kAbsent;            ///< for one interval
    double funding_interval_hours = kAbsent;  ///< nothing: unknown, and then the rate means nothing
    bool live = false;                        ///< its snapshot came
  };
  Ticker& ticker(InstrumentId id);

  SymbolTable& symbols_;
  Category category_;
  DecodingOptions options_;
  FrameScratch scratch_;
  std::vector<Ticker> tickers_;  ///< by the count inside the id
  PositionLegs legs_;
  JsonReader::Position result_ = nullptr;
  std::string_view reply_category_;
  VenueTime reply_time_ = kNoVenueTime;
};

static_assert(VenueDecoder<Decoder>);

}  // namespace hedgewatch::bybit
