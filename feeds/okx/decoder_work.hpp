#pragma once

#include "feeds/okx/decoder.hpp"

namespace hedgewatch::okx {

// Shared by the decoder's source files, one for each family of messages.

enum class Channel : std::uint8_t {
  None,
  BestPrices,
  Book,
  BestLevels,
  Tickers,
  Trades,
  MarkPrice,
  IndexTickers,
  OptionSummary,
  FundingRate,
  Instruments,
  Status,
  Account,
  Positions,
  BalanceAndPosition,
  AccountGreeks,
  LiquidationWarning,
  Orders,
  Ignored
};

struct ChannelKind {
  Channel channel = Channel::None;
  std::string_view label;
};
[[nodiscard]] ChannelKind channel_kind(std::string_view channel);

struct Decoder::Work : FrameReader {
  Work(Decoder& owner, MonoTime received, EventBatch& batch)
      : FrameReader{Venue::Okx, owner.symbols_, owner.scratch_, owner.options_, contract_from_name, received, batch},
        decoder{owner} {}

  Decoder& decoder;
  ChannelKind kind;

  // ---- the frame

  struct Envelope {
    std::string_view event, action, event_type, instrument, instrument_type;
    std::optional<std::int64_t> page;
    JsonReader::Position data = nullptr;
    bool has_argument = false;
  };
  Result<Decoded, DecodeError> frame();
  bool envelope(Envelope& envelope);
  bool argument(Envelope& envelope);
  bool notification(const Envelope& envelope);
  bool control(const Envelope& envelope);
  [[nodiscard]] bool of_account() const;

  // ---- market data; `data` is a list of rows

  bool best_prices(const Envelope& envelope);
  bool top_level(std::string_view field, ExactNumber& price, ExactNumber& size);
  bool book(const Envelope& envelope);
  bool tickers();
  bool trades();
  bool mark_prices();
  bool index_tickers();
  bool option_summary();
  bool funding_rates();

  // ---- instruments and the platform

  struct Listing;
  bool listing_fields(Listing& row);
  bool contract_from(const Listing& row, Contract& contract);
  bool listings();
  bool status();

  // ---- accounts

  bool account();
  bool account_rows(double margin_balance, double initial, double maintenance);
  bool positions(const Envelope& envelope);
  bool position_rows();
  bool position_row();
  bool balance_and_position();
  bool account_greeks();
  bool liquidation_warnings();
  bool orders();
  bool order_row();
};

}  // namespace hedgewatch::okx
