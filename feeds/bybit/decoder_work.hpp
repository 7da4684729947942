#pragma once

#include "feeds/bybit/decoder.hpp"

namespace hedgewatch::bybit {

// Shared by the decoder's source files, one for each family of messages.

enum class Topic : std::uint8_t { None, Tickers, Book, Trades, Position, Wallet, Execution, Greeks, Ignored };

struct TopicKind {
  Topic topic = Topic::None;
  std::string_view label;
};
[[nodiscard]] TopicKind topic_kind(std::string_view topic);

struct Decoder::Work : FrameReader {
  Work(Decoder& owner, MonoTime received, EventBatch& batch)
      : FrameReader{Venue::Bybit, owner.symbols_, owner.scratch_, owner.options_, contract_from_name, received, batch},
        decoder{owner} {}

  Decoder& decoder;
  TopicKind topic;

  // ---- the frame

  struct Envelope {
    std::string_view type, operation, message, request;
    VenueTime sent = kNoVenueTime;     ///< ts, creationTime or time
    VenueTime matched = kNoVenueTime;  ///< cts
    std::optional<bool> success;
    std::optional<std::int64_t> code;
    JsonReader::Position data = nullptr;
    bool has_result = false;
  };
  Result<Decoded, DecodeError> frame();
  bool envelope(Envelope& envelope);
  bool notification(const Envelope& envelope);
  bool control(const Envelope& envelope);
  bool option_acknowledgement();

  // ---- market data

  bool tickers(std::string_view type);
  bool option_ticker();
  bool future_ticker(std::string_view type);
  bool emit(const Ticker& ticker);
  bool book(const Envelope& envelope);
  /// The book's events of one level a side, as the quote that they are.
  bool first_level();
  bool trades();

  // ---- instruments

  struct Listing;
  bool listing_fields(Listing& row);
  bool contract_from(const Listing& row, Category category, Contract& contract);
  bool listings();

  // ---- accounts

  bool position_row();
  bool positions();
  bool wallet_account();
  bool executions();
  bool execution_row();
  bool greeks();

  /// The market that a row names, else that of the reply or the connection.
  std::optional<Category> category_of(std::string_view row);
};

}  // namespace hedgewatch::bybit
