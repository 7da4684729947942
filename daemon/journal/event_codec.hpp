#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace hedgewatch {

/// Appends an event as bytes that stay readable: one stable number per kind of event, its fields in a fixed order, little-endian,
/// doubles bit by bit, absence explicit. Adding a kind or a field at the end of the list of kinds keeps old journals readable;
/// changing a field needs a new kind.
void encode_event(std::string& out, const Event& event);

/// Takes one event off the front of `bytes`. Nothing when they are not the whole of a valid event: an unknown kind, a word outside
/// its enumeration, a name with a bad length, or too few bytes. Then `bytes` is unchanged.
[[nodiscard]] std::optional<Event> decode_event(std::string_view& bytes);

}  // namespace hedgewatch
