#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/market/event_batch.hpp"
#include "feeds/decoding.hpp"
#include "feeds/deribit/symbols.hpp"
#include "feeds/frame_layout.hpp"
#include "feeds/json_reader.hpp"

namespace hedgewatch::deribit {

/// What to do with data about an instrument that nobody has listed.
enum class UnknownInstrument : std::uint8_t {
  Refuse,  ///< a DecodeError; a row of a list is left out and counted
  Imply    ///< list it as its name implies, then go on: for recordings without definitions
};

struct DecoderOptions {
  ConnectionId connection = kNoConnection;
  AccountId account = kNoAccount;  ///< whom account channels speak about
  UnknownInstrument unknown = UnknownInstrument::Refuse;
};

/// How a book message joins the one before it.
enum class BookForm : std::uint8_t { None, Snapshot, Change, Grouped };

/// Names of unlisted instruments that one frame can report.
inline constexpr std::size_t kMostUnknownNames = 8;

/// Beside its events, what the last frame was to a session. Views point into the frame.
struct FrameDetail {
  // a subscription's notification
  std::string_view channel_name;  ///< in full, also of frames that were errors, as far as it was read
  std::string_view label;         ///< of the channel's kind
  InstrumentId instrument = kNoInstrument;
  BookForm book = BookForm::None;
  std::uint64_t change_id = 0;
  std::uint64_t previous_change_id = 0;  ///< 0: none

  // lists
  std::uint32_t rows = 0;
  std::uint32_t unknown_rows = 0;             ///< about instruments that are not listed
  std::uint32_t left_out_rows = 0;            ///< combos, and listings that could not be read
  std::uint32_t refused_fields = 0;           ///< numbers that the exact types cannot hold
  std::span<const std::string_view> unknown;  ///< the first names that were not known, at most kMostUnknownNames

  std::uint64_t newest_entry = 0;  ///< of a transaction log's page: the highest id in it
  std::uint64_t continuation = 0;  ///< and where it goes on; 0: it does not
  std::optional<bool> has_more;    ///< of a list of trades: the venue has more of them than this page

  // platform state: what the message said, the rest is nothing
  std::string_view locked_index;  ///< the index whose instruments `locked` is about
  std::optional<bool> locked;
  std::optional<bool> maintenance;

  // instrument state
  std::string_view state_instrument;  ///< by name, also when it is not known
  bool tradable = false;              ///< the state is open

  // heartbeat
  bool test_request = false;

  // a reply
  bool has_id = false;
  std::uint64_t id = 0;
  bool has_result = false;
  bool has_error = false;
  std::int64_t error_code = 0;
  std::string_view error_message;
  std::optional<bool> testnet;
  std::uint64_t sent_at_us = 0;  ///< usOut, microseconds since the epoch; 0 when absent
};

/// The answer to public/auth.
struct AuthReply {
  std::string_view access_token;
  std::string_view refresh_token;
  std::string_view scope;
  std::uint64_t expires_in_seconds = 0;
};

/// Bytes to events. Keeps a parser's scratch memory, the layouts of the tickers that came lately and the symbol map, nothing else:
/// the same frame gives the same events.
class Decoder {
 public:
  /// `symbols` outlives the decoder. Listings in frames are added to it.
  explicit Decoder(Symbols& symbols, DecoderOptions options = {});

  /// All of a message or none of it. Replies come back as FrameKind::Reply; their results are read by the calls below.
  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out);

  /// About the frame that was decoded last, also when it was an error.
  [[nodiscard]] const FrameDetail& detail() const { return detail_; }
  /// How many tickers were read by their layout, and how many in full.
  [[nodiscard]] const FrameLayouts& layouts() const { return layouts_; }

  // The result of the reply that was decoded last; its frame must still be there. Which call fits, only who asked knows.

  /// get_instruments, get_instrument: InstrumentListed per instrument. Combos are left out and counted; so is a row of a list
  /// that cannot be read, because one odd listing must not hide the others.
  [[nodiscard]] Result<Decoded, DecodeError> decode_instruments(MonoTime received, EventBatch& out);
  /// get_positions: a whole position snapshot, from Begin to End. An unlisted instrument is an error, its name in detail().
  [[nodiscard]] Result<Decoded, DecodeError> decode_positions(MonoTime received, EventBatch& out);
  /// get_account_summaries, get_account_summary: AccountSummary and AccountGreeks per currency.
  [[nodiscard]] Result<Decoded, DecodeError> decode_account_summaries(MonoTime received, EventBatch& out);
  /// get_user_trades_by_*: a Fill per trade, in the venue's order. Rows about unlisted instruments are left out, counted and named
  /// in detail(), where has_more also stands.
  [[nodiscard]] Result<Decoded, DecodeError> decode_user_trades(MonoTime received, EventBatch& out);
  /// get_open_orders: a whole statement of the orders that rest, from Begin to End. An unlisted instrument is an error, its name in
  /// detail(); orders in combos are left out and counted.
  [[nodiscard]] Result<Decoded, DecodeError> decode_open_orders(MonoTime received, EventBatch& out);
  /// get_transaction_log: a Transfer per deposit, withdrawal and transfer whose id is above `after`. Everything else that moves
  /// cash is told elsewhere.
  [[nodiscard]] Result<Decoded, DecodeError> decode_transaction_log(MonoTime received, std::uint64_t after, EventBatch& out);
  [[nodiscard]] Result<AuthReply, DecodeError> decode_auth();
  /// subscribe, unsubscribe: calls on_channel(name) for each channel that was accepted.
  template <class OnChannel>
  [[nodiscard]] bool decode_channels(OnChannel&& on_channel) {
    if (!go_to_result()) return false;
    return reader_.array([&] {
      std::string_view channel;
      if (!reader_.string(channel)) return false;
      on_channel(channel);
      return true;
    });
  }

 private:
  struct Work;

  [[nodiscard]] bool go_to_result();

  Symbols& symbols_;
  DecoderOptions options_;
  JsonReader reader_;
  FrameLayouts layouts_;
  FrameDetail detail_;
  std::array<std::string_view, kMostUnknownNames> unknown_names_{};
  JsonReader::Position result_ = nullptr;
};

static_assert(VenueDecoder<Decoder>);

}  // namespace hedgewatch::deribit
