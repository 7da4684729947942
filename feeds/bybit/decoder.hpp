#pragma once

#include <span>
#include <string_view>
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
  /// position/list: a page of the whole statement. Where detail().next_page names another page it goes on, whatever `part` says.
  [[nodiscard]] Result<Decoded, DecodeError> decode_positions(MonoTime received, StatementPart part, EventBatch& out);
  /// account/wallet-balance: AccountSummary per coin.
  [[nodiscard]] Result<Decoded, DecodeError> decode_wallet(MonoTime received, EventBatch& out);
  /// asset/coin-greeks: AccountGreeks per coin.
  [[nodiscard]] Result<Decoded, DecodeError> decode_greeks(MonoTime received, EventBatch& out);
  /// user/query-api: whether the key can do no more than read.
  [[nodiscard]] Result<bool, DecodeError> decode_read_only(MonoTime received, EventBatch& out);
  /// system/status: whether work on market data or private streams is going on. A row that does not say what it is about counts.
  [[nodiscard]] Result<bool, DecodeError> decode_maintenance(MonoTime received, EventBatch& out);

  /// When the reply that was decoded last was written.
  [[nodiscard]] VenueTime reply_time() const { return reply_time_; }
  /// Topics that an option socket's acknowledgement names. Views into the frame.
  [[nodiscard]] std::span<const std::string_view> accepted_topics() const { return accepted_; }
  [[nodiscard]] std::span<const std::string_view> refused_topics() const { return refused_; }

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
  std::vector<std::string_view> accepted_;
  std::vector<std::string_view> refused_;
  JsonReader::Position result_ = nullptr;
  std::string_view reply_category_;
  VenueTime reply_time_ = kNoVenueTime;
};

static_assert(VenueDecoder<Decoder>);

}  // namespace hedgewatch::bybit
