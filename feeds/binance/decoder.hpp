#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "feeds/binance/symbols.hpp"
#include "feeds/frame_layout.hpp"
#include "feeds/frame_reader.hpp"
#include "feeds/position_legs.hpp"

namespace hedgewatch::binance {

/// Bytes to events. Keeps what a frame needs and does not carry: the funding intervals, and the sides of positions in hedge mode.
class Decoder {
 public:
  /// `product` is the market of the connection. Nothing: a recording of several, where each frame's looks tell; there a perpetual
  /// whose funding interval nobody stated is taken for one of eight hours. `symbols` outlives the decoder.
  Decoder(SymbolTable& symbols, std::optional<Product> product, DecodingOptions options = {});

  /// Instruments of these coins alone are listed from now on; the venue's lists hold all. Empty: all.
  void list_only(std::vector<AssetCode> coins) { coins_ = std::move(coins); }

  /// All of a message or none of it. Takes payloads with and without the name of their stream; without it the best levels of a
  /// book cannot be told from a change of it, and are taken for one. Replies come back as FrameKind::Reply.
  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out);
  /// About the frame that was decoded last, also when it was an error.
  [[nodiscard]] const FrameDetail& detail() const { return scratch_.detail; }
  /// How many best prices were read by their layout, and how many in full.
  [[nodiscard]] const FrameLayouts& layouts() const { return layouts_; }

  // The reply that was decoded last; its frame must still be there. Which call fits, only who asked knows.

  /// exchangeInfo of any product: a row that cannot be read is left out and counted, and so is an option whose contract is not one
  /// coin: sources disagree on what its prices count.
  [[nodiscard]] Result<Decoded, DecodeError> decode_instruments(MonoTime received, EventBatch& out);
  /// depth: the snapshot to which changes are joined; detail().sequence is its lastUpdateId. The reply does not name its symbol;
  /// of a recording it is the program's own name.
  [[nodiscard]] Result<Decoded, DecodeError> decode_depth(std::string_view symbol, MonoTime received, EventBatch& out);
  /// positionRisk; position of options. The whole statement.
  [[nodiscard]] Result<Decoded, DecodeError> decode_positions(MonoTime received, EventBatch& out);
  /// account of futures and of spot, marginAccount of options: AccountSummary per asset, of options AccountGreeks as well.
  [[nodiscard]] Result<Decoded, DecodeError> decode_account(MonoTime received, EventBatch& out);
  /// fundingInfo lists the perpetuals whose interval is not eight hours. Until it was read no funding rate is told.
  [[nodiscard]] Result<Decoded, DecodeError> decode_funding_info(MonoTime received, EventBatch& out);
  /// time: when the venue answered.
  [[nodiscard]] Result<VenueTime, DecodeError> decode_server_time();
  /// apiRestrictions: whether the key may do more than read.
  [[nodiscard]] Result<bool, DecodeError> decode_may_trade();

 private:
  struct Work;

  SymbolTable& symbols_;
  std::optional<Product> product_;
  DecodingOptions options_;
  FrameScratch scratch_;
  FrameLayouts layouts_;
  PositionLegs legs_;
  std::vector<AssetCode> coins_;
  std::vector<double> funding_hours_;  ///< by the count inside the id; 0: the usual eight
  bool funding_known_ = false;
  JsonReader::Position result_ = nullptr;
  std::array<char, InstrumentName::kCapacity> stream_symbol_{};  ///< what detail() says of the frame may point into it
};

static_assert(VenueDecoder<Decoder>);

}  // namespace hedgewatch::binance
