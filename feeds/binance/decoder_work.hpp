#pragma once

#include "feeds/binance/decoder.hpp"

namespace hedgewatch::binance {

// Shared by the decoder's source files, one for each family of messages.

enum class Stream : std::uint8_t {
  None,
  BookTicker,
  Depth,
  BestLevels,
  MarkPrice,
  OptionMarks,
  IndexPrices,
  PairIndex,
  Trades,
  AccountUpdate,
  BalanceAndPosition,
  Greeks,
  Orders,
  SpotOrders,
  SpotBalances,
  MarginCall,
  RiskLevel,
  Shutdown,
  KeyExpired,
  StreamEnded,
  Ignored
};

struct StreamKind {
  Stream stream = Stream::None;
  std::string_view label;
};
/// By the name of the stream; nothing where it does not tell.
[[nodiscard]] StreamKind stream_kind(std::string_view stream);
/// By the event's own word.
[[nodiscard]] StreamKind event_kind(std::string_view event);

/// Where the values of best prices are, in the frames of a named stream.
extern const MessagePattern kBookTickerPattern;

struct Decoder::Work : FrameReader {
  Work(Decoder& owner, MonoTime received, EventBatch& batch)
      : FrameReader{Venue::Binance, owner.symbols_, owner.scratch_, owner.options_, contract_from_name, received, batch},
        decoder{owner} {}

  Decoder& decoder;
  StreamKind kind;
  bool has_event_word = false;  ///< of best prices

  // ---- the frame

  struct Envelope {
    std::string_view stream, event;
    std::optional<std::int64_t> code;
    JsonReader::Position data = nullptr;
    JsonReader::Position wrapped_event = nullptr;
    bool has_result = false;
    bool has_request = false;
    bool refused = false;
    bool bare_book_ticker = false;
  };
  Result<Decoded, DecodeError> frame();
  bool envelope(Envelope& envelope);
  bool error_object();
  bool event_word(std::string_view& word);
  bool payload(JsonReader::Position place);
  bool message();
  bool message_of_account();
  [[nodiscard]] bool of_account() const;
  [[nodiscard]] bool about_connection() const;
  Result<Decoded, DecodeError> finish_message();

  /// The market of a symbol: of the connection, or by its looks. `futures`: the frame has what spot's frames have not.
  [[nodiscard]] Product product_of(std::string_view symbol, bool futures) const;
  [[nodiscard]] std::string_view suffix_of(std::string_view symbol, bool futures) const {
    return suffix(product_of(symbol, futures));
  }
  /// The symbol in a stream's name, in capitals: where payloads do not say it. Lives until the next frame, as what is told of it
  /// does.
  [[nodiscard]] std::string_view symbol_of_stream();
  bool pair(std::string_view joined, std::string_view field, AssetCode& base, AssetCode& quote);

  // ---- market data

  struct BookTicker;
  bool book_ticker();
  bool push_book_ticker(const BookTicker& ticker);
  /// The same from a frame that was read by its layout. Nothing: only the whole reading tells what it is.
  std::optional<Result<Decoded, DecodeError>> book_ticker_by_layout();
  bool depth();
  bool mark_price();
  bool option_mark();
  bool index_price();
  bool pair_index();
  bool trade();

  // ---- replies

  struct Listing;
  bool listing_fields(Listing& row);
  bool filters(Listing& row);
  [[nodiscard]] bool of_listed_coin(const Listing& row) const;
  bool contract_from(const Listing& row, Contract& contract);
  bool listing();
  bool depth_snapshot(std::string_view symbol);
  bool funding_info();

  // ---- accounts

  bool account_update();
  bool futures_position();
  bool options_account_update();
  bool options_balance_and_position();
  bool options_position(std::string_view field);
  bool report_position(Size size, double entry, double unrealized, std::uint32_t leg, double deleveraging = kAbsent);
  bool greeks(std::string_view field);
  bool order_update();
  bool order_fields(bool spot);
  bool spot_balances(std::string_view field);
  bool position_statement_row();
  bool account_statement();
};

}  // namespace hedgewatch::binance
