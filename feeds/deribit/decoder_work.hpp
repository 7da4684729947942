#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/market/event_batch.hpp"
#include "feeds/deribit/channels.hpp"
#include "feeds/deribit/decoder.hpp"

namespace hedgewatch::deribit {

// Shared by the decoder's source files, one for each family of messages.

/// The prefix of a key as a case label: keys are told apart by their first eight bytes, then in full.
constexpr std::uint64_t k(std::string_view key) { return key_prefix(key); }

[[nodiscard]] DecodeFault fault_of(JsonFault fault);

/// A currency's code as the venue writes it, in either case; nothing when it is none or too long.
[[nodiscard]] std::optional<AssetCode> asset_from(std::string_view text);

/// Where a ticker's values are.
extern const MessagePattern kTickerPattern;

/// A price or size as it stands in the frame.
struct Exact {
  std::int64_t raw = 0;
  bool named = false;    ///< its key was there, if only with null
  bool given = false;    ///< it had a value
  bool refused = false;  ///< a number, but none that can be held exactly
};

/// The decoding of one frame: where its values go until they are complete, and the first fault. Readers of messages return false
/// to stop: with a fault, or with a reason why the frame is of no use.
struct Decoder::Work {
  Work(Decoder& owner, MonoTime received_at, EventBatch& batch)
      : decoder{owner},
        in{owner.reader_},
        detail{owner.detail_},
        symbols{owner.symbols_},
        out{batch},
        events_before{batch.size()},
        symbols_before{owner.symbols_.size()} {
    header.received = received_at;
    header.connection = owner.options_.connection;
    header.venue = Venue::Deribit;
  }

  Decoder& decoder;
  JsonReader& in;
  FrameDetail& detail;
  Symbols& symbols;
  EventBatch& out;
  std::size_t events_before;
  std::size_t symbols_before;
  EventHeader header;
  std::optional<DecodeError> error;
  ChannelKind kind;
  /// Set where a frame turned out to be of no use after all.
  std::string_view ignored;

  // ---- faults

  bool fail(DecodeFault fault, std::string_view field) {
    if (!error) error = DecodeError{fault, kind.label, field};
    return false;
  }

  bool fail_reading(std::string_view field) { return fail(fault_of(in.fault()), field); }
  Result<Decoded, DecodeError> finish(FrameKind frame_kind);
  template <class Body>
  bool push(const Body& body) {
    if (out.push(header, body)) return true;
    return fail(DecodeFault::BatchFull, "");
  }

  // ---- fields; null leaves what was there

  bool number(std::string_view field, double& into) {
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto value = decimal.to_double();
    if (!value) return fail(DecodeFault::BadNumber, field);
    into = *value;
    return true;
  }

  bool exact(std::string_view field, Exact& into) {
    into.named = true;
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto raw = decimal.to_nano();
    into.given = true;
    into.refused = !raw;
    into.raw = raw.value_or(0);
    return true;
  }

  bool identity(std::string_view field, std::optional<std::uint64_t>& into) {
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto value = decimal.to_unsigned();
    if (!value) return fail(DecodeFault::BadNumber, field);
    into = *value;
    return true;
  }

  /// Milliseconds; a time that nanoseconds cannot hold is refused.
  bool time(std::string_view field, VenueTime& into) {
    if (in.skip_null()) return true;
    Decimal decimal;
    if (!in.number(decimal)) return fail_reading(field);
    const auto milliseconds = decimal.to_signed();
    if (!milliseconds) return fail(DecodeFault::BadNumber, field);
    const auto moment = venue_time_from_milliseconds(*milliseconds);
    if (!moment) return fail(DecodeFault::BadValue, field);
    into = *moment;
    return true;
  }

  bool text(std::string_view field, std::string_view& into) {
    if (in.skip_null()) return true;
    return in.string(into) || fail_reading(field);
  }

  bool flag(std::string_view field, std::optional<bool>& into) {
    if (in.skip_null()) return true;
    bool value = false;
    if (!in.boolean(value)) return fail_reading(field);
    into = value;
    return true;
  }

  bool skip() { return in.skip() || fail_reading(""); }
  template <class OnField>
  bool object(std::string_view field, OnField&& on_field) {
    return in.object(on_field) || fail_reading(field);
  }

  template <class OnItem>
  bool array(std::string_view field, OnItem&& on_item) {
    return in.array(on_item) || fail_reading(field);
  }

  // ---- instruments

  void note_unknown(std::string_view name);
  /// The id; on request one that the name implies. Nothing: not known (it is noted) or a combo (it is not).
  std::optional<InstrumentId> known(std::string_view name);
  /// For channels of a single instrument: an unknown one is an error, a combo is ignored. True: header.instrument is set.
  bool single(std::string_view name);
  /// For rows of a list. False: leave the row out, or stop when there is an error.
  bool in_list(std::string_view name);
  /// A list that said nothing about any instrument we know was not understood.
  bool close_list();
  bool timed() { return header.exchange_time != kNoVenueTime || fail(DecodeFault::MissingField, "timestamp"); }

  // ---- quotes

  /// 0.0, null or absent is an empty side. Nothing is pushed when a number cannot be held: half a quote would be a wrong one.
  bool push_quote(const Exact& bid, const Exact& bid_size, const Exact& ask, const Exact& ask_size);
  bool quote();
  bool greeks(VenueGreeks& into);
  struct Ticker;
  bool ticker();
  bool push_ticker(const Ticker& ticker);
  /// The same from a frame that was read by its layout. Nothing: only the whole reading tells what it is.
  std::optional<Result<Decoded, DecodeError>> ticker_by_layout();

  // ---- books

  struct BookShape;
  bool level(Side side, BookShape& shape);
  bool levels(Side side, BookShape& shape);
  bool book();

  // ---- trades

  struct TradeRow;
  bool trade_row(TradeRow& row);
  bool side_from(std::string_view word, Side& into);
  bool complete(const TradeRow& row);
  bool trades();
  bool fills(std::string_view field, VenueTime& newest);

  // ---- marks and indices

  bool mark_prices();
  bool price_index();
  bool perpetual();

  // ---- states

  bool instrument_state();
  bool platform_state();

  // ---- instruments

  struct Listing;
  bool listing_fields(Listing& row);
  bool contract_from(const Listing& row, Contract& contract);
  bool listing();
  bool listings();

  // ---- accounts

  /// A number, or a digest of the text when it is none.
  static std::uint64_t order_number(std::string_view id);
  bool order_row();
  bool log_row(std::uint64_t after);
  bool orders(std::string_view field);
  bool position_row();
  bool positions(std::string_view field);
  /// A position that cannot be told must not look flat: with an unlisted instrument the message counts for nothing.
  bool every_position_known() { return detail.unknown_rows == 0 || fail(DecodeFault::UnknownInstrument, "instrument_name"); }
  bool changes();
  bool summary(std::string_view field);
  bool summaries();
  bool user_lock();
  bool mmp_trigger();
  bool liquidation();

  // ---- the frame

  [[nodiscard]] bool of_account() const {
    return kind.channel == Channel::Portfolio || kind.channel == Channel::Changes || kind.channel == Channel::UserTrades ||
           kind.channel == Channel::UserLock || kind.channel == Channel::MmpTrigger || kind.channel == Channel::Liquidation;
  }

  /// False with neither error nor reason never happens; false with a reason only ends the frame.
  bool data();
  /// A reason to ignore the frame is no fault: everything of its data has been read by then.
  bool read_data() { return data() || (!error && !ignored.empty()); }
  bool name_channel(std::string_view name) {
    detail.channel_name = name;
    kind = channel_kind(name);
    detail.label = kind.label;
    return true;
  }

  bool params(std::string_view& type, bool& has_data);
  bool reply_error();
  /// Ours are numbers; another's may be text and matches none.
  bool reply_id();
  Result<Decoded, DecodeError> frame();
};

}  // namespace hedgewatch::deribit
