#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/market/event_batch.hpp"
#include "feeds/decoding.hpp"
#include "feeds/frame_detail.hpp"
#include "feeds/json_reader.hpp"
#include "feeds/position_legs.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch {

/// What to do with data about an instrument that nobody has listed.
enum class UnlistedInstrument : std::uint8_t {
  Refuse,  ///< a DecodeError; a row of a list is left out and counted
  Imply    ///< list it as its name implies, then go on: for recordings without definitions
};

struct DecodingOptions {
  ConnectionId connection = kNoConnection;
  AccountId account = kNoAccount;  ///< whom account messages speak about
  UnlistedInstrument unlisted = UnlistedInstrument::Refuse;
};

/// What a decoder keeps from frame to frame: memory only.
struct FrameScratch {
  static constexpr std::size_t kMostUnknownNames = 8;

  JsonReader reader;
  FrameDetail detail;
  std::array<std::string_view, kMostUnknownNames> unknown_names{};
  std::vector<WireLevel> wire_levels;
};

/// A price or size as it stands in the frame.
struct ExactNumber {
  std::int64_t raw = 0;  ///< a count of 1e-9
  bool named = false;    ///< its key was there, if only with null or the empty text
  bool given = false;    ///< it had a value
  bool refused = false;  ///< a number, but none that can be held exactly
};

struct QuoteFields {
  ExactNumber bid;
  ExactNumber bid_size;
  ExactNumber ask;
  ExactNumber ask_size;
};

/// The prefix of a key as a case label: keys are told apart by their first eight bytes, then in full.
constexpr std::uint64_t k(std::string_view name) { return key_prefix(name); }

constexpr double positive_or_absent(double value) { return value > 0 ? value : kAbsent; }

/// A currency's code as venues write it, in either case; nothing when it is none or too long.
[[nodiscard]] std::optional<AssetCode> asset_code(std::string_view text);

/// A count of contracts as a count of the contract's size units, exactly. Nothing when that cannot be held.
[[nodiscard]] std::optional<std::int64_t> in_size_units(std::int64_t contracts_nano, double contract_size);

/// The decoding of one frame: where its values go until they are complete, and the first fault. What differs between venues derives
/// from it. Calls that read return false to stop: with a fault in `error`, or with a reason in `ignored` why the frame is of no
/// use.
struct FrameReader {
  /// What a name implies where no definition came; nothing when it implies none.
  using ImpliedContract = std::optional<Contract> (*)(std::string_view name);

  FrameReader(Venue venue, SymbolTable& table, FrameScratch& kept, const DecodingOptions& given, ImpliedContract implied,
              MonoTime received, EventBatch& batch);

  JsonReader& in;
  FrameScratch& scratch;
  FrameDetail& detail;
  SymbolTable& symbols;
  EventBatch& out;
  const DecodingOptions& options;
  ImpliedContract implied_contract;
  std::size_t events_before;
  std::size_t symbols_before;
  EventHeader header;
  std::optional<DecodeError> error;
  std::string_view label;    ///< of the channel's kind
  std::string_view ignored;  ///< why the frame is of no use

  // ---- faults

  bool fail(DecodeFault fault, std::string_view field) {
    if (!error) error = DecodeError{fault, label, field};
    return false;
  }
  bool fail_reading(std::string_view field);
  /// Reading ended early: by a fault, unless somebody inside said that the frame is of no use.
  bool stopped(std::string_view field) { return !ignored.empty() ? false : fail_reading(field); }
  /// A label for the frame, and the same in its detail.
  bool name(std::string_view kind) {
    label = detail.label = kind;
    return true;
  }
  /// Understood, and of no use to a risk figure.
  bool ignore(std::string_view why) {
    ignored = why;
    return false;
  }
  [[nodiscard]] Result<Decoded, DecodeError> finish(FrameKind kind);
  template <class Body>
  bool push(const Body& body) {
    if (out.push(header, body)) return true;
    return fail(DecodeFault::BatchFull, "");
  }
  /// The rank of the position whose legs these are, where one was told.
  bool push_deleveraging(const PositionLegs::Sum& legs) {
    return legs.open_legs == 0 || std::isnan(legs.deleveraging_place) || push(DeleveragingRank{legs.deleveraging_place});
  }

  // ---- fields; null leaves what was there, and so does the empty text where a number is asked for

  /// A number, in quotes or bare. `given` tells whether there was one.
  bool decimal(std::string_view field, Decimal& into, bool& given);
  bool number(std::string_view field, double& into);
  bool exact(std::string_view field, ExactNumber& into);
  bool identity(std::string_view field, std::optional<std::uint64_t>& into);
  bool integer(std::string_view field, std::optional<std::int64_t>& into);
  /// Milliseconds. 0 is no time; one that nanoseconds cannot hold is a fault.
  bool time(std::string_view field, VenueTime& into);
  bool text(std::string_view field, std::string_view& into) { return in.skip_null() || in.string(into) || fail_reading(field); }
  /// A text, or the digits of a number: ids come as either.
  bool word(std::string_view field, std::string_view& into);
  bool flag(std::string_view field, std::optional<bool>& into);
  bool skip() { return in.skip() || fail_reading(""); }
  template <class OnField>
  bool object(std::string_view field, OnField&& on_field) {
    return in.object(on_field) || stopped(field);
  }
  template <class OnItem>
  bool array(std::string_view field, OnItem&& on_item) {
    return in.array(on_item) || stopped(field);
  }
  /// For each object of an array, or for the object alone where a venue leaves the array out.
  template <class OnItem>
  bool each(std::string_view field, OnItem&& on_item) {
    if (in.peek() == '[') return array(field, on_item);
    return on_item();
  }
  /// Reads something that was passed over earlier, then goes on behind it.
  template <class Read>
  bool at(JsonReader::Position place, Read&& read) {
    const JsonReader::Position behind = in.position();
    in.seek(place);
    if (!read()) return false;
    in.seek(behind);
    return true;
  }

  // ---- instruments; `suffix` tells instruments of one name apart that the venue keeps in different markets

  /// Nothing: not known, and noted.
  std::optional<InstrumentId> known(std::string_view wire_name, std::string_view suffix);
  /// For messages about one instrument, where an unknown one is a fault. True: the header names it.
  bool single(std::string_view wire_name, std::string_view suffix, std::string_view field);
  /// For rows of a list. False: leave the row out, or stop when there is an error.
  bool in_list(std::string_view wire_name, std::string_view suffix, std::string_view field);
  /// A list that said nothing about any instrument we know was not understood.
  bool close_list(std::string_view field);
  /// A position that cannot be told must not look flat: with an unlisted instrument the message counts for nothing.
  bool every_instrument_known(std::string_view field) {
    return detail.unknown_rows == 0 || fail(DecodeFault::UnknownInstrument, field);
  }
  [[nodiscard]] const Contract& contract() const { return symbols.contract(header.instrument); }
  bool list_contract(const Contract& contract);
  bool timed(std::string_view field) { return header.exchange_time != kNoVenueTime || fail(DecodeFault::MissingField, field); }

  /// The message's time may come behind its rows: gives it to all events of the frame. True.
  bool stamp();

  // ---- shapes that all venues share

  /// Zero, empty or absent is an empty side. Nothing is pushed when a number cannot be held: half a quote would be a wrong one.
  bool push_quote(const QuoteFields& quote);
  /// A trade in the size units of the header's instrument.
  bool push_trade(const ExactNumber& price, const ExactNumber& size, Side aggressor, std::uint64_t sequence);
  /// Sets the fill's price and size; a fill that cannot be held exactly is a fault.
  bool push_fill(const ExactNumber& price, const ExactNumber& size, Fill fill);
  /// Contracts to size units; a fault when that cannot be held exactly.
  bool size_units(const ExactNumber& contracts, std::string_view field, Size& into);
  bool asset(std::string_view code, std::string_view field, AssetCode& into);

  /// A book's events. Levels may come before the name, the time and the contract that they need: end_book puts these in.
  bool begin_book();
  /// [["price","size",...],...]
  bool levels(std::string_view field, Side side);
  bool end_book(BookForm form, std::uint64_t sequence);

 private:
  bool level(std::string_view field, Side side);
  void note_unknown(std::string_view wire_name);

  std::size_t book_at_ = 0;
  std::size_t behind_levels_ = 0;
};

}  // namespace hedgewatch
