#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <simdjson.h>

#include "core/market/event_batch.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// What can be wrong with a frame. Each fault has one label, used in the log and as the `reason` of a counter.
enum class DecodeFault : std::uint8_t {
  NotJson,
  Truncated,
  MissingField,
  WrongType,
  BadNumber,  ///< not a number, or one that the field cannot hold
  BadValue,   ///< a number or word that makes no sense there
  UnknownChannel,
  UnknownInstrument,
  UnknownWord,
  NameTooLong,
  BatchFull
};
inline constexpr std::array kDecodeFaults{DecodeFault::NotJson,        DecodeFault::Truncated,         DecodeFault::MissingField,
                                          DecodeFault::WrongType,      DecodeFault::BadNumber,         DecodeFault::BadValue,
                                          DecodeFault::UnknownChannel, DecodeFault::UnknownInstrument, DecodeFault::UnknownWord,
                                          DecodeFault::NameTooLong,    DecodeFault::BatchFull};
[[nodiscard]] std::string_view label(DecodeFault fault);

/// `field` and `channel` point to literals: an error costs no allocation.
struct DecodeError {
  DecodeFault fault = DecodeFault::NotJson;
  std::string_view channel;  ///< the channel's kind, e.g. "ticker"; empty when it could not be read
  std::string_view field;    ///< the JSON field, or empty
};

/// What a decoded frame was, as far as its consumer must tell.
enum class FrameKind : std::uint8_t { MarketData, Account, Control, Reply, Ignored };

struct Decoded {
  FrameKind kind = FrameKind::Ignored;
  std::string_view channel;  ///< the channel's kind (a literal); why it was ignored, when it was
};

/// Bytes and a receive time in, events out: all of a message or none of it. On an error `out` holds what it held before.
template <class D>
concept VenueDecoder = requires(D decoder, simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
  { decoder.decode(frame, received, out) } -> std::same_as<Result<Decoded, DecodeError>>;
};

}  // namespace hedgewatch
