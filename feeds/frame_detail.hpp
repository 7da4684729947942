#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/market/event.hpp"

namespace hedgewatch {

/// How a book message joins the one before it.
enum class BookForm : std::uint8_t {
  None,
  Snapshot,  ///< of the stream itself: replaces what was known and starts the chain
  Change,    ///< joins the chain
  Whole      ///< the best levels, complete each time: no chain
};

/// What a message about the connection itself says.
enum class ControlKind : std::uint8_t {
  None,
  Subscribed,
  Unsubscribed,
  LoggedIn,
  Pong,         ///< the answer to our ping
  Ping,         ///< the venue asks for a pong
  Error,        ///< a request failed; code and message tell which
  Upgrade,      ///< the venue will close this connection soon
  KeyExpired,   ///< the private stream's key is void
  Dropped,      ///< a subscription of this connection was ended by the venue
  Acknowledged  ///< a request was taken that this kind has no name for
};

/// A statement about an account may come in several messages: whether this one opens and closes it.
struct StatementPart {
  bool first = true;
  bool last = true;
};

/// One level of a book in the words of the wire: some checksums are made of them.
struct WireLevel {
  std::string_view price;
  std::string_view size;
  Side side = Side::Buy;
};

/// Beside its events, what the last frame was to a session. Views point into the frame.
struct FrameDetail {
  // a notification
  std::string_view channel_name;  ///< as subscribed, also of frames that were errors, as far as it was read
  std::string_view argument;      ///< what the channel is about, where the venue says that apart
  std::string_view label;         ///< of the channel's kind
  InstrumentId instrument = kNoInstrument;

  // a book message
  BookForm book = BookForm::None;
  std::uint64_t sequence = 0;             ///< the last change that it contains
  std::uint64_t first_sequence = 0;       ///< the first one; 0 when the venue does not say
  std::optional<std::uint64_t> previous;  ///< the last change of the message before it, where the venue says
  std::uint64_t cross_sequence = 0;       ///< rises over all messages of an instrument; 0 when the venue has none
  std::int32_t checksum = 0;              ///< 0: none
  std::span<const WireLevel> wire_levels;

  // lists
  std::uint32_t rows = 0;
  std::uint32_t unknown_rows = 0;             ///< about instruments that are not listed
  std::uint32_t left_out_rows = 0;            ///< that are of no use here, and listings that could not be read
  std::uint32_t refused_fields = 0;           ///< numbers that the exact types cannot hold
  std::span<const std::string_view> unknown;  ///< the first names that were not known
  std::string_view next_page;                 ///< where the list goes on; empty: it is complete
  std::optional<bool> last_page;              ///< of a snapshot that comes in several frames

  // about the connection
  ControlKind control = ControlKind::None;
  std::string_view request;  ///< the request that it answers, in the words of the request; empty when it does not say
  std::int64_t code = 0;     ///< 0: none or success
  std::string_view message;
  std::string_view token;  ///< a key for the private stream
};

}  // namespace hedgewatch
